"""
Paying through a gateway.

The attempt is committed before the gateway hears of it, and everything that is learned later (the answer, a notice, a
query) goes through `apply_outcome`: a fold in which final beats open and success beats everything, so order and repetition
do not matter. Gateway money always lands in the wallet; what it was meant for takes it from there in the same transaction.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from invoices.models import Invoice
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.ids import new_id
from ledger.services import Fact, Kind, post, spend
from notifications.models import Notice
from notifications.services import tell
from payments.gateways import gateway as gateway_named
from payments.gateways.base import (
    NOT_FOUND,
    BadSignature,
    Failed,
    Outcome,
    Pending,
    Redirect,
    Reply,
    Succeeded,
    Unknown,
    Verdict,
)
from payments.models import GatewayNotice, Payment
from payments.services.invoices import allocate, hold_open

logger = logging.getLogger(__name__)

FIRST_CHECK = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=6)


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
    adapter = gateway_named(gateway)
    _refuse_amount(amount, adapter.caps.min_amount, adapter.caps.max_amount)
    pk = new_id()
    payable = payable or f"{kind}:{pk}"
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
        callback_url=f"{settings.PUBLIC_URL}/gateways/{gateway}/notice/",
    )
    if isinstance(answer, Redirect):
        with transaction.atomic():
            payment = Payment.objects.lock(pk)
            payment.redirect_url = answer.url
            if payment.state == Payment.State.CREATED:
                payment.await_outcome()
            payment.save()
        return payment
    return apply_outcome(pk, answer, at=at)


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


@transaction.atomic
def apply_outcome(payment_id: UUID, outcome: Outcome, *, at: datetime) -> Payment:
    """Record what is known about an attempt now; repeating or reordering changes nothing."""
    customer = Customer.objects.lock(Payment.objects.values_list("customer", flat=True).get(pk=payment_id))
    payment = Payment.objects.lock(payment_id)
    payment.customer = customer
    match outcome:
        case Succeeded():
            _succeed(payment, outcome, at=at)
        case Failed(code=code, message=message) if payment.is_open:
            payment.fail(reason=_kept(f"{code}: {message}"), at=at)
            with override(customer.language):
                reason = payment.failure_words
            tell(
                customer,
                Notice.Kind.PAYMENT_FAILED,
                f"payment:{payment.pk}",
                at=at,
                amount=payment.amount,
                reason=reason,
            )
        case Pending(check_after=wait) if payment.is_open:
            if payment.state != Payment.State.PROCESSING:
                payment.await_outcome()
            payment.check_at = at + (wait or _patience(payment))
        case Unknown(reason=reason) if payment.is_open:
            if payment.state != Payment.State.UNKNOWN:
                payment.lose_track()
            payment.failure = reason[:200]
            payment.check_at = at + _patience(payment)
    payment.save()
    return payment


def _succeed(payment: Payment, outcome: Succeeded, *, at: datetime) -> None:
    if payment.state in {Payment.State.SUCCEEDED, Payment.State.REFUNDED}:
        return
    if outcome.amount != payment.amount:
        _hold_for_staff(payment, f"amount differs: {outcome.amount}")
        return
    if _paid_another(payment, outcome):
        _hold_for_staff(payment, f"transaction used before: {outcome.gateway_txn_id}")
        return
    payment.succeed(at=at)
    payment.gateway_txn_id, payment.check_at = outcome.gateway_txn_id, None
    payment.save()
    legs = {Kind.GATEWAY: -payment.amount, Kind.CREDIT: payment.amount}
    post(Fact.TOP_UP, payment.pk, legs, customer_id=payment.customer_id, at=at, reference=payment.reference)
    tell(
        payment.customer,
        Notice.Kind.PAYMENT_RECEIVED,
        f"payment:{payment.pk}",
        at=at,
        amount=payment.amount,
        payment=str(payment.pk),
    )
    if payment.kind == Payment.Kind.INVOICE:
        _pay_meant_invoices(payment, at=at)


def _hold_for_staff(payment: Payment, doubt: str) -> None:
    logger.error("payment %s of %s VND: %s; held for staff", payment.pk, payment.amount, doubt)
    if payment.is_open and payment.state != Payment.State.UNKNOWN:
        payment.lose_track()
    payment.failure = doubt


def _paid_another(payment: Payment, outcome: Succeeded) -> bool:
    """Whether the gateway's transaction has paid another payment already."""
    same = Payment.objects.filter(gateway=payment.gateway, gateway_txn_id=outcome.gateway_txn_id)
    return same.exclude(pk=payment.pk).exists()


def _kept(text: str) -> str:
    """What an outsider wrote, without what no text column holds."""
    return text.replace("\x00", "").encode(errors="replace").decode()


def _pay_meant_invoices(payment: Payment, *, at: datetime) -> None:
    """Settle what is still due of the invoices that were chosen; what they no longer need stays credit."""
    invoices = hold_open(payment.customer, [UUID(pk) for pk in payment.invoice_ids], may_be_empty=True)
    amount = min(payment.amount, sum(invoice.due for invoice in invoices))
    if amount:
        spend(
            payment.customer_id,
            amount,
            into=Kind.SALES,
            kind=Fact.INVOICE_PAYMENT,
            source=payment.pk,
            at=at,
            reference=payment.description,
            buckets=[Kind.CREDIT],
        )
        allocate(payment, invoices, amount, at=at)
    payment.refresh_from_db()
    payment.refunded = payment.amount - amount


def receive_notice(
    code: str, body: bytes, headers: Mapping[str, str], *, at: datetime
) -> tuple[UUID | None, Outcome | None, Verdict]:
    """
    Store what a gateway told us and say what it means: (payment, outcome, verdict).

    Nothing is moved here; the caller applies the outcome and then answers the gateway with `reply_to_notice`.
    """
    digest = hashlib.sha256(body).hexdigest()
    try:
        notice = gateway_named(code).parse_notice(body, headers)
    except BadSignature as error:
        logger.warning("notice of %s refused: %s", code, error)
        _store_notice(code, digest, body, None, Verdict.BAD_SIGNATURE, at=at)
        return None, None, Verdict.BAD_SIGNATURE
    payment = Payment.objects.filter(gateway=code, reference=notice.reference).first()
    if payment is None:
        verdict = Verdict.UNKNOWN_REFERENCE
    elif notice.outcome.amount != payment.amount:
        verdict = Verdict.WRONG_AMOUNT
    elif payment.state in {Payment.State.SUCCEEDED, Payment.State.REFUNDED} or _paid_another(payment, notice.outcome):
        verdict = Verdict.DUPLICATE
    else:
        verdict = Verdict.ACCEPTED
    _store_notice(code, digest, body, payment, verdict, at=at)
    return (payment.pk if payment else None), notice.outcome, verdict


def reply_to_notice(code: str, verdict: Verdict) -> Reply:
    return gateway_named(code).reply(verdict)


def _store_notice(
    code: str, digest: str, body: bytes, payment: Payment | None, verdict: Verdict, *, at: datetime
) -> None:
    row = GatewayNotice(
        gateway=code,
        digest=digest,
        body=body[:20_000].decode(errors="replace").replace("\x00", ""),
        is_genuine=verdict != Verdict.BAD_SIGNATURE,
        payment=payment,
        verdict=verdict,
        received_at=at,
    )
    GatewayNotice.objects.bulk_create([row], ignore_conflicts=True)


def ask_gateway(payment: Payment, *, at: datetime) -> Outcome:
    """
    What the gateway says of an attempt now. Counts the question first, so that a gateway that hangs is asked less often.

    An attempt that the gateway does not know after its order could no longer be paid has failed.
    """
    Payment.objects.filter(pk=payment.pk).update(checks=payment.checks + 1, check_at=at + _patience(payment))
    adapter = gateway_named(payment.gateway)
    outcome = adapter.query(reference=payment.reference, at=at)
    too_late = at > payment.created_at + adapter.caps.order_ttl
    if isinstance(outcome, Unknown) and outcome.reason == NOT_FOUND and too_late:
        return Failed("never_paid", "The payment was not made in time.")
    return outcome


def _patience(payment: Payment) -> timedelta:
    """Ask again after 1, 2, 4 ... minutes, at most every six hours."""
    return min(timedelta(minutes=2 ** min(payment.checks, 10)), LONGEST_WAIT)


def _refuse_amount(amount: int, minimum: int, maximum: int) -> None:
    if not minimum <= amount <= maximum:
        raise InvalidInput(
            _("The amount must lie between %(minimum)s ₫ and %(maximum)s ₫."),
            field="amount",
            minimum=minimum,
            maximum=maximum,
        )


def invoices_of(payment: Payment) -> list[Invoice]:
    """The invoices that a payment paid."""
    return list(Invoice.objects.filter(allocations__payment=payment).order_by("number"))
