"""
What credit is to be held for the use of prepaid resources: what it costs so far and is not paid, and the days ahead.

What is open on its bills is held like what is on none yet, also while it is questioned, or staff let nothing be paid by itself.

Priced as the bill will be, with the same function. Ahead, until the paid time ends, levels go on as they are, and what adds up is used
as on the latest day; where an item says so, nothing of it is held ahead. What is ahead counts to the present month, its tiers and bounds
included, also where the month ends before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Max, QuerySet

from accounts.models import BillingMode, Customer
from catalog.meters import MICRO, Aggregation
from catalog.models import Item
from catalog.queries import NoPrice, PriceBook
from catalog.taxes import Taxes
from invoices.models import Invoice
from invoices.services.metered import NOTHING, Change, changes
from invoices.services.usage import billed_afterwards
from kernel.money import MAXIMUM, round_half_up
from kernel.periods import MINUTE, CalendarMonth, Period, truncate
from lifecycle.models import ServicePeriod

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Need:
    """What is to be held for a resource's use of a month, in VND: what it costs `so_far` and is not paid, and `ahead`."""

    customer_id: UUID
    resource_id: UUID
    product_id: UUID
    month: str
    so_far: int
    ahead: int

    @property
    def total(self) -> int:
        return self.so_far + self.ahead


class _Served(NamedTuple):
    """A prepaid resource with metered items that was in service in a month, and until when it is, as is known."""

    resource_id: UUID
    customer_id: UUID
    product_id: UUID
    until: datetime


def prepaid_use(window: Period) -> QuerySet[ServicePeriod]:
    """Service within `window` of prepaid resources that are metered."""
    return billed_afterwards().overlapping(window).filter(resource__billing_mode=BillingMode.PREPAID)


def needs_of(customers: Collection[Customer], months: Collection[CalendarMonth], *, at: datetime) -> list[Need]:
    """
    What is to be held for the use that these customers made of each of `months`, and for what is open on bills for use of any; the
    earlier month first, and only where it is something.
    """
    needs = {(need.resource_id, need.month): need for need in _on_no_bill(customers, months, at=at)}
    bills = Invoice.objects.open().of_paid_time().filter(customer__in=customers).order_by("customer", "resource")
    for customer, resource, product, start, due in bills.values_list(
        "customer", "resource", "product", "period_start", "due"
    ):
        month = CalendarMonth.of(start).key
        need = needs.get((resource, month)) or Need(customer, resource, product, month, so_far=0, ahead=0)
        needs[resource, month] = replace(need, so_far=min(need.so_far + due, MAXIMUM))
    return sorted(needs.values(), key=attrgetter("month"))


def _on_no_bill(customers: Collection[Customer], months: Collection[CalendarMonth], *, at: datetime) -> Iterator[Need]:
    """
    What the use of each of `months` costs and is on no bill, the earlier first.

    What has no price yet is not held: its bill is held back, too.
    """
    at, by_id = truncate(at), {customer.pk: customer for customer in customers}
    taxes: Taxes | None = None
    book: PriceBook | None = None
    for month in sorted(months):
        served = _served(by_id, month)
        resources = [one.resource_id for one in served]
        start, end = month.period.starts_at, month.period.ends_at
        passed = Period(start, min(at, end))
        taxes = taxes or Taxes.read()
        now = changes(resources, by_id, passed, through=None, cuts=taxes.cuts(passed))
        if at < end:
            then = changes(resources, by_id, Period(start, min(at + _days_ahead(), end)), through=None)
            ago = changes(resources, by_id, Period(start, max(at - DAY, start)), through=None)
        else:
            then = ago = now
        for one in served:
            if one.resource_id not in then:
                continue
            book = book or PriceBook(by_id, taxes=taxes)
            use = _Use(month, at, one, *(_by_item(some.get(one.resource_id, ())) for some in (now, then, ago)))
            need = use.need(book, by_id[one.customer_id])
            if need.total:
                yield need


def _served(customers: Mapping[UUID, Customer], month: CalendarMonth) -> Sequence[_Served]:
    periods = prepaid_use(month.period).filter(customer__in=customers)
    rows = periods.values_list("resource", "customer", "resource__product").annotate(until=Max("ends_at"))
    return [_Served(*row) for row in rows.order_by("customer", "resource")]


def _by_item(changed: Collection[Change]) -> dict[UUID, Change]:
    return {change.item_id: change for change in changed}


def _days_ahead() -> timedelta:
    return timedelta(days=settings.HOLD_DAYS_AHEAD)


@dataclass(frozen=True, slots=True)
class _Use:
    """What a resource used of a month until `at`, what it will have in a while if levels stay, and what it had a day ago."""

    month: CalendarMonth
    at: datetime
    of: _Served
    now: dict[UUID, Change]
    then: dict[UUID, Change]
    ago: dict[UUID, Change]

    def need(self, book: PriceBook, customer: Customer) -> Need:
        so_far = ahead = 0
        for item_id, then in self.then.items():
            item = book.items[item_id]
            change = self.now.get(item_id) or replace(then, now=then.quantity_on_bills)
            try:
                costs = self._worth(change, book, customer, self.at)
                will_cost = self._worth(self._going_on(change, item, book), book, customer, self.until)
            except NoPrice:
                continue
            so_far += costs
            ahead += max(will_cost, item.least_held if will_cost else 0) - costs
        so_far, ahead = min(max(so_far, 0), MAXIMUM), min(max(ahead, 0), MAXIMUM)
        return Need(self.of.customer_id, self.of.resource_id, self.of.product_id, self.month.key, so_far, ahead)

    @property
    def until(self) -> datetime:
        """The days ahead end, or before them the paid time."""
        return min(self.at + _days_ahead(), self.of.until)

    def _over_by(self, until: datetime) -> Period:
        """What of the month is over by an instant."""
        start, end = self.month.period.starts_at, self.month.period.ends_at
        return Period(start, max(start, min(until, self.of.until, end)))

    def _worth(self, change: Change, book: PriceBook, customer: Customer, until: datetime) -> int:
        if not change.more:
            return 0
        return sum(line.total for line in change.lines(book, customer, self._over_by(until)))

    def _going_on(self, change: Change, item: Item, book: PriceBook) -> Change:
        ahead = self._ahead(item, change.now)
        if not self.at < self.until:
            return change
        return change.going_on(ahead, Period(self.at, self.until), book.taxes.cuts(self._over_by(self.until)))

    def _ahead(self, item: Item, quantity: Decimal) -> Decimal:
        """How much more will be used in the days ahead."""
        start, end = self.month.period.starts_at, self.month.period.ends_at
        until = self.until
        if not item.is_held_ahead or not self.at < min(until, end):
            return NOTHING
        if item.aggregation == Aggregation.TIME_WEIGHTED:
            return _scaled(self.then[item.pk].now - quantity, min(until, end) - self.at, until - self.at)
        if item.aggregation == Aggregation.SUM:
            before = self.ago[item.pk].now if item.pk in self.ago else NOTHING
            return _scaled(quantity - before, self.at - max(self.at - DAY, start), until - self.at)
        return NOTHING


def _scaled(quantity: Decimal, of: timedelta, to: timedelta) -> Decimal:
    """What is used in the time `to` where `quantity` is used in the time `of`."""
    if quantity <= 0 or not of:
        return NOTHING
    return Decimal(round_half_up(int(quantity * MICRO) * (to // MINUTE), of // MINUTE)) / MICRO
