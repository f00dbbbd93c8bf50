"""Linked accounts: what is linked, linking and unlinking, and what is charged by itself."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.may import May
from payments.consents import CHARGES, INVOICES, TOP_UP, VERSION
from payments.consents import words_of as consent_words
from payments.failures import failure_words
from payments.forms import AutomaticForm, LimitsForm
from payments.models import AutomaticCharge, LinkedAccount
from payments.queries import account_words
from payments.services.consents import Agreement
from payments.services.link_acts import make_default, set_limits, unlink
from payments.services.links import ask_about_link, begin_link
from payments.services.standing import switch_off, switch_on
from payments.ways import automatic_charges_of, gateways_that_link, open_links, spent_this_month
from store.senders import address_of_sender
from store.shown import open_rows

Purpose = AutomaticCharge.Purpose


@require_GET
@portal_page(May.VIEW_BILLING)
def linked_accounts(request: PortalRequest) -> HttpResponse:
    return links_page(request)


def links_page(
    request: PortalRequest,
    *,
    limits: dict[UUID, LimitsForm] | None = None,
    automatic: dict[str, AutomaticForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    links = open_rows(open_links(request.customer))
    spent = spent_this_month(links, at=request.at)
    for link in links:
        link.words = account_words(link.known_as)
        link.spent = spent.get(link.pk, 0)
        link.form = (limits or {}).get(link.pk) or LimitsForm(
            initial={"charge_limit": link.charge_limit, "month_limit": link.month_limit}, auto_id=f"id_{link.pk}_%s"
        )
    usable = [link for link in links if link.state == LinkedAccount.State.ACTIVE]
    on = automatic_charges_of(request.customer, at=request.at)
    context = {
        "links": links,
        "usable": usable,
        "gateways": gateways_that_link(),
        "consent": consent_words(CHARGES),
        "version": VERSION,
        "standing": [
            _standing(purpose, on.get(purpose), usable, (automatic or {}).get(purpose)) for purpose in Purpose
        ],
        "any_on": any(one.is_on for one in on.values()),
    }
    return render(request, "payments/links.html", context, status=status)


def _standing(
    purpose: Purpose, charge: AutomaticCharge | None, usable: list[LinkedAccount], form: AutomaticForm | None
) -> dict[str, object]:
    """One purpose: whether it is on, when it is tried next, why the last try was declined, and the form that switches it on."""
    texts = {
        Purpose.TOP_UP: (_("Automatic top-up"), _("The wallet is filled up when it runs low."), TOP_UP),
        Purpose.INVOICES: (
            _("Invoices from a linked account"),
            _("What the wallet does not cover of open invoices is charged, daily and after each top-up."),
            INVOICES,
        ),
    }
    title, lead, scope = texts[purpose]
    return {
        "purpose": purpose.value,
        "title": title,
        "lead": lead,
        "charge": charge,
        "is_on": bool(charge and charge.is_on),
        "reason": failure_words(charge.failure) if charge and charge.failure else "",
        "account": account_words(charge.linked.known_as) if charge else "",
        "form": form or AutomaticForm(links=usable, purpose=purpose, charge=charge),
        "consent": consent_words(scope),
    }


@require_POST
@portal_page(does=May.MANAGE_METHODS)
def link(request: PortalRequest) -> HttpResponse:
    """On to the gateway's page, to confirm there."""
    begun = begin_link(
        request.customer,
        gateway=request.POST.get("gateway", ""),
        agreement=agreement_of(request),
        actor=request.actor,
        at=request.at,
    )
    if begun.state == LinkedAccount.State.PENDING and begun.redirect_url:
        return HttpResponseRedirect(begun.redirect_url, status=303)
    if begun.state == LinkedAccount.State.PENDING:
        messages.warning(request, _("The gateway does not answer. We keep asking; you may try again shortly."))
    return redirect("linked-accounts")


def agreement_of(request: PortalRequest) -> Agreement:
    address = address_of_sender(request)
    return Agreement(request.POST.get("agree", ""), get_language() or "", str(address) if address else None)


@never_cache
@require_GET
@portal_page(May.MANAGE_METHODS)
def link_return(request: PortalRequest, link_id: UUID) -> HttpResponse:
    """Back from the gateway. What the address says is not believed: the gateway itself is asked."""
    found = own_link(request, link_id)
    if found.state == LinkedAccount.State.PENDING:
        found = ask_about_link(found.pk, at=request.at)
    words = account_words(found.known_as)
    match found.state:
        case LinkedAccount.State.ACTIVE:
            messages.success(request, _("%(account)s is linked.") % {"account": words})
        case LinkedAccount.State.PENDING:
            messages.info(request, _("The gateway has not confirmed it yet. We keep asking, and write to you."))
        case _:
            messages.warning(request, _("Nothing was linked: it was not confirmed at the gateway."))
    return redirect("linked-accounts")


def own_link(request: PortalRequest, link_id: UUID) -> LinkedAccount:
    return get_object_or_404(LinkedAccount, pk=link_id, customer=request.customer)


@require_POST
@portal_page(does=May.MANAGE_METHODS)
def unlink_account(request: PortalRequest, link_id: UUID) -> HttpResponse:
    ended = unlink(own_link(request, link_id).pk, actor=request.actor, at=request.at)
    words = account_words(ended.known_as)
    messages.success(request, _("%(account)s is unlinked: we do not charge it any more.") % {"account": words})
    return redirect("linked-accounts")


@require_POST
@portal_page(does=May.MANAGE_METHODS)
def default_account(request: PortalRequest, link_id: UUID) -> HttpResponse:
    make_default(own_link(request, link_id).pk, actor=request.actor, at=request.at)
    return redirect("linked-accounts")


@require_POST
@portal_page(does=May.MANAGE_METHODS)
def account_limits(request: PortalRequest, link_id: UUID) -> HttpResponse:
    found = own_link(request, link_id)
    form = LimitsForm(request.POST, auto_id=f"id_{link_id}_%s")
    if not form.is_valid():
        return links_page(request, limits={found.pk: form}, status=400)
    set_limits(
        found.pk,
        at_once=form.cleaned_data["charge_limit"],
        in_a_month=form.cleaned_data["month_limit"],
        actor=request.actor,
        at=request.at,
    )
    messages.success(request, _("The limits are changed."))
    return redirect("linked-accounts")


@require_POST
@portal_page(does=May.MANAGE_WALLET)
def automatic_on(request: PortalRequest, purpose: str) -> HttpResponse:
    usable = [one for one in open_links(request.customer) if one.state == LinkedAccount.State.ACTIVE]
    form = AutomaticForm(request.POST, links=usable, purpose=Purpose(purpose))
    if not form.is_valid():
        return links_page(request, automatic={purpose: form}, status=400)
    asked = form.cleaned_data
    switch_on(
        request.customer,
        purpose,
        linked_id=UUID(asked["linked"]),
        agreement=agreement_of(request),
        below=asked.get("below"),
        amount=asked.get("amount"),
        actor=request.actor,
        at=request.at,
    )
    messages.success(request, _("It is switched on. You can switch it off at any time."))
    return redirect("linked-accounts")


@require_POST
@portal_page(does=May.MANAGE_WALLET)
def automatic_off(request: PortalRequest, purpose: str = "") -> HttpResponse:
    """One purpose, or everything that is charged by itself."""
    switch_off(request.customer, [purpose] if purpose else Purpose.values, actor=request.actor, at=request.at)
    messages.success(
        request,
        _("It is switched off: nothing is charged by itself any more.") if not purpose else _("It is switched off."),
    )
    return redirect("linked-accounts")
