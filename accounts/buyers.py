"""Which buyer documents name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import Q

from accounts.models import BuyerProfile, Customer, as_named
from kernel.shapes import Json


def default_buyer(customer: Customer) -> Json:
    """The buyer of today of a customer, as documents name it."""
    return as_named(customer, BuyerProfile.objects.filter(customer=customer, is_default=True).first())


class Buyers:
    """The buyers of many documents, read at once: those that were chosen, else the customers' defaults."""

    def __init__(self, customers: Iterable[Customer], chosen: Iterable[UUID] = ()) -> None:
        self._customers = {customer.pk: customer for customer in customers}
        wanted = Q(customer__in=self._customers, is_default=True) | Q(pk__in=set(chosen))
        found = list(BuyerProfile.objects.filter(wanted))
        self._chosen: Mapping[UUID, BuyerProfile] = {buyer.pk: buyer for buyer in found}
        self._default = {buyer.customer_id: buyer for buyer in found if buyer.is_default}

    def named(self, customer_id: UUID, chosen: UUID | None) -> Json:
        """As the document of `customer_id` names it."""
        buyer = self._chosen[chosen] if chosen else self._default.get(customer_id)
        return as_named(self._customers[customer_id], buyer)
