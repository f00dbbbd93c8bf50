"""With whom something has happened lately: by the append-only tables, each of which is numbered as it grows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection

from billing_portal.models import AuditLook

GROWING = (
    "ledger_transaction",
    "ledger_entry",
    "payments_allocation",
    "invoices_invoiceline",
    "lifecycle_resourceevent",
    "catalog_redemption",
    "accounts_auditentry",
)
"""Tables with a number and a customer, to which whatever concerns money or resources adds a row."""


def touched_customers() -> tuple[list[UUID], int, dict[str, int]]:
    """
    Who has new rows since the look before the last, after which transaction that was, and how far each table has come.

    Numbers are given before the commit, so a row may appear below one that was seen. Between two looks lie minutes, and no
    transaction lasts as long: from the look before the last on, nothing is missed. Before the first two, everything is new to
    us and the night's matter.
    """
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}', coalesce(max(id), 0) FROM {table}" for table in GROWING))
        reached: dict[str, int] = dict(cursor.fetchall())
        before = AuditLook.objects.order_by("-pk").values_list("reached", flat=True)[1:2].first()
        if before is None:
            return [], reached["ledger_transaction"], reached
        since = {table: before.get(table, reached[table]) for table in GROWING}
        cursor.execute(
            "SELECT customer_id FROM ("
            + " UNION ".join(f"SELECT customer_id FROM {table} WHERE id > %s" for table in GROWING)
            + ") touched WHERE customer_id IS NOT NULL ORDER BY 1",
            [since[table] for table in GROWING],
        )
        return [customer for (customer,) in cursor.fetchall()], since["ledger_transaction"], reached


def note_look(reached: dict[str, int], *, customers: int, found: int, at: datetime) -> None:
    AuditLook.objects.create(reached=reached, customers=customers, found=found, at=at)
