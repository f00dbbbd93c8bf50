"""Pages about what things cost: the explorer, the month ahead, and why months differ."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.text import capfirst
from django.views.decorators.http import require_GET

from accounts.access import PortalRequest, portal_page
from accounts.downloads import export_links, table_response
from accounts.may import TO_EXPORT, May
from foresight.difference import difference
from foresight.explorer import Explored, Row, explore
from foresight.forms import CostFilters, DifferenceFilters
from foresight.reports import COSTS, spent
from foresight.spans import Span
from foresight.words import span_words, step_words
from invoices.columns import cells_of
from invoices.queries import first_day, product_names
from invoices.services.outlook import LEAST_DAYS, outlook
from invoices.services.unbilled import Key
from invoices.spend import keys_of
from kernel import display
from kernel.periods import CalendarMonth

MOST_ROWS, MOST_SERIES = 50, 5


@require_GET
@portal_page(May.VIEW_BILLING)
def costs(request: PortalRequest) -> HttpResponse:
    """What was spent, as a chart and as tables that say the same."""
    filters = _filters(request)
    found = _explored(request, filters, most=MOST_ROWS)
    series = found.cut(MOST_SERIES)
    context = {
        "filters": filters,
        "found": found,
        "dimension": filters.dimension(),
        "rows": found.rows,
        "series": [row.named.name for row in series],
        "steps": _drawn(found.span, series, found),
        "table": _table(found, series),
        "period": span_words(found.span.period),
        "before": span_words(found.preceding),
        "exports": export_links(request, "costs-export"),
    }
    return render(request, "foresight/costs.html", context)


@require_GET
@portal_page(TO_EXPORT)
def costs_export(request: PortalRequest, form: str) -> HttpResponseBase:
    found = _explored(request, _filters(request), most=None)
    rows = list(spent(found))
    return table_response(request, form, COSTS, cells_of(COSTS, rows), name="costs", count=lambda: len(rows))


def _filters(request: PortalRequest) -> CostFilters:
    return CostFilters(request.GET, tag_keys=keys_of(request.customer))


def _explored(request: PortalRequest, filters: CostFilters, *, most: int | None) -> Explored:
    span = filters.span(at=request.at)
    product = filters.cleaned_data.get("product")
    code = product.code if product else ""
    return explore(request.customer, span, filters.dimension(), product=code, most=most, at=request.at)


def _drawn(span: Span, series: Sequence[Row], found: Explored) -> list[dict[str, object]]:
    return [
        {
            "label": step_words(span.step, step.starts_at, is_short=True),
            "parts": [(row.steps[number].billed, row.steps[number].provisional) for row in series],
            "before": found.steps[number].before,
        }
        for number, step in enumerate(span.steps)
    ]


def _table(found: Explored, series: Sequence[Row]) -> list[dict[str, object]]:
    """The chart's figures, the latest step last."""
    return [
        {
            "label": step_words(found.span.step, step.starts_at),
            "parts": [(row.named.name, row.steps[number].total) for row in series],
            "sums": found.steps[number],
        }
        for number, step in enumerate(found.span.steps)
    ]


@require_GET
@portal_page(May.VIEW_BILLING)
def month_ahead(request: PortalRequest) -> HttpResponse:
    """What the present month will have cost, and how sure that is."""
    found = outlook(request.customer, at=request.at)
    names: dict[Key, str] = dict(product_names().items()) if found.of else {}
    context = {
        "found": found,
        "month": first_day(found.month),
        "products": sorted(((names[key], ahead) for key, ahead in found.of.items()), key=itemgetter(0)),
        "has_use": any(ahead.metered or ahead.used for ahead in found.of.values()),
        "least_days": LEAST_DAYS,
    }
    return render(request, "foresight/outlook.html", context)


@require_GET
@portal_page(May.VIEW_BILLING)
def month_compared(request: PortalRequest) -> HttpResponse:
    """Why a month cost more or less than another one."""
    filters = DifferenceFilters(request.GET)
    before, after = filters.months(at=request.at)
    found = difference(request.customer, before, after, at=request.at)
    earlier, later = (capfirst(display.month(first_day(month))) for month in (before, after))
    context = {
        "filters": _showing(request, before, after),
        "found": found,
        "compared": first_day(before),
        "previous": after.previous.key,
        "following": after.following.key if after < CalendarMonth.of(request.at) else "",
        "earlier": earlier,
        "later": later,
        "first": {"label": earlier, "amount": found.cost_before},
        "changes": [{"label": str(cause.title), "amount": amount} for cause, amount in found.causes if amount],
        "last": {"label": later, "amount": found.cost_after},
        "resources": [{"pair": one.pair, "said": one.said()} for one in found.resources[:MOST_ROWS]],
        "more": max(0, len(found.resources) - MOST_ROWS),
    }
    return render(request, "foresight/difference.html", context)


def _showing(request: PortalRequest, before: CalendarMonth, after: CalendarMonth) -> DifferenceFilters:
    """The filters as asked, with the months that are shown also when none were asked for."""
    asked = request.GET.copy()
    asked["month"], asked["with_month"] = after.key, before.key
    return DifferenceFilters(asked)
