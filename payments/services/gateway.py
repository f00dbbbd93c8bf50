"""
Paying through a gateway: the attempt is committed before the gateway hears of it, and whatever the gateway says then or
later is recorded by `outcomes`.
"""

from __future__ import annotations

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
from payments.services.invoices import hold_open
from payments.services.outcomes import record_outcome
from payments.services.purposes import purpose_of

FIRST_CHECK = timedelta(minutes=5)


class PaymentOpen(DomainError):
    code = "payment-open"
    message = _("A payment for this is still open. Finish or cancel it first.")


class GatewayUnavailable(DomainError):
    code = "gateway-unavailable"
    status = 503
    message = _(
        "The payment gateway does not answer. Nothing was charged as far as we know; we keep asking and you may try again shortly."
    )


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
    invoice_ids: tuple[UUID, ...] = (),
) -> Payment:
    """
    Open an attempt at a gateway; send the customer to the payment's `redirect_url`.

    Two steps on purpose: the row and its reference are committed, then the gateway is called, then the answer is recorded.

    :raises InvalidInput: the amount is outside the gateway's limits
    :raises PaymentOpen: an attempt for the same payable is open
    """
    adapter = gateways.gateway(gateway)
    _refuse_amount(amount, adapter.caps.min_amount, adapter.caps.max_amount)
    pk = new_id()
    payable = payable or f"{kind}:{pk}"
    purpose_of(payable)  # nothing may come in that nobody takes
    with transaction.atomic(durable=True):
        Customer.objects.lock(customer.pk)
        if Payment.objects.open().filter(customer=customer, payable=payable).exists():
            raise PaymentOpen
        payment = Payment.objects.create(
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
    answer = adapter.start(
        reference=payment.reference,
        amount=amount,
        description=description,
        customer_ref=str(customer.pk),
        at=at,
        return_url=f"{settings.PUBLIC_URL}/payments/{pk}/return/",
        callback_url=gateways.notice_url(gateway),
    )
    if isinstance(answer, Redirect):
        with transaction.atomic():
            payment = Payment.objects.lock(pk)
            payment.redirect_url = answer.url
            if payment.state == Payment.State.CREATED:
                payment.await_outcome()
            payment.save()
        return payment
    return record_outcome(pk, answer, actor=actor, at=at)


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
    with transaction.atomic():
        invoices = hold_open(customer, invoice_ids)
    description = ", ".join(invoice.number for invoice in invoices[:5])
    return start_gateway_payment(
        customer,
        Payment.Kind.INVOICE,
        sum(invoice.due for invoice in invoices),
        gateway=gateway,
        description=description,
        actor=actor,
        at=at,
        payable=f"invoices:{customer.pk}",
        invoice_ids=tuple(invoice.pk for invoice in invoices),
    )


def _refuse_amount(amount: int, minimum: int, maximum: int) -> None:
    if not minimum <= amount <= maximum:
        raise InvalidInput(
            _("The amount must lie between %(minimum)s ₫ and %(maximum)s ₫."),
            field="amount",
            minimum=minimum,
            maximum=maximum,
        )
