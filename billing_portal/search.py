"""One box for whatever a customer has in hand: the name of a resource, the number of an invoice, the transaction of a payment."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import PortalRequest, portal_page
from accounts.may import LOOK, May
from billing_portal.help.pages import found as help_about
from invoices.queries import Wanted, invoices_of
from kernel import display
from kernel.shapes import Wording
from lifecycle.models import Resource
from payments.queries import WantedPayments, payments_of
from store.cut import Cut, cut
from store.search import search

SHOWN = 5
COUNTED = 1000
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of one kind; `page` is that of a row, `url` the list under the same search."""

    title: Wording
    page: str
    url: str
    rows: Cut[Model]


@require_GET
@portal_page(LOOK)
def find(request: PortalRequest) -> HttpResponse:
    """What the lists themselves find, a few of each; a single row opens by itself."""
    wanted = request.GET.get("q", "").strip()[:LONGEST]
    kinds = [kind for kind in _asked(request, wanted) if kind.rows.rows] if wanted else []
    if sum(kind.rows.count for kind in kinds) == 1:
        return redirect(kinds[0].page, kinds[0].rows.rows[0].pk)
    pages = help_about(wanted, display.language(get_language()))
    return render(request, "search.html", {"wanted": wanted, "kinds": kinds, "pages": pages})


def _asked(request: PortalRequest, wanted: str) -> list[Found]:
    customer = request.customer
    resources = search(Resource.objects.filter(customer=customer), wanted, ("name",))
    invoices = invoices_of(customer, Wanted(text=wanted), at=request.at)
    payments = payments_of(customer, WantedPayments(text=wanted))

    def found(title: Wording, rows: QuerySet[Model], page: str, listed: str, **more: str) -> Found:
        query = urlencode({"q": wanted, **more})
        return Found(title, page, f"{reverse(listed)}?{query}", cut(rows.order_by("-pk"), SHOWN, count_to=COUNTED))

    kinds = [found(_("Resources"), resources.select_related("product"), "resource", "resources", state="all")]
    if May.VIEW_BILLING not in request.rights:
        return kinds
    return [
        *kinds,
        found(_("Invoices"), invoices, "invoice", "billing-history"),
        found(_("Payments"), payments, "payment", "payment-history"),
    ]
