"""
What budgets can be about: one class for each scope, and one registry.

A new scope is a member of `Scope`, a class here, and its column on `Budget`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from budgets.models import Budget, Scope
from budgets.paid import Movement, Paid
from kernel.tags import Wanted
from lifecycle.models import Resource, ResourceEvent, tagged

ORDERED = ResourceEvent.Kind.ORDERED


class About(ABC):
    """
    Which part of a customer's spending a budget is about.

    :ivar by_resource: what is used and paid afterwards is looked up for single resources, see `own`; otherwise by product
    """

    by_resource: ClassVar[bool] = False
    by_tags: ClassVar[bool] = False
    """Whether `takes` asks for the tags of what was paid."""

    def takes(self, budget: Budget, paid: Paid | Movement) -> bool:
        """Whether what was paid ahead counts."""
        return True

    @abstractmethod
    def resources(self, budget: Budget) -> Q:
        """A filter on resources of the customer: those whose use counts."""

    def own(self, budgets: Sequence[Budget]) -> dict[UUID, set[UUID]]:
        """The same for many, by the id of each: ids of resources, in one query. Where it is looked up by product: nothing."""
        return {}


class Everything(About):
    def resources(self, budget: Budget) -> Q:
        return Q()


class OfProduct(About):
    def takes(self, budget: Budget, paid: Paid | Movement) -> bool:
        return paid.product_id == budget.product_id

    def resources(self, budget: Budget) -> Q:
        return Q(product=budget.product_id)


class OfKey(About):
    """What programs order with a key, and what is used of what they ordered; a key in the place of another has its name."""

    by_resource = True

    def takes(self, budget: Budget, paid: Paid | Movement) -> bool:
        return paid.actor == _name_of(budget)

    def resources(self, budget: Budget) -> Q:
        by_key = ResourceEvent.objects.filter(resource=OuterRef("pk"), kind=ORDERED, actor=_name_of(budget))
        return Q(Exists(by_key))

    def own(self, budgets: Sequence[Budget]) -> dict[UUID, set[UUID]]:
        names = {_name_of(budget) for budget in budgets}
        customers = {budget.customer_id for budget in budgets}
        rows = Resource.objects.filter(customer__in=customers, events__kind=ORDERED, events__actor__in=names)
        ordered: dict[tuple[UUID, str], set[UUID]] = defaultdict(set)
        for customer, actor, pk in rows.values_list("customer", "events__actor", "pk"):
            ordered[customer, actor].add(pk)
        return {budget.pk: ordered[budget.customer_id, _name_of(budget)] for budget in budgets}


class OfTag(About):
    """
    What is ordered for resources that are tagged so, and what they use. It goes by the tags of today: who tags a resource anew moves all
    that it cost in the month.
    """

    by_resource = True
    by_tags = True

    def takes(self, budget: Budget, paid: Paid | Movement) -> bool:
        return _wanted(budget).takes(paid.tags or {})

    def resources(self, budget: Budget) -> Q:
        return tagged(_wanted(budget))

    def own(self, budgets: Sequence[Budget]) -> dict[UUID, set[UUID]]:
        any_of_them = Q()
        for wish in {_wanted(budget) for budget in budgets}:
            any_of_them |= tagged(wish)
        customers = {budget.customer_id for budget in budgets}
        found: dict[UUID, set[UUID]] = {budget.pk: set() for budget in budgets}
        theirs: dict[UUID, list[Budget]] = defaultdict(list)
        for budget in budgets:
            theirs[budget.customer_id].append(budget)
        rows = Resource.objects.filter(any_of_them, customer__in=customers)
        for pk, customer, tags in rows.values_list("pk", "customer", "tags"):
            for budget in theirs[customer]:
                if _wanted(budget).takes(tags):
                    found[budget.pk].add(pk)
        return found


def _wanted(budget: Budget) -> Wanted:
    assert budget.tag is not None, "see a_budget_is_about_what_it_says"
    return budget.tag


def _name_of(budget: Budget) -> str:
    assert budget.key is not None, "see a_budget_is_about_what_it_says"
    return budget.key.actor.name


SCOPES: dict[str, About] = {
    Scope.EVERYTHING: Everything(),
    Scope.PRODUCT: OfProduct(),
    Scope.KEY: OfKey(),
    Scope.TAG: OfTag(),
}
