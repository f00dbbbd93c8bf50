"""Carrying out a paid order: item by item, each completed or refunded, never both, never neither."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Customer
from budgets.services.watching import watch
from catalog.services import return_coupon, use_coupon
from invoices.models import Invoice
from kernel.actors import Actor, ActorKind
from kernel.errors import DomainError
from lifecycle.models import Failure, ProvisioningRequest, Resource, State
from lifecycle.services.provisioning import close_request
from notifications.kinds.together import By
from notifications.models import Notice
from notifications.services import tell, tell_gathered
from orders.models import Action, Order, OrderItem
from orders.models.orders import LONGEST_REASON
from orders.services.stories import STORIES, Story
from orders.services.stories.settling import refund, take_poc_credit
from payments.services.expected import stop_expecting
from payments.services.poc_time import poc_credit_ended, poc_time_of

UNSAID = {ProvisioningRequest.State.TIMED_OUT: Failure.TIMED_OUT, ProvisioningRequest.State.FAILED: Failure.OTHER}
"""The reason of a failure for which nobody gave one."""


def fulfil_order(order: Order, *, collected_at: datetime | None = None, actor: Actor, at: datetime) -> None:
    """
    The order is paid: renew and recover at once, ask the product team for the rest. The caller holds the customer.

    :param collected_at: when its money came in, if that was before we heard of it
    """
    order.pay(collected_at=collected_at or at, at=at)
    order.save()
    stop_expecting(order.pk, at=at)
    use_coupon(order.pk)
    order.provision()
    order.save()
    for item in order.items.select_related("resource__product").order_by("position"):
        item.order = order
        _begin(item, actor=actor, at=at)
    _end_when_done(order, at=at)
    watch([order.customer_id], at=at)


@transaction.atomic
def answer_provisioning(
    request_id: UUID, state: ProvisioningRequest.State, *, reason: str = "", actor: Actor, at: datetime
) -> ProvisioningRequest:
    """
    The product team's answer, or the time-out in its place: complete the order item, or give its money back.

    The same answer again changes nothing.

    :param reason: as reasons are kept, see `kernel.reasons`

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
            team_failed = actor.kind == ActorKind.PRODUCT_TEAM
            _give_back(item, reason=reason or UNSAID[state].value, owes=not team_failed, actor=actor, at=at)
        _end_when_done(order, at=at)
    return request


def _begin(item: OrderItem, *, actor: Actor, at: datetime) -> None:
    take_poc_credit(item, at=at)
    item.request = _story(item).begin(item, actor=actor, at=at)
    item.state = OrderItem.State.PROVISIONING
    item.save()
    if item.request is None:
        _complete(item, actor=actor, at=at)


def _complete(item: OrderItem, *, actor: Actor, at: datetime) -> None:
    """Do what was paid for; when the resource cannot take it any more, the money goes back instead."""
    story, resource = _story(item), _hold_resource_of(item)
    refusal = story.refusal(item.part, resource, at=at) or _poc_refusal(item, at)
    if refusal:
        _give_back(item, reason=refusal.code, owes=item.request is not None, actor=actor, at=at)
        return
    invoice = story.complete(item, resource, actor=actor, at=at)
    item.state = OrderItem.State.COMPLETED
    item.save()
    tell(
        resource.customer,
        story.notice,
        resource.pk,
        item.pk,
        at=at,
        resource=resource.name,
        product=str(resource.product_id),
        configuration=resource.configuration,
        stopped=resource.state == State.STOP,
        postpaid=not resource.is_prepaid,
        order=str(item.order_id),
        **(_facts_of(invoice, item) if invoice else _facts_of_poc(item)),
    )


def _give_back(item: OrderItem, *, reason: str, owes: bool, actor: Actor, at: datetime) -> None:
    """
    Not done: everything is as before, and the item's money is wallet credit.

    :param reason: as reasons are kept
    :param owes: the team was asked and has not said that it failed: it is owed a clean-up
    """
    resource = _hold_resource_of(item)
    _story(item).give_back(item, resource, reason=reason, actor=actor, at=at)
    if owes:
        _story(item).clean_up(item, resource, at=at)
    item.state, item.reason = OrderItem.State.REFUNDED, reason[:LONGEST_REASON]
    item.save()
    back = refund(item, resource, at=at)
    tell(
        resource.customer,
        Notice.Kind.PROVISIONING_FAILED,
        resource.pk,
        item.pk,
        at=at,
        resource=resource.name,
        product=str(resource.product_id),
        configuration=item.part.configuration,
        reason=reason,
        order=str(item.order_id),
        **back,
    )


def _facts_of(invoice: Invoice, item: OrderItem) -> dict[str, object]:
    """What was bought: the time, its price, and what was paid for it or came back."""
    return {
        "from": invoice.period_start,
        "until": invoice.period_end,
        "total": invoice.total,
        "invoice": invoice.number,
        "paid": max(item.due, 0),
        "returned": max(-item.due, 0),
    }


def _facts_of_poc(item: OrderItem) -> dict[str, object]:
    """What POC credit paid: the time, and what of the credit it took."""
    time = poc_time_of(item.pk) if item.part.poc else None
    return {"from": time.starts_at, "until": time.ends_at, "poc": time.amount} if time else {}


def _poc_refusal(item: OrderItem, at: datetime) -> type[DomainError] | None:
    """POC credit may have been stopped while the product team was at work."""
    return poc_credit_ended(item.part.poc.grant, at=at) if item.part.poc else None


def _end_when_done(order: Order, *, at: datetime) -> None:
    states = set(order.items.values_list("state", flat=True))
    if states.intersection(OrderItem.OPEN):
        return
    if states == {OrderItem.State.COMPLETED}:
        order.complete(at=at)
    elif OrderItem.State.COMPLETED in states:
        order.refund_partly(at=at)
    else:
        order.refund(at=at)
        return_coupon(order.pk)
    order.save()
    tell_gathered(order.customer_id, By.ORDER, order.pk, at=at)


def _story(item: OrderItem) -> Story:
    return STORIES[Action(item.order.action)]


def _hold_resource_of(item: OrderItem) -> Resource:
    resource = Resource.objects.lock(item.its_resource.pk)
    resource.customer = item.order.customer
    return resource
