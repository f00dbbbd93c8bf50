"""
What budgets can be about: one class for each scope, and one registry.

A new scope is a member of `Scope`, a class here, and its column on `Budget`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import ClassVar
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from accounts.models import CustomerKey
from budgets.models import Budget, Scope
from budgets.paid import Movement, Paid
from kernel.tags import Wanted
from lifecycle.models import Resource, ResourceEvent, TagValue, tagged
from lifecycle.models.tags import are_alike

ORDERS = ResourceEvent.objects.filter(kind=ResourceEvent.Kind.ORDERED)


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

    def has(self, resource: str, tags: str) -> Q:
        """The same, as a filter on budgets within a query on rows that have a resource, and the tags of it, there."""
        raise NotImplementedError


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
        return Q(Exists(ORDERS.filter(resource=OuterRef("pk"), actor=_name_of(budget))))

    def has(self, resource: str, tags: str) -> Q:
        del tags
        its_name = Concat(Value(CustomerKey.ACTS_AS), OuterRef("key__name"))
        return Q(Exists(ORDERS.filter(resource=OuterRef(OuterRef(resource)), actor=its_name)))


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

    def has(self, resource: str, tags: str) -> Q:
        del resource
        return Q(are_alike(TagValue(OuterRef(tags), F("tag_key")), F("tag_value")))


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


def resources_of(budgets: Collection[Budget]) -> QuerySet[Resource]:
    """Of their customers, what is looked up for single resources: those that any of the budgets is about."""
    customers = {budget.customer_id for budget in budgets}
    return Resource.objects.filter(Exists(_about(budgets, resource="pk", tags="tags")), customer__in=customers)


def which_of(budgets: Collection[Budget]) -> Cast:
    """Of a row with a `resource` and its `customer`: which of the budgets are about it, as text. See `named_in`."""
    return Cast(ArraySubquery(_about(budgets, resource="resource", tags="resource__tags")), TextField())


def named_in(text: str) -> set[UUID]:
    """The ids of the budgets."""
    return {UUID(pk) for pk in text.strip("{}").split(",") if pk}


def _about(budgets: Collection[Budget], *, resource: str, tags: str) -> QuerySet[Budget, UUID]:
    has = Q()
    for scope, about in SCOPES.items():
        if about.by_resource:
            has |= Q(about.has(resource, tags), scope=scope)
    theirs = Budget.objects.filter(has, pk__in=[budget.pk for budget in budgets], customer=OuterRef("customer"))
    return theirs.order_by("pk").values_list("pk", flat=True)
