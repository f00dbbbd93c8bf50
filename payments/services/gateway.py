"""
Paying through a gateway, on its page or from an account that is linked there: the attempt is committed before the gateway hears
of it, and whatever the gateway says then or later is recorded by `outcomes`.

`gateway` names the way, see `ways`: a gateway's code, or a linked account.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.idempotency import Note, unnoted
from accounts.models import Customer
from accounts.services.keys import spend_by_key
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.ids import new_id
from payments import gateways
from payments.gateways.base import Failed, Linking, Outcome, Redirect, ToCharge, ToPay
from payments.models import Payment, PaymentRequest
from payments.models.payables import PaidFor, payable_of
from payments.services.invoices import describe, hold_open, pay_invoices_from_wallet
from payments.services.limits import refuse_amount
from payments.services.outcomes import record_outcome
from payments.services.purposes import purpose_of
from payments.services.ways import Way, refuse_charge, top_up_for, way_named
from store.sealed import Unreadable, unseal

FIRST_CHECK = timedelta(minutes=2)


class PaymentOpen(DomainError):
    code = "payment-open"
    message = _("A payment for this is still open. Finish or cancel it first.")


def start_gateway_payment(
    customer: Customer,
    kind: Payment.Kind,
    amount: int,
    *,
    gateway: str,
    description: str = "",
    actor: Actor,
    at: datetime,
    payable: str = "",
    order_id: UUID | None = None,
    beside: int = 0,
    note: Note = unnoted,
) -> Payment:
    """
    Open an attempt at a gateway; send the customer to the payment's `redirect_url`. From a linked account there is none.

    Two steps on purpose: the row and its reference are committed, then the gateway is called, then the answer is recorded.

    :param beside: as in `open_attempt`
    :raises InvalidInput: the amount is outside the gateway's limits
    :raises PaymentOpen: an attempt for the same payable is open
    :raises AccountNotUsable, AccountLimit: a linked account cannot be charged, or not so much
    """
    with transaction.atomic(durable=True):
        held = Customer.objects.lock_open(customer.pk)
        earlier = Payment.objects.filter(customer=held, payable=payable).first() if payable and not order_id else None
        if earlier:  # the same wish again: nothing is charged twice
            return earlier
        way = way_named(held, gateway)
        begun = continued(held, payable, amount, way=way, actor=actor, at=at)
        if begun:
            note(begun.pk)
            return begun
        payment = open_attempt(
            held,
            kind,
            amount,
            way=way,
            description=description,
            payable=payable,
            order_id=order_id,
            beside=beside,
            actor=actor,
            at=at,
        )
        note(payment.pk)
    return send(payment, actor=actor, at=at)


def start_top_up(
    customer: Customer,
    amount: int,
    *,
    gateway: str,
    actor: Actor,
    at: datetime,
    payable: str = "",
    note: Note = unnoted,
) -> Payment:
    """
    Put money into the wallet through a gateway; it becomes credit when the gateway says so.

    A caller that may have to repeat itself names the top-up by `payable`, and gets the payment that it began before.

    :raises InvalidInput: below or above the limits for top-ups
    """
    refuse_amount(amount, settings.TOP_UP_MINIMUM, settings.TOP_UP_MAXIMUM)
    return start_gateway_payment(
        customer,
        Payment.Kind.TOP_UP,
        amount,
        gateway=gateway,
        actor=actor,
        at=at,
        payable=payable,
        note=note,
    )


def start_invoice_payment(
    customer: Customer,
    invoice_ids: tuple[UUID, ...],
    *,
    gateway: str,
    all_credit_first: bool = False,
    actor: Actor,
    at: datetime,
    note: Note = unnoted,
) -> Payment:
    """
    Pay what is due on one or many invoices through a gateway.

    With all credit first, and always from a linked account, only what the wallet lacks is charged: then they are paid from the
    wallet, at once when it has enough.

    :raises UnknownInvoice: not this customer's
    :raises NothingDue: all are paid or void
    """
    with transaction.atomic(durable=True):
        held = Customer.objects.lock_open(customer.pk)
        invoices = hold_open(held, invoice_ids)
        way = way_named(held, gateway)
        due = sum(invoice.due for invoice in invoices)
        kind, amount = Payment.Kind.INVOICE, due
        if way.linked or all_credit_first:
            kind, amount = Payment.Kind.TOP_UP, top_up_for(held, due, way)
            if not amount:
                paid = pay_invoices_from_wallet(held.pk, [one.pk for one in invoices], actor=actor, at=at)
                note(paid.pk)
                return paid
        payment = open_attempt(
            held,
            kind,
            amount,
            way=way,
            description=describe(invoices),
            payable=payable_of(PaidFor.INVOICES, customer.pk),
            invoice_ids=[invoice.pk for invoice in invoices],
            beside=max(due - amount, 0),
            actor=actor,
            at=at,
        )
        note(payment.pk)
    return send(payment, actor=actor, at=at)


def continued(customer: Customer, payable: str, amount: int, *, way: Way, actor: Actor, at: datetime) -> Payment | None:
    """
    The open attempt at the very same, to go on with. Another one is given up for what is wanted now: who comes back from a
    gateway's page and chooses another way means that one. A charge of a linked account is nobody's to give up: it may be made already.
    """
    begun = Payment.objects.open().filter(customer=customer, payable=payable, linked=None).first() if payable else None
    if begun is None:
        return None
    if not way.linked and (begun.gateway, begun.amount) == (way.gateway, amount):
        return begun
    begun = Payment.objects.lock(begun.pk)
    if begun.is_open:
        begun.cancel(at=at)
        begun.cancelled_by = actor.name
        begun.save()
    return None


def open_attempt(
    customer: Customer,
    kind: Payment.Kind,
    amount: int,
    *,
    way: Way,
    description: str = "",
    payable: str = "",
    order_id: UUID | None = None,
    invoice_ids: Sequence[UUID] = (),
    request: PaymentRequest | None = None,
    beside: int = 0,
    actor: Actor,
    at: datetime,
) -> Payment:
    """
    The row of an attempt, for a caller who holds the customer and what is paid, and commits before the gateway hears of it.

    :param request: by which somebody else was asked to pay; it says what is paid
    :param beside: what the wallet is to give with it, when it has come in
    :raises KeyLimitReached: an API key pays, and has spent what it may today
    """
    refuse_charge(way, amount, at=at)
    spend_by_key(actor, beside + (amount if way.linked else 0), at=at)  # on the gateway's page somebody decides
    pk = new_id()
    if request:
        payable, order_id, invoice_ids = request.payable, request.order_id, [UUID(one) for one in request.invoice_ids]
    payable = payable or payable_of(PaidFor(kind), pk)
    purpose_of(payable)  # nothing may come in that nobody takes
    under_way = Payment.objects.open().filter(customer=customer, payable=payable).first()
    if under_way:
        raise PaymentOpen(payment=str(under_way.pk))
    return Payment.objects.create(
        pk=pk,
        customer=customer,
        kind=kind,
        means=Payment.Means.GATEWAY,
        gateway=way.gateway,
        linked=way.linked,
        consent=way.consent,
        request=request,
        reference=gateways.gateway(way.gateway).new_reference(at),
        payable=payable,
        order_id=order_id,
        invoice_ids=[str(invoice) for invoice in invoice_ids],
        description=description[:200],
        amount=amount,
        actor=actor.name,
        created_at=at,
        check_at=at + FIRST_CHECK,
    )


def send(payment: Payment, *, actor: Actor, at: datetime) -> Payment:
    """The gateway hears of a committed attempt; its answer is recorded."""
    answer = _charge(payment, at) if payment.linked else _start(payment, actor, at)
    if not isinstance(answer, Redirect):
        return record_outcome(payment.pk, answer, actor=actor, at=at)
    with transaction.atomic():
        payment = Payment.objects.lock(payment.pk)
        payment.redirect_url = answer.url
        if payment.state == Payment.State.CREATED:
            payment.await_outcome()
        payment.save()
    return payment


def _start(payment: Payment, actor: Actor, at: datetime) -> Redirect | Outcome:
    return gateways.gateway(payment.gateway).start(
        ToPay(
            reference=payment.reference,
            amount=payment.amount,
            description=_said_to_payer(payment),
            customer_ref=str(payment.request_id or payment.customer_id),
            at=at,
            return_url=settings.PUBLIC_URL + _way_back(payment),
            callback_url=gateways.notice_url(payment.gateway),
            payer_address=actor.address,
        )
    )


def _said_to_payer(payment: Payment) -> str:
    """What the gateway's page says that it is for: rows keep no words, except those that a payer was asked in."""
    if payment.request_id:
        return payment.description
    kind = Payment.Kind.ORDER if payment.order_id else Payment.Kind.INVOICE if payment.invoice_ids else payment.kind
    with override(payment.customer.language):
        return f"{capfirst(Payment.Kind(kind).label)} {payment.description}".strip()


def _way_back(payment: Payment) -> str:
    """The page that the gateway sends back to; a payer has one of their own."""
    return f"/pay/for/{payment.request_id}/return/" if payment.request_id else f"/payments/{payment.pk}/return/"


def _charge(payment: Payment, at: datetime) -> Outcome:
    adapter = gateways.gateway(payment.gateway)
    assert payment.linked
    if not isinstance(adapter, Linking):
        return Failed("refused", "the gateway links no accounts here any more")
    try:
        token = unseal(payment.linked.token)
    except Unreadable:
        return Failed("revoked", "its token cannot be read here any more")
    return adapter.charge(
        ToCharge(
            reference=payment.reference,
            amount=payment.amount,
            description=_said_to_payer(payment),
            customer_ref=payment.linked.customer_ref,
            token=token,
            callback_url=gateways.notice_url(payment.gateway),
            at=at,
        )
    )
