"""The VAT sales ledger of a month, for staff who look at invoices: on the page its first rows and all sums, in files the whole."""

from __future__ import annotations

from itertools import islice

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as text

from accounts.downloads import FORMATS, file_response
from invoices.columns import cells_of
from invoices.focus.files import FILES
from invoices.forms import UsageFilters
from invoices.vat import LEDGER, sums_by_rate, vat_ledger
from kernel import clock, display
from kernel.display import percent
from kernel.periods import CalendarMonth
from store.progress import Watched

SHOWN = 100


def vat_page(request: HttpRequest) -> TemplateResponse:
    month = _month(request)
    rows = vat_ledger(month)
    shown = list(islice(rows, SHOWN))
    rest = list(rows)
    cells = [(column.reader(), column.teller(), column.is_number) for column in LEDGER]
    context = {
        **admin.site.each_context(request),
        "title": text("VAT sales ledger"),
        "month": month.key,
        "month_name": display.span(month.period.starts_at, month.period.ends_at),
        "previous": month.previous.key,
        "following": month.following.key,
        "columns": LEDGER,
        "lines": [[(said(value(row)), is_number) for value, said, is_number in cells] for row in shown],
        "more": len(rest),
        "sums": [
            (percent(one.rate), *map(display.money, (one.net, one.tax, one.total)))
            for one in sums_by_rate([*shown, *rest])
        ],
        "files": [
            *((form.upper(), f"{reverse('admin:vat_export', args=[form])}?month={month.key}") for form in FORMATS),
            *((f"FOCUS ({form})", f"{reverse('admin:focus', args=[form])}?month={month.key}") for form in FILES),
        ],
    }
    return TemplateResponse(request, "admin/vat.html", context)


def vat_export(request: HttpRequest, form: str) -> HttpResponseBase:
    month = _month(request)
    watched = Watched(None, "", cells_of(LEDGER, vat_ledger(month)), lambda: 0)
    titles, widths = [str(column.title) for column in LEDGER], [column.width for column in LEDGER]
    return file_response(form, titles, widths, watched, name=f"vat-{month.key}")


def _month(request: HttpRequest) -> CalendarMonth:
    """The month asked for, else the last one that is over."""
    if not request.user.has_perm("invoices.view_invoice"):
        raise PermissionDenied
    return UsageFilters(request.GET).month_wanted(at=clock.now())
