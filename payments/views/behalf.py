"""Asking somebody else to pay: whom, for what, how it stands, and withdrawing it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.may import May
from kernel.errors import DomainError
from payments.forms import AskToPayForm
from payments.models import PaymentRequest
from payments.services.behalf import Asking, ask_to_pay, withdraw_request
from payments.services.shareable import due_on_behalf, shareable
from payments.views.invoices import named_invoices
from store.keyset import keyset_page
from store.shown import open_rows

Kind = PaymentRequest.Kind


@require_GET
@portal_page(May.VIEW_BILLING)
def payment_requests(request: PortalRequest) -> HttpResponse:
    """Whom the customer asked, the latest first."""
    found = PaymentRequest.objects.filter(customer=request.customer)
    page = keyset_page(
        found, ("created_at", "id"), before=request.GET.get("before", ""), after=request.GET.get("after", "")
    )
    open_ones = [one for one in page.rows if one.is_open(request.at)]
    dues = due_on_behalf(open_ones, at=request.at)
    for one in open_rows(page.rows):
        one.is_valid, one.due = one.is_open(request.at), dues.get(one.pk, 0)
    return render(request, "payments/requests.html", {"page": page})


@require_http_methods(["GET", "POST"])
@portal_page(May.PAY, does=May.PAY)
def ask_somebody(request: PortalRequest) -> HttpResponse:
    """Name who is to pay an order or invoices."""
    kind, pks = _named(request)
    initial = {"name": request.customer.name[:60], "language": request.customer.language}
    form = AskToPayForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            asking = Asking(asked["email"], asked["name"], asked["language"])
            made = ask_to_pay(request.customer, kind, pks, asking, actor=request.actor, at=request.at)
        except DomainError as refusal:
            field = refusal.about
            form.add_error(field if field in form.fields else None, str(refusal))
        else:
            messages.success(request, _("We have sent %(email)s the link.") % {"email": made.email})
            return redirect("payment-requests")
    parts = shareable(kind).parts(_as_if_asked(request, kind, pks))
    facts = {"form": form, "parts": parts, "due": sum(part.amount for part in parts), "kind": kind, "pks": pks}
    return render(request, "payments/ask.html", facts, status=400 if form.errors else 200)


@require_POST
@portal_page(does=May.PAY)
def withdraw(request: PortalRequest, request_id: UUID) -> HttpResponse:
    found = get_object_or_404(PaymentRequest, pk=request_id, customer=request.customer)
    withdraw_request(found.pk, actor=request.actor, at=request.at)
    messages.success(request, _("The link is withdrawn: nothing can be paid by it any more."))
    return redirect("payment-requests")


def _named(request: PortalRequest) -> tuple[Kind, list[UUID]]:
    """What the form or the address names: one order, or invoices."""
    sent = request.POST if request.method == "POST" else request.GET
    orders, invoices = named_invoices(sent.getlist("order")[:1]), named_invoices(sent.getlist("invoice"))
    if not orders and not invoices:
        raise Http404
    return (Kind.ORDER, orders) if orders else (Kind.INVOICE, invoices)


def _as_if_asked(request: PortalRequest, kind: Kind, pks: list[UUID]) -> PaymentRequest:
    """Unsaved: what the payer would see of it. What is not the customer's is nothing."""
    order_id = pks[0] if kind == Kind.ORDER else None
    invoice_ids = [str(pk) for pk in pks] if kind == Kind.INVOICE else []
    return PaymentRequest(customer=request.customer, kind=kind, order_id=order_id, invoice_ids=invoice_ids)
