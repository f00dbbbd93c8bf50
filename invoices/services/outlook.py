"""
What the present month will have cost by its end, and how sure that is.

What goes by time is known: it is priced until the end of the month as if nothing were changed, added or deleted any more. What is
metered goes on as in the last whole days: sums and different ones by their mean, levels as they stand; the quantity that this
comes to is priced with its tiers, minimum and cap, as the bill will be. The band comes from how far those days lie apart, each day
valued in đồng for all metered items together: as items rise and fall together, so does the band.

    half the band = t x s x sqrt(d + d^2 / n)      s: of the n last days      d: days left      t: so that 8 of 10 months lie in it
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import sqrt
from statistics import fmean, stdev
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import Customer
from catalog.meters import Aggregation
from catalog.models import Commitment
from catalog.queries import NoPrice, PriceBook
from invoices.services.metered import Change
from invoices.services.running import priced
from invoices.services.shortfalls import late_for
from invoices.services.unbilled import By, Key, Unbilled, Use, unbilled_of, with_meters
from invoices.services.usage import billed_afterwards
from kernel.periods import MINUTE, CalendarMonth, Period, local_day, start_of_day, truncate
from lifecycle.models import Resource
from lifecycle.models.history import ServicePeriodQuerySet
from usage.queries import reached

LAST_DAYS = 7
"""Each day of the week once."""
LEAST_DAYS = 3
"""Of fewer days nobody can tell how far they lie apart."""
T = {3: 1.886, 4: 1.638, 5: 1.533, 6: 1.476, 7: 1.440}
"""By the number of days: of the distribution of Student, 10 % on either side."""
GOES_ON = {Aggregation.SUM, Aggregation.UNIQUE}
"""What is used day by day; of the others the level stands until another is reported."""
DAY = timedelta(days=1)
FINEST = Decimal("0.000001")
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Ahead:
    """VND of a month by its end: `fixed` goes by time or is on a bill, `metered` is what use will come to, `used` until now."""

    so_far: int = 0
    fixed: int = 0
    used: int = 0
    metered: int = 0

    @property
    def expected(self) -> int:
        return self.fixed + self.metered

    def __add__(self, other: Ahead) -> Ahead:
        return Ahead(
            self.so_far + other.so_far,
            self.fixed + other.fixed,
            self.used + other.used,
            self.metered + other.metered,
        )


@dataclass(frozen=True, slots=True)
class Outlook:
    """
    `of` each product or resource what its use will cost, and when that `began` in the month. `band` is None while there are fewer than
    `LEAST_DAYS` whole days of use to tell; without anything metered it is no wider than what is expected. `days` of use were looked
    at. What is `committed`, less bills of use that came late, is billed at least.
    """

    month: CalendarMonth
    at: datetime
    of: dict[Key, Ahead] = field(default_factory=dict)
    began: dict[Key, datetime] = field(default_factory=dict)
    band: tuple[int, int] | None = None
    days: int = 0
    unpriced: int = 0
    committed: int = 0

    @property
    def total(self) -> Ahead:
        """Of all use."""
        return sum(self.of.values(), Ahead())

    @property
    def shortfall(self) -> int:
        """What will lack to the commitment, and is billed with the month."""
        return max(self.committed - self.total.expected, 0)

    @property
    def expected(self) -> int:
        """All that will be billed of the month."""
        return self.total.expected + self.shortfall

    def committed_to(self, amount: int) -> Outlook:
        """That is billed at least."""
        band = (max(self.band[0], amount), max(self.band[1], amount)) if self.band else None
        return replace(self, band=band, committed=amount)

    @property
    def is_sure(self) -> bool:
        """Nothing goes on by use."""
        return self.band is not None and not self.days

    @property
    def low(self) -> int:
        """Of the band; without one, what is expected."""
        return self.band[0] if self.band else self.expected

    @property
    def high(self) -> int:
        return self.band[1] if self.band else self.expected


@dataclass(slots=True)
class Trend:
    """A metered item of a resource: what it comes to, and how much of it was used on each of the last whole days."""

    use: Use
    began: datetime
    now: Decimal = NOTHING
    then: Decimal = NOTHING
    more: Decimal = NOTHING
    """What will be used as on those days; a level goes on by itself."""
    days: list[Decimal | None] = field(default_factory=list)
    """None: it was not there yet."""


def outlook(customer: Customer, *, at: datetime, book: PriceBook | None = None, through: int | None = None) -> Outlook:
    """
    What `customer` is billed for the month of `at` when it is over will have cost, by product.

    :param at: may lie in the past: what came later is not known then
    :param through: the last record of use that was there, see `usage.queries.used`; without it, all are
    """
    found = outlook_of([customer], at=at, book=book, through=through)[customer.pk]
    commitment = Commitment.objects.of_month(found.month).filter(customer=customer).first()
    if commitment is None:
        return found
    return found.committed_to(max(commitment.amount - late_for(customer, found.month, at=at), 0))


def outlook_of(
    customers: Collection[Customer],
    *,
    at: datetime,
    by: By = "product",
    only: Collection[UUID] | QuerySet[Resource] | None = None,
    book: PriceBook | None = None,
    through: int | None = None,
) -> dict[UUID, Outlook]:
    """Their use alone, each by its id, of the resources `only` or of all, in as many queries as for one."""
    at = truncate(at)
    by_id = {customer.pk: customer for customer in customers}
    scope = Q() if only is None else Q(resource__in=only)
    unbilled = unbilled_of(by_id, at=at, by=by, scope=scope, through=through)
    there = billed_afterwards().filter(scope, customer__in=by_id, starts_at__lte=at)
    metered = _metered(there, by, at=at)
    some = {pk for pk, found in unbilled.items() if found.stretches or found.uses} | {
        one.customer_id for one in metered.values()
    }
    book = book or (PriceBook(some) if some else None)
    trends = _trends(unbilled, metered, book, at=at, through=through) if book else {}
    return {pk: _outlook(unbilled[pk], trends.get(pk, []), customer, book, at=at) for pk, customer in by_id.items()}


def _outlook(
    found: Unbilled, trends: Sequence[Trend], customer: Customer, book: PriceBook | None, *, at: datetime
) -> Outlook:
    running = priced(found, customer, book=book)
    of: dict[Key, Ahead] = defaultdict(Ahead)
    for key, cost in running.of.items():
        of[key] += Ahead(so_far=cost.so_far, fixed=cost.expected)
    for used in running.uses:  # is in both sums, and no more fixed than it was
        of[used.key] += Ahead(fixed=-used.cost.expected, used=used.cost.so_far)
    began = dict(running.began)
    values: list[list[float | None]] = []
    for trend in trends:
        assert book
        key = trend.use.key
        try:
            expected, days = _valued(trend, found.month, book, customer, at=at)
        except NoPrice:
            continue
        of[key] += Ahead(metered=expected)
        began[key] = min(began.get(key, at), max(trend.began, found.month.period.starts_at))
        values.append(days)
    total = sum(of.values(), Ahead())
    count = max((len(days) - days.count(None) for days in values), default=0)
    return Outlook(found.month, at, dict(of), began, _band(total, values, found.month, at=at), count, running.unpriced)


class _Metered(NamedTuple):
    """A resource of which something is metered, that is there: by what it is asked for, and since when it is in service."""

    customer_id: UUID
    key: Key
    began: datetime


def _metered(there: ServicePeriodQuerySet, by: By, *, at: datetime) -> dict[UUID, _Metered]:
    keys = with_meters(there.reaching_past(at), by)
    begun: dict[UUID, _Metered] = {}
    if keys:
        rows = there.filter(resource__in=keys).order_by("starts_at").values_list("resource", "customer", "starts_at")
        for resource_id, customer_id, starts_at in rows:
            begun.setdefault(resource_id, _Metered(customer_id, keys[resource_id], starts_at))
    return begun


def _trends(
    unbilled: Mapping[UUID, Unbilled],
    metered: Mapping[UUID, _Metered],
    book: PriceBook,
    *,
    at: datetime,
    through: int | None,
) -> dict[UUID, list[Trend]]:
    """Of what is on no bill of the month, and of what was used before it by resources that are there; by customer."""
    instants = [start_of_day(local_day(at) - ago * DAY) for ago in range(LAST_DAYS, -1, -1)]
    used = _day_by_day(metered, instants, through)
    uses = {(use.resource_id, use.item_id): (pk, use) for pk, found in unbilled.items() for use in found.uses}
    trends: dict[UUID, list[Trend]] = defaultdict(list)
    for resource_id, item_id in dict.fromkeys([*uses, *used]):
        key, there = (resource_id, item_id), metered.get(resource_id)
        if key in uses:
            owner, use = uses[key]
        else:
            assert there
            owner, use = (
                there.customer_id,
                Use(there.key, resource_id, item_id, unbilled[there.customer_id].month.period, None, None),
            )
        now, then = (one.now if one else NOTHING for one in (use.now, use.then))
        trend = Trend(use, there.began if there else at, now, then)
        how = Aggregation(book.items[item_id].aggregation)
        if there and how in GOES_ON | {Aggregation.TIME_WEIGHTED}:
            trend.days = [
                used.get(key, {}).get(start, NOTHING) if there.began <= start else None for start in instants[:-1]
            ]
        if how in GOES_ON and (known := [day for day in trend.days if day is not None]):
            left = Decimal((unbilled[owner].month.period.ends_at - at) // MINUTE) / (24 * 60)
            more = sum(known, NOTHING) / len(known) * left
            trend.more = more.quantize(FINEST, ROUND_HALF_UP)
            trend.then = trend.now + trend.more
        trends[owner].append(trend)
    return trends


def _day_by_day(
    resources: Collection[UUID], instants: Sequence[datetime], through: int | None
) -> dict[tuple[UUID, UUID], dict[datetime, Decimal]]:
    """(resource, item) -> the beginning of each of these days -> what was used on it. A query a month, of at most two."""
    found: dict[tuple[UUID, UUID], dict[datetime, Decimal]] = defaultdict(dict)
    last = instants[-1]
    for month in dict.fromkeys(CalendarMonth.of(instant) for instant in instants[:-1]):
        window = Period(month.period.starts_at, min(last, month.period.ends_at))
        starts = [window.starts_at, *(one for one in instants if window.starts_at < one < window.ends_at)]
        before: dict[tuple[UUID, UUID], Decimal] = {}
        for resource_id, item_id, step, quantity in reached(resources, window, starts, through=through):
            key = resource_id, item_id
            found[key][starts[step]] = quantity - before.get(key, NOTHING)
            before[key] = quantity
    return found


def _valued(
    trend: Trend, month: CalendarMonth, book: PriceBook, customer: Customer, *, at: datetime
) -> tuple[int, list[float | None]]:
    """
    What comes on top of the bills by the month's end; and what each of the last days is worth at what a unit will cost by then.

    :raises NoPrice:
    """
    use, until = trend.use, trend.use.then
    if trend.more:
        known, left = use.now or Change(use.item_id, trend.now, at, None), Period(at, month.period.ends_at)
        until = known.going_on(trend.more, left, book.taxes.cuts(month.period))
    now = sum(line.total for line in use.so_far(book, customer, at=at))
    then = sum(line.total for line in until.lines(book, customer, use.service)) if until else 0
    each = (then - now) / float(trend.then - trend.now) if trend.then > trend.now else 0.0
    return then, [None if day is None else float(day) * each for day in trend.days]


def _band(
    total: Ahead, values: Sequence[Sequence[float | None]], month: CalendarMonth, *, at: datetime
) -> tuple[int, int] | None:
    going_on = [days for days in values if days]
    if not going_on:
        return total.expected, total.expected
    known = [[day for day in days if day is not None] for days in going_on]
    count = max(len(days) for days in known)
    if count < LEAST_DAYS:
        return None
    sums = [0.0] * count
    for days in filter(None, known):
        usual = fmean(days)
        for index, value in enumerate([usual] * (count - len(days)) + days):
            sums[index] += value
    left = (month.period.ends_at - at) / DAY
    half = round(T[count] * stdev(sums) * sqrt(left + left * left / count))
    least = min(total.expected, total.fixed + total.used)
    return max(total.expected - half, least), total.expected + half
