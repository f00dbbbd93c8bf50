"""The trash: what was deleted or has expired, and until when it can be taken back."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render

from accounts.access import PortalRequest, portal_page
from accounts.downloads import export_links, table_response
from accounts.may import LOOK, May, also
from catalog.configuration import items_of
from catalog.models import Product
from lifecycle.models import Resource
from orders.actions import with_pending
from orders.reports import TRASH, TRASH_PAGE, trash_rows
from orders.views.listing import TrashFilters
from orders.views.resources import row_of
from store.keyset import keyset_page


@portal_page(LOOK)
def trash(request: PortalRequest) -> HttpResponse:
    """What is in the trash; the latest thrown away first."""
    filters = _filters(request)
    thrown = filters.apply(_thrown(request), at=request.at)
    page = keyset_page(
        with_pending(thrown.select_related("product")),
        ("suspended_at", "id"),
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    items = items_of(resource.configuration for resource in page.rows)
    facts = {
        "rows": [row_of(request, resource, items) for resource in page.rows],
        "page": page,
        "columns": TRASH_PAGE,
        "filters": filters,
        "exports": export_links(request, "trash-export"),
        "is_prepaid": request.customer.is_prepaid,
    }
    return render(request, "orders/trash.html", facts)


@portal_page(also(May.EXPORT, LOOK))
def trash_export(request: PortalRequest, form: str) -> HttpResponseBase:
    """Exactly what the filters of the trash show, as a table."""
    found = _filters(request).apply(_thrown(request), at=request.at)
    rows = trash_rows(found.order_by("-suspended_at", "-id"))
    return table_response(request, form, TRASH, rows, name="trash", count=found.count)


def _thrown(request: PortalRequest) -> QuerySet[Resource]:
    return Resource.objects.in_trash().filter(customer=request.customer)


def _filters(request: PortalRequest) -> TrashFilters:
    return TrashFilters(request.GET, products=list(Product.objects.order_by("code")))
