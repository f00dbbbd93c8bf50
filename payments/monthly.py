"""The monthly statement: every invoice and credit note issued in a month, and the payments that came in it, on one paper."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet, Sum
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.buyers import default_buyer
from accounts.models import Customer
from invoices.explain import percent
from invoices.models import CreditNote, Invoice, InvoiceLine
from invoices.pdf import fact, party, render, sum_row
from kernel import display
from kernel.errors import DomainError
from kernel.periods import CalendarMonth, billing_zone, local_day
from kernel.seller import seller
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


def monthly_statement_pdf(customer: Customer, month: CalendarMonth, *, at: datetime) -> bytes:
    """
    What was invoiced, credited and paid in `month`, with the sums; what is still to pay is as of `at`.

    :raises MonthTooLong: more than MOST_ROWS invoices, or payments
    """
    within = {"customer": customer, "issued_at__gte": month.period.starts_at, "issued_at__lt": month.period.ends_at}
    invoices = list(Invoice.objects.filter(**within).order_by("issued_at", "id")[: MOST_ROWS + 1])
    notes = list(
        CreditNote.objects.filter(**within).select_related("invoice").order_by("issued_at", "id")[: MOST_ROWS + 1]
    )
    payments = list(_settled_in(customer, month).order_by("settled_at", "id")[: MOST_ROWS + 1])
    if max(len(invoices), len(notes), len(payments)) > MOST_ROWS:
        raise MonthTooLong
    day, sells, name = local_day(at), seller(), display.span(month.period.starts_at, month.period.ends_at)
    total, tax = sum(invoice.total for invoice in invoices), sum(invoice.tax for invoice in invoices)
    credited, (came, spent) = sum(note.amount for note in notes), in_and_spent(_settled_in(customer, month))
    return render(
        {
            "title": _("Monthly statement"),
            "number": name,
            "status": f"{_('as of')} {display.instant(at)}",
            "language": display.language(get_language()),
            "issued": [day.year, day.month, day.day],
            "seller": {"label": _("Seller"), "name": sells["name"], "rows": party(sells)},
            "buyer": {"label": _("Customer"), "rows": party(default_buyer(customer))},
            "footer": f"{sells['name']} · {_('Monthly statement')} {name} · {_('All amounts in Vietnamese đồng (VND)')}",
            "facts": [
                fact(_("Month"), name),
                fact(_("Invoices"), display.grouped(len(invoices))),
                fact(_("Payments"), display.grouped(len(payments))),
                fact(_("Still to pay"), display.money(sum(invoice.due for invoice in invoices))),
            ],
            "columns": [_("Document"), _("Date"), _("Net"), _("VAT"), _("Total"), _("Still to pay")],
            "groups": [
                {"title": title, "lines": lines}
                for title, lines in (
                    (_("Invoices"), [_invoice(invoice) for invoice in invoices]),
                    (_("Credit notes"), [_note(note) for note in notes]),
                    (_("Payments"), [_payment(payment) for payment in payments]),
                )
                if lines
            ],
            "sums": [
                sum_row(_("Net total"), sum(invoice.subtotal - invoice.tax for invoice in invoices)),
                *_taxes(invoices),
                *([sum_row(_("Coupon"), -coupon)] if (coupon := sum(invoice.coupon for invoice in invoices)) else []),
                sum_row(_("Invoiced"), total, strong=True),
                *([sum_row(_("Credited in this month"), -credited)] if credited else []),
                sum_row(_("Came in from outside in this month"), came),
                sum_row(_("Paid for orders and invoices in this month"), spent),
                sum_row(_("Still to pay of these invoices"), sum(invoice.due for invoice in invoices), strong=True),
            ],
            "words": f"{_('Invoiced, in words')}: {spelt_out(total, display.language(get_language()))}."
            if total
            else "",
            "notes": [
                _(
                    "Of the invoiced amount %(tax)s are VAT. Each invoice is a document of its own; this list is none for tax."
                )
                % {"tax": display.money(tax)},
                _("Days and times are those of the zone %(zone)s.") % {"zone": billing_zone().key},
            ],
        }
    )


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
