"""The trash: what was deleted or has expired, and until when it can be taken back."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from accounts.access import PortalRequest, portal_page
from kernel.keyset import keyset_page
from lifecycle.models import Resource
from orders.actions import with_pending
from orders.views.lookups import items_of
from orders.views.resources import row_of


@portal_page()
def trash(request: PortalRequest) -> HttpResponse:
    """What is in the trash; the latest thrown away first."""
    thrown = Resource.objects.in_trash().filter(customer=request.customer).select_related("product")
    page = keyset_page(
        with_pending(thrown),
        ("suspended_at", "id"),
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    items = items_of(resource.configuration for resource in page.rows)
    facts = {
        "rows": [row_of(request, resource, items) for resource in page.rows],
        "page": page,
        "may_order": request.user.may_order,
        "is_prepaid": request.customer.is_prepaid,
    }
    return render(request, "orders/trash.html", facts)
