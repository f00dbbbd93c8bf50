"""The monthly statement: every invoice and credit note issued in a month, and the payments that came in it, on one paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet, Sum
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.models import Customer
from invoices.models import CreditNote, Invoice, InvoiceLine
from invoices.pdf import fact, frame_as_of, render, sum_row
from kernel import display
from kernel.display import percent
from kernel.errors import DomainError
from kernel.periods import CalendarMonth, billing_zone
from kernel.spelling import spelt_out
from payments.models import SETTLED, Payment
from payments.queries import in_and_spent

MOST_ROWS = 3_000
Line = list[tuple[str, str]]


class MonthTooLong(DomainError):
    """More documents than a paper holds."""

    code = "month-too-long"
    status = 422
    message = gettext_lazy("There is too much in this month for one document. Take the CSV or XLSX instead.")


@dataclass(frozen=True, slots=True)
class Listed:
    """What a month's paper lists."""

    invoices: list[Invoice]
    notes: list[CreditNote]
    payments: list[Payment]

    @property
    def invoiced(self) -> int:
        return sum(invoice.total for invoice in self.invoices)

    @property
    def still_due(self) -> int:
        return sum(invoice.due for invoice in self.invoices)


def monthly_statement_pdf(customer: Customer, month: CalendarMonth, *, at: datetime) -> bytes:
    """
    What was invoiced, credited and paid in `month`, with the sums; what is still to pay is as of `at`.

    :raises MonthTooLong: more than MOST_ROWS invoices, or payments
    """
    listed = _listed_in(customer, month)
    came, spent = in_and_spent(_settled_in(customer, month))
    name = display.span(month.period.starts_at, month.period.ends_at)
    words = spelt_out(listed.invoiced, display.language(get_language()))
    tax = display.money(sum(invoice.tax for invoice in listed.invoices))
    return render(
        frame_as_of(customer, _("Monthly statement"), name, at=at)
        | {
            "facts": [
                fact(_("Month"), name),
                fact(_("Invoices"), display.grouped(len(listed.invoices))),
                fact(_("Payments"), display.grouped(len(listed.payments))),
                fact(_("Still to pay"), display.money(listed.still_due)),
            ],
            "columns": [_("Document"), _("Date"), _("Net"), _("VAT"), _("Total"), _("Still to pay")],
            "groups": list(_groups(listed)),
            "sums": list(_sums(listed, came, spent)),
            "words": f"{_('Invoiced, in words')}: {words}." if listed.invoiced else "",
            "notes": [
                _(
                    "Of the invoiced amount %(tax)s are VAT. Each invoice is a document of its own; this list is none for tax."
                )
                % {"tax": tax},
                _("Days and times are those of the zone %(zone)s.") % {"zone": billing_zone().key},
            ],
        }
    )


def _listed_in(customer: Customer, month: CalendarMonth) -> Listed:
    within = {"customer": customer, "issued_at__gte": month.period.starts_at, "issued_at__lt": month.period.ends_at}
    notes = CreditNote.objects.filter(**within).select_related("invoice")
    found = Listed(
        list(Invoice.objects.filter(**within).order_by("issued_at", "id")[: MOST_ROWS + 1]),
        list(notes.order_by("issued_at", "id")[: MOST_ROWS + 1]),
        list(_settled_in(customer, month).order_by("settled_at", "id")[: MOST_ROWS + 1]),
    )
    if max(len(found.invoices), len(found.notes), len(found.payments)) > MOST_ROWS:
        raise MonthTooLong
    return found


def _groups(listed: Listed) -> Iterator[dict[str, object]]:
    if listed.invoices:
        yield {"title": _("Invoices"), "lines": [_invoice(invoice) for invoice in listed.invoices]}
    if listed.notes:
        yield {"title": _("Credit notes"), "lines": [_note(note) for note in listed.notes]}
    if listed.payments:
        yield {"title": _("Payments"), "lines": [_payment(payment) for payment in listed.payments]}


def _sums(listed: Listed, came: int, spent: int) -> Iterator[dict[str, object]]:
    coupon, credited = sum(invoice.coupon for invoice in listed.invoices), sum(note.amount for note in listed.notes)
    yield sum_row(_("Net total"), sum(invoice.subtotal - invoice.tax for invoice in listed.invoices))
    yield from _taxes(listed.invoices)
    if coupon:
        yield sum_row(_("Coupon"), -coupon)
    yield sum_row(_("Invoiced"), listed.invoiced, strong=True)
    if credited:
        yield sum_row(_("Credited in this month"), -credited)
    yield sum_row(_("Came in from outside in this month"), came)
    yield sum_row(_("Paid for orders and invoices in this month"), spent)
    yield sum_row(_("Still to pay of these invoices"), listed.still_due, strong=True)


def _settled_in(customer: Customer, month: CalendarMonth) -> QuerySet[Payment]:
    """What came in from outside or was paid from the wallet, by the day on which it was settled."""
    return Payment.objects.filter(
        customer=customer,
        state__in=SETTLED,
        settled_at__gte=month.period.starts_at,
        settled_at__lt=month.period.ends_at,
    )


def _taxes(invoices: list[Invoice]) -> Iterator[dict[str, object]]:
    found = InvoiceLine.objects.filter(invoice__in=[invoice.pk for invoice in invoices]).values("vat_rate")
    for row in found.annotate(taxes=Sum("tax")).order_by("vat_rate"):
        yield sum_row(f"{_('VAT')} {percent(row['vat_rate'])}", row["taxes"])


def _invoice(invoice: Invoice) -> Line:
    amounts = (invoice.subtotal - invoice.tax, invoice.tax, invoice.total, invoice.due)
    what = f"{invoice.resource_name}, {display.span(invoice.period_start, invoice.period_end)}"
    return [
        (invoice.number, what),
        (display.day(invoice.issued_at), ""),
        *((display.money(one), "") for one in amounts),
    ]


def _note(note: CreditNote) -> Line:
    amounts = (note.tax - note.amount, -note.tax, -note.amount)
    for_invoice = f"{_('For invoice')} {note.invoice.number}"
    return [
        (note.number, for_invoice),
        (display.day(note.issued_at), ""),
        *((display.money(one), "") for one in amounts),
        ("", ""),
    ]


def _payment(payment: Payment) -> Line:
    what = ", ".join(filter(None, (str(payment.get_means_display()), payment.description)))
    assert payment.settled_at
    empty = ("", "")
    return [
        (payment.reference, what),
        (display.day(payment.settled_at), ""),
        empty,
        empty,
        (display.money(payment.received), ""),
        empty,
    ]
