"""Billing the usage of a voided invoice again: the same time, under today's default buyer of the customer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from catalog.pricing import Charge, Line, price_line
from invoices.audit import Did
from invoices.explain import component_of, period_of
from invoices.models import Invoice
from invoices.services.credit import end_cover
from invoices.services.issue import Billed, Draft, issue_invoice
from invoices.services.metered import lines_of
from invoices.services.usage import draft_usage, in_service
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.periods import CalendarMonth, Period


class NotVoid(DomainError):
    code = "not-void"
    message = _("Only usage invoices that credit notes have taken back in full are billed again.")


class BilledAgainAlready(DomainError):
    code = "billed-again-already"
    message = _("The usage of this invoice has been billed again already.")


class StillHeld(DomainError):
    code = "still-held"
    message = _("Usage of this month is held back: release it first.")


class NothingLeft(DomainError):
    code = "nothing-left"
    message = _("Nothing of this invoice was used: there is nothing to bill again.")


@transaction.atomic
def bill_again(invoice_id: UUID, *, reason: str, actor: Actor, at: datetime) -> Invoice:
    """
    Issue a new invoice for what a void one billed, once: from then on the void one covers nothing.

    :raises NotVoid: prepaid, or something of it stands
    :raises BilledAgainAlready: somebody did
    :raises StillHeld: something of that month waits for staff
    :raises NothingLeft: it billed use alone, and all of that was taken back
    :raises NoPrice: an item has no price for all of the time
    """
    customer = Customer.objects.lock(Invoice.objects.values_list("customer", flat=True).get(pk=invoice_id))
    void = Invoice.objects.lock_all([invoice_id])[0]
    if void.kind != Invoice.Kind.USAGE or void.status != Invoice.Status.VOID:
        raise NotVoid
    if void.covered_until == void.period_start:
        raise BilledAgainAlready
    window = Period(void.period_start, void.covered_until)
    if not in_service(window).filter(resource=void.resource_id).exists():
        raise StillHeld
    uses = _uses_again(void)
    end_cover(void, void.period_start)
    key = f"{void.period_key}/again"
    drafted = draft_usage([customer], Q(resource=void.resource_id), window, key, with_uses=False)
    for _usage, lacking in drafted.unpriced:
        raise lacking
    time = [line for draft in drafted.drafts for line in draft.charge.lines]
    if not time and not uses:
        raise NothingLeft
    draft = Draft(customer, Billed.of(void.resource), key, window, Charge([*time, *uses]), is_late=void.is_late)
    invoice = issue_invoice(draft, Invoice.Kind.USAGE, at=at)
    record_audit(
        Did.BILL_AGAIN,
        void.number,
        actor=actor,
        at=at,
        reason=reason,
        customer=customer,
        invoice=invoice.number,
        total=invoice.total,
    )
    return invoice


def _uses_again(void: Invoice) -> list[Line]:
    """What it billed of metered items and was not taken back, in its place in the month."""
    lines = lines_of(Q(invoice=void), CalendarMonth.of(void.period_start)).select_related("price")
    left = ((line, line.quantity - line.taken) for line in lines)
    return [
        price_line(replace(component_of(line), quantity=quantity), period_of(line))
        for line, quantity in left
        if quantity
    ]
