"""From a quote to an order, paid or on its way to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.idempotency import KeyReused
from accounts.models import BuyerProfile, Customer
from accounts.services.buyers import chosen_buyer
from accounts.services.keys import KeyLimitReached
from catalog.models import Coupon
from catalog.services import reserve_coupon
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from lifecycle.models import Resource
from lifecycle.services.acts import refuse_while_pending
from orders import terms
from orders.models import Action, Order, OrderItem, Quote
from orders.services.capped import refuse_over_cap
from orders.services.fulfil import fulfil_order
from orders.services.quotes import StaleQuote, UnknownQuote, quote_again, refuse_stale, refuse_what_is_over
from orders.services.sessions import hold_session
from orders.services.unpaid import (
    ask_for_its_transfer,
    end_unpaid_order,
    pay_by_gateway,
    take_from_wallet,
    wallet_suffices,
    window_of,
)
from payments.models import Payment
from payments.services.ways import WayRefused
from payments.ways import LINKED

BY_GATEWAY = frozenset({Order.Means.GATEWAY, Order.Means.TOP_UP_AND_PAY})
AWAITED = frozenset({Order.Means.BANK_TRANSFER, Order.Means.ON_BEHALF})
"""The order waits for money that comes by ways of its own."""


class QuoteUsed(DomainError):
    code = "quote-used"
    message = _("This quote has been ordered already.")


class KeyOfAnotherOrder(KeyReused):
    message = _("This idempotency key was used for another order. Use a new key for a new order.")


class OrderOpen(DomainError):
    code = "order-open"
    message = _('An order for "%(name)s" is still open. Wait until it is done, or cancel it.')


class GatewayNeeded(DomainError):
    code = "gateway-needed"
    status = 422
    message = _("Choose a payment gateway.")


class MeansNeeded(DomainError):
    code = "means-needed"
    status = 422
    message = _("Choose a means of payment.")


def check_out(
    customer_id: UUID,
    quote_id: UUID,
    *,
    means: str,
    key: str,
    actor: Actor,
    at: datetime,
    gateway: str = "",
    buyer_id: UUID | None = None,
) -> tuple[Order, Payment | None]:
    """
    Order what a quote offers and pay by `means`; with a gateway, the payment's `redirect_url` is where to send the customer.
    The invoices name the buyer `buyer_id`, or the default of the time when they are issued.

    Sending it again with the same `key` gives the same order and its open payment.

    :raises StaleQuote: with a fresh quote in `details["quote"]`
    :raises InsufficientCredit: paying by wallet; nothing was ordered
    :raises DomainError: see `place_order`
    """
    if means in BY_GATEWAY and not gateway:
        raise GatewayNeeded
    if means == Order.Means.GATEWAY and gateway.startswith(LINKED):
        means = Order.Means.TOP_UP_AND_PAY  # a linked account is charged what the wallet lacks
    try:
        order = place_order(customer_id, quote_id, means=means, key=key, buyer_id=buyer_id, actor=actor, at=at)
    except StaleQuote as stale:
        old = Quote.objects.select_related("customer").get(pk=quote_id)
        stale.details["quote"] = str(quote_again(old, at=at).pk)
        raise
    if order.state != Order.State.AWAITING_PAYMENT or order.means in AWAITED:
        return order, None
    try:
        return order, pay_by_gateway(order, gateway=gateway, actor=actor, at=at)
    except (InvalidInput, WayRefused, KeyLimitReached):  # not by this way, or key, so the customer has to choose anew
        end_unpaid_order(order.pk, expired=False, actor=actor, at=at)
        raise


@transaction.atomic
def place_order(
    customer_id: UUID,
    quote_id: UUID,
    *,
    means: str,
    key: str,
    actor: Actor,
    at: datetime,
    buyer_id: UUID | None = None,
) -> Order:
    """
    Redeem a quote, once. What needs no gateway is paid and set going here, all in one transaction.

    :raises UnknownQuote: not this customer's
    :raises KeyOfAnotherOrder: the key belongs to an order of another quote
    :raises QuoteUsed: ordered before, with another key
    :raises SessionUsed: another quote of the same checkout session was ordered
    :raises OrdersBlocked: invoices are overdue
    :raises CapReached: it would pass a cap of the customer's
    :raises StaleQuote: expired, or today's facts differ
    :raises DomainError: it can be had no longer, whatever it costs: the common end has passed, the trash was emptied ...
    :raises OrderOpen, ChangePending: something else is under way with one of the resources
    :raises CouponHeld, CouponUsedUp: the last use was taken a moment ago
    :raises MeansNeeded: there is something to pay, and `means` pays nothing
    :raises NoTransfers: by bank transfer, and there is no account to pay into
    :raises UnknownBuyer, BuyerArchived: the buyer cannot be chosen
    """
    customer = Customer.objects.lock_open(customer_id)
    earlier = Order.objects.filter(customer=customer, key=key).first()
    if earlier:
        if earlier.quote_id != quote_id:
            raise KeyOfAnotherOrder
        return earlier
    quote = Quote.objects.filter(pk=quote_id, customer=customer).first()
    if quote is None:
        raise UnknownQuote
    if ordered := Order.objects.filter(quote=quote).first():
        raise QuoteUsed(order=str(ordered.pk))
    quote.customer = customer
    buyer = chosen_buyer(customer, buyer_id)
    resources = _hold_resources(quote)
    if quote.checkout_session_id:
        hold_session(quote.checkout_session_id, customer)
    refuse_stale(quote, at=at)
    refuse_what_is_over(quote, resources, at=at)
    refuse_over_cap(customer, Action(quote.action), quote.deal, actor=actor, at=at)
    if quote.total > 0 and means not in {*BY_GATEWAY, *AWAITED, Order.Means.WALLET}:
        raise MeansNeeded

    order = _write_order(quote, resources, means=means, key=key, buyer=buyer, actor=actor, at=at)
    if order.means in {Order.Means.NONE, Order.Means.POC}:
        fulfil_order(order, actor=actor, at=at)
    elif order.means == Order.Means.BANK_TRANSFER:
        ask_for_its_transfer(order, actor=actor, at=at)
    elif order.means == Order.Means.WALLET or wallet_suffices(order):
        take_from_wallet(order, actor=actor, at=at)
    return order


def _write_order(
    quote: Quote,
    resources: Sequence[Resource],
    *,
    means: str,
    key: str,
    buyer: BuyerProfile | None,
    actor: Actor,
    at: datetime,
) -> Order:
    """The order with its items, its coupon reserved. :raises CouponHeld, CouponUsedUp:"""
    customer = quote.customer
    order = Order.objects.create(
        customer=customer,
        quote=quote,
        action=quote.action,
        means=means if quote.total > 0 else Order.Means.POC if quote.deal.paid_with_poc else Order.Means.NONE,
        total=max(quote.total, 0),
        coupon_code=quote.deal.coupon_code,
        checkout_session_id=quote.checkout_session_id,
        key=key,
        actor_kind=actor.kind,
        actor=actor.name,
        created_at=at,
        expires_at=at + window_of(means),
        terms_version=terms.VERSION,
        buyer=buyer,
    )
    held = {resource.pk: resource for resource in resources}
    OrderItem.objects.bulk_create(
        OrderItem(
            order=order,
            customer=customer,
            position=position,
            resource=held[part.resource_id] if part.resource_id else None,
            content=part.to_json(),
            due=max(part.due, 0),
        )
        for position, part in enumerate(quote.deal.parts, start=1)
    )
    if order.coupon_code:
        coupon = Coupon.objects.get(code=order.coupon_code)
        reserve_coupon(coupon, customer, order_id=order.pk, amount=quote.deal.coupon, at=at)
    return order


def _hold_resources(quote: Quote) -> list[Resource]:
    """The resources of the quote, held; refused while another order or change of one of them is under way."""
    held = Resource.objects.lock_all(quote.deal.resource_ids)
    refuse_open_orders(held)
    for resource in held:
        resource.customer = quote.customer
        refuse_while_pending(resource)
    return held


def refuse_open_orders(resources: Sequence[Resource]) -> None:
    """:raises OrderOpen: one of these resources has an order that waits for payment or is being carried out"""
    item = OrderItem.objects.open().filter(resource__in=resources).select_related("resource").first()
    if item:
        raise OrderOpen(name=item.its_resource.name, order=str(item.order_id))
