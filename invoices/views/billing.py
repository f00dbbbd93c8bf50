"""Pages about what is owed: billing history, usage report, the documents as PDF."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_GET

from accounts.access import PortalRequest, portal_page
from accounts.downloads import document_language, export_links, pdf_response, table_response
from accounts.may import TO_EXPORT, May
from invoices.columns import CHUNK, cells_of
from invoices.focus.answers import focus_response
from invoices.focus.files import FILES, metadata
from invoices.forms import InvoiceFilters, SpendFilters, UsageFilters
from invoices.models import CreditNote, Invoice
from invoices.pdf import credit_note_pdf, invoice_pdf
from invoices.queries import (
    Summary,
    Wanted,
    first_day,
    invoices_of,
    months_to_draw,
    product_names,
    summarize,
)
from invoices.reports import ALWAYS, BY_TAG, HIDDEN_AT_FIRST, INVOICES, INVOICES_PAGE, USAGE, invoice_rows
from invoices.services.running import running_costs
from invoices.services.unbilled import Key
from invoices.spend import keys_of, spend_by_tag
from invoices.usage import for_rows, lines_of_month, sums_of_month, usages
from invoices.zipped import zip_of_documents
from kernel import display
from kernel.periods import CalendarMonth
from store.keyset import keyset_page
from store.places import address_of


@require_GET
@portal_page(May.VIEW_BILLING)
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
    summary = summarize(request.customer, wanted, at=request.at)
    context = {
        "filters": filters,
        "page": page,
        "columns": INVOICES_PAGE,
        "summary": summary,
        "span": _span(wanted),
        "bars": _bars(summary, wanted, request),
        "shares": _shares(summary),
        "exports": [*export_links(request, "billing-export"), *_papers(request, wanted)],
        "is_filtered": any(request.GET.get(name) for name in filters.fields),
    }
    return render(request, "invoices/billing_history.html", context)


def _papers(request: PortalRequest, wanted: Wanted) -> list[tuple[str, str]]:
    """Every document that is shown in one file; and the statement of the month that is shown, or else of the last one."""
    query = request.GET.copy()
    for key in ("before", "after"):
        query.pop(key, None)
    month = wanted.months.last if wanted.months else CalendarMonth.of(request.at).previous
    statement = _("Statement %(month)s") % {"month": display.month(first_day(month))}
    return [
        (_("PDFs (ZIP)"), f"{reverse('billing-documents')}?{query.urlencode()}"),
        (statement, f"{address_of('monthly-statement')}?month={month.key}"),
        *(
            (
                _("FOCUS %(month)s (%(form)s)") % {"month": display.month(first_day(month)), "form": form.upper()},
                f"{reverse('focus-export', args=[form])}?month={month.key}",
            )
            for form in FILES
        ),
    ]


def _span(wanted: Wanted) -> str:
    if not wanted.months:
        return ""
    first, last = (display.month(first_day(month)) for month in (wanted.months.first, wanted.months.last))
    return first if first == last else f"{first} – {last}"


def _bars(summary: Summary, wanted: Wanted, request: PortalRequest) -> list[dict[str, object]]:
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


def _shares(summary: Summary) -> list[dict[str, object]]:
    names = product_names() if summary.products else {}
    return [{"label": names[pk], "amount": amount} for pk, amount in summary.products.items()]


@require_GET
@portal_page(TO_EXPORT)
def billing_export(request: PortalRequest, form: str) -> HttpResponseBase:
    wanted = InvoiceFilters(request.GET).wanted(at=request.at)
    found = invoices_of(request.customer, wanted, at=request.at)
    rows = invoice_rows(found, at=request.at)
    return table_response(request, form, INVOICES, rows, name="invoices", count=found.count)


@require_GET
@portal_page(TO_EXPORT)
def billing_documents(request: PortalRequest) -> HttpResponseBase:
    """The documents of what the filters leave, as one ZIP."""
    found = invoices_of(request.customer, InvoiceFilters(request.GET).wanted(at=request.at), at=request.at)
    parts = zip_of_documents(found, language=document_language(request), at=request.at)
    return StreamingHttpResponse(
        parts, content_type="application/zip", headers={"Content-Disposition": 'attachment; filename="invoices.zip"'}
    )


@require_GET
@portal_page(TO_EXPORT)
def focus_export(request: PortalRequest, form: str) -> HttpResponseBase:
    """What was invoiced and credited in a month, in the columns of FOCUS."""
    month = UsageFilters(request.GET).month_wanted(at=request.at)
    return focus_response(month, form, customer=request.customer, schema=reverse("focus-schema"))


@require_GET
@portal_page(TO_EXPORT)
def focus_schema(_request: PortalRequest) -> HttpResponse:
    """What the columns are."""
    return JsonResponse(metadata())


@require_GET
@portal_page(May.VIEW_BILLING)
def usage_report(request: PortalRequest) -> HttpResponse:
    """One month, line by line; `hide` in the address names columns that are left out."""
    filters = UsageFilters(request.GET)
    month = filters.month_wanted(at=request.at)
    invoices, lines = filters.within(request.customer)
    page = keyset_page(
        for_rows(lines_of_month(lines, month)),
        ("starts_at", "id"),
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    hidden = set(request.GET.getlist("hide")) - ALWAYS if "hide" in request.GET else HIDDEN_AT_FIRST
    columns = [column for column in USAGE if column.name not in hidden]
    rows = list(usages(page.rows, month))
    context = {
        "filters": _filters_showing(request, month),
        "month": first_day(month),
        "previous": month.previous.key,
        "following": month.following.key if month < CalendarMonth.of(request.at) else "",
        "rows": rows,
        "page": page,
        "sums": sums_of_month(lines, invoices, month),
        "columns": columns,
        "every_column": USAGE,
        "chooser": _chooser(hidden),
        "exports": export_links(request, "usage-export"),
        **_running(request, month),
    }
    return render(request, "invoices/usage_report.html", context)


def _running(request: PortalRequest, month: CalendarMonth) -> dict[str, object]:
    """What postpaid usage has cost in the month that is not over, by product: no invoice has it yet, so no line below."""
    if month != CalendarMonth.of(request.at):
        return {}
    running = running_costs(request.customer, at=request.at)
    names: dict[Key, str] = dict(product_names().items()) if running.of else {}
    by_name = sorted((names[product], cost) for product, cost in running.of.items())
    uses = [(names[use.key], use) for use in running.uses]
    return {"running": running, "running_products": by_name, "running_uses": uses}


def _filters_showing(request: PortalRequest, month: CalendarMonth) -> UsageFilters:
    """The filters as asked, with the month that is shown also when none was asked for."""
    asked = request.GET.copy()
    asked["month"] = month.key
    return UsageFilters(asked)


def _chooser(hidden: Collection[str]) -> list[dict[str, object]]:
    """Each entry leads to the report with that column shown or hidden."""
    return [
        {
            "label": column.title,
            "is_shown": column.name not in hidden,
            "hide": sorted(set(hidden) ^ {column.name}) or [""],
        }
        for column in USAGE
        if column.name not in ALWAYS
    ]


@require_GET
@portal_page(TO_EXPORT)
def usage_export(request: PortalRequest, form: str) -> HttpResponseBase:
    filters = UsageFilters(request.GET)
    month = filters.month_wanted(at=request.at)
    _invoices, lines = filters.within(request.customer)
    found = lines_of_month(lines, month)
    rows = usages(for_rows(found).order_by("-starts_at", "-id").iterator(CHUNK), month)
    return table_response(
        request,
        form,
        USAGE,
        cells_of(USAGE, rows),
        name=f"usage-{month.key}",
        count=found.count,
    )


@require_GET
@portal_page(May.VIEW_BILLING)
def tag_spend(request: PortalRequest) -> HttpResponse:
    """What one month costs by the values of a tag, each leading to its lines."""
    filters = _spend_filters(request)
    month = filters.month_wanted(at=request.at)
    invoices, lines = filters.within(request.customer)
    key = filters.key_wanted
    context = {
        "filters": _spend_filters(request, month=month.key, key=key),
        "month": first_day(month),
        "month_key": month.key,
        "previous": month.previous.key,
        "following": month.following.key if month < CalendarMonth.of(request.at) else "",
        "key": key,
        "rows": spend_by_tag(lines, invoices, key, month),
        "sums": sums_of_month(lines, invoices, month),
        "columns": BY_TAG,
        "exports": export_links(request, "tag-spend-export"),
    }
    return render(request, "invoices/tag_spend.html", context)


def _spend_filters(request: PortalRequest, **shown: str) -> SpendFilters:
    asked = request.GET.copy()
    for name, value in shown.items():
        asked[name] = value
    return SpendFilters(asked, keys=keys_of(request.customer))


@require_GET
@portal_page(TO_EXPORT)
def tag_spend_export(request: PortalRequest, form: str) -> HttpResponseBase:
    filters = _spend_filters(request)
    month = filters.month_wanted(at=request.at)
    invoices, lines = filters.within(request.customer)
    rows = spend_by_tag(lines, invoices, filters.key_wanted, month)
    name = f"spend-by-tag-{month.key}"
    return table_response(request, form, BY_TAG, cells_of(BY_TAG, rows), name=name, count=lambda: len(rows))


@require_GET
@portal_page(May.VIEW_BILLING)
def invoice_document(request: PortalRequest, invoice_id: UUID) -> HttpResponse:
    invoice = get_object_or_404(Invoice.objects.select_related("product"), pk=invoice_id, customer=request.customer)
    with override(document_language(request)):
        return pdf_response(invoice_pdf(invoice, at=request.at), invoice.number)


@require_GET
@portal_page(May.VIEW_BILLING)
def credit_note_document(request: PortalRequest, note_id: UUID) -> HttpResponse:
    notes = CreditNote.objects.select_related("invoice__product")
    note = get_object_or_404(notes, pk=note_id, customer=request.customer)
    with override(document_language(request)):
        return pdf_response(credit_note_pdf(note), note.number)
