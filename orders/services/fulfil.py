"""Carrying out a paid order: item by item, each completed or refunded, never both, never neither."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Customer
from catalog.models import Product
from catalog.services import return_coupon, use_coupon
from invoices.models import CreditNote, Invoice
from invoices.services.credit import credit_unused, unused_time
from invoices.services.issue import Billed, Draft, issue_invoice
from kernel.actors import Actor
from kernel.money import split
from kernel.periods import Period
from lifecycle.models import ProvisioningRequest, Resource, ResourceEvent
from lifecycle.services.provisioning import Verb, ask_product_team, close_request
from lifecycle.services.record import record_event
from lifecycle.services.running import (
    activate_resource,
    apply_resize,
    create_resource,
    extend_resource,
    give_up_resource,
)
from lifecycle.services.trash import bring_back
from notifications.models import Notice
from notifications.services import tell
from orders.models import Action, Order, OrderItem
from orders.services.sealed import charge_from
from payments.models import Payment
from payments.services.settle import apply_credit_note, refund_credit_note, refund_order_item, settle_invoice_of_order

TOLD = {
    Action.CREATE: Notice.Kind.RESOURCE_CREATED,
    Action.RESIZE: Notice.Kind.RESOURCE_RESIZED,
    Action.RENEW: Notice.Kind.RESOURCE_RENEWED,
    Action.RECOVER: Notice.Kind.RESOURCE_RECOVERED,
}


def fulfil_order(order: Order, *, actor: Actor, at: datetime) -> None:
    """The order is paid: renew and recover at once, ask the product team for the rest. The caller holds the customer."""
    order.pay(at=at)
    order.save()
    use_coupon(order.pk)
    order.provision()
    order.save()
    for item in order.items.select_related("resource__product").order_by("position"):
        item.state = OrderItem.State.PROVISIONING
        item.order = order
        _begin(item, actor=actor, at=at)
    _end_when_done(order, at=at)


@transaction.atomic
def answer_provisioning(
    request_id: UUID, state: ProvisioningRequest.State, *, reason: str = "", actor: Actor, at: datetime
) -> ProvisioningRequest:
    """
    The product team's answer, or the time-out in its place: complete the order item, or give its money back.

    The same answer again changes nothing.

    :raises AnsweredAlready: it has ended otherwise
    :raises NoAnswerExpected: the verb takes no answer
    """
    customer_id = ProvisioningRequest.objects.values_list("resource__customer", flat=True).get(pk=request_id)
    Customer.objects.lock(customer_id)
    request = ProvisioningRequest.objects.lock(request_id)
    if close_request(request, state, at=at, reason=reason):
        order = Order.objects.lock(request.order_item.order_id)
        item = order.items.select_related("resource__product").get(request=request)
        item.order = order
        if state == ProvisioningRequest.State.SUCCEEDED:
            _complete(item, actor=actor, at=at)
        else:
            _give_back(item, reason=reason or str(ProvisioningRequest.State(state).label), actor=actor, at=at)
        _end_when_done(order, at=at)
    return request


def _begin(item: OrderItem, *, actor: Actor, at: datetime) -> None:
    content = item.content
    match item.order.action:
        case Action.CREATE:
            product = Product.objects.get(pk=content["product"])
            item.resource, item.request = create_resource(
                item.order.customer,
                product,
                name=content["name"],
                configuration=content["configuration"],
                actor=actor,
                at=at,
                order_id=item.order_id,
            )
        case Action.RESIZE:
            item.request = ask_product_team(_resource(item), Verb.RESIZE, at=at, configuration=content["configuration"])
        case _:
            item.save()
            _complete(item, actor=actor, at=at)
            return
    item.save()


def _complete(item: OrderItem, *, actor: Actor, at: datetime) -> None:
    """Do what was paid for; when the resource cannot take it any more, the money goes back instead."""
    resource = Resource.objects.lock(_resource(item).pk)
    resource.customer = item.order.customer
    refusal = _refusal(item, resource, at)
    if refusal:
        _give_back(item, reason=refusal, actor=actor, at=at)
        return
    step = {
        Action.CREATE: _complete_create,
        Action.RESIZE: _complete_resize,
        Action.RENEW: _complete_renew,
        Action.RECOVER: _complete_recover,
    }
    invoice = step[Action(item.order.action)](item, resource, actor, at)
    item.state = OrderItem.State.COMPLETED
    item.save()
    tell(
        resource.customer,
        TOLD[Action(item.order.action)],
        f"order-item:{item.pk}",
        at=at,
        resource=resource.name,
        resource_id=str(resource.pk),
        total=invoice.total if invoice else 0,
        invoice=str(invoice.pk) if invoice else None,
        paid_until=resource.paid_until.isoformat() if resource.paid_until else None,
    )


def _refusal(item: OrderItem, resource: Resource, at: datetime) -> str:
    """Why the resource cannot take the change any more; empty when it can."""
    match item.order.action:
        case Action.RESIZE if not resource.is_running:
            return "The resource is not running any more."
        case Action.RESIZE if resource.is_prepaid == item.content["postpaid"]:
            return "The paid time has ended, and the resource is postpaid now."
        case Action.RESIZE if _unused_now(item, resource) != item.content["unused_total"]:
            return "What was charged for the paid time has been corrected in the meantime."
        case Action.RENEW if not resource.is_running or resource.paid_until != datetime.fromisoformat(
            item.content["starts_at"]
        ):
            return "The resource is not running any more."
        case Action.RECOVER if not resource.is_recoverable(at):
            return "The time in the trash is over."
    return ""


def _unused_now(item: OrderItem, resource: Resource) -> int:
    """What a resize gives back; staff may have credited an invoice since the quote."""
    if not resource.is_prepaid:
        return 0
    return sum(part.amount for part in unused_time(resource, at=_sealed_period(item).starts_at))


def _complete_create(item: OrderItem, resource: Resource, actor: Actor, at: datetime) -> Invoice | None:
    content = item.content
    if not resource.is_prepaid:
        activate_resource(resource, paid_until=None, actor=actor, at=at, order_id=item.order_id)
        return None
    period = Period.of_months(content["months"], starting=at)
    resource.auto_renew_months = content["auto_renew_months"]
    activate_resource(resource, paid_until=period.ends_at, actor=actor, at=at, order_id=item.order_id)
    return _bill_paid(item, resource, period, at)


def _complete_renew(item: OrderItem, resource: Resource, actor: Actor, at: datetime) -> Invoice:
    period = _sealed_period(item)
    extend_resource(resource, until=period.ends_at, actor=actor, at=at, order_id=item.order_id)
    return _bill_paid(item, resource, period, at)


def _complete_recover(item: OrderItem, resource: Resource, actor: Actor, at: datetime) -> Invoice:
    period = Period.of_months(item.content["months"], starting=at)
    resource.billing_mode = resource.customer.billing_mode
    bring_back(
        resource,
        paid_until=period.ends_at,
        event=ResourceEvent.Kind.RECOVERED,
        actor=actor,
        at=at,
        order_id=item.order_id,
    )
    return _bill_paid(item, resource, period, at)


def _complete_resize(item: OrderItem, resource: Resource, actor: Actor, at: datetime) -> Invoice | None:
    """
    The old invoices end at the quoted instant with a credit note each; one new invoice covers the rest of the time.

    What the credit notes give back pays the new invoice first; only the difference is paid or refunded.
    """
    if not resource.is_prepaid:
        apply_resize(resource, item.content["configuration"], effective=at, actor=actor, at=at, order_id=item.order_id)
        return None
    period = _sealed_period(item)
    notes = credit_unused(unused_time(resource, at=period.starts_at), CreditNote.Reason.RESIZED, at=period.starts_at)
    apply_resize(
        resource, item.content["configuration"], effective=period.starts_at, actor=actor, at=at, order_id=item.order_id
    )
    invoice = _issue(item, resource, period, at)
    open_part = invoice.total
    for note in notes:
        applied = min(note.refunded, open_part)
        if applied:
            apply_credit_note(note, invoice, applied, at=at)
            open_part -= applied
        if note.refunded > applied:
            refund_credit_note(note, note.refunded - applied, at=at, reference=resource.name)
    payment = _payment(item)
    if payment:
        settle_invoice_of_order(payment, invoice, item.due, promotional=_promotional_share(payment, item), at=at)
    return invoice


def _bill_paid(item: OrderItem, resource: Resource, period: Period, at: datetime) -> Invoice:
    """Issue the item's invoice and settle it with the item's money: born paid."""
    invoice = _issue(item, resource, period, at)
    payment = _payment(item)
    if payment:
        settle_invoice_of_order(payment, invoice, item.due, promotional=_promotional_share(payment, item), at=at)
    return invoice


def _issue(item: OrderItem, resource: Resource, period: Period, at: datetime) -> Invoice:
    charge = charge_from(item.content, period=period)
    draft = Draft(
        resource.customer,
        Billed.of(resource),
        f"order-item:{item.pk}",
        period,
        charge,
        coupon_code=item.order.coupon_code,
    )
    return issue_invoice(draft, Invoice.Kind.PREPAID, at=at)


def _give_back(item: OrderItem, *, reason: str, actor: Actor, at: datetime) -> None:
    """Not done: everything is as before, and the item's money is wallet credit, whatever it was paid with."""
    resource = Resource.objects.lock(_resource(item).pk)
    resource.customer = item.order.customer
    match item.order.action:
        case Action.CREATE:
            give_up_resource(resource, reason=reason, actor=actor, at=at, order_id=item.order_id)
        case Action.RESIZE:
            record_event(
                resource, ResourceEvent.Kind.RESIZE_FAILED, actor=actor, at=at, reason=reason, order_id=item.order_id
            )
    item.state, item.reason = OrderItem.State.REFUNDED, reason[:200]
    item.save()
    payment = _payment(item)
    if payment:
        share = _promotional_share(payment, item)
        refund_order_item(payment, item.due, promotional=share, item_id=item.pk, reference=resource.name, at=at)
    tell(
        resource.customer,
        Notice.Kind.PROVISIONING_FAILED,
        f"order-item:{item.pk}",
        at=at,
        resource=resource.name,
        amount=item.due,
        reason=reason,
    )


def _end_when_done(order: Order, *, at: datetime) -> None:
    states = set(order.items.values_list("state", flat=True))
    if states & set(OrderItem.OPEN):
        return
    if states == {OrderItem.State.COMPLETED}:
        order.complete(at=at)
    elif OrderItem.State.COMPLETED in states:
        order.refund_partly(at=at)
    else:
        order.refund(at=at)
        return_coupon(order.pk)
    order.save()


def _payment(item: OrderItem) -> Payment | None:
    """The payment whose money waits in escrow for this item; none when nothing was to pay."""
    return item.order.payment if item.due else None


def _promotional_share(payment: Payment, item: OrderItem) -> int:
    """The item's part of the promotional credit in the payment; the parts of all items add up."""
    if not payment.promotional:
        return 0
    items = list(item.order.items.order_by("position"))
    return split(payment.promotional, [other.due for other in items])[[other.pk for other in items].index(item.pk)]


def _sealed_period(item: OrderItem) -> Period:
    return Period(datetime.fromisoformat(item.content["starts_at"]), datetime.fromisoformat(item.content["ends_at"]))


def _resource(item: OrderItem) -> Resource:
    assert item.resource is not None, "the item has its resource by now"
    return item.resource
