"""
The law came late: an invoice that was taxed otherwise is credited in full, and another takes its place.

What was paid of it pays the new one. What is over is credit, what is missing is due.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from invoices.models import CreditNote, Invoice, NumberSeries
from invoices.services.again import bill_again, draft_prepaid_again
from invoices.services.credit import credit_invoice, end_cover, tell_of_correction
from invoices.services.issue import issue_invoice, next_numbers
from invoices.services.ladder import lift_what_is_settled
from kernel.actors import Actor
from kernel.errors import DomainError
from payments.audit import Did
from payments.services.settle import apply_credit_note, refund_credit_note


class TaxedRightly(DomainError):
    code = "taxed-rightly"
    message = _("This invoice has the VAT of its tax point, or nothing of it stands any more.")


class CreditedInPart(DomainError):
    code = "credited-in-part"
    message = _("A part of this invoice was credited. Credit what is left of it, and bill the rest by hand.")


class QuestionOpen(DomainError):
    code = "question-open"
    message = _(
        "A line of this invoice is questioned. Answer that first: what is questioned is neither dunned nor charged."
    )


@transaction.atomic
def tax_anew(invoice_id: UUID, *, reason: str, actor: Actor, at: datetime) -> Invoice:
    """
    Credit an invoice that a late rate would have taxed otherwise, and issue it again with the VAT of its tax point.

    :raises TaxedRightly: it has that
    :raises CreditedInPart: something else than use that was none was credited of it, so it cannot be repeated as it was
    :raises QuestionOpen: what of it may be charged is not known
    :raises DomainError: its use cannot be billed again, see `bill_again`
    """
    customer = Customer.objects.lock(Invoice.objects.values_list("customer", flat=True).get(pk=invoice_id))
    old = Invoice.objects.lock_all([invoice_id])[0]
    old.customer = customer
    if not Invoice.objects.mistaxed().filter(pk=old.pk).exists():
        raise TaxedRightly
    if old.credit_notes.exclude(reason=CreditNote.Reason.USED_LESS).exists():
        raise CreditedInPart
    if old.questions.open().exists():
        raise QuestionOpen
    if old.kind == Invoice.Kind.USAGE:
        next_numbers(NumberSeries.Series.USAGE, 0, at=at)  # before those of credit notes, as the month end takes them
    amount = old.total - old.credited
    note = credit_invoice(old, amount, CreditNote.Reason.CORRECTION, note=reason.strip(), at=at)
    new = _issue_again(old, note, reason=reason, actor=actor, at=at)
    paid = min(note.refunded, new.total)
    if paid:
        apply_credit_note(note, new, paid, at=at)
    if note.refunded > paid:
        refund_credit_note(note, note.refunded - paid, at=at, reference=old.number)
    lift_what_is_settled(customer.pk, at=at)
    tell_of_correction(
        customer, note, at=at, refund=note.refunded - paid, reason=note.note, invoice=new.number, total=new.total
    )
    record_audit(
        Did.TAX_ANEW, old.number, actor=actor, at=at, reason=reason, customer=customer, credit_note=note.number,
        invoice=new.number, was=amount, total=new.total,
    )  # fmt: skip
    new.refresh_from_db()
    return new


def _issue_again(old: Invoice, note: CreditNote, *, reason: str, actor: Actor, at: datetime) -> Invoice:
    if old.kind == Invoice.Kind.USAGE:
        return bill_again(old.pk, buyer=old.buyer, reason=reason, actor=actor, at=at)
    draft = draft_prepaid_again(old)
    end_cover(old, old.period_start)
    unpaid = max(draft.charge.total - note.refunded, 0)
    return issue_invoice(replace(draft, unpaid=unpaid), Invoice.Kind.PREPAID, at=at)
