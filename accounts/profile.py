"""Buyer profiles: as whom the customer is named on invoices."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.forms import BuyerForm
from accounts.may import LOOK, May
from accounts.models import BuyerProfile
from accounts.services.buyers import add_buyer, archive_buyer, change_buyer, make_default
from store.shown import open_rows


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(LOOK, does=May.MANAGE_PROFILE)
def buyers(request: PortalRequest) -> HttpResponse:
    """All that are in use, and another one."""
    form = BuyerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        buyer = add_buyer(request.customer, form.said(), actor=request.actor, at=request.at)
        messages.success(request, _("“%(name)s” can be chosen from now on.") % {"name": buyer.name})
        return redirect("buyers")
    return _page(request, form)


@require_POST
@portal_page(does=May.MANAGE_PROFILE)
def change(request: PortalRequest, buyer_id: UUID) -> HttpResponse:
    buyer = _own(request, buyer_id)
    form = BuyerForm(request.POST, buyer=buyer)
    if not form.is_valid():
        return _page(request, BuyerForm(), changed=form)
    change_buyer(buyer.pk, form.said(), actor=request.actor, at=request.at)
    messages.success(request, _("Invoices to come name “%(name)s” so.") % {"name": form.cleaned_data["name"]})
    return redirect("buyers")


@require_POST
@portal_page(does=May.MANAGE_PROFILE)
def default(request: PortalRequest, buyer_id: UUID) -> HttpResponse:
    buyer = make_default(_own(request, buyer_id).pk, actor=request.actor, at=request.at)
    messages.success(request, _("“%(name)s” is the default from now on.") % {"name": buyer.name})
    return redirect("buyers")


@require_POST
@portal_page(does=May.MANAGE_PROFILE)
def archive(request: PortalRequest, buyer_id: UUID) -> HttpResponse:
    buyer = archive_buyer(_own(request, buyer_id).pk, actor=request.actor, at=request.at)
    messages.success(request, _("“%(name)s” cannot be chosen any more.") % {"name": buyer.name})
    return redirect("buyers")


def _own(request: PortalRequest, buyer_id: UUID) -> BuyerProfile:
    return get_object_or_404(BuyerProfile, pk=buyer_id, customer=request.customer)


def _page(request: PortalRequest, form: BuyerForm, changed: BuyerForm | None = None) -> HttpResponse:
    """:param changed: a form about one of them that is to be mended"""
    found = open_rows(request.customer.buyers.in_use().in_order())
    for buyer in found:
        is_this = changed is not None and changed.instance.pk == buyer.pk
        buyer.form = changed if is_this else BuyerForm(buyer=buyer)
    context = {"buyers": found, "form": form}
    return render(request, "accounts/buyers.html", context, status=400 if form.errors or changed else 200)
