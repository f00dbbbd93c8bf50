"""What people do in the demo's past, in a line each: every verb calls the services that the pages call."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from accounts.models import Customer
from accounts.services import record_audit
from billing_portal.demo.people import APPROVER, FINANCE, SUPPORT
from billing_portal.demo.timeline import Scene
from catalog.models import Product
from invoices.models import CreditNote, Invoice
from invoices.services.credit import credit_invoice
from kernel.actors import Actor, ActorKind
from lifecycle.models import ProvisioningRequest, Resource
from lifecycle.services.running import reboot_resource, set_auto_renew, start_resource, stop_resource
from lifecycle.services.trash import restore_resource
from orders.models import Action, Order
from orders.services.checkout import describe, end_unpaid_order, place_order
from orders.services.delete import delete_resource
from orders.services.fulfil import answer_provisioning
from orders.services.quotes import make_quote
from orders.services.settle import record_outcome
from orders.services.switch import switch_billing_mode
from payments.gateways.base import Failed, Outcome, Succeeded
from payments.models import CreditAdjustment, Payment
from payments.services.credit import approve_adjustment, grant_promotional_credit
from payments.services.invoices import pay_invoices_from_wallet, record_bank_transfer
from payments.services.settle import refund_credit_note
from payments.services.wallet import wallet_of

GATEWAY = "sandbox"
NO_CAPACITY = "No capacity in zone HAN-1"
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
    means: Means = Means.WALLET,
    team: Scene | None = None,
    actor: Actor,
    at: datetime,
) -> Scene | None:
    """
    Order `items` ("s1-2x4 ssd=40") of `product`.

    :param team: how the product team reacts: `answer` unless another is given
    """
    inputs: dict[str, Any] = {
        "product": str(Product.objects.get(code=product).pk),
        "name": name,
        "items": _chosen(items),
        "quantity": quantity,
        "months": months,
        "auto_renew_months": auto_renew,
        "coupon": coupon,
    }
    return _order(customer, Action.CREATE, inputs, means=means, team=team or answer, actor=actor, at=at)


def resize(customer: Customer, name: str, items: str, *, team: Scene | None = None, actor: Actor, at: datetime) -> Any:
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
    inputs: dict[str, Any] = {"resources": [_pk(customer, name) for name in names]}
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
    inputs: dict[str, Any],
    *,
    means: Means = Means.WALLET,
    team: Scene | None = None,
    actor: Actor,
    at: datetime,
) -> Scene | None:
    order = _place(customer, action, inputs, means=means, actor=actor, at=at)
    if means != Means.GATEWAY:
        return partial(team, order.pk) if team else None
    payment = _attempt(
        customer,
        Payment.Kind.ORDER,
        order.total,
        payable=f"order:{order.pk}",
        order_id=order.pk,
        description=describe(order),
        actor=actor,
        at=at,
    )

    def settle(*, at: datetime) -> Scene | None:
        record_outcome(payment.pk, _success(payment, at), actor=actor, at=at)
        return partial(team, order.pk) if team else None

    return settle


def _place(
    customer: Customer, action: Action, inputs: dict[str, Any], *, means: Means, actor: Actor, at: datetime
) -> Order:
    quote = make_quote(customer, action, inputs, at=at)
    return place_order(customer.pk, quote.pk, means=means, key=f"demo:{quote.pk}", actor=actor, at=at)


def _chosen(items: str) -> list[dict[str, Any]]:
    pairs = [word.partition("=") for word in items.split()]
    return [{"item": code, "quantity": int(quantity or 1)} for code, _equals, quantity in pairs]


def _pk(customer: Customer, name: str) -> str:
    return str(_resource(customer, name))


def _resource(customer: Customer, name: str) -> UUID:
    return Resource.objects.filter(customer=customer, name=name).latest("created_at").pk


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


def auto_renew(customer: Customer, name: str, months: int | None, *, actor: Actor, at: datetime) -> None:
    set_auto_renew(_resource(customer, name), months=months, actor=actor, at=at)


def delete(customer: Customer, name: str, *, actor: Actor, at: datetime) -> None:
    delete_resource(_resource(customer, name), actor=actor, at=at)


def restore(customer: Customer, name: str, reason: str, *, actor: Actor, at: datetime) -> None:
    del actor
    restore_resource(_resource(customer, name), reason=reason, actor=SUPPORT, at=at)


# Money


def top_up(customer: Customer, amount: int, *, fails: str = "", actor: Actor, at: datetime) -> Scene:
    """As if the gateway had answered: its sandbox of today knows nothing of the past."""
    payment = _attempt(customer, Payment.Kind.TOP_UP, amount, description="Top-up", actor=actor, at=at)

    def settle(*, at: datetime) -> None:
        outcome = Failed("declined", fails) if fails else _success(payment, at)
        record_outcome(payment.pk, outcome, actor=actor, at=at)

    return settle


def pay_from_wallet(customer: Customer, *, part: float = 1, actor: Actor, at: datetime) -> None:
    """The open invoices, or a part of what is due, as far as the credit goes."""
    invoices = _open(customer)
    due = int(sum(invoice.due for invoice in invoices) * part)
    amount = min(due, wallet_of(customer.pk).available)
    if amount:
        pay_invoices_from_wallet(customer.pk, [row.pk for row in invoices], amount=amount, actor=actor, at=at)


def pay_by_gateway(customer: Customer, *, actor: Actor, at: datetime) -> Scene | None:
    invoices = _open(customer)
    if not invoices:
        return None
    payment = _attempt(
        customer,
        Payment.Kind.INVOICE,
        sum(invoice.due for invoice in invoices),
        payable=f"invoices:{customer.pk}",
        invoice_ids=[str(invoice.pk) for invoice in invoices],
        description=", ".join(invoice.number for invoice in invoices[:5]),
        actor=actor,
        at=at,
    )

    def settle(*, at: datetime) -> None:
        record_outcome(payment.pk, _success(payment, at), actor=actor, at=at)

    return settle


def transfer(customer: Customer, *, most: int | None = None, actor: Actor, at: datetime) -> None:
    """The customer sent what was due, on `most` invoices, to the bank account; finance recorded it."""
    del actor
    invoices = _open(customer)[:most]
    if invoices:
        record_bank_transfer(
            customer.pk,
            sum(invoice.due for invoice in invoices),
            [invoice.pk for invoice in invoices],
            reference=f"FT{at:%y%j}{invoices[0].number[-5:]}",
            reason="Bank statement",
            actor=FINANCE,
            at=at,
        )


def correct(customer: Customer, amount: int, note: str, *, actor: Actor, at: datetime) -> None:
    """Staff credit part of the latest invoice of at least that much."""
    del actor
    invoice = Invoice.objects.filter(customer=customer, total__gte=amount, credited=0).latest("issued_at", "number")
    credit = credit_invoice(invoice, amount, CreditNote.Reason.CORRECTION, note=note, at=at)
    if credit.refunded:
        refund_credit_note(credit, credit.refunded, at=at, reference=invoice.number)
    record_audit("issue credit note", invoice.number, actor=FINANCE, at=at, reason=note, customer=customer)


def grant(customer: Customer, amount: int, reason: str, *, days: int, actor: Actor, at: datetime) -> None:
    del actor
    grant_promotional_credit(
        customer, amount, expires_at=at + timedelta(days=days), reason=reason, actor=FINANCE, at=at
    )


def adjust(
    customer: Customer, amount: int, reason: str, *, approved: bool = True, actor: Actor, at: datetime
) -> Scene | None:
    """One of the staff asks for an adjustment, another approves it; without approval it goes on waiting."""
    del actor
    asked = CreditAdjustment.objects.create(
        customer=customer, amount=amount, reason=reason, requested_by=FINANCE.name, requested_at=at
    )
    if not approved:
        return None

    def approve(*, at: datetime) -> None:
        approve_adjustment(asked.pk, actor=APPROVER, at=at)

    return approve


def switch(customer: Customer, to_mode: str, reason: str, *, actor: Actor, at: datetime) -> None:
    del actor
    switch_billing_mode(customer.pk, to_mode, reason=reason, actor=SUPPORT, at=at)


def _open(customer: Customer) -> list[Invoice]:
    return list(Invoice.objects.open().filter(customer=customer).order_by("issued_at", "number"))


def _attempt(
    customer: Customer,
    kind: Payment.Kind,
    amount: int,
    *,
    description: str,
    actor: Actor,
    at: datetime,
    payable: str = "",
    **fields: Any,
) -> Payment:
    """An attempt at the gateway, as `start_gateway_payment` leaves it behind; nobody is called."""
    payment = Payment(
        customer=customer,
        kind=kind,
        means=Payment.Means.GATEWAY,
        gateway=GATEWAY,
        description=description[:200],
        amount=amount,
        actor=actor.name,
        created_at=at,
        **fields,
    )
    payment.reference = f"{at:%y%m%d}_{payment.pk.hex}"
    payment.payable = payable or f"{kind}:{payment.pk}"
    payment.save(force_insert=True)
    payment.await_outcome()
    payment.save()
    return payment


def _success(payment: Payment, at: datetime) -> Outcome:
    return Succeeded(f"{at:%y%m%d}{payment.pk.int % 10**12:012}", payment.amount, at)
