"""
Money that arrives by bank transfer: it waits in suspense, and is given to customers, whole or in parts, for what it pays.

That a transfer arrived and whose it is are two facts. The first is booked as soon as we hear of it; the second by its reference of
ours, or by staff, and both give it by the same function.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, StaffAct
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.keys import transfer_key
from kernel.money import MAXIMUM
from kernel.periods import end_of_day
from ledger.services import Fact, Kind, post
from notifications.models import Notice
from notifications.services import tell
from payments.audit import Did
from payments.models import BankTransfer, ExpectedTransfer, Payment, SentBack
from payments.models.payables import PaidFor, payable_of
from payments.services.invoices import describe, hold_open, reached_by
from payments.services.owed import settle_owed_by
from payments.services.purposes import purpose_of
from payments.services.reconcile import end_what_agrees

ACCOUNT = "main"
"""The account that customers pay into, and where no other of ours is named."""


class TransferRecordedAlready(DomainError):
    code = "transfer-recorded-already"
    message = _("A bank transfer with the reference %(reference)s is on record already; %(rest)s ₫ of it are left.")


class TransferDiffers(DomainError):
    code = "transfer-differs"
    message = _("The bank transfer %(reference)s is on record with %(amount)s ₫ in all.")


class SentBackAlready(DomainError):
    code = "sent-back-already"
    message = _("Something is on record already that went out under the number %(number)s.")


class LessIsLeft(DomainError):
    code = "less-is-left"
    message = _("Only %(rest)s ₫ of this transfer are left.")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bank's statement: money that came in, or went out. `number` is the bank's own, once per account."""

    number: str
    amount: int
    note: str = ""
    payer: str = ""
    value_date: date | None = None
    account: str = ACCOUNT
    is_outgoing: bool = False


@transaction.atomic
def arrive(line: Line, *, channel: BankTransfer.Channel, actor: Actor, at: datetime) -> tuple[BankTransfer, bool]:
    """
    Put a line on record and its money into suspense, once; returns the transfer and whether it is new.

    :raises TransferDiffers: it is on record with another amount
    """
    key = transfer_key(line.number)[:60]
    if not key:
        raise InvalidInput(_("A reference has letters or digits."), field="reference")
    if not 0 < line.amount <= MAXIMUM:
        raise InvalidInput(_("Enter an amount above zero."), field="amount")
    facts = {
        "reference": line.number[:60],
        "amount": line.amount,
        "channel": channel,
        "note": line.note[:500],
        "payer": line.payer[:200],
        "value_date": line.value_date,
        "actor": actor.name,
        "at": at,
    }
    transfer, is_new = BankTransfer.objects.get_or_create(account=line.account, key=key, defaults=facts)
    if transfer.amount != line.amount:
        raise TransferDiffers(reference=transfer.reference, amount=transfer.amount)
    if is_new:
        legs = {house_of(transfer): -transfer.amount, Kind.SUSPENSE: transfer.amount}
        post(Fact.BANK_ARRIVAL, transfer.pk, legs, customer_id=None, at=at, reference=transfer.reference)
    return transfer, is_new


@transaction.atomic
def record_bank_transfer(
    customer_id: UUID,
    amount: int,
    invoice_ids: Collection[UUID],
    *,
    reference: str,
    reason: str,
    actor: Actor,
    at: datetime,
    value_date: date | None = None,
    whole: int | None = None,
    account: str = ACCOUNT,
    expected_id: UUID | None = None,
) -> Payment:
    """
    Staff give a customer `amount` of a bank transfer for some invoices; what exceeds them becomes wallet credit.

    :param whole: all that arrived under this reference, when it is more than `amount`; the next part names it again
    :param expected_id: what the customer was asked to transfer, when this is it
    :raises TransferRecordedAlready: less than `amount` is left of the transfer
    :raises TransferDiffers: it is on record with another whole amount
    :raises UnknownInvoice: not this customer's
    """
    whole = amount if whole is None else whole
    if not 0 < amount <= whole <= MAXIMUM:
        raise InvalidInput(_("Enter an amount above zero, and no more than arrived."), field="amount")
    customer = Customer.objects.lock(customer_id)
    known = BankTransfer.objects.filter(account=account, key=transfer_key(reference)).first()
    if known and amount > known.rest:
        raise TransferRecordedAlready(reference=known.reference, rest=known.rest)
    line = Line(reference, whole, value_date=value_date, account=account)
    transfer, _is_new = arrive(line, channel=BankTransfer.Channel.STAFF, actor=actor, at=at)
    try:
        payment = give(transfer.pk, customer, amount, invoice_ids, expected_id=expected_id, actor=actor, at=at)
    except LessIsLeft as less:
        raise TransferRecordedAlready(reference=transfer.reference, rest=less.details["rest"]) from None
    record_audit(
        Did.RECORD_TRANSFER,
        payment.pk,
        actor=actor,
        at=at,
        reason=reason,
        customer=customer,
        amount=amount,
        whole=whole,
        reference=reference,
        value_date=value_date.isoformat() if value_date else "",
    )
    return payment


def give(
    transfer_id: int,
    customer: Customer,
    amount: int,
    invoice_ids: Collection[UUID] = (),
    *,
    expected_id: UUID | None = None,
    actor: Actor,
    at: datetime,
) -> Payment:
    """
    Give a held customer a part of a transfer: it is credit, and what it is for takes it from there, as with money of gateways.

    :param expected_id: what the customer was asked for, when this is it; else it is for the invoices
    :raises LessIsLeft: of the transfer
    """
    transfer = BankTransfer.objects.lock(transfer_id)
    if not 0 < amount <= transfer.rest:
        raise LessIsLeft(rest=transfer.rest)
    asked = ExpectedTransfer.objects.select_related("request")
    expected = asked.get(pk=expected_id, customer=customer) if expected_id else None
    payment = _payment_of(transfer, customer, amount, expected, invoice_ids, actor=actor, at=at)
    _note_seen(transfer, at=at)
    legs = {Kind.SUSPENSE: -amount, Kind.CREDIT: amount}
    post(Fact.BANK_TRANSFER, payment.pk, legs, customer_id=customer.pk, at=at, reference=transfer.reference)
    surplus = _meet(expected, at=at) if expected else 0
    tell(
        customer,
        Notice.Kind.PAYMENT_RECEIVED,
        payment.pk,
        at=at,
        amount=amount,
        more=min(max(surplus, 0), amount),
        less=max(-surplus, 0),
        payment=str(payment.pk),
        order=str(payment.order_id or ""),
        payer=payment.request.email if payment.request else "",
    )
    purpose_of(payment.payable).carry_on(payment, actor=actor, at=at)
    if payment.kind == Payment.Kind.INVOICE and payment.refunded:
        settle_owed_by(customer, actor=actor, at=at)
    return payment


@transaction.atomic
def send_back(
    transfer_id: int, amount: int, *, number: str, act: StaffAct, reason: str, actor: Actor, at: datetime
) -> BankTransfer:
    """
    Staff have sent back by bank what is nobody's here, as people have decided.

    :param number: the bank's own of what went out, by which its statement tells it; empty when nobody said
    :raises LessIsLeft: of the transfer
    :raises SentBackAlready: something else went out under this number
    """
    transfer = BankTransfer.objects.lock(transfer_id)
    if not 0 < amount <= transfer.rest:
        raise LessIsLeft(rest=transfer.rest)
    key = transfer_key(number)[:60]
    if key and SentBack.objects.filter(account=transfer.account, key=key).exists():
        raise SentBackAlready(number=number)
    SentBack.objects.create(
        transfer=transfer, act=act, account=transfer.account, amount=amount, number=number[:60], key=key, at=at
    )
    _note_seen(transfer, at=at)
    transfer.refresh_from_db(fields=["returned"])
    end_what_agrees(f"bank:{transfer.account}", actor=actor.name, at=at)
    legs = {Kind.SUSPENSE: -amount, house_of(transfer): amount}
    source = f"{transfer.pk}:{transfer.returned}"
    post(Fact.BANK_RETURN, source, legs, customer_id=None, at=at, reference=transfer.reference)
    record_audit(
        Did.SEND_BACK, transfer.pk, actor=actor, at=at, reason=reason, amount=amount, left=transfer.rest, number=number
    )
    return transfer


def _note_seen(transfer: BankTransfer, *, at: datetime) -> None:
    if transfer.seen_at is None:
        transfer.seen_at = at
        transfer.save(update_fields=["seen_at"])


def house_of(transfer: BankTransfer) -> Kind:
    """Where its money is."""
    return Kind.GATEWAY if transfer.is_at_a_gateway else Kind.BANK


def _payment_of(
    transfer: BankTransfer,
    customer: Customer,
    amount: int,
    expected: ExpectedTransfer | None,
    invoice_ids: Collection[UUID],
    *,
    actor: Actor,
    at: datetime,
) -> Payment:
    """The payment that a part of a transfer is; for an order it tops up, for several may come and pay it together."""
    if expected:
        invoice_ids = [UUID(pk) for pk in expected.invoice_ids]
    invoices = hold_open(customer, invoice_ids, may_be_empty=True)
    request = expected.request if expected else None
    is_for_invoices = expected is None or expected.kind == ExpectedTransfer.For.INVOICE
    if request:
        is_for_invoices = not request.order_id
    part = transfer.payments.count() + 1
    return Payment.objects.create(
        customer=customer,
        kind=Payment.Kind.INVOICE if is_for_invoices else Payment.Kind.TOP_UP,
        means=Payment.Means.BANK_TRANSFER,
        transfer=transfer,
        expected=expected,
        reference=f"BANK-{transfer.pk}-{transfer.key}"[:56] + (f"-{part}" if part > 1 else ""),
        payable=expected.payable if expected else payable_of(PaidFor.INVOICES, customer.pk),
        request=request,
        order_id=request.order_id if request else expected.order_id if expected else None,
        invoice_ids=[str(invoice.pk) for invoice in invoices],
        description=describe(reached_by(amount, invoices)) if expected is None or invoices else expected.description,
        amount=amount,
        state=Payment.State.SUCCEEDED,
        actor=actor.name,
        created_at=at,
        settled_at=at,
        collected_at=min(end_of_day(transfer.value_date), at) if transfer.value_date else at,
    )


def _meet(expected: ExpectedTransfer, *, at: datetime) -> int:
    """Note that it has come, when it has; returns by how much more came than was asked for, below zero by how much less."""
    came = expected.payments.aggregate(sum=Sum("amount"))["sum"] or 0
    if came >= expected.amount and not expected.met_at:
        expected.met_at = at
        expected.save(update_fields=["met_at"])
    return came - expected.amount
