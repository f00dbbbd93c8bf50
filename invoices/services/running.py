"""What postpaid usage costs in the present month before it is billed: until now, and by its end if nothing changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import Customer
from catalog.models import Item
from catalog.queries import NoPrice, PriceBook
from invoices.services.unbilled import By, Key, Stretch, Unbilled, unbilled
from kernel.periods import CalendarMonth
from lifecycle.models import Resource


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

    key: Key
    item: Item
    quantity: Decimal
    cost: Cost


@dataclass(frozen=True, slots=True)
class RunningCosts:
    """
    The present month until `at`. `of` has the cost of each product or resource with postpaid usage in it, `began` when that usage
    did in the month, `uses` what of it is metered, and provisional.

    `unpriced` stretches of usage are in no cost, for a price is missing; the month-end run holds such usage back.
    """

    month: CalendarMonth
    at: datetime
    of: dict[Key, Cost] = field(default_factory=dict)
    began: dict[Key, datetime] = field(default_factory=dict)
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
    only: Collection[UUID] | QuerySet[Resource] | None = None,
    book: PriceBook | None = None,
) -> RunningCosts:
    """
    What `customer`'s postpaid usage of the month of `at` costs, of the resources `only` or of all.

    Priced as the month-end run prices, line by line; usage that is alike is priced once and counted, so that a thousand
    servers of one kind cost a query, not a thousand prices. What is invoiced of the month already counts as invoiced, less
    what was credited. What is metered counts as reported until now; of it only levels go on until the month's end.
    """
    scope = None if only is None else Q(resource__in=only)
    return priced(unbilled(customer, at=at, by=by, scope=scope), customer, book=book)


def priced(found: Unbilled, customer: Customer, *, book: PriceBook | None = None) -> RunningCosts:
    """What it costs, with what is invoiced."""
    costs: dict[Key, Cost] = defaultdict(Cost)
    for key, left in found.invoiced.items():
        costs[key] += Cost(left, left)
    if found.stretches or found.uses:
        book = book or PriceBook([customer.pk])
    unpriced = 0
    for stretch in found.stretches:
        assert book
        so_far, expected = (_price(stretch, book, customer, until) for until in (found.at, found.month.period.ends_at))
        unpriced += stretch.count if expected is None else 0
        known = so_far or 0
        costs[stretch.key] += Cost(known * stretch.count, (known if expected is None else expected) * stretch.count)
    uses, lacking = _uses(found, book, customer) if book else ([], 0)
    for use in uses:
        costs[use.key] += use.cost
    began: dict[Key, datetime] = {}
    for stretch in found.stretches:
        began[stretch.key] = min(began.get(stretch.key, stretch.starts_at), stretch.starts_at)
    return RunningCosts(found.month, found.at, dict(costs), began, uses, unpriced + lacking)


def _uses(found: Unbilled, book: PriceBook, customer: Customer) -> tuple[list[UsedSoFar], int]:
    """What is metered, added up by item; and of how many there is no price."""
    sums: dict[tuple[Key, UUID], UsedSoFar] = {}
    lacking = 0
    for use in found.uses:
        try:
            both = use.so_far(book, customer, at=found.at), use.expected(book, customer)
            cost = Cost(*(sum(line.total for line in lines) for lines in both))
        except NoPrice:
            lacking += 1
            continue
        key = use.key, use.item_id
        before = sums.get(key, UsedSoFar(use.key, book.items[use.item_id], Decimal(0), Cost()))
        quantity = use.now.more if use.now else Decimal(0)
        sums[key] = replace(before, quantity=before.quantity + quantity, cost=before.cost + cost)
    return sorted(sums.values(), key=lambda use: (use.item.position, use.item.code, str(use.key))), lacking


def _price(stretch: Stretch, book: PriceBook, customer: Customer, until: datetime) -> int | None:
    try:
        return sum(line.total for line in stretch.lines(book, customer, until=until))
    except NoPrice:
        return None
