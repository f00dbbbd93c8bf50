"""Orders that somebody else is asked to pay."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.configuration import configuration_text, items_of
from kernel.errors import DomainError
from orders.models import Order
from orders.services.taxed import overtaken
from orders.services.unpaid import NotPayable, refuse_taxed_otherwise
from payments.models import PaymentRequest
from payments.models.behalf import VALID_FOR
from payments.services.shareable import Part


class UnknownOrder(DomainError):
    code = "unknown-order"
    status = 404
    message = _("There is no such order.")


class OfOrders:
    """
    The order waits for its payment as long as somebody is asked for it, counted from when it was placed: whoever is asked
    later has the rest of that time, so no order, its price and what it reserves, is kept open by asking again and again.
    """

    def hold(self, customer: Customer, pks: Collection[UUID], *, until: datetime, at: datetime) -> tuple[int, datetime]:
        (pk,) = pks
        if not Order.objects.filter(pk=pk, customer=customer).exists():
            raise UnknownOrder
        order = Order.objects.lock(pk)
        latest = max(order.expires_at, order.created_at + VALID_FOR)
        if order.state != Order.State.AWAITING_PAYMENT or latest <= at:
            raise NotPayable
        refuse_taxed_otherwise(order, at=at)
        until = min(until, latest)
        order.expires_at = max(order.expires_at, until)
        order.save()
        return order.total, until

    def due(self, requests: Sequence[PaymentRequest], *, at: datetime) -> dict[UUID, int]:
        named = {request.pk: request.order_id for request in requests if request.order_id}
        waiting = Order.objects.filter(pk__in=set(named.values()), state=Order.State.AWAITING_PAYMENT)
        orders = list(waiting.select_related("quote"))
        totals = {order.pk: order.total for order in orders}
        for order in overtaken(orders, at=at):  # what was paid now would only be credit
            del totals[order.pk]
        return {pk: totals[order_id] for pk, order_id in named.items() if order_id in totals}

    def parts(self, request: PaymentRequest) -> list[Part]:
        assert request.order_id is not None
        order = Order.objects.select_related("quote").filter(pk=request.order_id, customer=request.customer_id).first()
        if order is None or order.state != Order.State.AWAITING_PAYMENT:
            return []
        asked = [item.part for item in order.items.order_by("position")]
        names = items_of([part.configuration for part in asked])
        return [
            Part(
                f"{order.get_action_display()} {part.name}",
                configuration_text(part.configuration, names),
                max(part.due, 0),
            )
            for part in asked
        ]
