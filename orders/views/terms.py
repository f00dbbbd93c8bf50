"""What is agreed by ordering: the rules by which the portal counts, and those of each product."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import has_a_portal, portal_page
from accounts.may import MEMBERS
from catalog.models import Product
from orders.terms import VERSION


@require_GET
def terms(request: HttpRequest) -> HttpResponseBase:
    """For everybody: who has not signed in yet reads them before."""
    return _within_the_portal(request) if has_a_portal(request) else _shown(request)


@portal_page(MEMBERS)
def _within_the_portal(request: HttpRequest) -> HttpResponse:
    return _shown(request)


def _shown(request: HttpRequest) -> HttpResponse:
    context = {
        "version": date.fromisoformat(VERSION),
        "products": Product.objects.filter(is_on_sale=True).order_by("code"),
        "quote_minutes": settings.QUOTE_LIFETIME_MINUTES,
        "due_days": settings.INVOICE_DUE_DAYS,
        "sellers_terms": settings.SELLER_TERMS_URL,
    }
    return render(request, "orders/terms.html", context)
