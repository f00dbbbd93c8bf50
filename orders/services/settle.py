"""What a gateway payment brings about: the money is in the wallet, and what it was meant for takes it from there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.money import MAXIMUM
from orders.audit import Did
from orders.models import Order
from orders.services.checkout import describe
from orders.services.fulfil import fulfil_order
from payments.failures import FELL_SHORT, kept_because_order
from payments.gateways.base import Outcome, Reply, Succeeded, TakenBack, Verdict
from payments.models import Payment
from payments.services.asking import ask_gateway, receive_notice, reply_to_notice
from payments.services.outcomes import SETTLED, apply_outcome
from payments.services.owed import settle_what_is_owed
from payments.services.reversals import take_back
from payments.services.settle import keep_as_credit, move_gateway_money_to_order, pay_order_from_wallet
from payments.services.wallet import InsufficientCredit


class SettledAlready(DomainError):
    code = "settled-already"
    message = _("This payment has succeeded already.")


@transaction.atomic
def record_outcome(
    payment_id: UUID, outcome: Outcome, *, actor: Actor, at: datetime, looked_up: bool = False
) -> Payment:
    """
    Fold an outcome into a payment and carry on what it pays for, in one transaction; repetition changes nothing.

    :param looked_up: staff have seen it at the gateway
    """
    Customer.objects.lock(Payment.objects.values_list("customer", flat=True).get(pk=payment_id))
    is_told_again = Payment.objects.filter(pk=payment_id, state__in=SETTLED).exists()
    if isinstance(outcome, TakenBack):
        reason = "told by the gateway"
        return take_back(
            payment_id, outcome.amount, reference=outcome.reference, reason=reason, actor=actor, at=at
        ).payment
    payment = apply_outcome(payment_id, outcome, at=at, looked_up=looked_up)
    if payment.state != Payment.State.SUCCEEDED or is_told_again:
        return payment
    if payment.order_id:
        _carry_on_order(payment, actor=actor, at=at)
    if payment.kind == Payment.Kind.TOP_UP:
        settle_what_is_owed(payment.customer_id, actor=actor, at=at)
    return payment


def handle_notice(gateway: str, body: bytes, headers: Mapping[str, str], *, sender: str = "", at: datetime) -> Reply:
    """A gateway calls us: store, verify, fold, answer in its own words."""
    payment_id, outcome, verdict = receive_notice(gateway, body, headers, sender=sender, at=at)
    if payment_id and outcome and verdict in {Verdict.ACCEPTED, Verdict.WRONG_AMOUNT}:
        record_outcome(payment_id, outcome, actor=Actor.job(f"notice:{gateway}"), at=at)
    return reply_to_notice(gateway, verdict)


def check_payment(payment_id: UUID, *, actor: Actor, at: datetime) -> Payment:
    """Ask the gateway about a payment that has not succeeded, and fold in what it says."""
    payment = Payment.objects.get(pk=payment_id)
    if payment.means != Payment.Means.GATEWAY or payment.state in SETTLED:
        return payment
    return record_outcome(payment_id, ask_gateway(payment, at=at), actor=actor, at=at)


@transaction.atomic
def settle_by_hand(
    payment_id: UUID, amount: int, *, gateway_txn_id: str, reason: str, actor: Actor, at: datetime
) -> Payment:
    """
    Staff have seen at the gateway what it received for an attempt that has not succeeded here: booked as if it had said so.

    :raises InvalidInput: the gateway's transaction has paid another payment, or the amount is no amount
    :raises SettledAlready: it has succeeded by now
    """
    if not 0 < amount <= MAXIMUM:
        raise InvalidInput(_("Enter an amount above zero."), field="amount")
    payment = record_outcome(payment_id, Succeeded(gateway_txn_id, amount, at), actor=actor, at=at, looked_up=True)
    if payment.gateway_txn_id != gateway_txn_id:
        raise (
            SettledAlready
            if payment.state in SETTLED
            else InvalidInput(_("This transaction of the gateway has paid another payment."), field="gateway_txn_id")
        )
    record_audit(
        Did.SETTLE_BY_HAND,
        payment.reference,
        actor=actor,
        at=at,
        reason=reason,
        customer=payment.customer,
        amount=amount,
        transaction=gateway_txn_id,
    )
    return payment


def _carry_on_order(payment: Payment, *, actor: Actor, at: datetime) -> None:
    order = Order.objects.lock(_order_id(payment))
    if order.state != Order.State.AWAITING_PAYMENT:
        keep_as_credit(payment, because=kept_because_order(order.state))
        return
    if payment.received < payment.amount and payment.kind == Payment.Kind.ORDER:
        keep_as_credit(payment, because=FELL_SHORT)
        return
    if payment.kind == Payment.Kind.ORDER:
        move_gateway_money_to_order(payment, at=at)
        order.payment = payment
    else:
        try:
            with transaction.atomic():
                order.payment = pay_order_from_wallet(
                    order.customer, order.total, order_id=order.pk, description=describe(order), actor=actor, at=at
                )
        except InsufficientCredit:  # spent elsewhere in the meantime, or less came in: the order goes on waiting
            keep_as_credit(payment, because=FELL_SHORT)
            return
    fulfil_order(order, actor=actor, at=at)


def _order_id(payment: Payment) -> UUID:
    assert payment.order_id is not None
    return payment.order_id
