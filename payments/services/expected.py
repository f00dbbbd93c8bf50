"""Asking a customer for a bank transfer: an amount under a reference by which the money is known when it comes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.money import MAXIMUM
from kernel.references import references_in
from kernel.seller import account_for_transfers
from payments.models import ExpectedTransfer, PaymentRequest
from payments.models.payables import PaidFor, payable_of
from payments.services.invoices import describe, hold_open
from payments.services.limits import refuse_amount

For = ExpectedTransfer.For


class NoTransfers(DomainError):
    code = "no-transfers"
    message = _("Payment by bank transfer with a QR code is not set up here.")


class NotWaiting(DomainError):
    code = "not-waiting"
    message = _("This transfer is not waited for any more.")


def transfers_are_open() -> bool:
    """Whether customers can be asked for transfers: a QR code needs the account and its bank's BIN."""
    return account_for_transfers() is not None


@transaction.atomic
def ask_for_top_up(
    customer: Customer, amount: int, *, actor: Actor, at: datetime, payable: str = ""
) -> ExpectedTransfer:
    """
    Put money into the wallet by bank transfer.

    :raises InvalidInput: below or above the limits for top-ups
    """
    refuse_amount(amount, settings.TOP_UP_MINIMUM, settings.TOP_UP_MAXIMUM)
    return ask_for_transfer(
        customer,
        For.TOP_UP,
        amount,
        payable=payable or payable_of(PaidFor.TOP_UP, customer.pk),
        expires_at=at + timedelta(days=settings.BANK_TRANSFER_DAYS),
        actor=actor,
        at=at,
    )


@transaction.atomic
def ask_for_invoices(
    customer: Customer, invoice_ids: Collection[UUID], *, actor: Actor, at: datetime
) -> ExpectedTransfer:
    """
    Pay what is due on one or many invoices by bank transfer.

    :raises UnknownInvoice: not this customer's
    :raises NothingDue: all are paid or void
    """
    held = Customer.objects.lock_open(customer.pk)
    invoices = hold_open(held, invoice_ids)
    return ask_for_transfer(
        held,
        For.INVOICE,
        sum(invoice.due for invoice in invoices),
        payable=payable_of(PaidFor.INVOICES, customer.pk),
        invoice_ids=[invoice.pk for invoice in invoices],
        description=describe(invoices),
        expires_at=at + timedelta(days=settings.BANK_TRANSFER_DAYS),
        actor=actor,
        at=at,
    )


@transaction.atomic
def ask_for_transfer(
    customer: Customer,
    kind: For,
    amount: int,
    *,
    payable: str,
    description: str = "",
    expires_at: datetime,
    actor: Actor,
    at: datetime,
    order_id: UUID | None = None,
    invoice_ids: Collection[UUID] = (),
    request: PaymentRequest | None = None,
) -> ExpectedTransfer:
    """
    Expect a transfer. The one that is waited for already, for the same, is asked for again; another takes its place.

    :raises NoTransfers: there is no account to pay into
    """
    if not transfers_are_open():
        raise NoTransfers
    if not 0 < amount <= MAXIMUM:
        raise InvalidInput(_("Enter an amount above zero."), field="amount")
    held = Customer.objects.lock_open(customer.pk)
    wanted = sorted(str(pk) for pk in invoice_ids)
    waiting = ExpectedTransfer.objects.waiting().filter(customer=held, payable=payable).first()
    if waiting:
        same = waiting.amount == amount and sorted(waiting.invoice_ids) == wanted
        if same and waiting.state(at) == ExpectedTransfer.State.WAITING:
            return waiting
        _close(waiting, at=at)
    return ExpectedTransfer.objects.create(
        customer=held,
        kind=kind,
        payable=payable,
        order_id=order_id,
        request=request,
        invoice_ids=wanted,
        description=description[:200],
        amount=amount,
        actor=actor.name,
        created_at=at,
        expires_at=expires_at,
    )


@transaction.atomic
def give_up_transfer(expected_id: UUID, *, at: datetime) -> ExpectedTransfer:
    """
    The customer does not mean to transfer it any more. Should money come with its reference, it is theirs all the same.

    :raises NotWaiting: it has come, or was given up before
    """
    Customer.objects.lock(ExpectedTransfer.objects.values_list("customer", flat=True).get(pk=expected_id))
    expected = ExpectedTransfer.objects.lock(expected_id)
    if expected.met_at or expected.closed_at:
        raise NotWaiting
    _close(expected, at=at)
    return expected


def stop_expecting(order_id: UUID, *, at: datetime) -> None:
    """The order was paid otherwise, or has ended. The caller holds the customer."""
    for expected in ExpectedTransfer.objects.waiting().filter(order_id=order_id):
        _close(expected, at=at)


def expected_by(note: str) -> ExpectedTransfer | None:
    """What a bank's text says that the money is for; nothing when it names none of our references, or several."""
    found = list(ExpectedTransfer.objects.filter(reference__in=references_in(note))[:2])
    return found[0] if len(found) == 1 else None


def _close(expected: ExpectedTransfer, *, at: datetime) -> None:
    expected.closed_at = at
    expected.save(update_fields=["closed_at"])
