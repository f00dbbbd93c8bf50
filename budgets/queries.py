"""
What is spent of a budget: the one definition that pages, the API, alerts and caps share.

Paid ahead counts when it is paid: orders and automatic renewals of the month, less what came back of them. Used and paid afterwards counts
when it is used: the running cost of the month, as bills will say it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from accounts.models import Customer
from budgets.models import Budget
from budgets.paid import Paid, paid_of
from budgets.scopes import SCOPES, named_in, resources_of, which_of
from invoices.services.outlook import Ahead, Outlook, outlook_of
from invoices.services.unbilled import Key
from kernel.periods import CalendarMonth

ENOUGH_DATA = timedelta(days=3)
"""Of use in the month, before anything is expected of the rest of it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How a budget stands in its month.

    :ivar spent: VND with VAT until now
    :ivar waiting: ordered, and not paid yet
    :ivar expected: by the end of the month if nothing is ordered, changed or deleted any more, and use goes on as in the last days: see
        `invoices.services.outlook`; None before three days of use, and where nothing is paid by use
    """

    budget: Budget
    month: CalendarMonth
    spent: int
    waiting: int
    expected: int | None

    @property
    def percent(self) -> int:
        """Of the limit, rounded down: 100 is all of it."""
        return self.spent * 100 // self.budget.monthly_limit

    @property
    def left(self) -> int:
        return max(self.budget.monthly_limit - self.spent, 0)

    @property
    def is_reached(self) -> bool:
        return self.spent >= self.budget.monthly_limit


def standings(budgets: Sequence[Budget], *, at: datetime) -> list[Standing]:
    """How each stands at `at`, in a number of queries that does not grow with them. They are read `with_what_they_are_about`."""
    if not budgets:
        return []
    month = CalendarMonth.of(at)
    paid: dict[UUID, list[Paid]] = defaultdict(list)
    by_tags = [budget.pk for budget in budgets if SCOPES[budget.scope].by_tags]
    for one in paid_of({budget.customer_id for budget in budgets}, month.period, by_tags=by_tags):
        paid[one.customer_id].append(one)
    used = _used(budgets, at=at)
    found = []
    for budget in budgets:
        counted = [one for one in paid[budget.customer_id] if SCOPES[budget.scope].takes(budget, one)]
        ahead, (cost, since) = sum(one.spent for one in counted), used[budget.pk]
        known = since is not None and at - since >= ENOUGH_DATA
        found.append(
            Standing(
                budget,
                month,
                spent=max(ahead + cost.so_far, 0),
                waiting=sum(one.waiting for one in counted),
                expected=max(ahead + cost.expected, 0) if known else None,
            )
        )
    return found


def _used(budgets: Sequence[Budget], *, at: datetime) -> dict[UUID, tuple[Ahead, datetime | None]]:
    """
    What the use of the month costs that each is about, and since when there is any in it. What the same budgets are about is told apart
    no further: a hundred thousand resources that are alike are priced once.
    """
    parts = [budget for budget in budgets if SCOPES[budget.scope].by_resource]
    whole = [budget for budget in budgets if not SCOPES[budget.scope].by_resource]
    by_product = outlook_of(_customers(whole), at=at) if whole else {}
    by_part = outlook_of(_customers(parts), at=at, by=which_of(parts), only=resources_of(parts)) if parts else {}
    found = {}
    for budget in whole:
        ahead = by_product[budget.customer_id]
        found[budget.pk] = _of(ahead, ahead.of.keys() if budget.product_id is None else [budget.product_id])
    own: dict[UUID, list[Key]] = defaultdict(list)
    for ahead in by_part.values():
        for key in {*ahead.of, *ahead.began}:
            for pk in named_in(str(key)):
                own[pk].append(key)
    for budget in parts:
        found[budget.pk] = _of(by_part[budget.customer_id], own[budget.pk])
    return found


def _of(found: Outlook, keys: Iterable[Key]) -> tuple[Ahead, datetime | None]:
    keys = list(keys)
    cost = sum((found.of[key] for key in keys if key in found.of), Ahead())
    return cost, min((found.began[key] for key in keys if key in found.began), default=None)


def _customers(budgets: Sequence[Budget]) -> list[Customer]:
    return list({budget.customer_id: budget.customer for budget in budgets}.values())
