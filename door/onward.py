"""Where somebody goes on to, once they have shown who they are: asked when they go, whatever was asked when they came."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.access import is_open
from accounts.models import User

SHOWS_WHO = frozenset({"account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"})
"""Pages on which one shows anew who one is, to go on to another."""


def is_ours(request: HttpRequest, url: str | None) -> bool:
    """This host alone, and no step back from https."""
    return url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())


def leads_somewhere(request: HttpRequest, user: User, url: str) -> bool:
    """Whether `url` is a page of ours that `user` has any business on."""
    page = _page_at(url) if is_ours(request, url) else None
    if page is None or ("admin" in page.app_names and not user.is_staff):
        return False
    return is_open(page.view_name, {right for one in user.belongs for right in one.rights})


def page_wanted(request: HttpRequest) -> str:
    """The name of this page; where one shows who one is, of the page for which that is."""
    here = request.resolver_match
    if here is not None and here.view_name in SHOWS_WHO:
        here = _page_at(request.POST.get("next") or request.GET.get("next") or "")
    return here.view_name if here else ""


def _page_at(url: str) -> ResolverMatch | None:
    try:
        return resolve(urlsplit(url).path)
    except (Resolver404, ValueError):
        return None
