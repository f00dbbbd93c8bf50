"""To whom an order is invoiced: chosen when it is placed, and until it has ended."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from accounts.services.buyers import chosen_buyer
from kernel.actors import Actor
from kernel.errors import DomainError
from orders.audit import Did
from orders.models import Order


class OrderEnded(DomainError):
    code = "order-ended"
    message = _("This order has ended: what came of it has been invoiced.")


@transaction.atomic
def choose_buyer(order_id: UUID, buyer_id: UUID | None, *, actor: Actor, at: datetime) -> Order:
    """
    Invoices of the order that are still to come name this buyer, or (None) the default of their time.

    :raises OrderEnded: there are none to come
    :raises UnknownBuyer, BuyerArchived:
    """
    customer = Customer.objects.lock(Order.objects.values_list("customer", flat=True).get(pk=order_id))
    order = Order.objects.lock(order_id)
    if order.has_ended:
        raise OrderEnded
    buyer = chosen_buyer(customer, buyer_id)
    if order.buyer_id != buyer_id:
        order.buyer = buyer
        order.save(update_fields=["buyer"])
        record_audit(
            Did.CHOOSE_BUYER, order.pk, actor=actor, at=at, reason="", customer=customer, buyer=str(buyer_id or "")
        )  # fmt: skip
    return order
