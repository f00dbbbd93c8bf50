"""An order that awaits its payment: how it is paid, and that it ends when it is not."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.idempotency import Note, unnoted
from accounts.models import Customer
from catalog.services import return_coupon
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.shapes import Json
from orders.models import Order, OrderItem
from orders.services.fulfil import fulfil_order
from orders.services.taxed import taxed_otherwise
from payments.models import ExpectedTransfer, Payment
from payments.models.payables import PaidFor, payable_of
from payments.services.expected import ask_for_transfer, stop_expecting
from payments.services.gateway import PaymentOpen, start_gateway_payment
from payments.services.settle import pay_order_from_wallet
from payments.services.wallet import wallet_of
from payments.services.ways import top_up_for, way_code, way_named

PAYMENT_WINDOW = timedelta(minutes=30)
"""How long an order waits for its gateway payment, see `window_of`. Money that comes later becomes wallet credit."""


class NotCancellable(DomainError):
    code = "not-cancellable"
    message = _("Only orders that await payment can be cancelled.")


class NotPayable(DomainError):
    code = "not-payable"
    message = _("Only orders that await payment can be paid.")


class TaxedOtherwise(NotPayable):
    code = "taxed-otherwise"
    message = _(
        "The rate of VAT has changed since this was ordered, so it cannot be paid any more. Please order it again."
    )


def window_of(means: str) -> timedelta:
    """So long an order waits for its money; a bank transfer may take until the next working hours."""
    return timedelta(hours=settings.BANK_TRANSFER_ORDER_HOURS) if means == Order.Means.BANK_TRANSFER else PAYMENT_WINDOW


def ask_for_its_transfer(order: Order, *, actor: Actor, at: datetime) -> ExpectedTransfer:
    """
    Ask for an order's price by bank transfer; what is asked for already is found again.

    :raises NoTransfers: there is no account to pay into
    """
    return ask_for_transfer(
        order.customer,
        ExpectedTransfer.For.ORDER,
        order.total,
        payable=payable_of(PaidFor.ORDER, order.pk),
        order_id=order.pk,
        description=describe(order),
        expires_at=order.expires_at,
        actor=actor,
        at=at,
    )


def pay_by_gateway(order: Order, *, gateway: str, actor: Actor, at: datetime, note: Note = unnoted) -> Payment:
    """
    Open a gateway payment for an order that awaits one; an attempt that is open already is continued, by another way its place is
    taken.

    "Top up and pay" charges what the wallet lacks; when the wallet has enough by now, it is simply paid from there.

    :raises TaxedOtherwise: the rate of VAT has changed: what was paid now would only be credit
    :raises KeyLimitReached: an API key would spend more of the wallet, or of a linked account, than it may today
    """
    refuse_taxed_otherwise(order, at=at)
    open_attempt = own_attempts(order).first()
    if open_attempt and gateway in ("", way_code(open_attempt)):
        return open_attempt
    if wallet_suffices(order):
        with transaction.atomic():
            Customer.objects.lock(order.customer_id)
            held = Order.objects.lock(order.pk)
            if held.state == Order.State.AWAITING_PAYMENT:
                paid = take_from_wallet(held, actor=actor, at=at)
                note(paid.pk)
                return paid
    common: Json = {
        "gateway": gateway,
        "description": describe(order),
        "actor": actor,
        "at": at,
        "payable": payable_of(PaidFor.ORDER, order.pk),
        "order_id": order.pk,
        "note": note,
    }
    try:
        if order.means == Order.Means.TOP_UP_AND_PAY:
            way = way_named(order.customer, gateway)
            amount = (
                top_up_for(order.customer, order.total, way) or way.limits[0]
            )  # credit that came just now pays it all the same
            beside = max(order.total - amount, 0)
            return start_gateway_payment(order.customer, Payment.Kind.TOP_UP, amount, beside=beside, **common)
        return start_gateway_payment(order.customer, Payment.Kind.ORDER, order.total, **common)
    except PaymentOpen:  # the same click twice: the other request has just opened it
        return own_attempts(order).get()


def pay_again(order_id: UUID, *, gateway: str, actor: Actor, at: datetime, note: Note = unnoted) -> Payment:
    """
    Another attempt to pay an order that still awaits it; an open one by the same way is continued.

    :raises NotPayable: it was paid or ended by now
    :raises TaxedOtherwise: the rate of VAT has changed
    """
    order = Order.objects.select_related("customer", "quote").get(pk=order_id)
    if order.state != Order.State.AWAITING_PAYMENT:
        raise NotPayable
    return pay_by_gateway(order, gateway=gateway, actor=actor, at=at, note=note)


@transaction.atomic
def pay_from_wallet(order_id: UUID, *, actor: Actor, at: datetime) -> Payment:
    """
    Pay an order that awaits its payment from the wallet after all. What was under way otherwise becomes credit when it arrives.

    :raises NotPayable: it was paid or ended by now
    :raises TaxedOtherwise: the rate of VAT has changed
    :raises InsufficientCredit: nothing was paid
    """
    Customer.objects.lock(Order.objects.values_list("customer", flat=True).get(pk=order_id))
    order = Order.objects.lock(order_id)
    if order.state != Order.State.AWAITING_PAYMENT:
        raise NotPayable
    return take_from_wallet(order, actor=actor, at=at)


@transaction.atomic
def end_unpaid_order(order_id: UUID, *, expired: bool, actor: Actor, at: datetime) -> Order:
    """
    Cancel an order that awaits payment, or let it expire; its coupon can be used again.

    :raises NotCancellable: it was paid or ended by now
    """
    Customer.objects.lock(Order.objects.values_list("customer", flat=True).get(pk=order_id))
    order = Order.objects.lock(order_id)
    if order.state != Order.State.AWAITING_PAYMENT:
        raise NotCancellable
    if expired:
        order.expire(at=at)
    else:
        order.cancel(at=at)
    order.cancelled_by = actor.name
    order.save()
    order.items.update(state=OrderItem.State.CANCELLED)
    return_coupon(order.pk)
    stop_expecting(order.pk, at=at)
    return order


def own_attempts(order: Order) -> QuerySet[Payment]:
    """The customer's open attempts to pay it; those of somebody who was asked to are theirs."""
    return Payment.objects.open().filter(order_id=order.pk, request=None)


def refuse_taxed_otherwise(order: Order, *, at: datetime) -> None:
    """:raises TaxedOtherwise: paid now, it would have another rate of VAT than was agreed"""
    if taxed_otherwise(order.quote.deal.parts, at=at):
        raise TaxedOtherwise


def wallet_suffices(order: Order) -> bool:
    """Whether "top up and pay" needs no top-up."""
    return order.means == Order.Means.TOP_UP_AND_PAY and wallet_of(order.customer_id).available >= order.total


def take_from_wallet(order: Order, *, actor: Actor, at: datetime) -> Payment:
    """:raises TaxedOtherwise, InsufficientCredit:"""
    refuse_taxed_otherwise(order, at=at)
    payment = pay_order_from_wallet(
        order.customer, order.total, order_id=order.pk, description=describe(order), actor=actor, at=at
    )
    order.payment = payment
    fulfil_order(order, actor=actor, at=at)
    return payment


def describe(order: Order) -> str:
    """What an order is about, in a line without words of a language: "web-01 (+2)"."""
    names = [part.name for part in order.quote.deal.parts]
    return names[0] + (f" (+{len(names) - 1})" if len(names) > 1 else "")
