"""The wallet's side of auto-renewal: many charges, payments and allocations in a few statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from kernel.actors import Actor
from kernel.ids import new_id
from ledger.services import Charge, Fact, Kind, spend_many


@dataclass(frozen=True, slots=True)
class Renewal:
    """An invoice for renewed time that the wallet pays: `amount` (> 0) VND, of it `promotional`."""

    customer_id: UUID
    invoice_id: UUID
    amount: int
    promotional: int
    description: str


WRITE = """
WITH renewal AS (
    SELECT * FROM unnest(%(payments)s::uuid[], %(customers)s::uuid[], %(invoices)s::uuid[], %(amounts)s::bigint[], %(promotional)s::bigint[],
                         %(descriptions)s::text[]) r(id, customer_id, invoice_id, amount, promotional, description)
)
INSERT INTO payments_payment (id, customer_id, kind, means, gateway, reference, payable, invoice_ids, description, amount, promotional, allocated,
                              refunded, state, actor, created_at, settled_at, redirect_url, failure, checks)
SELECT id, customer_id, 'renewal', 'wallet', '', 'W-' || replace(id::text, '-', ''), 'invoice:' || invoice_id, '[]', description, amount,
       promotional, 0, 0, 'succeeded', %(actor)s, %(at)s, %(at)s, '', '', 0
FROM renewal
"""
ALLOCATE = """
INSERT INTO payments_allocation (payment_id, invoice_id, customer_id, amount, promotional, at)
SELECT r.id, r.invoice_id, r.customer_id, r.amount, r.promotional, %(at)s
FROM unnest(%(payments)s::uuid[], %(customers)s::uuid[], %(invoices)s::uuid[], %(amounts)s::bigint[], %(promotional)s::bigint[])
    r(id, customer_id, invoice_id, amount, promotional)
"""


def pay_renewals(renewals: Sequence[Renewal], *, actor: Actor, at: datetime) -> None:
    """
    Pay each invoice from its customer's wallet; the caller holds the wallets and found them sufficient.

    The same facts as for a single payment: a payment that succeeded, its allocation, a transaction from the wallet to sales.
    """
    if not renewals:
        return
    arguments: dict[str, Any] = {
        "payments": [new_id() for _ in renewals],
        "customers": [renewal.customer_id for renewal in renewals],
        "invoices": [renewal.invoice_id for renewal in renewals],
        "amounts": [renewal.amount for renewal in renewals],
        "promotional": [renewal.promotional for renewal in renewals],
        "descriptions": [renewal.description[:200] for renewal in renewals],
        "actor": actor.name,
        "at": at,
    }
    charges = [
        Charge(renewal.customer_id, str(renewal.invoice_id), renewal.amount, renewal.promotional, renewal.description)
        for renewal in renewals
    ]
    spend_many(charges, into=Kind.SALES, kind=Fact.RENEWAL, at=at)
    with connection.cursor() as cursor:
        for statement in (WRITE, ALLOCATE):
            cursor.execute(statement, arguments)
