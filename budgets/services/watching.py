"""
Looking whether budgets have reached a mark: every minute, for use costs more by itself, and in every transaction that spends.

Each mark is told once a month, of parts of the limit the highest that is new; after the limit was raised, again when it is reached again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Customer
from budgets.models import Alert, Budget
from budgets.queries import Standing, standings
from budgets.services.caps import follow, let_go_of_what_waited
from budgets.words import code_of, told_to
from lifecycle.models import Resource
from notifications.models import Notice
from notifications.services import notice_of, tell_all
from store.tally import Tally, for_each_group

Mark = Alert.Mark
CUSTOMERS_AT_ONCE = 200
PERCENT = {Mark.HALF: 50, Mark.MOST: 80, Mark.ALL: 100}
"""From the lowest to the highest."""


def watch_all(*, at: datetime) -> Tally:
    """Every budget, and what caps had stopped; customers who are held by somebody are left to the next time, a minute later."""
    return for_each_group(_groups(), lambda group: _watch_group(group, at=at), what="budgets of customers")


def watch(customers: Collection[UUID], *, at: datetime) -> None:
    """Tell what is new of the budgets of these customers, whom the caller holds, and let caps act."""
    budgets = Budget.objects.standing().filter(customer__in=customers).with_what_they_are_about()
    found = standings(list(budgets), at=at)
    if found:
        _tell_marks(found, at=at)
        follow(found, at=at)


def _groups() -> Iterator[list[UUID]]:
    open_ones = Budget.objects.standing().filter(customer__closed_at=None).values_list("customer", flat=True)
    halted = Resource.objects.filter(stopped_for_cap__isnull=False).values_list("customer", flat=True)
    pks = sorted({*open_ones.distinct(), *halted.distinct()})
    for start in range(0, len(pks), CUSTOMERS_AT_ONCE):
        yield pks[start : start + CUSTOMERS_AT_ONCE]


@transaction.atomic
def _watch_group(customers: Collection[UUID], *, at: datetime) -> None:
    free = Customer.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=customers).order_by("pk")
    held = list(free.values_list("pk", flat=True))
    watch(held, at=at)
    let_go_of_what_waited(held, at=at)


def _tell_marks(found: Collection[Standing], *, at: datetime) -> None:
    told: dict[UUID, set[str]] = defaultdict(set)
    rounds = {(one.budget.pk, one.budget.raised) for one in found}
    month = next(iter(found)).month.key
    known = Alert.objects.filter(budget__in=[one.budget.pk for one in found], month=month)
    for pk, raised, mark in known.values_list("budget", "raised", "mark"):
        if (pk, raised) in rounds:
            told[pk].add(mark)
    alerts, notices = [], []
    for one in found:
        new = [mark for mark in _reached(one) if mark not in told[one.budget.pk]]
        alerts += [_alert(one, mark, at=at) for mark in new]
        said = [mark for mark in new if mark in PERCENT][-1:] + [mark for mark in new if mark == Mark.FORECAST]
        if one.budget.is_acting(at):  # a cap says itself what it does
            said = [mark for mark in said if mark != Mark.ALL]
        notices += [_notice(one, mark, at=at) for mark in said]
    Alert.objects.bulk_create(alerts)
    tell_all(notices)


def _reached(one: Standing) -> list[Mark]:
    """From the lowest to the highest; what is expected says nothing any more when all of it is spent."""
    marks = [mark for mark, percent in PERCENT.items() if one.spent * 100 >= one.budget.monthly_limit * percent]
    passes = one.expected is not None and one.expected > one.budget.monthly_limit and not one.is_reached
    return [*marks, Mark.FORECAST] if passes else marks


def _alert(one: Standing, mark: Mark, *, at: datetime) -> Alert:
    budget = one.budget
    return Alert(
        budget=budget,
        customer_id=budget.customer_id,
        month=one.month.key,
        raised=budget.raised,
        mark=mark,
        monthly_limit=budget.monthly_limit,
        spent=one.spent,
        expected=one.expected,
        at=at,
    )


def _notice(one: Standing, mark: Mark, *, at: datetime) -> Notice:
    budget = one.budget
    kind = Notice.Kind.BUDGET_FORECAST if mark == Mark.FORECAST else Notice.Kind.BUDGET_REACHED
    marks = (one.month.key, budget.raised, mark.value)
    facts = {
        "limit": budget.monthly_limit,
        "spent": one.spent,
        "month": one.month.key,
        "budget": code_of(budget),
        "acts": budget.acts,
        **told_to(budget),
    }
    if mark == Mark.FORECAST:
        return notice_of(budget.customer, kind, budget.pk, *marks, at=at, expected=one.expected, **facts)
    return notice_of(budget.customer, kind, budget.pk, *marks, at=at, percent=str(PERCENT[mark]), **facts)
