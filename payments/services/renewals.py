"""The wallet's side of auto-renewal: many charges, payments and allocations in a few statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from kernel.actors import Actor
from kernel.ids import new_id
from ledger.services import Debit, Fact, Kind, spend_many
from payments.models import Payment
from payments.models.payables import PaidFor, payable_of
from store.bulk import copy_rows


@dataclass(frozen=True, slots=True)
class Renewal:
    """An invoice for renewed time that the wallet pays: `amount` (> 0) VND, of it `promotional`."""

    customer_id: UUID
    invoice_id: UUID
    amount: int
    promotional: int
    description: str
    payment_id: UUID = field(default_factory=new_id)


COPY_PAYMENTS = """
COPY payments_payment (id, customer_id, kind, means, gateway, reference, payable, invoice_ids, description, amount, promotional, allocated, refunded,
    state, actor, created_at, settled_at, redirect_url, failure, checks) FROM STDIN
"""
COPY_ALLOCATIONS = """
COPY payments_allocation (payment_id, invoice_id, customer_id, amount, promotional, at) FROM STDIN
"""


def charge_renewals(renewals: Sequence[Renewal], *, actor: Actor, at: datetime) -> None:
    """
    Take the money out of the wallets, which the caller holds and found sufficient: transactions and payments.

    The invoices may come later in the transaction; `allocate_renewals` comes after them.
    """
    charges = [
        Debit(renewal.customer_id, str(renewal.invoice_id), renewal.amount, renewal.promotional, renewal.description)
        for renewal in renewals
    ]
    spend_many(charges, into=Kind.SALES, kind=Fact.RENEWAL, at=at)
    copy_rows(COPY_PAYMENTS, (_payment_row(renewal, actor.name, at) for renewal in renewals))


def allocate_renewals(renewals: Sequence[Renewal], *, at: datetime) -> None:
    """The payments of `charge_renewals` settle their invoices."""
    rows = ((r.payment_id, r.invoice_id, r.customer_id, r.amount, r.promotional, at) for r in renewals)
    copy_rows(COPY_ALLOCATIONS, rows)


# fmt: off
def _payment_row(renewal: Renewal, actor: str, at: datetime) -> tuple[object, ...]:
    return (
        renewal.payment_id, renewal.customer_id, Payment.Kind.RENEWAL.value, Payment.Means.WALLET.value, "", f"W-{renewal.payment_id.hex}",
        payable_of(PaidFor.RENEWED, renewal.invoice_id), "[]", renewal.description[:200], renewal.amount, renewal.promotional,
        renewal.amount, 0,  # given to the invoice, as the database will want to see at the commit
        Payment.State.SUCCEEDED.value, actor, at, at, "", "", 0,
    )
# fmt: on
