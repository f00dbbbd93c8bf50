"""Keeping bought credit for bills to come: many holds in a statement, each ended once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Greatest

from ledger.models import Account, CreditHold

End = CreditHold.End


class Wanted(NamedTuple):
    """`amount` VND (> 0) of a customer's bought credit that is to be kept for `source`, of which no hold is open."""

    customer_id: UUID
    source: str
    amount: int


def place_holds(wanted: Sequence[Wanted], *, at: datetime) -> list[CreditHold]:
    """
    Keep what is wanted of wallets that the caller holds and found sufficient; the holds in the same order.

    :raises IntegrityError: a wallet has less, or something is kept for the source already
    """
    customers = {one.customer_id for one in wanted}
    credit = Account.objects.filter(customer__in=customers, kind=Account.Kind.CREDIT)
    accounts = dict(credit.values_list("customer", "pk"))
    return CreditHold.objects.bulk_create(
        CreditHold(
            account_id=accounts[one.customer_id],
            customer_id=one.customer_id,
            source=one.source,
            amount=one.amount,
            at=at,
        )
        for one in wanted
    )


def end_holds(holds: Collection[int], how: CreditHold.End, *, at: datetime) -> None:
    """They end now: what they kept can be spent again. Whoever places a hold a moment ahead of our clock ends it no earlier."""
    CreditHold.objects.filter(pk__in=holds).update(ended_as=how, ended_at=Greatest(F("at"), at))
