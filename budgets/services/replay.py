"""
Had a cap stood in the month before: which orders it would have refused, and when it would have been reached.

What was paid ahead is taken in the order in which it was paid, less what would have been refused; what was used and paid afterwards is taken
as it was known at each full hour, as if nothing had been stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from django.db.models import Q

from budgets.models import Budget, Stops
from budgets.paid import Movement, movements_of
from budgets.scopes import SCOPES
from budgets.services.caps import what_it_stops
from catalog.queries import PriceBook
from invoices.services.running import Cost, running_costs
from kernel.periods import CalendarMonth
from lifecycle.models import Resource, ServicePeriod
from store.cut import Cut, cut

HOUR = timedelta(hours=1)
MOST_NAMED = 50


@dataclass(frozen=True, slots=True)
class Replay:
    """
    :ivar spent: what was spent in the month, in all
    :ivar refused: what was ordered and would not have been, the earliest first
    :ivar reached_at: when it would have been reached, to the hour where use reached it; None: not at all
    :ivar stopped: what ran then and would have been stopped
    """

    budget: Budget
    limit: int
    month: CalendarMonth
    spent: int
    refused: list[Movement]
    reached_at: datetime | None
    stopped: Cut[Resource]

    @property
    def refused_total(self) -> int:
        return sum(one.amount for one in self.refused)


def replay(budget: Budget, *, limit: int | None = None, at: datetime) -> Replay:
    """
    The month before that of `at`.

    :param limit: another one than the budget has
    """
    month, most = CalendarMonth.of(at).previous, limit or budget.monthly_limit
    rows = [row for row in movements_of(budget.customer_id, month.period) if SCOPES[budget.scope].takes(budget, row)]
    used = _use_of(budget, month)
    refused, kept = _sort_out(rows, used, most) if _refuses(budget) else ([], list(rows))
    reached_at = _reached(kept, used, most, month)
    return Replay(
        budget,
        most,
        month,
        spent=sum(row.amount for row in rows) + used(month.period.ends_at),
        refused=refused,
        reached_at=reached_at,
        stopped=_running_then(budget, reached_at) if reached_at else Cut([], 0),
    )


def _refuses(budget: Budget) -> bool:
    """What only tells is looked at as if it did everything."""
    return budget.refuses_orders or not budget.is_cap


def _sort_out(
    rows: Sequence[Movement], used: Callable[[datetime], int], most: int
) -> tuple[list[Movement], list[Movement]]:
    refused: list[Movement] = []
    kept: list[Movement] = []
    paid, never_bought = 0, set[UUID | None]()
    for row in rows:
        if row.source and row.source in never_bought:
            continue  # what came back of it
        if row.is_new and paid + used(row.at) + row.amount > most:
            refused.append(row)
            never_bought.add(row.source)
        else:
            kept.append(row)
            paid += row.amount
    return refused, kept


def _reached(
    kept: Sequence[Movement], used: Callable[[datetime], int], most: int, month: CalendarMonth
) -> datetime | None:
    """Between two payments only use grows: so the first stretch is looked for, and halved."""
    paid, start = 0, month.period.starts_at
    for row in kept:
        if paid + used(row.at) >= most:
            return _halved(used, most - paid, start, row.at)
        paid, start = paid + row.amount, row.at
        if paid + used(start) >= most:
            return start
    end = month.period.ends_at
    return _halved(used, most - paid, start, end) if paid + used(end) >= most else None


def _halved(used: Callable[[datetime], int], left: int, start: datetime, end: datetime) -> datetime:
    """The first full hour after `start` at which so much is used, or the end, where it is."""
    hours = [start + HOUR * number for number in range(int((end - start) / HOUR) + 1)]
    low, high = 0, len(hours)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if used(hours[middle]) >= left else (middle + 1, high)
    return hours[low] if low < len(hours) else end


def _use_of(budget: Budget, month: CalendarMonth) -> Callable[[datetime], int]:
    """What had been used by an instant of the month, looked up once for each full hour; nothing where nothing ever was."""
    about, customer = SCOPES[budget.scope], budget.customer
    only = Resource.objects.filter(about.resources(budget), customer=customer) if about.by_resource else None
    book = PriceBook([customer.pk])

    @cache
    def until(instant: datetime) -> int:
        is_whole = instant >= month.period.ends_at
        at = month.period.last_minute if is_whole else instant
        running = running_costs(customer, at=at, book=book, only=only)
        cost = running.total if budget.product_id is None else running.of.get(budget.product_id, Cost())
        return cost.expected if is_whole else cost.so_far

    if not until(month.period.ends_at):
        return lambda instant: 0
    return lambda instant: until(instant.replace(minute=0, second=0, microsecond=0))


def _running_then(budget: Budget, instant: datetime) -> Cut[Resource]:
    """What it would have found running and stopped, by name."""
    stops = what_it_stops(budget) if budget.stops != Stops.NOTHING else SCOPES[budget.scope].resources(budget)
    lasting = Q(ends_at=None) | Q(ends_at__gt=instant)
    then = ServicePeriod.objects.filter(lasting, customer=budget.customer_id, starts_at__lte=instant)
    if budget.stops != Stops.CHOSEN:
        then = then.filter(billing_mode="postpaid")
    found = Resource.objects.filter(stops, customer=budget.customer_id, pk__in=then.values("resource"))
    return cut(found.order_by("name", "pk"), MOST_NAMED)
