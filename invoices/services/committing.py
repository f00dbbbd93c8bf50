"""Owners commit to a spend and decide whether another follows, unless what they owe keeps them from ordering."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Customer
from catalog import commitments
from catalog.models import Commitment
from invoices.services.standing import refuse_blocked
from kernel.actors import Actor


@transaction.atomic
def take_offer(customer_id: UUID, offer_id: UUID, *, renews: bool, actor: Actor, at: datetime) -> Commitment:
    """
    As `commitments.take_offer`.

    :raises OrdersBlocked: dunning blocks new orders
    """
    Customer.objects.lock_open(customer_id)
    refuse_blocked(customer_id)
    return commitments.take_offer(customer_id, offer_id, renews=renews, actor=actor, at=at)


@transaction.atomic
def set_renewal(customer_id: UUID, commitment_id: UUID, *, renews: bool, actor: Actor, at: datetime) -> Commitment:
    """
    As `commitments.set_renewal`.

    :raises OrdersBlocked: another shall follow, and dunning blocks new orders
    """
    Customer.objects.lock_open(customer_id)
    if renews:
        refuse_blocked(customer_id)
    return commitments.set_renewal(customer_id, commitment_id, renews=renews, actor=actor, at=at)
