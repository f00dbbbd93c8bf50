"""The data of the benchmark, made by set-based SQL: customers, catalogue, resources with two stretches of usage in March."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from django.db import connection, transaction

from catalog.models import Item, Price, Product
from kernel.periods import CalendarMonth

MONTH = CalendarMonth.parse("2026-03")
BEGAN = datetime(2026, 2, 10, tzinfo=UTC)
RESIZED = datetime(2026, 3, 11, 9, 30, tzinfo=UTC)
RESOURCES_PER_CUSTOMER = 10


def build(resources: int) -> None:
    """Fill an empty, migrated database. Half of nothing is random: every run measures the same rows."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # only while building: no triggers, no foreign key checks
        cursor.execute("SET LOCAL statement_timeout = 0")
        product = Product.objects.create(code="vserver", name="vServer", name_en="vServer", provisioner="polling")
        items = []
        for code, price in (("small", "181000"), ("large", "520000")):
            item = Item.objects.create(product=product, code=code, name=code, name_en=code, kind="flavour", unit="server")
            Price.objects.create(item=item, unit_price=Decimal(price), valid_from=datetime(2020, 1, 1, tzinfo=UTC))
            items.append(str(item.pk))
        cursor.execute(
            """
            INSERT INTO accounts_customer (id, name, email, tax_code, address, language, billing_mode, pays_invoices_automatically, created_at)
            SELECT md5('customer' || n)::uuid, 'Customer ' || n, 'c' || n || '@customer.example', '', '', 'vi', 'postpaid', TRUE, %(began)s
            FROM generate_series(1, %(customers)s) n
            """,
            {"customers": max(resources // RESOURCES_PER_CUSTOMER, 1), "began": BEGAN},
        )
        cursor.execute(
            """
            INSERT INTO lifecycle_resource (id, customer_id, product_id, name, state, billing_mode, configuration, created_at, changed_at, rolls_over,
                                            suspense_reason)
            SELECT md5('resource' || n)::uuid, md5('customer' || (1 + (n - 1) / %(per)s))::uuid, %(product)s, 'server-' || n, 'active', 'postpaid',
                   jsonb_build_array(jsonb_build_object('item', %(large)s, 'quantity', 1)), %(began)s, %(began)s, FALSE, ''
            FROM generate_series(1, %(resources)s) n
            """,
            {"resources": resources, "per": RESOURCES_PER_CUSTOMER, "product": product.pk, "large": items[1], "began": BEGAN},
        )
        for item, start, end in ((items[0], BEGAN, RESIZED), (items[1], RESIZED, None)):
            cursor.execute(
                """
                INSERT INTO lifecycle_serviceperiod (resource_id, customer_id, billing_mode, configuration, starts_at, ends_at)
                SELECT id, customer_id, 'postpaid', jsonb_build_array(jsonb_build_object('item', %(item)s, 'quantity', 1)), %(start)s, %(end)s
                FROM lifecycle_resource
                """,
                {"item": item, "start": start, "end": end},
            )
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM ANALYZE")
