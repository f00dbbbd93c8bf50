"""
Orders that a cap refuses: what is new and would pass it, exactly. The caller holds the customer, so whatever is ordered at the same time is
known by then; what waits for its payment counts as spent here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from budgets.models import Budget
from budgets.paid import Paid
from budgets.queries import Standing, standings
from budgets.scopes import SCOPES
from budgets.words import budget_words, code_of
from kernel import display
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.shapes import Json
from kernel.tags import Tags


class CapReached(DomainError):
    """What would be paid now passes it."""

    code = "cap-reached"
    message = _(
        "Your cap for %(cap)s is %(limit)s ₫ a month. %(spent)s ₫ are spent or ordered, and %(amount)s ₫ more would pass it."
        " Raise the cap under Budgets, order less, or wait until %(next_month)s."
    )


class CapSpent(CapReached):
    """It is reached, and nothing is to be paid now: what would be used and paid afterwards would come on top."""

    message = _(
        "Your cap of %(limit)s ₫ a month for %(cap)s is reached: %(spent)s ₫ are spent. Raise it under Budgets, or wait until"
        " %(next_month)s."
    )


class Wanted(NamedTuple):
    """
    What is to be paid now for a product; 0 for what is used and paid afterwards, and what is paid by a coupon or free but for its use.
    `tags` are those of the resource, or those that it will have.
    """

    product_id: UUID
    amount: int
    tags: Tags


def refuse_beyond_caps(customer: Customer, wanted: Collection[Wanted], *, actor: Actor, at: datetime) -> None:
    """:raises CapReached: of several caps, the one with the least left"""
    caps = Budget.objects.acting(at).filter(customer=customer, refuses_orders=True).with_what_they_are_about()
    found = standings(list(caps), at=at) if wanted else []
    for one in sorted(found, key=lambda one: one.left):
        _refuse(one, _within(one.budget, customer, wanted, actor))


def _within(budget: Budget, customer: Customer, wanted: Iterable[Wanted], actor: Actor) -> list[Wanted]:
    about = SCOPES[budget.scope]
    return [
        one
        for one in wanted
        if about.takes(budget, Paid(customer.pk, one.product_id, actor.name, one.tags, one.amount, 0))
    ]


def _refuse(one: Standing, wanted: Collection[Wanted]) -> None:
    if not wanted:
        return
    budget, amount = one.budget, sum(each.amount for each in wanted)
    spent = one.spent + one.waiting
    facts: Json = {
        "budget": str(budget.pk),
        "cap": budget_words(code_of(budget)),
        "limit": budget.monthly_limit,
        "spent": spent,
        "next_month": display.day(one.month.following.period.starts_at),
    }
    if amount and spent + amount > budget.monthly_limit:
        raise CapReached(**facts, amount=amount)
    if one.is_reached and any(each.amount == 0 for each in wanted):
        raise CapSpent(**facts)
