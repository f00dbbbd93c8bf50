"""The page on which a quote is confirmed and paid: exactly that quote, or the sentence that says why not any more."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import PortalRequest, portal_page
from accounts.may import LOOK, May
from kernel.errors import InvalidInput
from orders.models import Action, Order, Quote
from orders.services.checkout import check_out
from orders.services.quotes import StaleQuote, quote_again
from orders.services.stories import STORIES
from orders.views.buyers import BuyerForm, chosen_buyer_id
from orders.views.lookups import chosen_ids, own_quote
from orders.views.means import means_for
from orders.views.present import changes_between, priced
from payments.means import Means, chosen_of
from payments.models import ExpectedTransfer, Payment


@portal_page(LOOK, does=May.ORDER)
def quote(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Show the quote with its explanation, or redeem it; what has been ordered shows its order."""
    offered = own_quote(request, pk)
    means = means_for(request, offered.total)
    if request.method == "POST":
        return _redeem(request, offered, means)
    order = Order.objects.filter(quote=offered).first()
    if order:
        return HttpResponseRedirect(reverse("order", args=[order.pk]))
    replaced = _replaced(request, offered)
    facts: dict[str, object] = {
        "quote": offered,
        "price": priced(offered.deal, at=offered.quoted_at, explained=True),
        "lifetime_minutes": max((offered.expires_at - request.at) // timedelta(minutes=1), 0),
        "is_expired": request.at >= offered.expires_at,
        "means": means,
        "buyers": None if offered.deal.is_postpaid else BuyerForm(request.customer),
        "changes": changes_between(replaced.deal, offered.deal) if replaced else None,
        "replaced": replaced,
        "back_url": back_to_choice(offered),
    }
    return render(request, "orders/quote.html", facts)


@require_POST
@portal_page(does=May.ORDER)
def refresh_quote(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The same wish at today's price."""
    old = own_quote(request, pk)
    return _to_fresh(old, str(quote_again(old, at=request.at).pk))


@require_POST
@portal_page(does=May.ORDER)
def quote_with_money(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The same wish without POC credit: paid at the usual price, for the whole time that was chosen."""
    fresh = quote_again(own_quote(request, pk), with_money=True, at=request.at)
    return HttpResponseRedirect(reverse("quote", args=[fresh.pk]), status=303)


def _redeem(request: PortalRequest, offered: Quote, means: list[Means]) -> HttpResponse:
    chosen = _chosen(request, means) if offered.total > 0 else None
    try:
        order, payment = check_out(
            request.customer.pk,
            offered.pk,
            means=chosen.means if chosen else Order.Means.NONE,
            gateway=chosen.gateway if chosen else "",
            buyer_id=chosen_buyer_id(request),
            key=f"quote:{offered.pk}",  # one form per quote: pressing twice orders once
            actor=request.actor,
            at=request.at,
        )
    except StaleQuote as stale:
        messages.warning(request, str(stale))
        return _to_fresh(offered, str(stale.details["quote"]))
    return HttpResponseRedirect(_where_to_pay(order, payment) or reverse("order", args=[order.pk]), status=303)


def _where_to_pay(order: Order, payment: Payment | None) -> str:
    """The gateway's page, the code of a bank transfer, or naming who pays; nothing when there is nothing left to do."""
    if payment:
        return payment.redirect_url if payment.is_open else ""
    if order.means == Order.Means.ON_BEHALF and order.state == Order.State.AWAITING_PAYMENT:
        return f"{reverse('ask-to-pay')}?order={order.pk}"
    expected = ExpectedTransfer.objects.waiting().filter(order_id=order.pk).first()
    return reverse("transfer", args=[expected.pk]) if expected else ""


def _chosen(request: PortalRequest, means: list[Means]) -> Means:
    chosen = chosen_of(means, request.POST.get("means"))
    if chosen is None:
        raise InvalidInput(_("Choose a means of payment."), field="means")
    return chosen


def _to_fresh(old: Quote, fresh: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('quote', args=[fresh])}?replaces={old.pk}", status=303)


def _replaced(request: PortalRequest, offered: Quote) -> Quote | None:
    """The quote that this one stands in for, when it was for the same wish."""
    pks = chosen_ids([request.GET.get("replaces", "")])
    same = Quote.objects.filter(customer=request.customer, action=offered.action, inputs=offered.inputs)
    return same.filter(pk__in=pks).first() if pks else None


def back_to_choice(offered: Quote) -> str:
    """Where the choice behind the quote can be changed."""
    if offered.checkout_session_id:
        return reverse("checkout", args=[offered.checkout_session_id])
    return STORIES[Action(offered.action)].way_back(offered.inputs)
