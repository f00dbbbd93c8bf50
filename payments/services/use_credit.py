"""
Looking after the credit that the use of prepaid resources needs: of everybody, every day, and of whom money came in for.

Bills are paid, what is to be held is held, and where that does not suffice the customer is told and resources stop (`shortages`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from accounts.models import Customer
from invoices.models import Invoice
from invoices.services.to_hold import prepaid_use
from kernel.actors import Actor
from kernel.ranges import ranges_of
from lifecycle.models import Resource
from payments.models import Shortage, UsageHold
from payments.services.shortages import funded, let_go, out_of_step, see_to_shortages
from payments.services.use_bills import pay_for_use
from payments.services.use_holds import covers_of, hold_for, months_held
from store.tally import Tally, for_each, for_each_group

AT_ONCE = 500
"""Resources whose use is looked at in one transaction."""
LONG = 480
"""Seconds."""


def hold_for_all(*, actor: Actor, at: datetime) -> Tally:
    """
    Bills are paid, and what is held of every customer becomes what it is to be now. Whom somebody else holds is waited for at the end.

    Where one of many fails, all of them are looked at one by one. A run whose time is up is tried again a while later, and begins at
    another place then.
    """
    some = list(_customers(at))
    begin = len(some) * at.minute // 60
    turn = [*some[begin:], *some[:begin]]
    later: list[UUID] = []

    def look(pks: Sequence[UUID]) -> None:
        later.extend(_hold_for(pks, actor=actor, at=at))

    tally = for_each_group(turn, look, what="credit of customers", seconds=LONG)
    return tally + for_each(
        later, lambda pk: _hold_for([pk], waits=True, actor=actor, at=at), what="credit of customer", seconds=LONG
    )


def _customers(at: datetime) -> Iterator[Sequence[UUID]]:
    """Customers with something to hold, held or lacking, or open bills for use, so many together as have AT_ONCE resources."""
    sizes: dict[UUID, int] = defaultdict(int)
    for month in months_held(at):
        used = prepaid_use(month.period).values("customer").annotate(resources=Count("resource", distinct=True))
        for customer_id, count in used.values_list("customer", "resources").iterator(chunk_size=10_000):
            sizes[customer_id] = max(sizes[customer_id], count)
    for rows in (
        UsageHold.objects.open(),
        Shortage.objects.standing(),
        Invoice.objects.open().of_paid_time(),
        Resource.objects.filter(stopped_for_credit=True),
    ):
        for customer_id in rows.values_list("customer", flat=True).distinct().iterator():
            sizes.setdefault(customer_id, 1)
    pks = sorted(sizes)
    for first, last in ranges_of(enumerate(sizes[pk] for pk in pks), at_most=AT_ONCE):
        yield pks[first : last + 1]


@transaction.atomic
def _hold_for(pks: Sequence[UUID], *, waits: bool = False, actor: Actor, at: datetime) -> list[UUID]:
    """Returns whom somebody else holds, unless it `waits` for them."""
    customers = _held(pks, waits=waits)
    look_after(customers, actor=actor, at=at)
    return sorted({*pks} - {customer.pk for customer in customers})


def put_in_step(*, actor: Actor, at: datetime) -> Tally:
    """
    What may be lifted is lifted without waiting for the morning, and what had to wait starts: see `shortages.out_of_step`. Whom somebody
    else holds is left to the next time, a minute later. Where nothing would be lifted, nothing is held anew: time alone changes a little
    of it each minute.
    """
    pks = out_of_step(at)
    groups = [pks[start : start + AT_ONCE] for start in range(0, len(pks), AT_ONCE)]
    return for_each_group(groups, lambda some: _let_go(some, actor=actor, at=at), what="shortages of customers")


@transaction.atomic
def _let_go(pks: Sequence[UUID], *, actor: Actor, at: datetime) -> None:
    customers = _held(pks)
    with_credit = set(funded().filter(customer__in=customers).values_list("customer", flat=True))
    asked = [customer for customer in customers if customer.pk not in with_credit]
    free = with_credit | let_go(asked, covers_of(asked, at=at), at=at)
    if free:
        look_after([customer for customer in customers if customer.pk in free], actor=actor, at=at)


def _held(pks: Sequence[UUID], *, waits: bool = False) -> list[Customer]:
    """Those whom nobody else holds, unless it `waits` for them."""
    free = Customer.objects.select_for_update(no_key=True, skip_locked=not waits).filter(pk__in=pks)
    return list(free.order_by("pk"))


def when_money_came(customer: Customer, *, actor: Actor, at: datetime) -> None:
    """Credit may cover now what it did not: at once, not in the morning. The caller holds the customer."""
    if Shortage.objects.standing().filter(customer=customer).exists():
        look_after([customer], actor=actor, at=at)


def look_after(customers: Sequence[Customer], *, actor: Actor, at: datetime) -> None:
    """Pay, hold, and see to what is missing: of these customers, whom the caller holds."""
    owing = set(Invoice.objects.open().of_paid_time().filter(customer__in=customers).values_list("customer", flat=True))
    for customer in customers:
        if customer.pk in owing:  # else what is held for a bill would be free before it is paid
            pay_for_use(customer, actor=actor, at=at)
    see_to_shortages(customers, hold_for(customers, at=at), actor=actor, at=at)
