"""What `intake` measures, in processes of their own: batches as teams send them, and the same rows by a bare COPY."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import median

from django.db import connection, transaction

from accounts.models import Customer
from bench.data import MONTH
from bench.work import _customer_id
from catalog.models import Item, Product
from invoices.services.running import running_costs
from kernel.actors import Actor, ActorKind
from kernel.ids import new_id
from lifecycle.models import Resource
from store.bulk import copy_rows
from usage.models import Batch
from usage.services.intake import MOST, take_records
from usage.services.parts import make_parts

TEAM = Actor(ActorKind.PRODUCT_TEAM, "key:bench")
RECEIVED = MONTH.period.starts_at + timedelta(days=30)
RESOURCES = 1000
COPY = "COPY usage_record (resource_id, item_id, customer_id, batch_id, used_at, quantity, key, is_late) FROM STDIN"


def _uses(batch: int, part: str) -> Iterator[tuple[int, datetime, str, str]]:
    """(which resource, when, how much, key) of a batch: so many resources, each with some hours."""
    hours = MOST // RESOURCES
    for number in range(MOST):
        hour = batch * hours + number // RESOURCES
        yield (
            number % RESOURCES,
            MONTH.period.starts_at + timedelta(hours=hour % 700),
            f"{number % 97}.25",
            f"{part}-{hour}",
        )


def take_batches(count: int, part: str) -> dict[str, object]:
    """As the address does: read the JSON, take the records, put the answer together. Making the bodies is not counted."""
    product = Product.objects.get(code="vserver")
    resources = [str(pk) for pk in Resource.objects.order_by("pk").values_list("pk", flat=True)[:RESOURCES]]
    bodies = [
        json.dumps(
            [
                {
                    "resource": resources[place],
                    "item": "traffic",
                    "key": key,
                    "used_at": at.isoformat(),
                    "quantity": quantity,
                }
                for place, at, quantity, key in _uses(batch, part)
            ]
        )
        for batch in range(count)
    ]
    make_parts([MONTH])
    began, accepted = time.perf_counter(), 0
    for body in bodies:
        taken = take_records(product, json.loads(body), source=Batch.Source.API, actor=TEAM, at=RECEIVED)
        accepted += len(json.dumps([outcome.value for outcome in taken.outcomes])) and taken.batch.accepted
    return {"seconds": time.perf_counter() - began, "accepted": accepted}


def copy_batches(count: int, part: str) -> dict[str, object]:
    """The rows by COPY, a transaction for each batch, with the guards of the table and nothing asked of any record."""
    product, item = Product.objects.get(code="vserver"), Item.objects.get(code="traffic")
    resources = list(Resource.objects.order_by("pk").values_list("pk", "customer_id")[:RESOURCES])
    make_parts([MONTH])
    rows = [list(_uses(batch, part)) for batch in range(count)]
    began = time.perf_counter()
    for uses in rows:
        with transaction.atomic():
            batch = new_id()
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO usage_batch (id, product_id, source, actor, received_at, records, accepted, late, duplicates, refused)"
                    " VALUES (%s, %s, 'api', 'bench', %s, %s, %s, 0, 0, 0)",
                    [batch, product.pk, RECEIVED, len(uses), len(uses)],
                )
            copy_rows(
                COPY,
                (
                    (resources[place][0], item.pk, resources[place][1], batch, at, quantity, key, False)
                    for place, at, quantity, key in uses
                ),
            )
    return {"seconds": time.perf_counter() - began, "accepted": count * MOST}


BY_HAND = """
SELECT item_id, sum(quantity) FROM usage_record WHERE used_at >= %(start)s AND used_at < %(end)s
    AND resource_id IN (SELECT id FROM lifecycle_resource WHERE customer_id = %(customer)s) GROUP BY 1
"""


def months_of_customers(count: int) -> dict[str, float]:
    """Milliseconds that a customer's running cost takes in the last day of the month, and of the bare sum of what was used."""
    at, period = MONTH.period.ends_at - timedelta(hours=1), MONTH.period
    ours, theirs = [], []
    for number in range(1, count + 1):
        customer = Customer.objects.get(pk=_customer_id(1 + number * 7919 % Customer.objects.count()))
        began = time.perf_counter()
        assert running_costs(customer, at=at).total.so_far
        ours.append(1000 * (time.perf_counter() - began))
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(BY_HAND, {"start": period.starts_at, "end": period.ends_at, "customer": customer.pk})
            cursor.fetchall()
        theirs.append(1000 * (time.perf_counter() - began))
    return {"median": median(ours), "by_hand": median(theirs)}


def until_shown(count: int) -> dict[str, float]:
    """Seconds from sending a full batch about one customer until the running cost of that customer says it, at the worst."""
    product, at = Product.objects.get(code="vserver"), MONTH.period.ends_at - timedelta(hours=1)
    customer = Customer.objects.get(pk=_customer_id(1))
    resources = [str(pk) for pk in Resource.objects.filter(customer=customer).values_list("pk", flat=True)]
    shown, worst = running_costs(customer, at=at).total.so_far, 0.0
    for batch in range(count):
        body = [
            {
                "resource": resources[number % len(resources)],
                "item": "traffic",
                "key": f"shown-{batch}-{number}",
                "used_at": (MONTH.period.starts_at + timedelta(minutes=number)).isoformat(),
                "quantity": "0.5",
            }
            for number in range(MOST)
        ]
        began = time.perf_counter()
        take_records(product, body, source=Batch.Source.API, actor=TEAM, at=at)
        now = running_costs(customer, at=at).total.so_far
        worst = max(worst, time.perf_counter() - began)
        assert now > shown, "what was taken is in the running cost"
        shown = now
    return {"worst": worst}
