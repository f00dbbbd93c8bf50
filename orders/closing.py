"""What of orders keeps an account open, and what of product pages ends with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import ngettext

from accounts.models import Customer
from kernel.actors import Actor
from orders.models import Order, Visit
from store.places import address_of
from team.closing import Obstacle


def orders_left(customer: Customer, at: datetime) -> Iterator[Obstacle]:
    """Those that wait for payment or are being carried out."""
    del at
    if count := Order.objects.filter(customer=customer).exclude(state__in=Order.ENDED).count():
        words = ngettext("%(count)d open order", "%(count)d open orders", count)
        yield Obstacle("orders", words % {"count": count}, address_of("orders"))


def end_visits_of_customer(customer: Customer, *, actor: Actor, at: datetime) -> None:
    """Product pages do not take their visitors for the customer's any more."""
    del actor
    Visit.objects.filter(customer=customer, ended_at=None).update(ended_at=at)
