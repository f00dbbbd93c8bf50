"""
Paying through a gateway: the attempt is committed before the gateway hears of it, and whatever the gateway says then or
later is recorded by `outcomes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.ids import new_id
from payments import gateways
from payments.gateways.base import Redirect
from payments.models import Payment
from payments.services.invoices import describe, hold_open
from payments.services.outcomes import record_outcome
from payments.services.purposes import purpose_of

FIRST_CHECK = timedelta(minutes=5)


class PaymentOpen(DomainError):
    code = "payment-open"
    message = _("A payment for this is still open. Finish or cancel it first.")


def start_gateway_payment(
    customer: Customer,
    kind: Payment.Kind,
    amount: int,
    *,
    gateway: str,
    description: str,
    actor: Actor,
    at: datetime,
    payable: str = "",
    order_id: UUID | None = None,
) -> Payment:
    """
    Open an attempt at a gateway; send the customer to the payment's `redirect_url`.

    Two steps on purpose: the row and its reference are committed, then the gateway is called, then the answer is recorded.

    :raises InvalidInput: the amount is outside the gateway's limits
    :raises PaymentOpen: an attempt for the same payable is open
    """
    with transaction.atomic(durable=True):
        payment = _open_attempt(
            Customer.objects.lock(customer.pk),
            kind,
            amount,
            gateway=gateway,
            description=description,
            payable=payable,
            order_id=order_id,
            actor=actor,
            at=at,
        )
    return _send(payment, description, actor=actor, at=at)


def start_top_up(
    customer: Customer, amount: int, *, gateway: str, actor: Actor, at: datetime, payable: str = ""
) -> Payment:
    """
    Put money into the wallet through a gateway; it becomes credit when the gateway says so.

    A caller that may have to repeat itself names the top-up by `payable`, and finds its payment by that.

    :raises InvalidInput: below or above the limits for top-ups
    """
    _refuse_amount(amount, settings.TOP_UP_MINIMUM, settings.TOP_UP_MAXIMUM)
    with override(customer.language):
        description = gettext("Top-up")
    return start_gateway_payment(
        customer,
        Payment.Kind.TOP_UP,
        amount,
        gateway=gateway,
        description=description,
        actor=actor,
        at=at,
        payable=payable,
    )


def start_invoice_payment(
    customer: Customer, invoice_ids: tuple[UUID, ...], *, gateway: str, actor: Actor, at: datetime
) -> Payment:
    """
    Pay what is due on one or many invoices through a gateway.

    :raises UnknownInvoice: not this customer's
    :raises NothingDue: all are paid or void
    """
    with transaction.atomic(durable=True):
        held = Customer.objects.lock(customer.pk)
        invoices = hold_open(held, invoice_ids)
        description = describe(invoices)
        payment = _open_attempt(
            held,
            Payment.Kind.INVOICE,
            sum(invoice.due for invoice in invoices),
            gateway=gateway,
            description=description,
            payable=f"invoices:{customer.pk}",
            invoice_ids=[invoice.pk for invoice in invoices],
            actor=actor,
            at=at,
        )
    return _send(payment, description, actor=actor, at=at)


def _open_attempt(
    customer: Customer,
    kind: Payment.Kind,
    amount: int,
    *,
    gateway: str,
    description: str,
    payable: str,
    order_id: UUID | None = None,
    invoice_ids: Sequence[UUID] = (),
    actor: Actor,
    at: datetime,
) -> Payment:
    """The row of an attempt, for a caller who holds the customer and what is paid, and commits before the gateway hears of it."""
    adapter = gateways.gateway(gateway)
    _refuse_amount(amount, adapter.caps.min_amount, adapter.caps.max_amount)
    pk = new_id()
    payable = payable or f"{kind}:{pk}"
    purpose_of(payable)  # nothing may come in that nobody takes
    if Payment.objects.open().filter(customer=customer, payable=payable).exists():
        raise PaymentOpen
    return Payment.objects.create(
        pk=pk,
        customer=customer,
        kind=kind,
        means=Payment.Means.GATEWAY,
        gateway=gateway,
        reference=adapter.new_reference(at),
        payable=payable,
        order_id=order_id,
        invoice_ids=[str(invoice) for invoice in invoice_ids],
        description=description[:200],
        amount=amount,
        actor=actor.name,
        created_at=at,
        check_at=at + FIRST_CHECK,
    )


def _send(payment: Payment, description: str, *, actor: Actor, at: datetime) -> Payment:
    """The gateway hears of a committed attempt; its answer is recorded."""
    answer = gateways.gateway(payment.gateway).start(
        reference=payment.reference,
        amount=payment.amount,
        description=description,
        customer_ref=str(payment.customer_id),
        at=at,
        return_url=f"{settings.PUBLIC_URL}/payments/{payment.pk}/return/",
        callback_url=gateways.notice_url(payment.gateway),
    )
    if not isinstance(answer, Redirect):
        return record_outcome(payment.pk, answer, actor=actor, at=at)
    with transaction.atomic():
        payment = Payment.objects.lock(payment.pk)
        payment.redirect_url = answer.url
        if payment.state == Payment.State.CREATED:
            payment.await_outcome()
        payment.save()
    return payment


def _refuse_amount(amount: int, minimum: int, maximum: int) -> None:
    if not minimum <= amount <= maximum:
        raise InvalidInput(
            _("The amount must lie between %(minimum)s ₫ and %(maximum)s ₫."),
            field="amount",
            minimum=minimum,
            maximum=maximum,
        )
