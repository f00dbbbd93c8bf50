"""Who is asking through the API, for whom, and what they may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from accounts.may import KeyLacksRight, May, Need, RightMissing, Rights, allows, lacking, need_of, words_of
from accounts.models import Customer, CustomerKey, User
from accounts.services.team import who_can_give
from kernel.actors import Actor


@dataclass(frozen=True, slots=True)
class Principal:
    """
    A customer's user or key, or a product team's key; `id` is stable and unique among them all. Somebody who belongs to several
    customers is another one for each.

    Staff who belong to no customer have neither `customer` nor `product_id`: the API is not for them.
    """

    id: str
    actor: Actor
    customer: Customer | None = None
    product_id: UUID | None = None
    rights: Rights = frozenset()

    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True

    def __str__(self) -> str:
        return self.id

    @classmethod
    def of_user(cls, user: User) -> Principal:
        """With the rights of the user's role."""
        works_for = user.customer.pk if user.customer else ""
        return cls(f"user:{user.pk}@{works_for}", user.actor, customer=user.customer, rights=user.rights)

    @classmethod
    def of_customer_key(cls, key: CustomerKey) -> Principal:
        """A customer's own programs, with what a key may carry."""
        return cls(f"customer-key:{key.pk}", key.actor, customer=key.customer, rights=key.rights)

    @property
    def is_key(self) -> bool:
        return self.id.startswith("customer-key:")

    @property
    def somebody(self) -> str:
        """Who it is, for whomever they work."""
        return self.id.partition("@")[0]

    def scope(self, *, customer: str = "customer", product: str = "") -> Q:
        """
        The condition that keeps to what the principal may see.

        `customer` and `product` name the fields that lead to them; rows without a product are not for product teams.
        """
        if self.customer is not None:
            return Q(**{customer: self.customer})
        if self.product_id is not None and product:
            return Q(**{product: self.product_id})
        return Q(pk__in=[])


def demand_of(principal: Principal, declared: May | Need) -> None:
    """
    :raises RightMissing: a member's role does not include it: says which right, and who can give it
    :raises KeyLacksRight:
    """
    need = need_of(declared)
    if not need:
        raise PermissionDenied  # nobody said who may
    if allows(need, principal.rights):
        return
    assert principal.customer is not None, "only customers have rights"
    right = words_of(lacking(need, principal.rights))
    if principal.is_key:
        raise KeyLacksRight(right=right)
    raise RightMissing(right=right, who=who_can_give(principal.customer))
