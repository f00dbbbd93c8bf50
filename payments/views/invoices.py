"""An invoice with what paid it, and the page on which one or many are paid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.may import May
from invoices.explain import explain_line, name_of, per
from invoices.models import Invoice, InvoiceLine, Question
from invoices.queries import coupon_shares
from invoices.reports import INVOICES_TO_PAY
from invoices.services.questions import question_line
from invoices.services.standing import standing_of
from kernel import display
from kernel.display import percent
from kernel.errors import DomainError, InvalidInput
from payments.forms import PayForm, QuestionForm
from payments.means import TOP_UP_AND_PAY, WALLET, by_transfer, means_for
from payments.models import Payment
from payments.queries import BY_TRANSFER, allocations_to, open_invoice_payment
from payments.services.expected import ask_for_invoices
from payments.services.gateway import start_invoice_payment
from payments.services.invoices import pay_invoices_from_wallet
from payments.services.wallet import wallet_of
from store.cut import Cut, cut
from store.shown import open_rows

MOST_AT_ONCE = 100


@require_GET
@portal_page(May.VIEW_BILLING)
def invoice(request: PortalRequest, invoice_id: UUID) -> HttpResponse:
    return _page(request, _own(request, invoice_id))


@require_POST
@portal_page(does=May.PAY)
def question(request: PortalRequest, invoice_id: UUID) -> HttpResponse:
    """A line is not right: what it costs waits for our answer."""
    found = _own(request, invoice_id)
    form = QuestionForm(request.POST, lines=_choices(found.lines.select_related("item").order_by("position")))
    if form.is_valid():
        asked = form.cleaned_data
        try:
            question_line(
                request.customer.pk, found.pk, asked["line"], text=asked["text"], actor=request.actor, at=request.at
            )
        except DomainError as refusal:
            form.add_error("text" if refusal.about else "line", str(refusal))
        else:
            messages.success(
                request, _("We look into it. Until we answer, nothing of it is dunned or paid automatically.")
            )
            return redirect("invoice", found.pk)
    return _page(request, found, form)


def _own(request: PortalRequest, invoice_id: UUID) -> Invoice:
    return get_object_or_404(
        Invoice.objects.select_related("resource", "product"), pk=invoice_id, customer=request.customer
    )


def _choices(lines: Iterable[InvoiceLine]) -> list[tuple[int, str]]:
    return [(line.position, f"{name_of(line)} · {display.money(line.total)}") for line in lines if line.total]


def _questions(invoice: Invoice) -> list[Question]:
    found = open_rows(invoice.questions.select_related("line__item", "credit_note").order_by("-id"))
    for question in found:
        question.line_name = name_of(question.line)
    return found


def _page(request: PortalRequest, found: Invoice, form: QuestionForm | None = None) -> HttpResponse:
    coupons = coupon_shares({found.pk: found.coupon} if found.coupon else {})
    lines = open_rows(found.lines.select_related("item", "price").order_by("position"))
    for line in lines:
        line.shown_name, line.per_words, line.vat_words = name_of(line), per(line), percent(line.vat_rate)
        line.explained = explain_line(line, coupon=coupons.get(line.pk, 0))
    choices = _choices(lines)
    context = {
        "invoice": found,
        "lines": lines,
        "allocations": allocations_to(found),
        "standing": standing_of(request.customer, at=request.at) if found.due else None,
        "credit_notes": found.credit_notes.order_by("issued_at") if found.credited else [],
        "questions": _questions(found),
        "may_question": May.PAY in request.rights and choices and found.credited < found.total,
        "question": form or QuestionForm(lines=choices),
        **(paying(request, [found]) if found.due and May.PAY in request.rights else {}),
    }
    return render(request, "payments/invoice.html", context, status=400 if form else 200)


@require_http_methods(["GET", "POST"])
@portal_page(May.VIEW_BILLING, does=May.PAY)
def pay_invoices(request: PortalRequest) -> HttpResponse:
    """Choose the means and pay. Without a choice of invoices: everything that is open, the oldest first."""
    form = PayForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return pay(request, form, named_invoices(request.POST.getlist("invoice")))
    chosen = chosen_invoices(request)
    context = {
        "form": form,
        "left_out": chosen.more,
        "standing": standing_of(request.customer, at=request.at),
        "columns": INVOICES_TO_PAY,
        **paying(request, chosen.rows),
    }
    return render(request, "payments/pay.html", context, status=400 if form.errors else 200)


def named_invoices(named: list[str]) -> list[UUID]:
    """
    The ids that a form or an address names.

    :raises InvalidInput: too many at once
    """
    if len(named) > MOST_AT_ONCE:
        raise InvalidInput(_("Choose at most %(most)s invoices at once."), field="invoice", most=MOST_AT_ONCE)
    return [pk for text in named if (pk := _uuid(text))]


def chosen_invoices(request: PortalRequest) -> Cut[Invoice]:
    """What is named and on which something is due, or else everything that is open; the order is that of settling."""
    named = (request.POST if request.method == "POST" else request.GET).getlist("invoice")
    found = Invoice.objects.open().filter(customer=request.customer).select_related("product")
    if named:
        found = found.filter(pk__in=named_invoices(named))
    return cut(found.in_order_of_payment(), MOST_AT_ONCE)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def paying(request: PortalRequest, chosen: Sequence[Invoice]) -> dict[str, object]:
    """What the payment form shows: what is due, what the wallet has, and every way to pay."""
    due = sum(one.due for one in chosen)
    wallet = wallet_of(request.customer.pk)
    lacking = max(due - wallet.available, 0)
    return {
        "chosen": chosen,
        "due": due,
        "wallet": wallet,
        "from_wallet": max(min(due, wallet.available), 0),
        "lacking": lacking,
        "means": means_for(
            request.customer, due, available=wallet.available, at=request.at, also=by_transfer(due), in_parts=True
        ),
        "open_attempt": open_invoice_payment(request.customer),
    }


def pay(request: PortalRequest, form: PayForm, invoice_ids: list[UUID]) -> HttpResponse:
    (means, _colon, gateway), amount = form.cleaned_data["means"].partition(":"), form.cleaned_data["amount"]
    if means == WALLET:
        payment = pay_invoices_from_wallet(
            request.customer.pk, invoice_ids, amount=amount, actor=request.actor, at=request.at
        )
        messages.success(
            request, _("%(amount)s were paid from your wallet.") % {"amount": display.money(payment.amount)}
        )
        return redirect("payment", payment.pk)
    if means == BY_TRANSFER:
        expected = ask_for_invoices(request.customer, invoice_ids, actor=request.actor, at=request.at)
        return HttpResponseRedirect(reverse("transfer", args=[expected.pk]), status=303)
    payment = start_invoice_payment(
        request.customer,
        tuple(invoice_ids),
        gateway=gateway,
        all_credit_first=means == TOP_UP_AND_PAY,
        actor=request.actor,
        at=request.at,
    )
    return to_gateway(payment)


def to_gateway(payment: Payment) -> HttpResponse:
    """On to the gateway's page; when it has none for us, to the page that says how the payment stands."""
    if payment.is_open and payment.redirect_url:
        return HttpResponseRedirect(payment.redirect_url, status=303)
    return redirect("payment-return", payment.pk)
