"""Coming in by a company's own provider."""

from __future__ import annotations

import logging
import time
from uuid import UUID

from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import signed_in
from accounts.may import May
from accounts.models import Customer, Identity, Provider, User
from accounts.models.providers import provider_for
from door import by_provider, documents, flows
from door.brake import Attempts, in_words
from door.flows import Flow, Purpose
from door.forms.company import CompanyAddressForm, NewHereForm, OwnAccountForm
from door.onward import is_ours
from door.openid import Claims, Flaw, ProviderAway, ProviderBusy, Untrusted, host_of
from door.services.identities import ProviderIsOff, come_in, first_time, is_member, join
from door.services.providers import note_tried
from door.stages import FACTOR
from door.views.parts import slowed
from kernel import clock
from kernel.errors import DomainError

logger = logging.getLogger(__name__)
BEGINS_AT = {Purpose.ENTER: "company-door", Purpose.TRY: "company", Purpose.AGAIN: "company-again"}
IN_VAIN = {
    Purpose.ENTER: _("You are not signed in by your company"),
    Purpose.TRY: _("The company sign-in does not work yet"),
    Purpose.AGAIN: _("You have not shown that it is you"),
}


@never_cache
@require_http_methods(["GET", "POST"])
def company_door(request: HttpRequest) -> HttpResponseBase:
    """The address says by its domain where to go: the same for every address of it, known or not."""
    then = _safe(request, request.POST.get("next") or request.GET.get("next") or "")
    form = CompanyAddressForm(
        request.POST or None, request=request, initial={"email": request.GET.get("email", "")[:254]}
    )
    if form.is_valid():
        address = form.cleaned_data["email"]
        provider = provider_for(address)
        if provider is not None:
            return leave(request, provider, Purpose.ENTER, hint=address, then=then)
        form.add_error("email", text("There is no company sign-in for this domain. Sign in with your password."))
    context = {"form": form, "next": then}
    return slowed(render(request, "door/company_door.html", context, status=422 if form.errors else 200), form)


class ProviderAskedTooOften(DomainError):
    code = "provider-asked-too-often"
    status = 429
    message = _("The company sign-in was asked too often. Please wait for %(wait)s.")


def hold_up(for_whom: Customer | User) -> None:
    """:raises ProviderAskedTooOften: so that nobody keeps us waiting for a provider, or a domain, of their own"""
    if wait := Attempts.to_call_a_provider(for_whom).begin():
        raise ProviderAskedTooOften(wait=in_words(wait))


def leave(
    request: HttpRequest, provider: Provider, purpose: Purpose, *, hint: str = "", then: str = ""
) -> HttpResponse:
    """
    A page from which the browser goes on by itself: where forms may lead to is said before anybody has typed an address, so none
    leads to a provider.
    """
    try:
        url = flows.begin(request.session, provider, purpose, hint=hint, then=then)
    except DomainError as refusal:
        return _failed(request, refusal, purpose)
    return render(request, "door/company_leave.html", {"url": url, "host": host_of(provider.issuer)})


@never_cache
@require_GET
def company_back(request: HttpRequest, provider_id: UUID) -> HttpResponseBase:
    """The provider sends the browser back: with a code, or with what went wrong."""
    flow = flows.take(request.session, provider_id, request.GET.get("state", ""))
    provider = Provider.objects.select_related("customer").filter(pk=provider_id).first()
    if flow is None or provider is None:
        return render(request, "door/company_over.html", status=410)
    purpose = Purpose(flow.purpose)
    if not request.GET.get("code"):
        logger.info("company sign-in: %s said %.40r", provider_id, request.GET.get("error", ""))
        messages.info(request, text("You have not signed in at %(host)s.") % {"host": host_of(provider.issuer)})
        return redirect(BEGINS_AT[purpose])
    try:
        if not (provider.is_on or purpose == Purpose.TRY):
            raise ProviderIsOff
        if request.GET.get("iss", provider.issuer) != provider.issuer:
            raise Untrusted(Flaw.ISSUER)
        claims = flows.redeem(provider, flow, request.GET["code"])
        return _AFTER[purpose](request, provider, flow, claims)
    except DomainError as refusal:
        return _failed(request, refusal, purpose)


def _enter(request: HttpRequest, provider: Provider, flow: Flow, claims: Claims) -> HttpResponseBase:
    identity = come_in(provider.pk, claims, at=clock.now())
    has_factor = provider.trusts_factor and claims.has_factor
    if identity is not None:
        return _let_in(request, identity, has_factor=has_factor, then=flow.then)
    first_time(provider, claims)
    flows.keep_first(request.session, provider, claims, has_factor=has_factor, then=flow.then)
    return redirect("company-first")


def _tried(request: HttpRequest, provider: Provider, flow: Flow, claims: Claims) -> HttpResponseBase:
    """Whoever began it is signed in, and manages the team still."""
    del flow
    user = request.user
    if not user.is_authenticated or user.customer != provider.customer or May.MANAGE_TEAM not in user.rights:
        raise Untrusted(Flaw.SOMEBODY_ELSE)
    note_tried(provider, user, claims, actor=user.actor, at=clock.now())
    messages.success(request, text("It works: you came in by it, and may switch it on."))
    return redirect("company")


def _shown_again(request: HttpRequest, provider: Provider, flow: Flow, claims: Claims) -> HttpResponseBase:
    """Who is signed in, and came in by it, has shown there anew that it is they."""
    mark = by_provider.opened_by(request.session)
    if mark is None or mark["customer"] != str(provider.customer_id):
        raise Untrusted(Flaw.SOMEBODY_ELSE)
    identity = come_in(provider.pk, claims, at=clock.now())
    if identity is None or identity.user != request.user:
        raise Untrusted(Flaw.SOMEBODY_ELSE)
    if claims.proven_at < flow.begun - 60 or claims.proven_at > time.time() + 60:
        raise Untrusted(Flaw.LONG_AGO)
    record_authentication(request, identity.user, method=by_provider.SHOWN_THERE, reauthenticated=True)
    asked = request.GET.copy()
    asked["next"] = flow.then
    request.GET = asked  # type: ignore[assignment]  # where allauth looks for it
    answer: HttpResponseBase = resume_request(request) or redirect("home")
    return answer


_AFTER = {Purpose.ENTER: _enter, Purpose.TRY: _tried, Purpose.AGAIN: _shown_again}


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def company_first(request: HttpRequest) -> HttpResponseBase:
    """
    Sent for the first time: who has an account shows by its password that it is theirs, and by a second factor if it has one; who is
    new agrees to the terms.
    """
    first = flows.first_of(request.session)
    provider = Provider.objects.select_related("customer").filter(pk=first.provider).first() if first else None
    if first is None or provider is None:
        return render(request, "door/company_over.html", status=410)
    if not provider.is_on:
        flows.forget_first(request.session)
        return _failed(request, ProviderIsOff(), Purpose.ENTER)
    user = first_time(provider, first.claims)
    joins_as = "" if user and is_member(provider, user) else str(provider.get_joins_as_display())
    named = {"customer": provider.customer.name, "role": joins_as}
    form = (
        OwnAccountForm(request.POST or None, request=request, user=user, joins=named)
        if user
        else NewHereForm(request.POST or None)
    )
    if not form.is_valid():
        context = {
            "form": form,
            "known": user,
            "email": first.claims.email,
            "host": host_of(provider.issuer),
            "company": named,  # not `customer`: nobody is signed in for one yet
        }
        return slowed(render(request, "door/company_first.html", context), form)
    flows.forget_first(request.session)
    if user is None:
        identity = join(provider.pk, first.claims, documents.versions(), at=clock.now())
        return _let_in(request, identity, has_factor=first.has_factor, then=first.then)
    carried = {"provider": first.provider, "claims": list(first.claims), FACTOR: False}
    answer: HttpResponseBase = perform_login(request, user, redirect_url=first.then or None, signal_kwargs=carried)
    return answer


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def company_again(request: HttpRequest) -> HttpResponseBase:
    """Show anew, at the provider, that it is you: of whoever came in by it."""
    then = _safe(request, request.POST.get("next") or request.GET.get("next") or "")
    mark = by_provider.opened_by(request.session)
    if mark is None:
        return redirect("account_reauthenticate")
    provider = get_object_or_404(Provider, customer=mark["customer"])
    if request.method == "POST":
        hold_up(signed_in(request))
        return leave(request, provider, Purpose.AGAIN, hint=signed_in(request).email, then=then)
    return render(request, "door/company_again.html", {"next": then, "host": mark["host"]})


class SignOut(LogoutView):
    """Here; where one came in from is said, for one is signed in there still."""

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        mark = by_provider.opened_by(request.session)
        answer = super().post(request, *args, **kwargs)
        if mark:
            words = text("You are signed out here. At %(host)s you may be signed in still.")
            messages.info(request, words % {"host": mark["host"]})
        return answer


def _let_in(request: HttpRequest, identity: Identity, *, has_factor: bool, then: str) -> HttpResponseBase:
    if not identity.provider.is_on:
        raise ProviderIsOff
    carried = {"mark": by_provider.mark_of_provider(identity.provider), FACTOR: has_factor}
    answer: HttpResponseBase = perform_login(request, identity.user, redirect_url=then or None, signal_kwargs=carried)
    return answer


def _failed(request: HttpRequest, refusal: DomainError, purpose: Purpose) -> HttpResponse:
    """In words, with a way to try again; a machine that counts failures reads the code in the log."""
    logger.warning("company sign-in: %s %s", refusal.code, refusal.details.get("flaw", ""))
    context = {
        "refusal": refusal,
        "purpose": purpose.value,
        "title": IN_VAIN[purpose],
        "may_pass": isinstance(refusal, Untrusted | ProviderAway | ProviderBusy),
    }
    return render(request, "door/company_failed.html", context, status=refusal.status)


def _safe(request: HttpRequest, url: str) -> str:
    return url if is_ours(request, url) else ""
