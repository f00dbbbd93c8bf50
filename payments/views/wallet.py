"""The wallet: what is in it, putting money in, and whether it pays invoices by itself."""

from __future__ import annotations

from uuid import uuid5

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.may import May
from accounts.models import Customer
from accounts.services import set_automatic_payment
from kernel import display
from kernel.ids import new_id
from kernel.shapes import Cleaned
from payments.failures import failure_words
from payments.forms import TopUpForm
from payments.models import AutomaticCharge
from payments.models.payables import PaidFor, payable_of
from payments.origins import CreditKind, credit_by_kind
from payments.poc import poc_credit_of
from payments.queries import (
    BY_TRANSFER,
    WantedMovements,
    account_words,
    holds_of,
    movements_of,
    promotional_by_expiry,
    shortages_of,
    waiting_transfers,
)
from payments.reports import HOLDS_PAGE
from payments.services.debts import debt_of
from payments.services.expected import ask_for_top_up
from payments.services.gateway import start_top_up
from payments.services.wallet import Wallet, wallet_of
from payments.views.invoices import to_gateway
from payments.views.movements import in_short
from payments.ways import automatic_charges_of, ways_to_top_up
from store.keyset import keyset_page

LATEST = 5


@require_GET
@portal_page(May.VIEW_BILLING)
def wallet(request: PortalRequest) -> HttpResponse:
    return wallet_page(request, TopUpForm(gateways=ways_to_top_up(request.customer, at=request.at)))


@require_GET
@portal_page(May.VIEW_BILLING)
def held_credit(request: PortalRequest) -> HttpResponse:
    page = keyset_page(
        holds_of(request.customer),
        ("id",),
        before=request.GET.get("before", ""),
        after=request.GET.get("after", ""),
    )
    context = {
        "page": page,
        "columns": HOLDS_PAGE,
        "wallet": wallet_of(request.customer.pk),
        **_lacking(request.customer),
    }
    return render(request, "payments/held_credit.html", context)


def _lacking(customer: Customer) -> dict[str, object]:
    """What credit does not cover, and what several products lack together: so much is to be topped up."""
    shortages = list(shortages_of(customer))
    return {"shortages": shortages, "missing": sum(one.missing_now for one in shortages) if len(shortages) > 1 else 0}


@require_POST
@portal_page(does=May.PAY)
def top_up(request: PortalRequest) -> HttpResponse:
    form = TopUpForm(request.POST, gateways=ways_to_top_up(request.customer, at=request.at))
    if not form.is_valid():
        return wallet_page(request, form, status=400)
    asked = form.cleaned_data
    if asked["gateway"] == BY_TRANSFER:
        expected = ask_for_top_up(request.customer, asked["wanted"], actor=request.actor, at=request.at)
        return HttpResponseRedirect(reverse("transfer", args=[expected.pk]), status=303)
    payment = start_top_up(
        request.customer,
        asked["wanted"],
        gateway=asked["gateway"],
        payable=_named(asked),
        actor=request.actor,
        at=request.at,
    )
    return to_gateway(payment)


def _named(asked: Cleaned) -> str:
    """One page, one way and one amount are one top-up, however often that is pressed; another way or amount is another wish."""
    if not asked["once"]:
        return ""
    wish = f"{asked['gateway']} {asked['wanted']}"
    return payable_of(PaidFor.TOP_UP, f"page-{uuid5(asked['once'], wish)}")


@require_POST
@portal_page(does=May.MANAGE_WALLET)
def automatic_payment(request: PortalRequest) -> HttpResponse:
    is_on = request.POST.get("automatic") == "on"
    set_automatic_payment(request.customer, is_on, actor=request.actor, at=request.at)
    told = (
        _("Invoices are paid automatically from now on.") if is_on else _("Invoices are no longer paid by themselves.")
    )
    messages.success(request, told)
    return redirect("settings" if request.POST.get("next") == "settings" else "wallet")


def wallet_page(request: PortalRequest, form: TopUpForm, status: int = 200) -> HttpResponse:
    money = wallet_of(request.customer.pk)
    latest = movements_of(request.customer, WantedMovements()).order_by("-id")[:LATEST]
    holds = holds_of(request.customer).order_by("-hold__amount", "-id")[:LATEST] if money.held else ()
    context = {
        "form": form,
        "once": new_id(),
        "wallet": money,
        "debt": debt_of(request.customer),
        **_lacking(request.customer),
        "figures": _figures(money, credit_by_kind(request.customer.pk)),
        "expiring": promotional_by_expiry(request.customer.pk, at=request.at) if money.promotional else [],
        "holds": holds,
        "poc": poc_credit_of(request.customer.pk, at=request.at)[:LATEST],
        "latest": in_short(latest),
        "waiting": waiting_transfers(request.customer, request.at)[:LATEST],
        "limits": _limits(form),
        "automatic": [_standing(charge) for charge in automatic_charges_of(request.customer, at=request.at).values()],
    }
    return render(request, "payments/wallet.html", context, status=status)


def _standing(charge: AutomaticCharge) -> dict[str, object]:
    """As `payments/_automatic.html` shows it; what is off says so by having no account."""
    reason = failure_words(charge.failure) if charge.failure else ""
    return {"charge": charge, "is_on": charge.is_on, "account": account_words(charge.linked.known_as), "reason": reason}


def _figures(money: Wallet, kinds: dict[CreditKind, int]) -> list[dict[str, object]]:
    return [
        {"label": _("Available"), "amount": money.available, "note": _("what you can spend now")},
        {"label": _("Credit"), "amount": money.credit, "note": _by_kind(kinds) or _("topped up or refunded")},
        {"label": _("Promotional credit"), "amount": money.promotional, "note": _("used first, has an end")},
        {
            "label": _("Held"),
            "amount": money.held,
            "note": _("for usage not yet billed"),
            "url": reverse("held-credit") if money.held else "",
        },
    ]


def _by_kind(kinds: dict[CreditKind, int]) -> str:
    """How the credit came in, where that was in more than one way."""
    if len(kinds) < 2:
        return ""
    return ", ".join(f"{kind.label} {display.money(amount)}" for kind, amount in kinds.items())


def _limits(form: TopUpForm) -> str:
    if not form.gateways:
        return ""
    return _("Between %(minimum)s and %(maximum)s.") % {
        "minimum": display.money(min(gate.minimum for gate in form.gateways)),
        "maximum": display.money(max(gate.maximum for gate in form.gateways)),
    }
