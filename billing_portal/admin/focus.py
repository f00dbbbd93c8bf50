"""The costs of a month in FOCUS, for staff who look at invoices: of every customer, or of the one that the address names."""

from __future__ import annotations

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse

from accounts.models import Customer
from invoices.focus.answers import focus_response
from invoices.focus.files import metadata
from invoices.forms import UsageFilters
from kernel import clock


class FocusFilters(UsageFilters):
    customer = forms.ModelChoiceField(Customer.objects.all(), required=False)


def focus_export(request: HttpRequest, form: str) -> HttpResponseBase:
    if not request.user.has_perm("invoices.view_invoice"):
        raise PermissionDenied
    filters = FocusFilters(request.GET)
    month = filters.month_wanted(at=clock.now())
    if "customer" in filters.errors:
        raise Http404
    return focus_response(month, form, customer=filters.cleaned_data["customer"], schema=reverse("admin:focus_schema"))


def focus_schema(_request: HttpRequest) -> HttpResponse:
    return JsonResponse(metadata())
