"""Correcting what was issued, by credit notes only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from uuid import UUID

from django.db.models import Min, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.pricing import AtRate, owed_at_rates, saved_so_far, taken_back, unused_part
from invoices.models import ORDER_OF_PAYMENT, CreditedPart, CreditNote, Invoice, InvoiceLine, NumberSeries
from invoices.services.issue import next_numbers
from kernel.errors import DomainError
from kernel.periods import minutes_between, truncate
from lifecycle.models import Resource
from notifications.models import Notice
from notifications.services import tell


class CreditExceedsInvoice(DomainError):
    code = "credit-exceeds-invoice"
    message = _("Only %(left)s ₫ of this invoice can still be credited.")


@dataclass(frozen=True, slots=True)
class Unused:
    """
    The unused part of a prepaid invoice from an instant on: `minutes` of time, worth `amount` of what was charged.

    `saved` is what the term of its prices has saved until then; `unearned` is what of that is taken off, for the term is left early.
    """

    invoice: Invoice
    minutes: int
    amount: int
    saved: int = 0
    unearned: int = 0


def unused_time(resource: Resource, *, at: datetime, leaves: bool = False) -> list[Unused]:
    """
    What is unused at `at` of everything charged for the resource's paid time, the earliest invoice first.

    Charged means net of coupons and of earlier credit notes; nobody gets back more than that.

    :param leaves: the customer leaves its terms early, so that the time that was used costs what it costs without them
    """
    instant = truncate(at)
    invoices = Invoice.objects.filter(resource=resource, kind=Invoice.Kind.PREPAID, covered_until__gt=instant).order_by(
        "period_start"
    )
    return [_unused(invoice, instant, leaves=leaves) for invoice in invoices]


def _unused(invoice: Invoice, instant: datetime, *, leaves: bool) -> Unused:
    left = minutes_between(max(instant, invoice.period_start), invoice.covered_until)
    whole = minutes_between(invoice.period_start, invoice.covered_until)
    charged = invoice.total - invoice.credited
    worth = unused_part(charged, minutes_left=left, minutes_charged=whole)
    saved = saved_so_far(invoice.saved, minutes_left=left, minutes_charged=whole, saved_before=invoice.saved_before)
    if not leaves or not saved:
        return Unused(invoice, left, worth, saved)
    amount = unused_part(
        charged, minutes_left=left, minutes_charged=whole, saved=invoice.saved, saved_before=invoice.saved_before
    )
    return Unused(invoice, left, amount, saved, worth - amount)


def term_paid_for(resource: Resource, *, at: datetime) -> int:
    """For how many months ahead all of the resource's unused time was paid for at least; a resize goes on with that."""
    ahead = Invoice.objects.filter(resource=resource, kind=Invoice.Kind.PREPAID, covered_until__gt=truncate(at))
    return ahead.aggregate(shortest=Min("term_months"))["shortest"] or 1


def at_most(unused: Iterable[Unused], limit: int) -> list[Unused]:
    """The same time, worth no more than `limit` in all, the earliest invoice first: where nothing is given back in money."""
    found = []
    for part in unused:
        found.append(replace(part, amount=min(part.amount, limit)))
        limit -= found[-1].amount
    return found


def paying(unused: Iterable[Unused], price: int) -> list[Unused]:
    """
    The time of terms that are left early, as it pays `price` of something else with its customer's term.

    What it pays of that is worth its days. What is over is no more than leaving gives, and what that takes off is saved no longer.
    """
    parts, found = list(unused), []
    rest = max(price - sum(part.amount for part in parts), 0)
    for part in parts:
        stays = min(part.unearned, rest)
        taken = part.unearned - stays
        found.append(replace(part, amount=part.amount + stays, saved=max(part.saved - taken, 0), unearned=taken))
        rest -= stays
    return found


def credit_unused(unused: Iterable[Unused], reason: CreditNote.Reason, *, at: datetime) -> list[CreditNote]:
    """
    Credit what is unused, and end the cover of those invoices at `at`.

    The caller holds the customer. An invoice whose unused part is worth nothing only ends its cover.
    """
    instant = truncate(at)
    notes = []
    for part in unused:
        if part.amount:
            notes.append(credit_invoice(part.invoice, part.amount, reason, minutes_unused=part.minutes, at=at))
        end_cover(part.invoice, instant)
    return notes


def end_cover(invoice: Invoice, instant: datetime) -> None:
    """The invoice bills its resource no further than `instant`."""
    until = max(instant, invoice.period_start)
    Invoice.objects.filter(pk=invoice.pk, covered_until__gt=until).update(covered_until=until)


def credit_invoice(
    invoice: Invoice,
    amount: int,
    reason: CreditNote.Reason,
    *,
    at: datetime,
    note: str = "",
    minutes_unused: int | None = None,
    line: InvoiceLine | None = None,
) -> CreditNote:
    """
    Take back `amount` (> 0) of an invoice. It first reduces what is due; the rest was paid and is `refunded`.

    Moving the refunded money is the caller's part.

    :param line: what it is about: it takes back VAT of that one's rate; without it, of each rate of the invoice in proportion
    :raises CreditExceedsInvoice: more than the invoice's total would have been credited
    """
    held = Invoice.objects.lock_all([invoice.pk])[0]
    left = held.total - held.credited
    if amount > left:
        raise CreditExceedsInvoice(left=left)
    parts = _at_rates(held, amount, of=line.vat_rate if line else None)
    made = CreditNote.objects.create(
        number=next_numbers(NumberSeries.Series.CREDIT_NOTE, 1, at=at)[0],
        invoice=invoice,
        customer_id=held.customer_id,
        line=line,
        reason=reason,
        note=note,
        amount=amount,
        tax=sum(part.tax for part in parts),
        refunded=max(amount - held.due, 0),
        minutes_unused=minutes_unused,
        issued_at=at,
    )
    CreditedPart.objects.bulk_create(
        CreditedPart(credit_note=made, vat_rate=part.rate, net=part.total - part.tax, tax=part.tax) for part in parts
    )
    return made


def _at_rates(held: Invoice, amount: int, *, of: Decimal | None) -> list[AtRate]:
    lines = held.lines.order_by().values_list("vat_rate").annotate(Sum("total"), Sum("tax"))
    earlier = CreditedPart.objects.filter(credit_note__invoice=held).order_by().values_list("vat_rate")
    return taken_back(
        owed_at_rates((AtRate(*line) for line in lines), held.total),
        [AtRate(rate, net + tax, tax) for rate, net, tax in earlier.annotate(Sum("net"), Sum("tax"))],
        amount,
        of=of,
    )


def tell_of_correction(customer: Customer, note: CreditNote, *, at: datetime, **more: object) -> None:
    """Of an invoice that did not say what was right. `more` says why, and what else is to be known; `refund`, if less of it comes back."""
    invoice = note.invoice
    facts = {
        "number": invoice.number,
        "resource": invoice.resource_name,
        "credit_note": note.number,
        "amount": note.amount,
        "refund": note.refunded,
        **more,
    }
    tell(customer, Notice.Kind.INVOICE_CORRECTED, invoice.pk, note.pk, at=at, **facts)


def open_invoices_oldest_first(customer_id: UUID) -> list[Invoice]:
    """What automatic payment settles: the older invoice first, then the smaller amount. Held until the end of the transaction."""
    pks = list(Invoice.objects.open().filter(customer=customer_id).values_list("pk", flat=True))
    return sorted(Invoice.objects.lock_all(pks), key=attrgetter(*ORDER_OF_PAYMENT))
