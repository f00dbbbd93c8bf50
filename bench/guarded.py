"""What guards and the auditor cost, in processes of their own: spends without a guard, and a look at ten thousand new rows."""

from __future__ import annotations

import time
from uuid import uuid4

from django.db import connection

from bench.data import END
from bench.work import Facts, _customer_id, _facts
from billing_portal.auditor import NIGHTLY, QUICK, audit_the_touched, contradictions
from billing_portal.auditor.touched import touched_customers
from ledger.services import Fact, Kind, spend
from store.owner import as_owner

ROWS_OF_A_SPEND = 3  # the transaction and its two entries
READ = (
    "ledger_account",
    "ledger_transaction",
    "ledger_entry",
    "ledger_grant",
    "payments_payment",
    "payments_allocation",
    "invoices_invoice",
    "invoices_invoiceline",
    "lifecycle_resource",
    "lifecycle_serviceperiod",
    "lifecycle_resourceevent",
    "orders_order",
    "catalog_redemption",
)
"""The tables in which the auditor looks up the customers with whom something has happened."""


def spends_without(guards: list[tuple[str, str]], count: int, customers: int) -> Facts:
    """`count` spends of one client, the triggers `guards` (table, name) switched off by the owner of the tables."""
    _switch(guards, "DISABLE")
    try:
        return _spends(count, customers)
    finally:
        _switch(guards, "ENABLE")


def look_at_the_touched(rows: int, customers: int) -> Facts:
    """How long a look at so many new rows takes, and a plain scan of the same customers' rows."""
    for _look in range(2):  # from the second on, it is known what is new
        audit_the_touched(at=END)
    _spends(rows // ROWS_OF_A_SPEND + 1, customers)
    found = look_again = scanned = 0.0
    for _time in range(2):  # the first one warms the cache for both
        began = time.perf_counter()
        touched, since, _reached = touched_customers()
        found = len(contradictions(QUICK, customers=touched, since=since, at=END))
        look_again = time.perf_counter() - began
        began = time.perf_counter()
        with connection.cursor() as cursor:
            for table in READ:
                cursor.execute(f"SELECT count(*), max(t::text) FROM {table} t WHERE customer_id = ANY(%s)", [touched])
        scanned = time.perf_counter() - began
    return {"seconds": look_again, "scan": scanned, "customers": len(touched), "found": found}


def look_at_everything() -> Facts:
    began = time.perf_counter()
    return _facts(began, found=len(contradictions(NIGHTLY, at=END)))


def _spends(count: int, customers: int) -> Facts:
    ids = [_customer_id(number) for number in range(1, customers + 1)]
    batch = uuid4().int
    connection.ensure_connection()
    began = time.perf_counter()
    for number in range(count):
        source = f"opening:{batch:x}-{number}"
        customer = ids[(batch + number * 7919) % len(ids)]
        spend(customer, 1, into=Kind.ADJUSTMENTS, kind=Fact.ADJUSTMENT, source=source, at=END)
    return _facts(began, count=count)


def _switch(guards: list[tuple[str, str]], how: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        for table, name in guards:
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname ~ %s",
                [table, f"^pgtrigger_{name}_[0-9a-f]+$"],
            )
            [(trigger,)] = cursor.fetchall()
            cursor.execute(f"ALTER TABLE {table} {how} TRIGGER {trigger}")
