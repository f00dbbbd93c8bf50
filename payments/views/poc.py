"""The statement of POC credit: the paper for what was paid without an invoice."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import PortalRequest, portal_page
from accounts.may import May
from payments.poc import moves_of, poc_credit_of


@require_GET
@portal_page(May.VIEW_BILLING)
def poc_credit(request: PortalRequest, poc_id: UUID) -> HttpResponse:
    found = poc_credit_of(request.customer.pk, at=request.at, only=poc_id, with_times=True)
    if not found:
        raise Http404
    return render(request, "payments/poc.html", {"poc": found[0], "moves": moves_of(found[0].grant)})
