"""
The data of the benchmark, made by set-based SQL. Nothing is random: every run measures the same rows.

postpaid  `size` resources with two stretches of usage in March each: what a month end bills
used      the same, with what each used of traffic on each of thirty days
prepaid   three times `size` resources: with auto-renew, about to roll over, and in the trash; all end at END
findable  `size` resources with an invoice each, and a member of staff who looks for them
history   one customer with `size` paid invoices over five years, and a hundred others who share as many
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from django.core.management import call_command
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.may import Role
from accounts.models import Customer, User
from catalog.models import Item, Price, Product
from kernel.periods import CalendarMonth
from kernel.shapes import SqlArguments
from ledger.models import Account
from store.owner import as_owner
from usage.models import Batch
from usage.services.parts import make_parts

MONTH = CalendarMonth.parse("2026-03")
BEGAN = datetime(2026, 2, 10, tzinfo=UTC)
RESIZED = datetime(2026, 3, 11, 9, 30, tzinfo=UTC)
PAID_FROM = datetime(2026, 4, 20, 3, 0, tzinfo=UTC)
END = datetime(2026, 5, 20, 3, 0, tzinfo=UTC)
RESOURCES_PER_CUSTOMER = 10
CREDIT = 100_000_000
CREDIT_OF_A_HISTORY = 20_000_000_000
HISTORY_MONTHS = 60
HISTORY_ENDS = datetime(2026, 4, 1, tzinfo=UTC)
READER = "reader@customer.example"
STAFF = "finder@portal.example"

CUSTOMERS = """
INSERT INTO accounts_customer (id, name, email, language, billing_mode, pays_invoices_automatically, wants_second_factor, created_at)
SELECT md5(%(prefix)s || n)::uuid, 'Customer ' || n, 'c' || n || '@customer.example', 'vi', %(mode)s, TRUE, FALSE, %(began)s
FROM generate_series(%(first)s, %(last)s) n
"""
WALLETS = """
WITH wallet AS (
    INSERT INTO ledger_account (kind, customer_id, balance, held) SELECT 'credit', id, %(credit)s, 0 FROM accounts_customer
    RETURNING id, customer_id
), posted AS (
    INSERT INTO ledger_transaction (kind, source, customer_id, reference, at)
    SELECT 'adjustment', 'opening:' || customer_id, customer_id, '', %(began)s FROM wallet RETURNING id, customer_id
)
INSERT INTO ledger_entry (transaction_id, account_id, customer_id, amount, balance_after)
SELECT p.id, w.id, w.customer_id, %(credit)s::bigint, %(credit)s::bigint FROM posted p JOIN wallet w USING (customer_id)
UNION ALL SELECT id, %(house)s::bigint, NULL, -%(credit)s::bigint, NULL FROM posted
"""
RESOURCES = """
INSERT INTO lifecycle_resource (id, customer_id, product_id, name, state, billing_mode, configuration, created_at, changed_at, paid_until, suspend_at,
                                rolls_over, auto_renew_months, suspense_reason, suspended_at, purge_at)
SELECT md5('resource' || n)::uuid, md5('customer' || (1 + (n - 1) / %(per)s))::uuid, %(product)s, 'server-' || n, %(state)s, %(mode)s,
       jsonb_build_array(jsonb_build_object('item', %(item)s, 'quantity', 1)), %(began)s, %(began)s, %(end)s, %(end)s, %(rolls_over)s, %(auto_renew)s,
       %(reason)s, %(suspended)s, %(purge)s
FROM generate_series(%(first)s, %(last)s) n
"""
PERIODS = """
INSERT INTO lifecycle_serviceperiod (resource_id, customer_id, billing_mode, configuration, starts_at, ends_at)
SELECT id, customer_id, billing_mode, jsonb_build_array(jsonb_build_object('item', %(item)s, 'quantity', 1)), %(start)s, %(end)s
FROM lifecycle_resource
"""
EVENTS = """
INSERT INTO lifecycle_resourceevent (resource_id, customer_id, kind, from_state, to_state, at, actor_kind, actor, reason)
SELECT id, customer_id, CASE state WHEN 'suspense' THEN 'expired' ELSE 'provisioned' END, '', state, changed_at, 'system', 'bench', ''
FROM lifecycle_resource
"""
USES = 30
RECORDS = """
INSERT INTO usage_record (resource_id, item_id, customer_id, batch_id, used_at, quantity, key, is_late)
SELECT id, %(item)s, customer_id, %(batch)s, %(start)s + make_interval(days => n), n + 0.25, 'day-' || n, FALSE
FROM lifecycle_resource, generate_series(0, %(uses)s - 1) n
"""
# A resource per invoice of a month; the invoice of the n-th resource and the m-th month back is settled by a payment.
BILLS = """
CREATE TEMPORARY TABLE bill AS
SELECT md5('invoice' || c.id || '/' || m || '/' || n)::uuid AS id, md5('payment' || c.id || '/' || m || '/' || n)::uuid AS payment_id,
       c.id AS customer_id, md5('resource' || c.id || '/' || n)::uuid AS resource_id, 'server-' || n AS name, 100000 + 10 * n AS total, m, n,
       %(ends)s - make_interval(months => m) AS starts_at, %(ends)s - make_interval(months => m - 1) AS ends_at
FROM (SELECT id, CASE WHEN email = 'c1@customer.example' THEN %(own)s ELSE %(others)s END AS per_month FROM accounts_customer) c,
     generate_series(1, %(months)s) m, generate_series(1, c.per_month) n
ORDER BY m DESC, c.id, n
"""
HISTORY = (
    """
    INSERT INTO lifecycle_resource (id, customer_id, product_id, name, state, billing_mode, configuration, created_at, changed_at, rolls_over,
                                    suspense_reason)
    SELECT resource_id, customer_id, %(product)s, name, 'active', 'postpaid', jsonb_build_array(jsonb_build_object('item', %(item)s, 'quantity', 1)),
           starts_at, starts_at, FALSE, '' FROM bill WHERE m = %(months)s
    """,
    """
    INSERT INTO lifecycle_serviceperiod (resource_id, customer_id, billing_mode, configuration, starts_at, ends_at)
    SELECT resource_id, customer_id, 'postpaid', jsonb_build_array(jsonb_build_object('item', %(item)s, 'quantity', 1)), starts_at, NULL
    FROM bill WHERE m = %(months)s
    """,
    """
    INSERT INTO invoices_invoice (id, number, customer_id, resource_id, product_id, kind, period_key, resource_name, buyer, seller, period_start,
                                  period_end, covered_until, issued_at, due_at, subtotal, tax, coupon, coupon_code, total, paid, credited, refunded)
    SELECT id, 'U' || lpad(row_number() OVER ()::text, 9, '0'), customer_id, resource_id, %(product)s, 'usage', to_char(starts_at, 'YYYY-MM'), name,
           '{"name": "Customer"}', '{"name": "Seller"}', starts_at, ends_at, ends_at, ends_at, ends_at + interval '15 days', total, round(total / 11.0),
           0, '', total, total, 0, 0 FROM bill
    """,
    """
    INSERT INTO invoices_invoiceline (invoice_id, customer_id, position, item_id, price_id, name, unit, starts_at, ends_at, minutes, quantity,
                                      unit_price, per_minutes, discount, includes_vat, vat_rate, taxed_at, amount, tax, total, tags)
    SELECT id, customer_id, 1, %(item)s::uuid, %(price)s, 'small', 'server', starts_at, ends_at, extract(epoch FROM ends_at - starts_at) / 60,
           1, total, extract(epoch FROM ends_at - starts_at) / 60, 0, TRUE, 0.1, ends_at - interval '1 minute', total, round(total / 11.0), total, '{}' FROM bill
    """,
    """
    INSERT INTO payments_payment (id, customer_id, kind, means, gateway, reference, payable, invoice_ids, description, amount, promotional,
                                  allocated, refunded, state, actor, created_at, settled_at, redirect_url, failure, checks)
    SELECT payment_id, customer_id, 'invoice', 'wallet', '', 'W-' || payment_id, 'invoice:' || id, '[]', name, total, 0, total, 0, 'succeeded', 'job:pay',
           ends_at + interval '1 day' + n * interval '1 second', ends_at + interval '1 day', '', '', 0 FROM bill
    """,
    """
    INSERT INTO payments_allocation (payment_id, invoice_id, customer_id, amount, promotional, at)
    SELECT payment_id, id, customer_id, total, 0, ends_at + interval '1 day' FROM bill
    """,
    """
    WITH posted AS (
        INSERT INTO ledger_transaction (kind, source, customer_id, reference, at)
        SELECT 'invoice_payment', payment_id::text, customer_id, name, ends_at + interval '1 day' FROM bill RETURNING id, source, customer_id
    )
    INSERT INTO ledger_entry (transaction_id, account_id, customer_id, amount, balance_after)
    SELECT p.id, a.id, p.customer_id, -b.total, a.balance - sum(b.total) OVER (PARTITION BY a.id ORDER BY p.id)
    FROM posted p JOIN bill b ON b.payment_id::text = p.source JOIN ledger_account a ON a.customer_id = p.customer_id
    UNION ALL SELECT p.id, %(house)s::bigint, NULL, b.total, NULL FROM posted p JOIN bill b ON b.payment_id::text = p.source
    """,
    """
    UPDATE ledger_account a SET balance = (SELECT balance_after FROM ledger_entry e WHERE e.account_id = a.id ORDER BY e.id DESC LIMIT 1)
    WHERE customer_id IS NOT NULL
    """,
    """
    INSERT INTO notifications_notice (customer_id, kind, event, recipient, facts, at, state, attempts, next_attempt_at, error, read_at)
    SELECT customer_id, 'invoice_issued', 'invoice:' || id, 'c@customer.example', jsonb_build_object('invoice', id, 'resource', name, 'total', total,
           'from', starts_at, 'until', ends_at), ends_at, 'sent', 1, ends_at, '', CASE WHEN m > 1 THEN ends_at END FROM bill
    """,
    """
    INSERT INTO invoices_monthlytotal (customer_id, month, product_id, status, invoices, charged, paid, due)
    SELECT customer_id, billing_month(ends_at), %(product)s, 'paid', count(*), sum(total), sum(total), 0 FROM bill GROUP BY 1, 2
    """,
)


INVOICE_OF_EACH = """
INSERT INTO invoices_invoice (id, number, customer_id, resource_id, product_id, kind, period_key, resource_name, buyer, seller, period_start,
                              period_end, covered_until, issued_at, due_at, subtotal, tax, coupon, coupon_code, total, paid, credited, refunded)
SELECT md5('invoice' || id)::uuid, 'U2026-' || lpad(row_number() OVER (ORDER BY id)::text, 7, '0'), customer_id, id, product_id, 'usage', '2026-03',
       name, '{"name": "Customer"}', '{"name": "Seller"}', %(start)s, %(end)s, %(end)s, %(end)s, %(end)s + interval '15 days', 100000, 9091,
       0, '', 100000, 100000, 0, 0 FROM lifecycle_resource
"""


def build(kind: str, size: int) -> None:
    """Migrate an empty database and fill it, as its owner."""
    call_command("migrate", verbosity=0)
    with as_owner():
        fill(kind, size)
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("VACUUM (FREEZE, ANALYZE)")


def fill(kind: str, size: int) -> None:
    """Of one of `BUILDERS`: so many resources, or invoices of a history."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL session_replication_role = replica"
        )  # only while building: no triggers, no foreign key checks
        cursor.execute("SET LOCAL statement_timeout = 0")
        BUILDERS[kind](cursor, size)


def _postpaid(cursor: CursorWrapper, size: int) -> None:
    product, small, large = _catalogue()
    customers = max(size // RESOURCES_PER_CUSTOMER, 1)
    cursor.execute(CUSTOMERS, {"prefix": "customer", "first": 1, "last": customers, "mode": "postpaid", "began": BEGAN})
    _wallets(cursor)
    cursor.execute(RESOURCES, _resources(product, large, 1, size, state="active", mode="postpaid"))
    cursor.execute(EVENTS)
    for item, start, end in ((small, BEGAN, RESIZED), (large, RESIZED, None)):
        cursor.execute(PERIODS, {"item": str(item.pk), "start": start, "end": end})


def _used(cursor: CursorWrapper, size: int) -> None:
    """And what was used of traffic on each of thirty days."""
    _postpaid(cursor, size)
    make_parts([MONTH])
    batch = Batch.objects.create(
        product=Product.objects.get(),
        source=Batch.Source.FILE,
        actor="bench",
        received_at=MONTH.period.ends_at,
        records=USES * size,
        accepted=USES * size,
        late=0,
        duplicates=0,
        refused=0,
    )
    item = Item.objects.get(code="traffic")
    cursor.execute(RECORDS, {"item": item.pk, "batch": batch.pk, "start": MONTH.period.starts_at, "uses": USES})


def _findable(cursor: CursorWrapper, size: int) -> None:
    _postpaid(cursor, size)
    cursor.execute(INVOICE_OF_EACH, {"start": MONTH.period.starts_at, "end": MONTH.period.ends_at})
    User.objects.create_user(STAFF, is_staff=True, is_superuser=True)


def _prepaid(cursor: CursorWrapper, size: int) -> None:
    product, _small, large = _catalogue()
    customers = max(size // RESOURCES_PER_CUSTOMER, 1)
    for group, mode in enumerate(("prepaid", "postpaid", "prepaid")):  # who rolls over has switched
        first = group * customers + 1
        cursor.execute(
            CUSTOMERS,
            {"prefix": "customer", "first": first, "last": first + customers - 1, "mode": mode, "began": BEGAN},
        )
    _wallets(cursor)
    running: dict[str, object] = {"state": "active", "mode": "prepaid", "end": END}
    trash: dict[str, object] = {"state": "suspense", "reason": "expired", "suspended": PAID_FROM, "purge": END}
    groups: list[dict[str, object]] = [{"auto_renew": 1}, {"rolls_over": True}, trash]
    for group, terms in enumerate(groups):
        first = group * size + 1
        cursor.execute(RESOURCES, _resources(product, large, first, first + size - 1, **running | terms))
    cursor.execute(EVENTS)
    cursor.execute(PERIODS, {"item": str(large.pk), "start": PAID_FROM, "end": END})


def _history(cursor: CursorWrapper, size: int) -> None:
    product, small, _large = _catalogue()
    cursor.execute(CUSTOMERS, {"prefix": "customer", "first": 1, "last": 101, "mode": "postpaid", "began": BEGAN})
    house = _wallets(cursor, CREDIT_OF_A_HISTORY)
    facts: SqlArguments = {
        "own": max(size // HISTORY_MONTHS, 1),
        "others": max(size // HISTORY_MONTHS // 100, 1),
        "months": HISTORY_MONTHS,
        "ends": HISTORY_ENDS,
        "product": product.pk,
        "item": str(small.pk),
        "price": small.prices.get().pk,
        "house": house,
    }
    for statement in (BILLS, *HISTORY, EVENTS):
        cursor.execute(statement, facts)
    customer = Customer.objects.get(email="c1@customer.example")
    User.objects.create_user(READER, customer=customer, role=Role.OWNER)


def _catalogue() -> tuple[Product, Item, Item]:
    product = Product.objects.create(code="vserver", name="vServer", name_en="vServer", provisioner="polling")
    items = []
    for code, price in (("small", "181000"), ("large", "520000")):
        item = Item.objects.create(product=product, code=code, name=code, name_en=code, kind="flavour", unit="server")
        Price.objects.create(item=item, unit_price=Decimal(price), valid_from=datetime(2020, 1, 1, tzinfo=UTC))
        items.append(item)
    traffic = Item.objects.create(
        product=product, code="traffic", name="traffic", name_en="traffic", kind="metered", aggregation="sum", unit="GB"
    )
    Price.objects.create(
        item=traffic, unit_price=500, per_minutes=Price.Per.UNIT, valid_from=datetime(2020, 1, 1, tzinfo=UTC)
    )
    return product, items[0], items[1]


def _wallets(cursor: CursorWrapper, credit: int = CREDIT) -> int:
    """Everybody has credit; returns the house account that it came from."""
    house = Account.objects.create(kind=Account.Kind.ADJUSTMENTS)
    cursor.execute(WALLETS, {"credit": credit, "began": BEGAN, "house": house.pk})
    return house.pk


def _resources(product: Product, item: Item, first: int, last: int, **terms: object) -> SqlArguments:
    plain: dict[str, object] = {
        "product": product.pk,
        "item": str(item.pk),
        "first": first,
        "last": last,
        "per": RESOURCES_PER_CUSTOMER,
        "began": BEGAN,
        "end": None,
        "rolls_over": False,
        "auto_renew": None,
        "reason": "",
        "suspended": None,
        "purge": None,
    }
    return plain | terms


BUILDERS: dict[str, Callable[[CursorWrapper, int], None]] = {
    "postpaid": _postpaid,
    "used": _used,
    "prepaid": _prepaid,
    "history": _history,
    "findable": _findable,
}
