"""Auto-renewal: the wallet renews what its customer asked to be renewed, the earliest end first."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Customer
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.periods import local_day
from lifecycle.models import Resource
from notifications.models import Notice
from notifications.services import tell
from orders.models import Action, Order
from orders.services.checkout import place_order
from orders.services.quotes import make_quote

logger = logging.getLogger(__name__)

MILESTONES = (0, 1, 4, 7)
"""Days before the end on which renewal is tried; a late job makes up for the latest one that it missed."""


def renew_automatically(*, actor: Actor, at: datetime) -> tuple[int, int]:
    """Try every resource that is due today; returns how many were renewed and how many failed."""
    renewed = failed = 0
    horizon = timedelta(days=max(MILESTONES) + 1)
    due = (
        Resource.objects.due_for_auto_renew(at, within=horizon)
        .order_by("paid_until", "pk")
        .values_list("pk", flat=True)
    )
    for resource_id in list(due):
        try:
            outcome = try_renewal(resource_id, actor=actor, at=at)
        except Exception:
            logger.exception("auto-renewal of resource %s broke off", resource_id)
            outcome = False
        renewed += outcome is True
        failed += outcome is False
    return renewed, failed


@transaction.atomic
def try_renewal(resource_id: UUID, *, actor: Actor, at: datetime) -> bool | None:
    """
    Renew one resource from the wallet if today is a day for it; True: renewed, False: failed, None: not due or tried before.

    One success ends the cycle, for it moves the end; a failure is told once per milestone, and that notice is the record
    that the milestone was tried.
    """
    customer = Customer.objects.lock(Resource.objects.values_list("customer", flat=True).get(pk=resource_id))
    resource = (
        Resource.objects.due_for_auto_renew(at, within=timedelta(days=max(MILESTONES) + 1))
        .filter(pk=resource_id)
        .first()
    )
    if resource is None or resource.paid_until is None or customer.is_postpaid:
        return None
    days = (local_day(resource.paid_until) - local_day(at)).days
    milestone = next((milestone for milestone in MILESTONES if days <= milestone), None)
    if milestone is None:
        return None
    event = f"resource:{resource.pk}:{resource.paid_until.isoformat()}:T-{milestone}"
    if Notice.objects.filter(customer=customer, kind=Notice.Kind.AUTO_RENEW_FAILED, event=event).exists():
        return None
    facts = {"resource": resource.name, "resource_id": str(resource.pk), "paid_until": resource.paid_until.isoformat()}
    try:
        with transaction.atomic():
            quote = make_quote(
                customer, Action.RENEW, {"resources": [str(resource.pk)], "months": resource.auto_renew_months}, at=at
            )
            key = f"auto-renew:{resource.pk}:{resource.paid_until.isoformat()}"
            order = place_order(customer.pk, quote.pk, means=Order.Means.WALLET, key=key, actor=actor, at=at)
    except DomainError as refusal:
        tell(
            customer, Notice.Kind.AUTO_RENEW_FAILED, event, at=at, reason_code=refusal.code, **refusal.facts(), **facts
        )
        return False
    tell(customer, Notice.Kind.AUTO_RENEW_DONE, f"order:{order.pk}", at=at, total=order.total, **facts)
    return True
