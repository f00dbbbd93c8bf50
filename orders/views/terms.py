"""What is agreed by ordering: the rules by which the portal counts, and those of each product."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import PortalRequest, portal_page
from catalog.models import Product


@require_GET
@portal_page()
def terms(request: PortalRequest) -> HttpResponse:
    context = {
        "products": Product.objects.filter(is_on_sale=True).order_by("code"),
        "quote_minutes": settings.QUOTE_LIFETIME_MINUTES,
        "due_days": settings.INVOICE_DUE_DAYS,
        "sellers_terms": settings.SELLER_TERMS_URL,
    }
    return render(request, "orders/terms.html", context)
