"""Where one is signed in, and for how long."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PortalRequest, portal_page, signed_in
from accounts.may import May
from accounts.proof import ask_for_proof
from door.browsers import name_of
from door.by_provider import opened_by
from door.forms.lasting import LastingForm, in_words
from door.openid import host_of
from door.services.identities import forget_identity
from door.services.sessions import NOWHERE, end_sessions, sessions_of, set_terms
from kernel import clock


@never_cache
@require_GET
@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    """Where one is signed in; which of them this browser is. Whom a provider let in sees what it opened, and nothing else."""
    user, by = signed_in(request), _opened_by(request)
    found = [
        {
            "pk": session.pk,
            "browser": name_of(session.user_agent),
            "ip": "" if session.ip == NOWHERE else session.ip,
            "at": session.created_at,
            "is_by_company": "company" in session.data,
            "is_here": session.session_key == request.session.session_key,
        }
        for session in sessions_of(user, by=by, machine_at=clock.machine_now())
    ]
    known = user.identities.select_related("provider__customer").order_by("bound_at")
    context = {
        "sessions": found,
        "is_by_company": bool(by),
        "identities": [
            {"pk": one.pk, "customer": one.provider.customer, "host": host_of(one.issuer), "at": one.used_at}
            for one in (known.filter(provider__customer=UUID(by)) if by else known)
        ],
        "lasting": in_words(user.customer) if user.customer else [],
        "lasting_form": LastingForm(instance=user.customer) if May.MANAGE_TEAM in user.rights else None,
    }
    return render(request, "door/sessions.html", context)


@require_POST
@portal_page(does=May.MANAGE_TEAM)
def set_lasting(request: PortalRequest) -> HttpResponse:
    """How long everybody stays signed in; whoever is signed in for longer is signed out at the next page."""
    ask_for_proof(request)
    form = LastingForm(request.POST)
    if form.is_valid():
        set_terms(request.customer, **form.cleaned_data, actor=request.actor, at=request.at)
        messages.success(request, _("From now on everybody stays signed in for so long."))
    return redirect("usersessions_list")


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """A browser that is signed out already is as it should be; somebody else's is none of theirs."""
    end_sessions(signed_in(request), only=session_id, but=request.session.session_key or "", by=_opened_by(request))
    messages.success(request, _("That browser is signed out."))
    return redirect("usersessions_list")


@require_POST
@login_required
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    end_sessions(signed_in(request), but=request.session.session_key or "", by=_opened_by(request))
    messages.success(request, _("All other browsers are signed out."))
    return redirect("usersessions_list")


@require_POST
@login_required
def forget_me(request: HttpRequest, identity_id: UUID) -> HttpResponse:
    """A company's sign-in that let one in lets one in no more, until one shows one's password there again."""
    user, by = signed_in(request), _opened_by(request)
    own = user.identities.select_related("provider").filter(**({"provider__customer": by} if by else {}))
    identity = get_object_or_404(own, pk=identity_id)
    forget_identity(identity, actor=user.actor, at=clock.now())
    messages.success(
        request, _("Coming from %(host)s, you show your password once again.") % {"host": host_of(identity.issuer)}
    )
    return redirect("usersessions_list")


def _opened_by(request: HttpRequest) -> str:
    """The customer whose provider opened this session; empty where one's own means did."""
    return (opened_by(request.session) or {}).get("customer", "")
