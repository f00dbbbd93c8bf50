"""Who needs a second factor and has shown none goes no further than to where it is set up."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.api.problems import CONTENT_TYPE
from door import by_provider, lasting
from door.second_factor import is_proven, needs_second_factor

OPEN = frozenset(
    {"account_logout", "account_reauthenticate", "account_reset_password", "company-again", "company-back", "mfa_login_webauthn",
     "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "privacy", "set-theme", "set_language", "terms"}
)  # fmt: skip
SETS_UP = frozenset({"mfa_activate_totp", "mfa_add_webauthn"})
"""For who has no second factor yet: who has one shows it before they make another."""


class ProviderMiddleware:
    """
    A session counts where its customer's own provider opened it, or where none has to: for each request anew (`by_provider`). Whoever
    counts nowhere any more is signed out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return
        user = request.user
        if not user.is_authenticated:
            return
        came_by = by_provider.opened_by(request.session)
        found = [] if user.is_staff and came_by else by_provider.counted(request, user)
        if not found and (user.belongs or came_by):
            logout(request)
            if not request.path.startswith("/api/"):
                messages.info(request, _("Please sign in again: how your company signs in has changed."))
            return
        user.belongs = found


class LastingMiddleware:
    """Who was signed in for longer than their customer wants is signed out, on pages and by REST alike."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return
        user = request.user
        if user.is_authenticated and lasting.is_over(request.session, [one.customer for one in user.belongs]):
            logout(request)
            if not request.path.startswith("/api/"):
                messages.info(request, _("You were signed in for as long as your company wants. Please sign in again."))


class SecondFactorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponseBase | None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None  # nobody is signed in, and nothing is asked
        match = request.resolver_match
        if match is not None and match.url_name in OPEN:
            return None
        user = request.user
        if not user.is_authenticated or not needs_second_factor(user) or is_proven(request, user):
            return None
        has_one = is_mfa_enabled(user)
        if match is not None and match.url_name in SETS_UP and not has_one:
            return None
        if request.path.startswith("/api/"):
            return _problem()
        if has_one:  # set up in another browser, after this one was let in
            logout(request)
            messages.info(request, _("Sign in again, with your second factor."))
            return redirect_to_login(request.get_full_path())
        messages.info(request, _("A second factor is required here: please set one up."))
        return redirect("mfa_activate_totp")


def _problem() -> HttpResponse:
    status = HTTPStatus.FORBIDDEN
    problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "code": "second-factor-required",
        "detail": _("A second factor is required here: please set one up."),
    }
    return JsonResponse(problem, status=status, content_type=CONTENT_TYPE)
