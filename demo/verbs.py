"""
What people do in the demo's past, in a line each: every verb calls the services that the pages call.

But `take_days`, for no page gives a product team more time than the settings do.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from accounts.models import Customer
from catalog.commitments import take_offer
from catalog.models import CommitmentOffer, Product
from demo.money import attempt, success
from demo.people import SUPPORT
from demo.timeline import Scene
from kernel.actors import Actor, ActorKind
from kernel.reasons import Reason
from kernel.shapes import Cleaned
from kernel.tags import Tags
from lifecycle.models import ProvisioningRequest, Resource
from lifecycle.services.running import reboot_resource, set_auto_renew, start_resource, stop_resource
from lifecycle.services.tags import change_tags
from lifecycle.services.trash import restore_resource
from orders.models import Action, Order
from orders.services.checkout import place_order
from orders.services.delete import delete_resource
from orders.services.fulfil import answer_provisioning
from orders.services.quotes import make_quote
from orders.services.unpaid import describe, end_unpaid_order
from payments.models import Payment
from payments.models.payables import PaidFor, payable_of
from payments.services.outcomes import record_outcome
from usage.models import Batch
from usage.services.intake import take_records

NO_CAPACITY = str(Reason("no-capacity", "HAN-1"))
Answer = ProvisioningRequest.State
Means = Order.Means

# Orders


def buy(
    customer: Customer,
    product: str,
    name: str,
    items: str,
    *,
    months: int = 1,
    quantity: int = 1,
    auto_renew: int | None = None,
    coupon: str = "",
    tags: Tags | None = None,
    means: Means = Means.WALLET,
    team: Scene | None = None,
    actor: Actor,
    at: datetime,
) -> Scene | None:
    """
    Order `items` ("s1-2x4 ssd=40") of `product`.

    :param team: how the product team reacts: `answer` unless another is given
    """
    inputs: Cleaned = {
        "product": str(Product.objects.get(code=product).pk),
        "name": name,
        "items": _chosen(items),
        "tags": tags or {},
        "quantity": quantity,
        "months": months,
        "auto_renew_months": auto_renew,
        "coupon": coupon,
    }
    return _order(customer, Action.CREATE, inputs, means=means, team=team or answer, actor=actor, at=at)


def resize(
    customer: Customer, name: str, items: str, *, team: Scene | None = None, actor: Actor, at: datetime
) -> Scene | None:
    inputs = {"resource": _pk(customer, name), "items": _chosen(items)}
    return _order(customer, Action.RESIZE, inputs, team=team or answer, actor=actor, at=at)


def renew(
    customer: Customer,
    *names: str,
    months: int | None = None,
    until: datetime | None = None,
    actor: Actor,
    at: datetime,
) -> None:
    """For some months, or all to the common end `until`."""
    inputs: Cleaned = {"resources": [_pk(customer, name) for name in names]}
    inputs |= {"months": months} if until is None else {"match_end": until.isoformat()}
    _order(customer, Action.RENEW, inputs, actor=actor, at=at)


def recover(customer: Customer, name: str, *, months: int, actor: Actor, at: datetime) -> None:
    _order(customer, Action.RECOVER, {"resource": _pk(customer, name), "months": months}, actor=actor, at=at)


def give_up_checkout(
    customer: Customer, product: str, name: str, items: str, *, cancels: bool, actor: Actor, at: datetime
) -> Scene | None:
    """An order that was to be paid through the gateway: cancelled, or forgotten until it expires."""
    inputs = {"product": str(Product.objects.get(code=product).pk), "name": name, "items": _chosen(items)}
    order = _place(
        customer, Action.CREATE, inputs | {"quantity": 1, "months": 1}, means=Means.GATEWAY, actor=actor, at=at
    )

    def cancel(*, at: datetime) -> None:
        end_unpaid_order(order.pk, expired=False, actor=actor, at=at)

    return cancel if cancels else None


def _order(
    customer: Customer,
    action: Action,
    inputs: Cleaned,
    *,
    means: Means = Means.WALLET,
    team: Scene | None = None,
    actor: Actor,
    at: datetime,
) -> Scene | None:
    order = _place(customer, action, inputs, means=means, actor=actor, at=at)
    if means != Means.GATEWAY:
        return partial(team, order.pk) if team else None
    payment = attempt(
        customer,
        Payment.Kind.ORDER,
        order.total,
        payable=payable_of(PaidFor.ORDER, order.pk),
        order_id=order.pk,
        description=describe(order),
        actor=actor,
        at=at,
    )

    def finish(*, at: datetime) -> Scene | None:
        record_outcome(payment.pk, success(payment, at), actor=actor, at=at)
        return partial(team, order.pk) if team else None

    return finish


def _place(customer: Customer, action: Action, inputs: Cleaned, *, means: Means, actor: Actor, at: datetime) -> Order:
    quote = make_quote(customer, action, inputs, at=at)
    return place_order(customer.pk, quote.pk, means=means, key=f"demo:{quote.pk}", actor=actor, at=at)


def _chosen(items: str) -> list[dict[str, object]]:
    pairs = [word.partition("=") for word in items.split()]
    return [{"item": code, "quantity": int(quantity or 1)} for code, _equals, quantity in pairs]


def _pk(customer: Customer, name: str) -> str:
    return str(_resource(customer, name))


def _resource(customer: Customer, name: str) -> UUID:
    return Resource.objects.filter(customer=customer, name=name).latest("created_at").pk


def tag(customer: Customer, name: str, *, actor: Actor, at: datetime, **change: str | None) -> None:
    """Tags by their keys; None takes one off."""
    change_tags(_resource(customer, name), change, actor=actor, at=at)


# Product teams


def answer(order_id: UUID, *, at: datetime, failing: tuple[str, ...] = ()) -> None:
    """The team provisions what was ordered, except the resources named in `failing` ("*": all of them)."""
    order = Order.objects.get(pk=order_id)
    for item in order.items.exclude(request=None).select_related("resource__product").order_by("position"):
        assert item.resource
        assert item.request_id
        fails = item.resource.name in failing or "*" in failing
        answer_provisioning(
            item.request_id,
            Answer.FAILED if fails else Answer.SUCCEEDED,
            reason=NO_CAPACITY if fails else "",
            actor=Actor(ActorKind.PRODUCT_TEAM, f"key:{item.resource.product.code}"),
            at=at,
        )


def fail(*names: str) -> Scene:
    """A team that has no room for these resources, or for any."""
    return partial(answer, failing=names or ("*",))


def never_answer(order_id: UUID, *, at: datetime) -> None:
    """The team says nothing: the request times out."""
    del order_id, at


def take_days(order_id: UUID, *, at: datetime) -> None:
    """The team builds this one by hand and was given two days: the resource is still New when the demo begins."""
    open_requests = ProvisioningRequest.objects.unanswered().filter(order_item__order=order_id)
    open_requests.update(deadline=at + timedelta(days=2))


# Resources


def stop(customer: Customer, name: str, *, actor: Actor, at: datetime) -> None:
    stop_resource(_resource(customer, name), actor=actor, at=at)


def start(customer: Customer, name: str, *, actor: Actor, at: datetime) -> None:
    start_resource(_resource(customer, name), actor=actor, at=at)


def reboot(customer: Customer, name: str, *, actor: Actor, at: datetime) -> None:
    reboot_resource(_resource(customer, name), actor=actor, at=at)


def commit(customer: Customer, months: int, *, actor: Actor, at: datetime) -> None:
    """Take the offer of so many months, from the next month on; another like it follows."""
    offer = CommitmentOffer.objects.get(months=months)
    take_offer(customer.pk, offer.pk, renews=True, actor=actor, at=at)


def auto_renew(customer: Customer, name: str, months: int | None, *, actor: Actor, at: datetime) -> None:
    set_auto_renew(_resource(customer, name), months=months, actor=actor, at=at)


def delete(customer: Customer, name: str, *, actor: Actor, at: datetime) -> None:
    delete_resource(_resource(customer, name), actor=actor, at=at)


def restore(customer: Customer, name: str, reason: str, *, actor: Actor, at: datetime) -> None:
    del actor
    restore_resource(_resource(customer, name), reason=reason, actor=SUPPORT, at=at)


def report(
    customer: Customer,
    name: str,
    item: str,
    quantity: str,
    *,
    used_at: datetime | None = None,
    corrects: bool = False,
    actor: Actor,
    at: datetime,
) -> None:
    """The product team reports a use, of now or of an earlier instant, or what it should have reported of that."""
    del actor
    resource = Resource.objects.select_related("product").get(customer=customer, name=name)
    instant = (used_at or at).isoformat()
    record = {
        "resource": str(resource.pk),
        "item": item,
        "key": f"{instant} again" if corrects else instant,
        "used_at": instant,
        "quantity": quantity,
        "corrects": instant if corrects else "",
    }
    team = Actor(ActorKind.PRODUCT_TEAM, f"key:{resource.product.code}")
    take_records(resource.product, [record], source=Batch.Source.API, actor=team, at=at)
