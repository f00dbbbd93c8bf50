"""Who is asking through the API, for whom, and what they may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from django.db.models import Q

from accounts.models import Customer, CustomerKey, User
from kernel.actors import Actor


@dataclass(frozen=True, slots=True)
class Principal:
    """
    A customer's user or key, or a product team's key; `id` is stable and unique among them all.

    Staff who belong to no customer have neither `customer` nor `product_id`: the API is not for them.
    """

    id: str
    actor: Actor
    customer: Customer | None = None
    product_id: UUID | None = None
    may_order: bool = False
    may_pay: bool = False
    may_keep_keys: bool = False

    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True

    def __str__(self) -> str:
        return self.id

    @classmethod
    def of_user(cls, user: User) -> Principal:
        """With the rights of the user's role."""
        return cls(
            f"user:{user.pk}",
            user.actor,
            customer=user.customer,
            may_order=user.may_order,
            may_pay=user.may_pay,
            may_keep_keys=user.role == User.Role.OWNER,
        )

    @classmethod
    def of_customer_key(cls, key: CustomerKey) -> Principal:
        """A customer's own programs act as an owner, but make no keys."""
        return cls(f"customer-key:{key.pk}", key.actor, customer=key.customer, may_order=True, may_pay=True)

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
