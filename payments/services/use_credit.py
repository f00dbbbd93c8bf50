"""Looking after the credit that the use of prepaid resources needs: of everybody, every day."""

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
from payments.models import UsageHold
from payments.services.use_bills import pay_for_use
from payments.services.use_holds import hold_for, months_held
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
    """Customers with something to hold or held, or open bills for use, so many together as have AT_ONCE resources."""
    sizes: dict[UUID, int] = defaultdict(int)
    for month in months_held(at):
        used = prepaid_use(month.period).values("customer").annotate(resources=Count("resource", distinct=True))
        for customer_id, count in used.values_list("customer", "resources").iterator(chunk_size=10_000):
            sizes[customer_id] = max(sizes[customer_id], count)
    for customer_id in UsageHold.objects.open().values_list("customer", flat=True).distinct().iterator():
        sizes.setdefault(customer_id, 1)
    for customer_id in Invoice.objects.open().of_paid_time().values_list("customer", flat=True).distinct().iterator():
        sizes.setdefault(customer_id, 1)
    pks = sorted(sizes)
    for first, last in ranges_of(enumerate(sizes[pk] for pk in pks), at_most=AT_ONCE):
        yield pks[first : last + 1]


@transaction.atomic
def _hold_for(pks: Sequence[UUID], *, waits: bool = False, actor: Actor, at: datetime) -> list[UUID]:
    """Returns whom somebody else holds, unless it `waits` for them."""
    free = Customer.objects.select_for_update(no_key=True, skip_locked=not waits).filter(pk__in=pks)
    customers = list(free.order_by("pk"))
    owing = set(Invoice.objects.open().of_paid_time().filter(customer__in=pks).values_list("customer", flat=True))
    for customer in customers:
        if customer.pk in owing:  # else what is held for a bill would be free before it is paid
            pay_for_use(customer, actor=actor, at=at)
    hold_for(customers, at=at)
    return sorted({*pks} - {customer.pk for customer in customers})
