"""What was paid, and every movement in the wallet."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.downloads import document_language, export_links, pdf_response, table_response
from accounts.may import TO_EXPORT, May, one_of
from ledger.models import Account
from payments.forms import MovementFilters, PaymentFilters
from payments.models import Payment
from payments.origins import CreditKind, in_words, kind_of, origins_of
from payments.queries import (
    in_and_out,
    in_and_spent,
    means_words,
    movements_of,
    payments_of,
    with_paid_invoices,
    with_totals_after,
)
from payments.reports import MOVEMENTS, MOVEMENTS_PAGE, PAYMENTS, PAYMENTS_PAGE, movement_rows, payment_rows
from payments.services.attempts import cancel_attempt
from payments.services.wallet import wallet_of
from payments.statement import statement_pdf
from payments.story import story_of
from payments.views.movements import cause_address, payments_behind, what_for
from payments.ways import paid_beside
from store.keyset import keyset_page
from store.shown import open_rows


def details(payment: Payment) -> str:
    """What it was for, unless its type or the invoices beside it say so already."""
    says_enough = payment.kind == Payment.Kind.TOP_UP and not payment.order_id and not payment.invoice_ids
    return "" if says_enough or getattr(payment, "paid_invoices", None) else payment.description


@require_GET
@portal_page(May.VIEW_BILLING)
def payment_history(request: PortalRequest) -> HttpResponse:
    filters = PaymentFilters(request.GET)
    found = payments_of(request.customer, filters.wanted())
    page = keyset_page(
        with_paid_invoices(found).select_related("linked"),
        ("created_at", "id"),
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    for row in open_rows(page.rows):
        row.means_words = means_words(row)
        row.shown_details = details(row)
    context = {
        "filters": filters,
        "page": page,
        "columns": PAYMENTS_PAGE,
        "sums": in_and_spent(found),
        "exports": export_links(request, "payment-export"),
        "is_filtered": any(request.GET.get(name) for name in filters.fields),
    }
    return render(request, "payments/payment_history.html", context)


@require_GET
@portal_page(TO_EXPORT)
def payment_export(request: PortalRequest, form: str) -> HttpResponseBase:
    found = payments_of(request.customer, PaymentFilters(request.GET).wanted())
    return table_response(request, form, PAYMENTS, payment_rows(found), name="payments", count=found.count)


@require_GET
@portal_page(May.VIEW_BILLING)
def payment(request: PortalRequest, payment_id: UUID) -> HttpResponse:
    found = get_object_or_404(with_paid_invoices(Payment.objects.all()), pk=payment_id, customer=request.customer)
    context = {
        "payment": found,
        "means_words": means_words(found),
        "details": details(found),
        "beside": paid_beside(found),
        "events": story_of(found),
    }
    return render(request, "payments/payment.html", context)


@require_POST
@portal_page(does=one_of(May.PAY, May.ORDER))
def cancel_payment(request: PortalRequest, payment_id: UUID) -> HttpResponse:
    found = get_object_or_404(Payment, pk=payment_id, customer=request.customer)
    cancel_attempt(found.pk, actor=request.actor, at=request.at)
    messages.success(request, _("The payment was cancelled. You can choose another means now."))
    return redirect("payment", found.pk)


@require_GET
@portal_page(May.VIEW_BILLING)
def credit_history(request: PortalRequest) -> HttpResponse:
    filters = MovementFilters(request.GET)
    found = movements_of(request.customer, filters.wanted())
    page = keyset_page(
        with_totals_after(request.customer, found),
        ("id",),
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    origins = origins_of(request.customer.pk, [row.pk for row in page.rows])
    behind = payments_behind(row.transaction for row in page.rows)
    for row in open_rows(page.rows):
        row.cause = cause_address(row.transaction, behind.get(row.transaction_id))
        row.said = what_for(row.transaction, behind.get(row.transaction_id))
        row.paid_with = in_words(origins[row.pk])
        row.credit_kind = CreditKind(kind).label if (kind := kind_of(row)) else ""
        row.is_promotional = row.account.kind == Account.Kind.PROMOTIONAL
    came, went = in_and_out(found)
    context = {
        "filters": filters,
        "page": page,
        "columns": MOVEMENTS_PAGE,
        "came": came,
        "went": -went,
        "wallet": wallet_of(request.customer.pk),
        "exports": [*export_links(request, "credit-export"), ("PDF", _statement_address(request))],
        "is_filtered": any(request.GET.get(name) for name in filters.fields),
    }
    return render(request, "payments/credit_history.html", context)


def _statement_address(request: PortalRequest) -> str:
    """The statement of the days that are shown, in the language of the page."""
    days = {name: request.GET[name] for name in ("since", "until") if request.GET.get(name)}
    return f"{reverse('credit-statement')}?{urlencode({'lang': get_language() or '', **days})}"


@require_GET
@portal_page(TO_EXPORT)
def credit_export(request: PortalRequest, form: str) -> HttpResponseBase:
    found = movements_of(request.customer, MovementFilters(request.GET).wanted())
    rows = movement_rows(request.customer, found)
    return table_response(request, form, MOVEMENTS, rows, name="credit", count=found.count)


@require_GET
@portal_page(May.VIEW_BILLING)
def credit_statement(request: PortalRequest) -> HttpResponse:
    """All movements of the days that are asked for; no other filter, for the balances to add up."""
    period = MovementFilters(request.GET).wanted().period
    with override(document_language(request)):
        return pdf_response(statement_pdf(request.customer, period, at=request.at), "credit-statement")
