"""Pages about what is owed: billing history, usage report, the documents as PDF."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, Sum
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import PortalRequest, portal_page
from catalog.units import unit_words
from invoices.explain import name_of, per, percent
from invoices.exports import FORMATS, table_response
from invoices.forms import InvoiceFilters, UsageFilters
from invoices.models import CreditNote, Invoice
from invoices.pdf import credit_note_pdf, invoice_pdf
from invoices.progress import standing_of
from invoices.queries import (
    Summary,
    Wanted,
    first_day,
    invoice_rows,
    invoices_of,
    lines_of_month,
    months_to_draw,
    product_names,
    summarize,
    with_coupon_shares,
)
from kernel import display
from kernel.keyset import keyset_page
from kernel.periods import CalendarMonth

USAGE_COLUMNS = ["item", "invoice", "product", "dates", "time", "quantity", "price", "discount", "tax", "coupon"]
CHUNK = 2000


@require_GET
@portal_page()
def billing_history(request: PortalRequest) -> HttpResponse:
    filters = InvoiceFilters(request.GET)
    wanted = filters.wanted(at=request.at)
    found = invoices_of(request.customer, wanted, at=request.at)
    page = keyset_page(
        found.select_related("product"),
        ("issued_at", "id"),
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    for invoice in page.rows:
        invoice.look = look_of(invoice, request)
    summary = summarize(request.customer, wanted, at=request.at)
    context = {
        "filters": filters,
        "page": page,
        "summary": summary,
        "span": _span(wanted),
        "bars": _bars(summary, wanted, request),
        "shares": _shares(summary),
        "exports": exports(request, "billing-export"),
        "may_pay": request.user.may_pay,
        "is_filtered": any(request.GET.get(name) for name in filters.fields),
    }
    return render(request, "invoices/billing_history.html", context)


def look_of(invoice: Invoice, request: PortalRequest) -> str:
    """The state to show: overdue says more than unpaid."""
    return "overdue" if invoice.is_overdue(request.at) else str(invoice.status)


def exports(request: PortalRequest, name: str) -> list[tuple[str, str]]:
    """Links that download exactly what is shown."""
    query = request.GET.copy()
    for key in ("before", "after"):
        query.pop(key, None)
    return [(form.upper(), f"{reverse(name, args=[form])}?{query.urlencode()}") for form in FORMATS]


def _span(wanted: Wanted) -> str:
    if not wanted.months:
        return ""
    first, last = (display.month(first_day(month)) for month in (wanted.months.first, wanted.months.last))
    return first if first == last else f"{first} – {last}"


def _bars(summary: Summary, wanted: Wanted, request: PortalRequest) -> list[dict[str, Any]]:
    """A bar a month; each leads to its month with the other filters kept."""
    bars = []
    for month in months_to_draw(wanted.months, at=request.at):
        query = request.GET.copy()
        for key in ("before", "after", "oldest", "newest"):
            query.pop(key, None)
        query["months"], query["first"], query["last"] = "between", month.key, month.key
        paid, due = summary.months.get(month, (0, 0))
        bars.append(
            {
                "label": display.short_month(first_day(month)),
                "paid": paid,
                "unpaid": due,
                "url": f"?{query.urlencode()}",
            }
        )
    return bars


def _shares(summary: Summary) -> list[dict[str, Any]]:
    names = product_names() if summary.products else {}
    return [{"label": names[pk], "amount": amount} for pk, amount in summary.products.items()]


@require_GET
@portal_page()
def billing_export(request: PortalRequest, form: str) -> HttpResponseBase:
    wanted = InvoiceFilters(request.GET).wanted(at=request.at)
    titles = [
        _("Number"),
        _("Kind"),
        _("Product"),
        _("Resource"),
        _("Created"),
        _("From"),
        _("Until"),
        _("Status"),
        _("Due"),
        _("Sum of lines"),
        _("Coupon"),
        _("VAT"),
        _("Total"),
        _("Credited"),
        _("Paid"),
        _("To pay"),
    ]
    found = invoices_of(request.customer, wanted, at=request.at)
    return table_response(request, form, titles, invoice_rows(found, at=request.at), name="invoices", count=found.count)


@require_GET
@portal_page()
def usage_report(request: PortalRequest) -> HttpResponse:
    """One month, line by line; `hide` in the address names columns that are left out."""
    filters = UsageFilters(request.GET)
    month = filters.month_wanted(at=request.at)
    lines = lines_of_month(request.customer, month, product=filters.cleaned_data.get("product"))
    page = keyset_page(
        lines, ("starts_at", "id"), before=request.GET.get("before", ""), after=request.GET.get("after", "")
    )
    rows: list[Any] = []
    line: Any
    for line, coupon in with_coupon_shares(page.rows):
        line.shown_name, line.per_words, line.discount_words = name_of(line), per(line), percent(line.discount)
        line.coupon_share = coupon
        line.net_of_coupon = line.total - coupon
        rows.append(line)
    hidden = set(request.GET.getlist("hide"))
    context = {
        "filters": _filters_showing(request, month),
        "month": first_day(month),
        "previous": month.previous.key,
        "following": month.following.key if month < CalendarMonth.of(request.at) else "",
        "rows": rows,
        "page": page,
        "sums": lines.aggregate(count=Count("pk"), tax=Sum("tax"), total=Sum("total")),
        "columns": _usage_columns(hidden),
        "shown": {name: name not in hidden for name in USAGE_COLUMNS},
        "exports": exports(request, "usage-export")[1:],
    }
    return render(request, "invoices/usage_report.html", context)


def _filters_showing(request: PortalRequest, month: CalendarMonth) -> UsageFilters:
    """The filters as asked, with the month that is shown also when none was asked for."""
    asked = request.GET.copy()
    asked["month"] = month.key
    return UsageFilters(asked)


def _usage_columns(hidden: set[str]) -> list[dict[str, Any]]:
    """The column chooser: each entry leads to the report with that column shown or hidden."""
    names = {
        "item": _("Item"),
        "invoice": _("Invoice"),
        "product": _("Product"),
        "dates": _("Start and end"),
        "time": _("Minutes"),
        "quantity": _("Quantity"),
        "price": _("Unit price"),
        "discount": _("Discount"),
        "tax": _("VAT"),
        "coupon": _("Coupon"),
    }
    return [
        {"label": label, "is_shown": name not in hidden, "hide": sorted(hidden ^ {name})}
        for name, label in names.items()
    ]


@require_GET
@portal_page()
def usage_export(request: PortalRequest, form: str) -> HttpResponseBase:
    filters = UsageFilters(request.GET)
    month = filters.month_wanted(at=request.at)
    lines = lines_of_month(request.customer, month, product=filters.cleaned_data.get("product"))
    titles = [
        _("Invoice"),
        _("Resource"),
        _("Product"),
        _("Item"),
        _("Unit"),
        _("From"),
        _("Until"),
        _("Minutes"),
        _("Unit price"),
        _("Per minutes"),
        _("Quantity"),
        _("Discount"),
        _("Amount"),
        _("VAT"),
        _("Coupon"),
        _("Total"),
    ]
    products, language = product_names(), get_language() or "vi"
    rows = (
        (
            line.invoice.number,
            line.invoice.resource_name,
            products[line.invoice.product_id],
            name_of(line, language),
            unit_words(line.unit),
            line.starts_at,
            line.ends_at,
            line.minutes,
            line.unit_price,
            line.per_minutes,
            line.quantity,
            line.discount,
            line.amount,
            line.tax,
            coupon,
            line.total - coupon,
        )
        for line, coupon in with_coupon_shares(lines.order_by("-starts_at", "-id").iterator(CHUNK))
    )
    return table_response(request, form, titles, rows, name=f"usage-{month.key}", count=lines.count)


@require_GET
@portal_page()
def download_progress(request: PortalRequest, token: UUID) -> HttpResponse:
    """How far the download with this token is, for the page that started it."""
    return render(request, "invoices/_download.html", {"standing": standing_of(request.customer.pk, token)})


@require_GET
@portal_page()
def invoice_document(request: PortalRequest, invoice_id: UUID) -> HttpResponse:
    invoice = get_object_or_404(Invoice.objects.select_related("product"), pk=invoice_id, customer=request.customer)
    with override(document_language(request)):
        return pdf_response(invoice_pdf(invoice, at=request.at), invoice.number)


@require_GET
@portal_page()
def credit_note_document(request: PortalRequest, note_id: UUID) -> HttpResponse:
    notes = CreditNote.objects.select_related("invoice__product")
    note = get_object_or_404(notes, pk=note_id, customer=request.customer)
    with override(document_language(request)):
        return pdf_response(credit_note_pdf(note), note.number)


def document_language(request: PortalRequest) -> str:
    """The language asked for in the address, else the reader's."""
    return display.language(request.GET.get("lang"))


def pdf_response(document: bytes, number: str) -> HttpResponse:
    return HttpResponse(
        document,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{number}.pdf"'},
    )
