"""The rehearsal of a rate of VAT, for staff: what renewals and use would cost, in sums on the page and resource by resource in files."""

from __future__ import annotations

from datetime import date

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.downloads import FORMATS, file_response
from catalog.admin.taxes import VatField
from catalog.models import TaxCategory
from catalog.taxes import Taxes
from invoices.columns import cells_of
from invoices.forms import REASONABLE
from kernel import clock, display
from kernel.periods import local_day
from orders.services.rehearsal import COLUMNS, Change, Kind, Rehearsal
from store.progress import Watched


class RateForm(forms.Form):
    category = forms.ModelChoiceField(
        TaxCategory.objects.order_by("code"), label=capfirst(_("tax category")), empty_label=None
    )
    since = forms.DateField(
        label=capfirst(_("first day")), validators=REASONABLE, widget=forms.DateInput(attrs={"type": "date"})
    )
    rate = VatField(label=capfirst(_("VAT rate")), max_digits=4, decimal_places=3)

    def rehearsal(self) -> Rehearsal:
        wanted = self.cleaned_data
        return Rehearsal(wanted["category"], since=wanted["since"], rate=wanted["rate"])


def rehearsal_page(request: HttpRequest) -> TemplateResponse:
    form = _form(request)
    context = {**admin.site.each_context(request), "title": text("Rehearsal of a rate of VAT"), "form": form}
    if form.is_bound and form.is_valid():
        context |= _rehearsed(form.rehearsal(), request.GET.urlencode())
    return TemplateResponse(request, "admin/rehearsal.html", context)


def rehearsal_export(request: HttpRequest, form: str) -> HttpResponseBase:
    wanted = _form(request)
    if not wanted.is_bound or not wanted.is_valid():
        raise Http404
    watched = Watched(None, "", cells_of(COLUMNS, wanted.rehearsal().rows()), lambda: 0)
    titles, widths = [str(column.title) for column in COLUMNS], [column.width for column in COLUMNS]
    return file_response(form, titles, widths, watched, name=f"vat-rehearsal-{wanted.cleaned_data['since']}")


def _form(request: HttpRequest) -> RateForm:
    """What is asked for; at first the change that is known to come next, else nothing."""
    if not request.user.has_perm("invoices.view_invoice"):
        raise PermissionDenied
    return RateForm(request.GET) if request.GET else RateForm(initial=_next())


def _next() -> dict[str, object]:
    at = clock.now()
    taxes = Taxes.read()
    steps = [
        (step.since, category.pk, step.rate)
        for category in TaxCategory.objects.all()
        for step in taxes.coming(category.pk, at)
    ]
    if not steps:
        return {"since": date(local_day(at).year + 1, 1, 1)}
    since, category, rate = min(steps)
    return {"since": since, "category": category, "rate": rate}


def _rehearsed(rehearsal: Rehearsal, query: str) -> dict[str, object]:
    sums = rehearsal.sums()
    rows = [(str(kind.label), sums[kind]) for kind in Kind if kind in sums]
    whole = sum(sums.values(), Change())
    return {
        "is_rehearsed": True,
        "titles": [
            *(text("Kind"), text("Resources")),
            *(text("Until the day before"), text("of it VAT"), text("From that day on"), text("of it VAT")),
            text("Difference"),
        ],
        "rows": [_cells(label, change) for label, change in rows],
        "whole": _cells(text("Total"), whole),
        "unpriced": rehearsal.unpriced,
        "files": [(form.upper(), f"{reverse('admin:vat_rehearsal_export', args=[form])}?{query}") for form in FORMATS],
    }


def _cells(label: str, change: Change) -> tuple[str, ...]:
    amounts = (change.before.total, change.before.tax, change.after.total, change.after.tax)
    return (
        label[:1].upper() + label[1:],
        display.grouped(change.count),
        *map(display.money, amounts),
        display.signed_money(change.difference),
    )
