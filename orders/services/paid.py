"""What takes the money that came in for an order."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from kernel.actors import Actor
from notifications.kinds.together import By
from notifications.services import tell_gathered
from orders.models import Order
from orders.services.fulfil import fulfil_order
from orders.services.taxed import taxed_otherwise
from orders.services.unpaid import describe, end_unpaid_order
from payments.failures import FELL_SHORT, TAX_CHANGED, kept_because_order
from payments.models import Payment
from payments.services.debts import collect_debts
from payments.services.owed import settle_owed_by
from payments.services.settle import keep_as_credit, move_gateway_money_to_order, pay_order_from_wallet
from payments.services.wallet import InsufficientCredit


class OfOrders:
    """
    The purpose of payments for an order: it is paid and carried out.

    An order that does not wait any more, that would be taxed otherwise by now, or that costs more than there is, leaves the
    money in the wallet.
    """

    def carry_on(self, payment: Payment, *, actor: Actor, at: datetime) -> None:
        order = Order.objects.lock(_order_id(payment))
        _carry_on(order, payment, actor=actor, at=at)
        if payment.kept:  # nothing of the order comes after it
            tell_gathered(order.customer_id, By.ORDER, order.pk, at=at)
        waits_for_the_rest = payment.expected_id is not None and payment.failure == FELL_SHORT
        if waits_for_the_rest:
            return
        if payment.kind == Payment.Kind.TOP_UP:  # what the order does not need is credit like any other
            settle_owed_by(payment.customer, actor=actor, at=at)
        else:
            collect_debts(payment.customer_id, at=at)

    def page(self, payment: Payment) -> str:
        return "" if payment.kept else reverse("order", args=[_order_id(payment)])


def _carry_on(order: Order, payment: Payment, *, actor: Actor, at: datetime) -> None:
    if order.state != Order.State.AWAITING_PAYMENT:
        keep_as_credit(payment, because=kept_because_order(order.state))
        return
    collected_at = max(min(payment.collected_at or at, at), order.created_at)
    if taxed_otherwise(order.quote.deal.parts, at=collected_at):
        end_unpaid_order(order.pk, expired=True, actor=actor, at=at)
        keep_as_credit(payment, because=TAX_CHANGED)
        return
    if _falls_short(payment):
        keep_as_credit(payment, because=FELL_SHORT)
        return
    if payment.kind == Payment.Kind.ORDER:
        move_gateway_money_to_order(payment, at=at)
        order.payment = payment
    else:
        try:
            with transaction.atomic():
                order.payment = pay_order_from_wallet(
                    order.customer,
                    order.total,
                    order_id=order.pk,
                    description=describe(order),
                    bought_only=bool(payment.expected or payment.request_id),
                    actor=actor,
                    at=at,
                )
        except InsufficientCredit:  # spent elsewhere in the meantime, or less came in: the order goes on waiting
            keep_as_credit(payment, because=FELL_SHORT)
            return
    fulfil_order(order, collected_at=collected_at, actor=actor, at=at)


def _falls_short(payment: Payment) -> bool:
    """Less came than the order costs: from a gateway, or in all the bank transfers so far."""
    if payment.expected:
        return payment.expected.met_at is None
    must_suffice = payment.kind == Payment.Kind.ORDER or payment.request_id is not None
    return payment.received < payment.amount and must_suffice


def _order_id(payment: Payment) -> UUID:
    assert payment.order_id is not None
    return payment.order_id
