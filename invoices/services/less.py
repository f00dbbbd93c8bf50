"""
Less was used than was billed: it is credited, of the last bill of its month first.

A line is credited once: what staff credited of it already, for whatever reason, is part of what its use gives back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, Sum

from accounts.models import Customer
from catalog.pricing import price_line
from invoices.explain import component_of, period_of
from invoices.models import CreditNote, Invoice, InvoiceLine, UseTakenBack
from invoices.services.credit import credit_invoice
from invoices.services.ladder import lift_what_is_settled
from invoices.services.metered import lines_of
from kernel.periods import CalendarMonth
from notifications.models import Notice
from notifications.services import tell


@dataclass(frozen=True, slots=True)
class Less:
    """So much less than was billed of an item of a resource was used in a month."""

    customer: Customer
    resource_id: UUID
    month: CalendarMonth
    item_id: UUID
    quantity: Decimal


def take_back(less: Less, *, at: datetime) -> None:
    """
    Credit what was billed of uses that were none: of the last in the month first, never more than is left of it. The caller
    holds the customer.
    """
    lines = lines_of(Q(customer=less.customer.pk, invoice__resource=less.resource_id, item=less.item_id), less.month)
    standing = [line for line in lines.select_related("invoice", "price") if line.quantity > line.taken]
    rest = less.quantity
    for line in reversed(standing):
        part = min(rest, line.quantity - line.taken)
        if not part:
            break
        rest -= part
        note = _credit(line, line.quantity - line.taken - part, less.customer, at=at)
        UseTakenBack.objects.create(line=line, credit_note=note, quantity=part, at=at)
    lift_what_is_settled(less.customer.pk, at=at)


def _credit(line: InvoiceLine, left: Decimal, customer: Customer, *, at: datetime) -> CreditNote | None:
    """What the line has cost beyond what is `left` of its use, and no credit note about it has given back."""
    invoice = Invoice.objects.lock_all([line.invoice_id])[0]
    worth = price_line(replace(component_of(line), quantity=left), period_of(line)).total
    credited = line.credit_notes.aggregate(sum=Sum("amount"))["sum"] or 0
    amount = min(line.total - worth - credited, invoice.total - invoice.credited)
    if amount <= 0:
        return None
    note = credit_invoice(invoice, amount, CreditNote.Reason.USED_LESS, line=line, at=at)
    if note.refunded:
        for give in _givers:
            give(note, at)
    tell(
        customer,
        Notice.Kind.INVOICE_CORRECTED,
        invoice.pk,
        note.pk,
        at=at,
        number=invoice.number,
        resource=invoice.resource_name,
        credit_note=note.number,
        amount=amount,
        refund=note.refunded,
        month=CalendarMonth.of(line.starts_at).key,
    )
    return note


_givers: list[Callable[[CreditNote, datetime], None]] = []


def gives_back(give: Callable[[CreditNote, datetime], None]) -> None:
    """An app above says how what a credit note refunds reaches the customer."""
    _givers.append(give)
