"""
Less was used than was billed: it is credited at the rate of VAT of the time in which it was not used, of the last bill of that first.

What it was worth is what the month costs less by it, whichever line it stands on: tiers, the minimum and the cap are those of the whole month. A
line is credited once: what staff credited of it already, for whatever reason, is part of what its use gives back.
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
from invoices.services.credit import credit_invoice, tell_of_correction
from invoices.services.ladder import lift_what_is_settled
from invoices.services.metered import lines_of
from kernel.periods import CalendarMonth, Period

USED_LESS = CreditNote.Reason.USED_LESS


@dataclass(frozen=True, slots=True)
class Less:
    """Less than was billed of an item of a resource was used in a month: so much in which `parts` of it."""

    customer: Customer
    resource_id: UUID
    month: CalendarMonth
    item_id: UUID
    parts: tuple[tuple[Period, Decimal], ...]


def take_back(less: Less, *, at: datetime) -> None:
    """
    Credit what was billed of uses that were none: of the last of each part first, never more than is left of it. The caller holds
    the customer.
    """
    lines = lines_of(Q(customer=less.customer.pk, invoice__resource=less.resource_id, item=less.item_id), less.month)
    standing = [line for line in lines.select_related("invoice", "price") if line.quantity > line.taken]
    left = sum((line.quantity - line.taken for line in standing), Decimal(0))
    for part, of_it in less.parts:
        rest = of_it
        for line in reversed(standing):
            if not part.starts_at <= line.taxed_at < part.ends_at:
                continue
            quantity = min(rest, line.quantity - line.taken)
            if not quantity:
                break
            rest -= quantity
            left -= quantity
            worth = price_line(replace(component_of(line), quantity=quantity, before=left), period_of(line)).total
            note = _credit(line, worth - _given_otherwise(line, line.taken), less.customer, at=at)
            UseTakenBack.objects.create(line=line, credit_note=note, quantity=quantity, at=at)
    lift_what_is_settled(less.customer.pk, at=at)


def _given_otherwise(line: InvoiceLine, taken: Decimal) -> int:
    """What staff credited of the line, and what was `taken` of its use before has not made up for."""
    sums = line.credit_notes.aggregate(
        otherwise=Sum("amount", filter=~Q(reason=USED_LESS)), so=Sum("amount", filter=Q(reason=USED_LESS))
    )
    if not sums["otherwise"]:
        return 0
    stands = price_line(replace(component_of(line), quantity=line.quantity - taken), period_of(line)).total
    left: int = sums["otherwise"] - (line.total - stands - (sums["so"] or 0))
    return max(left, 0)


def _credit(line: InvoiceLine, worth: int, customer: Customer, *, at: datetime) -> CreditNote | None:
    """What was billed of it, as far as anything is left of its invoice."""
    invoice = Invoice.objects.lock_all([line.invoice_id])[0]
    amount = min(worth, invoice.total - invoice.credited)
    if amount <= 0:
        return None
    note = credit_invoice(invoice, amount, USED_LESS, line=line, at=at)
    if note.refunded:
        for give in _givers:
            give(note, at)
    tell_of_correction(customer, note, at=at, month=CalendarMonth.of(line.starts_at).key)
    return note


_givers: list[Callable[[CreditNote, datetime], None]] = []


def gives_back(give: Callable[[CreditNote, datetime], None]) -> None:
    """An app above says how what a credit note refunds reaches the customer."""
    _givers.append(give)
