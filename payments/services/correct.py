"""Staff correct an invoice: a credit note, and what was paid of it goes back to the wallet."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from invoices.models import CreditNote, Invoice, InvoiceLine
from invoices.services.credit import credit_invoice, tell_of_correction
from invoices.services.ladder import lift_what_is_settled
from kernel.actors import Actor
from kernel.errors import InvalidInput
from payments.audit import Did
from payments.services.settle import refund_credit_note


@transaction.atomic
def correct_invoice(
    invoice_id: UUID, amount: int, *, note: str, line: InvoiceLine | None = None, actor: Actor, at: datetime
) -> CreditNote:
    """
    Take back `amount` VND of an invoice. It reduces what is due; what of it was paid becomes wallet credit again.

    :param line: what it is about, if it is about one
    :raises InvalidInput: no amount, or nothing that says why
    :raises CreditExceedsInvoice: more than is left of the invoice
    """
    if amount <= 0:
        raise InvalidInput(_("Enter an amount above zero."), field="amount")
    if not note.strip():
        raise InvalidInput(_("Say why the invoice is corrected: it stands on the credit note."), field="note")
    customer = Customer.objects.lock(Invoice.objects.values_list("customer", flat=True).get(pk=invoice_id))
    invoice = Invoice.objects.get(pk=invoice_id)
    credit_note = credit_invoice(invoice, amount, CreditNote.Reason.CORRECTION, note=note.strip(), line=line, at=at)
    if credit_note.refunded:
        refund_credit_note(credit_note, credit_note.refunded, at=at, reference=invoice.number)
    lift_what_is_settled(customer.pk, at=at)
    tell_of_correction(customer, credit_note, at=at, reason=credit_note.note)
    record_audit(
        Did.CORRECT_INVOICE,
        invoice.number,
        actor=actor,
        at=at,
        reason=note,
        customer=customer,
        credit_note=credit_note.number,
        amount=amount,
        refunded=credit_note.refunded,
    )
    return credit_note
