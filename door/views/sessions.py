"""Where one is signed in, and for how long."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PortalRequest, portal_page, signed_in
from accounts.may import May
from accounts.proof import ask_for_proof
from door.browsers import name_of
from door.forms.lasting import LastingForm, in_words
from door.services.sessions import NOWHERE, end_sessions, sessions_of, set_terms
from kernel import clock


@never_cache
@require_GET
@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    """Where one is signed in; which of them this browser is."""
    found = [
        {
            "pk": session.pk,
            "browser": name_of(session.user_agent),
            "ip": "" if session.ip == NOWHERE else session.ip,
            "at": session.created_at,
            "is_by_company": "company" in session.data,
            "is_here": session.session_key == request.session.session_key,
        }
        for session in sessions_of(signed_in(request), machine_at=clock.machine_now())
    ]
    user = signed_in(request)
    context = {
        "sessions": found,
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
    end_sessions(signed_in(request), only=session_id, but=request.session.session_key or "")
    messages.success(request, _("That browser is signed out."))
    return redirect("usersessions_list")


@require_POST
@login_required
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    end_sessions(signed_in(request), but=request.session.session_key or "")
    messages.success(request, _("All other browsers are signed out."))
    return redirect("usersessions_list")
