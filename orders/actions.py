"""What may be done with a resource now. Buttons in pages and `actions` in the API both come from here."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Customer
from lifecycle.models import ProvisioningRequest, Resource, State
from orders.models import OrderItem


def with_pending(resources: QuerySet[Resource]) -> QuerySet[Resource]:
    """Annotate `is_pending`: an order or a change of the resource is under way."""
    items = OrderItem.objects.filter(resource=OuterRef("pk"), state__in=OrderItem.OPEN)
    requests = ProvisioningRequest.objects.unanswered().filter(resource=OuterRef("pk"))
    return resources.annotate(is_pending=Exists(items) | Exists(requests))


def available_actions(resource: Resource, customer: Customer, *, pending: bool, at: datetime) -> list[str]:
    """
    Verbs that the domain would accept from this customer now, in the order in which they are shown.

    start, stop, reboot, resize, renew, auto_renew, recover, delete, purge.
    """
    if pending or resource.state in {State.NEW, State.DELETED}:
        return []
    if resource.is_in_trash:
        recover = ["recover"] if customer.is_prepaid and resource.is_recoverable(at) else []
        return [*recover, "purge"]
    actions = ["stop", "reboot"] if resource.state == State.ACTIVE else ["start"]
    if not resource.is_expired(at):
        actions.append("resize")
    if resource.is_prepaid and customer.is_prepaid and not resource.rolls_over:
        actions += ["renew", "auto_renew"]
    return [*actions, "delete"]
