"""One field for whatever staff have in hand: a name, a tax code, an address, a number. Asks what the lists themselves ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as text

from kernel.shapes import Wording
from store.cut import Cut, cut

SEARCHED = (
    "accounts.Customer",
    "accounts.User",
    "lifecycle.Resource",
    "orders.Order",
    "invoices.Invoice",
    "invoices.CreditNote",
    "payments.Payment",
)
SHOWN = 5
COUNTED = 1000
"""Of more it is said that there are more: who reads on makes the search narrower."""
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Kind:
    """What was found of one kind of row; `url` is its list under the same search."""

    name: str
    url: str
    found: Cut

    def links(self) -> Iterator[tuple[Wording, str]]:
        for row in self.found:
            yield row, reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def find(request: HttpRequest) -> HttpResponse:
    """Everything that the text finds among what this member of staff may see; a single row opens by itself."""
    wanted = request.GET.get("q", "").strip()
    kinds = [kind for kind in _asked(request, wanted) if kind.found.rows] if 0 < len(wanted) <= LONGEST else []
    if sum(kind.found.count for kind in kinds) == 1:
        (_row, address), *_none = kinds[0].links()
        return redirect(address)
    context = {**admin.site.each_context(request), "title": text("Search"), "wanted": wanted, "kinds": kinds}
    return TemplateResponse(request, "admin/find.html", context)


def _asked(request: HttpRequest, wanted: str) -> Iterator[Kind]:
    for name in SEARCHED:
        model = apps.get_model(name)
        page = admin.site.get_model_admin(model)
        if not page.has_view_or_change_permission(request):
            continue
        rows, _twice = page.get_search_results(request, page.get_queryset(request), wanted)
        if any(field.name == "customer" for field in model._meta.fields):
            rows = rows.select_related("customer")
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        yield Kind(
            str(model._meta.verbose_name_plural),
            f"{address}?{urlencode({'q': wanted})}",
            cut(rows.order_by("-pk"), SHOWN, count_to=COUNTED),
        )
