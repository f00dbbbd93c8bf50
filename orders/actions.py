"""What may be done with a resource now. Buttons in pages and `actions` in the API both come from here."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Customer
from lifecycle.models import ProvisioningRequest, Resource
from lifecycle.services.acts import Act, refusal_of
from orders.models import OrderItem

FOR_PREPAID_CUSTOMERS = frozenset({Act.RENEW, Act.RECOVER})
ALONE = frozenset({Act.RESIZE, Act.RENEW, Act.RECOVER, Act.DELETE, Act.PURGE})
"""What an open order of the resource keeps waiting: another order, and its end. The rest goes on beside one."""


def with_pending(resources: QuerySet[Resource]) -> QuerySet[Resource]:
    """Annotate `is_changing`: the product team owes an answer, and `has_order`: an order of the resource is open."""
    requests = ProvisioningRequest.objects.unanswered().filter(resource=OuterRef("pk"))
    orders = OrderItem.objects.open().filter(resource=OuterRef("pk"))
    return resources.annotate(is_changing=Exists(requests), has_order=Exists(orders))


def available_actions(
    resource: Resource, customer: Customer, *, changing: bool, ordered: bool, at: datetime
) -> list[Act]:
    """
    What the services would accept from this customer now, in the order in which it is shown.

    :param changing: the product team owes an answer
    :param ordered: an order of the resource is open
    """
    if changing:
        return []
    return [
        act
        for act in Act
        if not (ordered and act in ALONE)
        and not (customer.is_postpaid and act in FOR_PREPAID_CUSTOMERS)
        and refusal_of(act, resource, at=at) is None
    ]


def actions_of_row(row: Resource, customer: Customer, *, at: datetime) -> list[Act]:
    """`available_actions` of a resource that was read `with_pending`."""
    changing, ordered = row.is_changing, row.has_order  # type: ignore[attr-defined]  # annotated
    return available_actions(row, customer, changing=changing, ordered=ordered, at=at)
