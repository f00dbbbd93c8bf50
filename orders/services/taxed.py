"""Whether what was offered is still taxed as it was: the tax point of what is paid ahead is its payment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db.models import Exists, Max, OuterRef

from catalog.models import Price, TaxRate
from catalog.pricing import Rate
from catalog.taxes import Taxes
from kernel.periods import local_day
from orders.deal import Part
from orders.models import Order
from payments.models import ExpectedTransfer, Payment

AT_ONCE = 500


def taxed_otherwise(parts: Iterable[Part], *, at: datetime) -> bool:
    """Whether one of what is to be paid has another rate of VAT at `at` than it was offered with."""
    return bool(_otherwise([_offered(parts)], at=at))


def overtaken(orders: Sequence[Order], *, at: datetime) -> list[Order]:
    """Those of them, with their quotes, of which that is so; in two queries."""
    offered = [_offered(order.quote.deal.parts) for order in orders]
    return [orders[place] for place in _otherwise(offered, at=at)]


def overtaken_orders(*, at: datetime, at_most: int) -> list[UUID]:
    """
    Orders that wait for a payment that would be taxed otherwise by now; none but just after a change, or after a rate was entered whose
    first day had begun.

    One for which money is under way has its time: what was paid before the change counts, however late we hear of it.
    """
    changed = max(filter(None, (Taxes.read().changed_at(at), _came_late(at))), default=None)
    return list(islice(_overtaken_before(changed, at=at), at_most)) if changed else []


def _came_late(at: datetime) -> datetime | None:
    """When a rate was entered last that has begun: what was ordered until then may say another."""
    known = TaxRate.objects.filter(since__lte=local_day(at), entered_at__lte=at)
    last: datetime | None = known.aggregate(last=Max("entered_at"))["last"]
    return last


def _overtaken_before(changed: datetime, *, at: datetime) -> Iterator[UUID]:
    attempts = Payment.objects.open().filter(order_id=OuterRef("pk"))
    transfers = ExpectedTransfer.objects.waiting().filter(order_id=OuterRef("pk"))
    waiting = Order.objects.filter(state=Order.State.AWAITING_PAYMENT, created_at__lt=changed, expires_at__gt=at)
    waiting = waiting.filter(~Exists(attempts), ~Exists(transfers)).select_related("quote").order_by("pk")
    some = list(waiting[:AT_ONCE])
    while some:
        yield from (order.pk for order in overtaken(some, at=at))
        some = list(waiting.filter(pk__gt=some[-1].pk)[:AT_ONCE])


def _offered(parts: Iterable[Part]) -> list[Rate]:
    return [line.component.rate for part in parts if not part.postpaid for line in part.charge.lines]


def _otherwise(offers: Sequence[Sequence[Rate]], *, at: datetime) -> list[int]:
    """The places of those with another rate at `at`."""
    prices = {rate.price_id for offer in offers for rate in offer}
    if not prices:
        return []
    taxes = Taxes.read()
    categories = dict(Price.objects.filter(pk__in=prices).values_list("pk", "tax_category"))
    return [
        place
        for place, offer in enumerate(offers)
        if any(taxes.rate_at(categories[rate.price_id], at) != rate.vat_rate for rate in offer)
    ]
