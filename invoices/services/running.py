"""What postpaid usage costs in the present month before it is billed: until now, and by its end if nothing changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Greatest

from accounts.models import BillingMode, Customer
from catalog.models import Item
from catalog.pricing import price_line
from catalog.queries import NoPrice, PriceBook
from invoices.models import Invoice
from invoices.services.metered import Change, changes
from invoices.services.usage import price_usage, quantities_of
from kernel.periods import CalendarMonth, Period, truncate
from lifecycle.models import ServicePeriod

By = Literal["product", "resource"]
KEYS: dict[By, str] = {"product": "resource__product", "resource": "resource"}
Stretch = tuple[UUID, str, datetime, datetime | None, int]


@dataclass(frozen=True, slots=True)
class Cost:
    """VND with VAT: `so_far` for what was used until now, `expected` for the month if nothing is changed, added or deleted."""

    so_far: int = 0
    expected: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.so_far + other.so_far, self.expected + other.expected)


@dataclass(frozen=True, slots=True)
class UsedSoFar:
    """What of a metered item was reported and is on no bill, of a product or resource. What is reported later changes it."""

    key: UUID
    item: Item
    quantity: Decimal
    cost: Cost


@dataclass(frozen=True, slots=True)
class RunningCosts:
    """
    The present month until `at`. `of` has the cost of each product or resource with postpaid usage in it, `uses` what of it is
    metered, and provisional.

    `unpriced` stretches of usage are in no cost, for a price is missing; the month-end run holds such usage back.
    """

    month: CalendarMonth
    at: datetime
    of: dict[UUID, Cost] = field(default_factory=dict)
    uses: list[UsedSoFar] = field(default_factory=list)
    unpriced: int = 0

    @property
    def total(self) -> Cost:
        return sum(self.of.values(), Cost())


def running_costs(
    customer: Customer,
    *,
    at: datetime,
    by: By = "product",
    only: Collection[UUID] | None = None,
    book: PriceBook | None = None,
) -> RunningCosts:
    """
    What `customer`'s postpaid usage of the month of `at` costs, of the resources `only` or of all.

    Priced as the month-end run prices, line by line; usage that is alike is priced once and counted, so that a thousand
    servers of one kind cost a query, not a thousand prices. What is invoiced of the month already counts as invoiced, less
    what was credited. What is metered counts as reported until now; of it only levels go on until the month's end.
    """
    at = truncate(at)
    month = CalendarMonth.of(at)
    scope = Q(customer=customer) if only is None else Q(customer=customer, resource__in=only)
    usage = ServicePeriod.objects.filter(scope, billing_mode=BillingMode.POSTPAID).overlapping(month.period)
    if not usage.exists():  # whoever pays first asks once
        return RunningCosts(month, at)
    costs: dict[UUID, Cost] = defaultdict(Cost)
    covered: dict[UUID, datetime] = {}
    for key, resource, until, left in _invoiced(scope, month.period, by):
        covered[resource] = max(covered.get(resource, until), until)
        costs[key] += Cost(left, left)
    unpriced = 0
    for key, configuration, start, end, count in _stretches(usage, month.period, by, covered):
        book = book or PriceBook([customer.pk])
        so_far, expected = (
            _price(book, customer, configuration, start, min(end or until, until))
            for until in (at, month.period.ends_at)
        )
        unpriced += count if expected is None else 0
        known = so_far or 0
        costs[key] += Cost(known * count, (known if expected is None else expected) * count)
    uses, lacking = _uses(book, customer, usage, month, by, at=at)
    for use in uses:
        costs[use.key] += use.cost
    return RunningCosts(month, at, dict(costs), uses, unpriced + lacking)


def _uses(
    book: PriceBook | None,
    customer: Customer,
    usage: QuerySet[ServicePeriod],
    month: CalendarMonth,
    by: By,
    *,
    at: datetime,
) -> tuple[list[UsedSoFar], int]:
    """What is metered, added up by item; and of how many there is no price."""
    metered = usage.filter(resource__product__items__kind=Item.Kind.METERED)
    keys: dict[UUID, UUID] = dict(metered.values_list("resource", KEYS[by]).distinct())
    found: dict[tuple[UUID, UUID], UsedSoFar] = {}
    lacking = 0
    ends = (at, month.period.ends_at)
    now, then = (changes(keys, [customer.pk], Period(month.period.starts_at, until), through=None) for until in ends)
    for resource_id in now.keys() | then.keys():
        book = book or PriceBook([customer.pk])
        expected = {change.item_id: change for change in then.get(resource_id, ())}
        so_far = {change.item_id: change for change in now.get(resource_id, ())}
        for item_id in so_far.keys() | expected.keys():
            try:
                cost = Cost(*(_price_change(book, customer, some.get(item_id), month) for some in (so_far, expected)))
            except NoPrice:
                lacking += 1
                continue
            quantity = so_far[item_id].more if item_id in so_far else Decimal(0)
            key = keys[resource_id], item_id
            before = found.get(key, UsedSoFar(keys[resource_id], book.items[item_id], Decimal(0), Cost()))
            found[key] = replace(before, quantity=before.quantity + quantity, cost=before.cost + cost)
    return sorted(found.values(), key=lambda use: (use.item.position, use.item.code, str(use.key))), lacking


def _price_change(book: PriceBook, customer: Customer, change: Change | None, month: CalendarMonth) -> int:
    period = month.period
    return price_line(change.component(book, customer, taxed_at=period.last_minute), period).total if change else 0


def _price(book: PriceBook, customer: Customer, configuration: str, start: datetime, end: datetime) -> int | None:
    if start >= end:
        return 0
    try:
        lines = list(price_usage(book, customer, [(quantities_of(configuration), Period(start, end))]))
    except NoPrice:
        return None
    return sum(line.total for line in lines)


def _invoiced(scope: Q, month: Period, by: By) -> QuerySet[Invoice, tuple[UUID, UUID, datetime, int]]:
    """(key, resource, covered until, VND) of each usage invoice of the month: of what was deleted or switched in it."""
    # billed after it was used: so the index by day of issue finds them, however long the history is
    usage = Invoice.objects.filter(scope, kind=Invoice.Kind.USAGE, issued_at__gte=month.starts_at)
    within = usage.filter(period_start__gte=month.starts_at, period_start__lt=month.ends_at)
    return within.values_list(by, "resource", "covered_until", F("total") - F("credited"))


def _stretches(
    usage: QuerySet[ServicePeriod], month: Period, by: By, covered: dict[UUID, datetime]
) -> Iterator[Stretch]:
    """(key, configuration, from, until, how many such) of the usage in the month that no invoice covers."""
    key = KEYS[by]
    text, since = Cast("configuration", TextField()), Greatest("starts_at", Value(month.starts_at))
    alike = usage.exclude(resource__in=covered).values(key, text=text, since=since, until=F("ends_at"))
    yield from (
        alike.annotate(count=Count("pk"))
        .order_by(key, "since", "text")
        .values_list(key, "text", "since", "until", "count")
    )
    if covered:
        own = usage.filter(resource__in=covered).annotate(text=text, since=since)
        for one, resource, configuration, start, end in own.values_list(key, "resource", "text", "since", "ends_at"):
            yield one, configuration, max(start, covered[resource]), end, 1
