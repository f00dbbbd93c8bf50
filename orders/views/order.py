"""Orders: the list, and the page that shows how far one has come."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from accounts.access import PortalRequest, portal_page
from accounts.may import LOOK, May
from kernel.display import money
from kernel.errors import InvalidInput
from orders.models import Action, CheckoutSession, Order, OrderItem
from orders.reports import ORDERS_PAGE
from orders.services.buyers import choose_buyer
from orders.services.checkout import AWAITED
from orders.services.taxed import taxed_otherwise
from orders.services.unpaid import end_unpaid_order, own_attempts, pay_by_gateway, pay_from_wallet
from orders.views.buyers import BuyerForm, chosen_buyer_id
from orders.views.lookups import own_order
from orders.views.way_back import SECONDS, is_on_its_way
from payments.gateways import open_codes
from payments.models import ExpectedTransfer, Payment, PaymentRequest
from payments.queries import OpenGateway, open_gateways
from payments.services.asking import check_payment
from payments.services.wallet import wallet_of
from payments.ways import linked_ways, paid_beside
from store.keyset import keyset_page
from store.shown import open_rows


class OrderFilters(forms.Form):
    state = forms.ChoiceField(
        label=gettext_lazy("State"), required=False, choices=[("", gettext_lazy("All")), *Order.State.choices]
    )
    action = forms.ChoiceField(
        label=gettext_lazy("What"), required=False, choices=[("", gettext_lazy("All")), *Action.choices]
    )


@portal_page(LOOK)
def orders(request: PortalRequest) -> HttpResponse:
    """Everything that was ordered, latest first."""
    filters = OrderFilters(request.GET)
    rows = Order.objects.filter(customer=request.customer).select_related("quote", "payment")
    if filters.is_valid():
        rows = rows.filter(**{name: value for name, value in filters.cleaned_data.items() if value})
    page = keyset_page(rows, ("id",), before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    for order in open_rows(page.rows):
        order.names = [part.name for part in order.quote.deal.parts]
        order.more = len(order.names) - 1
    return render(request, "orders/orders.html", {"page": page, "columns": ORDERS_PAGE, "filters": filters})


@portal_page(LOOK)
def order(request: PortalRequest, pk: UUID) -> HttpResponse:
    """How far the order is, per resource; the page looks again by itself until it has ended."""
    found = own_order(request, pk)
    items = list(found.items.select_related("resource__product").order_by("position"))  # 100 at most
    attempt = (
        Payment.objects.filter(order_id=found.pk, customer=request.customer, request=None)
        .order_by("-created_at", "-id")
        .first()
    )
    session = found.checkout_session
    facts: dict[str, object] = {
        "order": found,
        "items": items,
        "attempt": attempt,
        "steps": steps_of(found, items, attempt),
        "is_moving": not found.has_ended,
        "gateways": [*_accounts(request), *open_gateways()],
        "transfer": _awaited_transfer(found),
        "asked": _asked(found, request.at),
        "may_pay_from_wallet": _wallet_suffices(found),
        "is_overtaken": found.state in (Order.State.AWAITING_PAYMENT, Order.State.EXPIRED)
        and taxed_otherwise(found.quote.deal.parts, at=request.at),
        "session": session,
        "terms_of": date.fromisoformat(found.terms_version) if found.terms_version else None,
        "leave_url": reverse("checkout-leave", args=[session.pk]) if session else "",
        "returns_in": SECONDS if session and _leads_back(request, found, session) else None,
        "buyers": _buyers(request, found),
        "refunded": sum(item.due for item in items if item.state == OrderItem.State.REFUNDED),
    }
    return render(request, "orders/order.html", facts)


def _buyers(request: PortalRequest, found: Order) -> BuyerForm | None:
    """To whom it is invoiced, as long as an invoice is to come; usage is invoiced to the default."""
    if found.has_ended or found.quote.deal.is_postpaid or found.means == Order.Means.POC:
        return None
    return BuyerForm(request.customer, initial={"buyer": found.buyer_id})


def _awaited_transfer(found: Order) -> ExpectedTransfer | None:
    """What the customer was asked to transfer for the order, while it waits for that."""
    if found.means != Order.Means.BANK_TRANSFER or found.state != Order.State.AWAITING_PAYMENT:
        return None
    return ExpectedTransfer.objects.waiting().with_received().filter(order_id=found.pk).first()


def _asked(found: Order, at: datetime) -> PaymentRequest | None:
    """Who was asked to pay it for the customer."""
    if found.state != Order.State.AWAITING_PAYMENT:
        return None
    return PaymentRequest.objects.open().filter(order_id=found.pk, expires_at__gt=at).order_by("-created_at").first()


def _wallet_suffices(found: Order) -> bool:
    """Whether the wallet could pay an order after all that waits for a transfer, or for somebody else."""
    if found.means not in AWAITED or found.state != Order.State.AWAITING_PAYMENT:
        return False
    return wallet_of(found.customer_id).available >= found.total


def _leads_back(request: PortalRequest, found: Order, session: CheckoutSession) -> bool:
    """Only from what has gone well: all else has something to say to the customer, or needs a decision."""
    return found.state == Order.State.COMPLETED and is_on_its_way(request, session)


@require_POST
@portal_page(does=May.ORDER)
def pay_order(request: PortalRequest, pk: UUID) -> HttpResponse:
    """On to the gateway: the open attempt, or a new one when the last one failed."""
    found = own_order(request, pk)
    if found.state == Order.State.AWAITING_PAYMENT:
        payment = pay_by_gateway(found, gateway=_chosen_gateway(request), actor=request.actor, at=request.at)
        if payment.is_open and payment.redirect_url:
            return HttpResponseRedirect(payment.redirect_url, status=303)
    return redirect("order", pk=found.pk)


def _accounts(request: PortalRequest) -> list[OpenGateway]:
    """The linked accounts that whoever asks may have charged."""
    return linked_ways(request.customer, at=request.at) if May.PAY in request.rights else []


def _chosen_gateway(request: PortalRequest) -> str:
    """What the form says; without a choice the first one, for an attempt that is open goes on where it is."""
    codes = [*open_codes(), *(way.code for way in _accounts(request))]
    chosen = request.POST.get("gateway") or next(iter(codes), "")
    if chosen not in codes:
        raise InvalidInput(_("Choose a payment gateway."), field="gateway")
    return chosen


@require_POST
@portal_page(does=May.ORDER)
def pay_order_from_wallet(request: PortalRequest, pk: UUID) -> HttpResponse:
    """From the wallet after all, when the transfer takes too long or fell short."""
    found = own_order(request, pk)
    pay_from_wallet(found.pk, actor=request.actor, at=request.at)
    return redirect("order", pk=found.pk)


@require_POST
@portal_page(does=May.ORDER)
def cancel_order(request: PortalRequest, pk: UUID) -> HttpResponse:
    found = own_order(request, pk)
    end_unpaid_order(found.pk, expired=False, actor=request.actor, at=request.at)
    messages.success(request, _("The order is cancelled. Nothing was charged."))
    return redirect("order", pk=found.pk)


@require_POST
@portal_page(does=May.ORDER)
def check_order(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Ask the gateway now what became of the open payment."""
    found = own_order(request, pk)
    attempt = own_attempts(found).first()
    if attempt:
        payment = check_payment(attempt.pk, actor=request.actor, at=request.at)
        if payment.is_open:
            messages.info(request, _("The gateway has not decided yet. We keep asking."))
    return redirect("order", pk=found.pk)


@require_POST
@portal_page(does=May.ORDER)
def choose_order_buyer(request: PortalRequest, pk: UUID) -> HttpResponse:
    """To whom it is invoiced, changed before it is."""
    found = own_order(request, pk)
    choose_buyer(found.pk, chosen_buyer_id(request), actor=request.actor, at=request.at)
    messages.success(request, _("The invoices that are still to come name this buyer."))
    return redirect("order", pk=found.pk)


def steps_of(found: Order, items: list[OrderItem], attempt: Payment | None) -> list[dict[str, object]]:
    """The way of an order as steps: ordered, paid, carried out, ready."""
    state, State = found.state, Order.State
    unpaid_end = state in {State.CANCELLED, State.EXPIRED}
    paid = found.paid_at is not None
    steps: list[dict[str, object]] = [{"label": _("Ordered"), "state": "done"}]
    if found.total:
        steps.append(
            {
                "label": _("Payment"),
                "state": "done" if paid else "failed" if unpaid_end else "current",
                "busy": bool(attempt and attempt.is_open and not paid and not unpaid_end),
                "note": _paid_note(found, attempt) if paid else "",
            }
        )
    done = sum(item.state == OrderItem.State.COMPLETED for item in items)
    failed = sum(item.state == OrderItem.State.REFUNDED for item in items)
    doing = {"done": State.COMPLETED, "failed": State.REFUNDED}
    progress = next((word for word, end in doing.items() if state == end), "")
    steps.append(
        {
            "label": _("Setting up") if found.action == Action.CREATE else _("Carrying out"),
            "state": progress or ("done" if state == State.PARTLY_REFUNDED else "current" if paid else "todo"),
            "busy": paid and not found.has_ended,
            "note": _progress_note(done, failed, len(items)) if paid else "",
        }
    )
    ready = state in {State.COMPLETED, State.PARTLY_REFUNDED}
    steps.append({"label": _("Ready"), "state": "done" if ready else "todo"})
    return steps


def _paid_note(found: Order, attempt: Payment | None) -> str:
    if found.means == Order.Means.TOP_UP_AND_PAY and (parts := _parts_of(found)):
        return _("%(total)s: %(wallet)s from your wallet, %(charged)s from outside") % parts
    if attempt and attempt.promotional:
        return _("%(total)s, of it %(promotional)s promotional") % {
            "total": money(found.total),
            "promotional": money(attempt.promotional),
        }
    return money(found.total)


def _parts_of(found: Order) -> dict[str, str] | None:
    """Both parts of an order that credit and a top-up made for it have paid."""
    top_ups = Payment.objects.filter(order_id=found.pk, kind=Payment.Kind.TOP_UP, state=Payment.State.SUCCEEDED)
    top_up = top_ups.order_by("-created_at", "-id").first()
    if top_up is None or not (beside := paid_beside(top_up)):
        return None
    return {"total": money(found.total), "wallet": money(beside), "charged": money(found.total - beside)}


def _progress_note(done: int, failed: int, count: int) -> str:
    note = ngettext("%(done)d of %(count)d resource", "%(done)d of %(count)d resources", count)
    told = note % {"done": done, "count": count}
    return f"{told}, {_('%(failed)d failed') % {'failed': failed}}" if failed else told
