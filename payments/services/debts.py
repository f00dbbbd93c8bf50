"""
What customers owe since money of theirs was taken back and neither credit nor an invoice answered for it.

Whatever becomes credit pays that first, wherever it comes from: else what was never paid for would be spent a second time.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import F, Sum

from accounts.models import Customer
from kernel.ids import new_id
from ledger.services import Fact, Kind, spend, wallet_of
from payments.models import Reversal


def collect_debts(customer_id: UUID, *, at: datetime) -> int:
    """Credit pays what a customer owes since money was taken back, the oldest first; returns how much. The caller holds the customer."""
    collected = 0
    for reversal in Reversal.objects.filter(customer=customer_id, debt__gt=F("collected")).order_by("at", "pk"):
        wallet = wallet_of(customer_id)
        part = min(reversal.debt - reversal.collected, wallet.credit - wallet.held)
        if part <= 0:
            break
        spend(
            customer_id,
            part,
            into=Kind.DEBTS,
            kind=Fact.DEBT,
            source=new_id(),
            at=at,
            reference=reversal.payment.reference,
            bought_only=True,
        )
        reversal.collected += part
        reversal.save()
        collected += part
    return collected


def debt_of(customer: Customer) -> int:
    """What the customer still owes since money was taken back, beside open invoices."""
    owed = Reversal.objects.filter(customer=customer).aggregate(owed=Sum(F("debt") - F("collected")))["owed"]
    return owed or 0
