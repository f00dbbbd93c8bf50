"""A company's own sign-in, set up by who manages the team: its provider, its domains, tried, switched."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.may import May
from accounts.models import Identity, Provider, ProviderDomain
from accounts.proof import ask_for_proof, way_to_proof
from door.flows import Purpose, back_of
from door.forms.company import DomainForm, ProviderForm
from door.openid import ProviderAway, host_of
from door.services import domains, providers
from door.services.identities import forget_identity
from door.views.company import hold_up, leave
from kernel.errors import DomainError

SWITCHES = {
    "off": {"is_on": False},
    "optional": {"is_on": True},
    "required": {"is_on": True, "is_required": True},
}


@require_GET
@portal_page(May.MANAGE_TEAM)
def company(request: PortalRequest) -> HttpResponse:
    return company_page(request)


def company_page(request: PortalRequest, form: DomainForm | None = None, status: int = 200) -> HttpResponse:
    provider = _own(request)
    named = list(provider.domains.order_by("name")) if provider else []
    for one in named:
        one.page, one.token = domains.page_of(one), domains.token_of(one)  # type: ignore[attr-defined]
    context = {
        "provider": provider,
        "host": host_of(provider.issuer) if provider else "",
        "back": back_of(provider.pk) if provider else "",
        "joins_as": provider.get_joins_as_display() if provider else "",
        "domains": named,
        "is_confirmed": any(one.confirmed_at for one in named),
        "identities": list(provider.identities.select_related("user").order_by("user__email")) if provider else [],
        "form": form or DomainForm(),
    }
    return render(request, "door/company.html", context, status=status)


@never_cache
@sensitive_post_parameters("client_secret")
@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(May.MANAGE_TEAM, does=May.MANAGE_TEAM)
def set_company(request: PortalRequest) -> HttpResponseBase:
    """A secret may stand in this form: proof is asked for before it opens, and nothing of what was sent is kept."""
    if (way := way_to_proof(request)) is not None:
        return way
    provider = _own(request)
    if request.method == "POST":
        hold_up(request.customer)
    form = ProviderForm(request.POST or None, instance=provider)
    if request.method == "POST" and form.is_valid():
        providers.set_provider(request.customer, form.wanted(), actor=request.actor, at=request.at)
        messages.success(request, _("The company sign-in is set up."))
        return redirect("company")
    return render(request, "door/company_set.html", {"form": form}, status=400 if form.errors else 200)


@require_POST
@portal_page(does=May.MANAGE_TEAM)
def add_domain(request: PortalRequest) -> HttpResponse:
    provider = _own_or_404(request)
    ask_for_proof(request)
    form = DomainForm(request.POST)
    if form.is_valid():
        try:
            domain = domains.add_domain(provider, form.cleaned_data["name"], actor=request.actor, at=request.at)
        except DomainError as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("Now put the page at %(domain)s, and let us look.") % {"domain": domain.name})
            return redirect("company")
    return company_page(request, form, status=400)


@require_POST
@portal_page(does=May.MANAGE_TEAM)
def check_domain(request: PortalRequest, domain_id: UUID) -> HttpResponse:
    domain = _own_domain(request, domain_id)
    ask_for_proof(request)
    hold_up(request.customer)
    try:
        domains.confirm_domain(domain, actor=request.actor, at=request.at)
    except ProviderAway:
        messages.error(
            request, _("%(page)s does not answer. Please try again in a moment.") % {"page": domains.page_of(domain)}
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(domain)s is confirmed.") % {"domain": domain.name})
    return redirect("company")


@require_POST
@portal_page(does=May.MANAGE_TEAM)
def remove_domain(request: PortalRequest, domain_id: UUID) -> HttpResponse:
    domain = _own_domain(request, domain_id)
    ask_for_proof(request)
    domains.remove_domain(domain, actor=request.actor, at=request.at)
    messages.success(request, _("%(domain)s is removed.") % {"domain": domain.name})
    return redirect("company")


@never_cache
@require_POST
@portal_page(does=May.MANAGE_TEAM)
def try_company(request: PortalRequest) -> HttpResponse:
    """Whoever tries it comes back as the same person, or it does not count: nobody locks themselves out."""
    provider = _own_or_404(request)
    ask_for_proof(request)
    hold_up(request.customer)
    return leave(request, provider, Purpose.TRY, hint=request.user.email)


@require_POST
@portal_page(does=May.MANAGE_TEAM)
def switch_company(request: PortalRequest) -> HttpResponse:
    provider = _own_or_404(request)
    ask_for_proof(request)
    wanted = SWITCHES.get(request.POST.get("way", ""))
    if wanted is None:
        return company_page(request, status=400)
    providers.switch_provider(provider, **wanted, actor=request.actor, at=request.at)
    messages.success(request, _("Saved: it counts from now on."))
    return redirect("company")


@require_POST
@portal_page(does=May.MANAGE_TEAM)
def forget_member(request: PortalRequest, identity_id: UUID) -> HttpResponse:
    """Of a member: whom the provider means by them is forgotten, until they show by their password who they are."""
    identity = get_object_or_404(Identity, pk=identity_id, provider__customer=request.customer)
    ask_for_proof(request)
    forget_identity(identity, actor=request.actor, at=request.at)
    messages.success(request, _("%(who)s shows a password the next time.") % {"who": identity.user})
    return redirect("company")


def _own(request: PortalRequest) -> Provider | None:
    return Provider.objects.select_related("customer").filter(customer=request.customer).first()


def _own_or_404(request: PortalRequest) -> Provider:
    found = _own(request)
    if found is None:
        raise Http404
    return found


def _own_domain(request: PortalRequest, domain_id: UUID) -> ProviderDomain:
    found = domains.domain_by(domain_id, request.customer)
    if found is None:
        raise Http404
    return found
