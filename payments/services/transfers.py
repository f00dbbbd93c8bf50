"""Money that arrived by bank transfer: staff give it to customers, whole or in parts, for their invoices or as credit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from invoices.models import Invoice
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.keys import transfer_key
from kernel.money import MAXIMUM
from ledger.services import Fact, Kind, post
from notifications.models import Notice
from notifications.services import tell
from payments.audit import Did
from payments.models import BankTransfer, Payment
from payments.services.invoices import allocate, describe, hold_open, reached_by
from payments.services.owed import settle_what_is_owed

ACCOUNT = "main"
"""Where no other account of ours is named."""


class TransferRecordedAlready(DomainError):
    code = "transfer-recorded-already"
    message = _("A bank transfer with the reference %(reference)s is on record already; %(rest)s ₫ of it are left.")


class TransferDiffers(DomainError):
    code = "transfer-differs"
    message = _("The bank transfer %(reference)s is on record with %(amount)s ₫ in all.")


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
) -> Payment:
    """
    Staff give a customer `amount` of a bank transfer for some invoices; what exceeds them becomes wallet credit.

    :param whole: all that arrived under this reference, when it is more than `amount`; the next part names it again
    :raises TransferRecordedAlready: less than `amount` is left of the transfer
    :raises TransferDiffers: it is on record with another whole amount
    :raises UnknownInvoice: not this customer's
    """
    whole = amount if whole is None else whole
    if not 0 < amount <= whole <= MAXIMUM:
        raise InvalidInput(_("Enter an amount above zero, and no more than arrived."), field="amount")
    customer = Customer.objects.lock(customer_id)
    transfer = _held(reference, whole, part=amount, account=account, actor=actor, at=at)
    invoices = hold_open(customer, invoice_ids, may_be_empty=True)
    settled = min(amount, sum(invoice.due for invoice in invoices))
    payment = _part_of(transfer, customer, invoices, amount, settled=settled, actor=actor, at=at)
    legs = {Kind.BANK: -amount, Kind.SALES: settled, Kind.CREDIT: amount - settled}
    post(Fact.BANK_TRANSFER, payment.pk, legs, customer_id=customer.pk, at=at, reference=reference)
    allocate(payment, invoices, settled, at=at)
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
    tell(customer, Notice.Kind.PAYMENT_RECEIVED, payment.pk, at=at, amount=amount)
    if amount > settled:
        settle_what_is_owed(customer.pk, actor=actor, at=at)
    return payment


def _part_of(
    transfer: BankTransfer,
    customer: Customer,
    invoices: Sequence[Invoice],
    amount: int,
    *,
    settled: int,
    actor: Actor,
    at: datetime,
) -> Payment:
    """`amount` of the transfer as the customer's payment, of which `settled` pays the invoices."""
    before = transfer.payments.count()
    transfer.assigned += amount
    transfer.save()
    return Payment.objects.create(
        customer=customer,
        kind=Payment.Kind.INVOICE,
        means=Payment.Means.BANK_TRANSFER,
        transfer=transfer,
        reference=f"BANK-{transfer.pk}-{transfer.key}"[:56] + (f"-{before + 1}" if before else ""),
        payable=f"bank:{transfer.pk}:{before + 1}",
        invoice_ids=[str(invoice.pk) for invoice in invoices],
        description=describe(reached_by(settled, invoices)),
        amount=amount,
        refunded=amount - settled,
        state=Payment.State.SUCCEEDED,
        actor=actor.name,
        created_at=at,
        settled_at=at,
    )


def _held(reference: str, whole: int, *, part: int, account: str, actor: Actor, at: datetime) -> BankTransfer:
    """The transfer of this reference, new or known, held; `part` of it is left."""
    key = transfer_key(reference)
    if not key:
        raise InvalidInput(_("A reference has letters or digits."), field="reference")
    new = BankTransfer(account=account, key=key, reference=reference, amount=whole, actor=actor.name, at=at)
    BankTransfer.objects.bulk_create([new], ignore_conflicts=True)
    transfer = BankTransfer.objects.select_for_update(no_key=True).get(account=account, key=key)
    if part > transfer.rest:
        raise TransferRecordedAlready(reference=transfer.reference, rest=transfer.rest)
    if whole != transfer.amount:
        raise TransferDiffers(reference=transfer.reference, amount=transfer.amount)
    return transfer
