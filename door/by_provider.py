"""
Whom a session counts for, where a customer's people sign in at a provider of their own.

A session that a provider opened is of its customer alone: whoever works for others too is nobody there, for a provider must let
nobody in at somebody else's. Where a provider is required, any other session of its people is nobody's, but an owner's who has
shown a second factor of ours: so no provider that is down or wrong locks a customer out. Asked at each request, so that what was
switched counts at once.
"""

from __future__ import annotations

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.may import Role
from accounts.models import Membership, User
from accounts.models.providers import Provider, is_current, must_come_by, stamp_of
from accounts.proof import is_proven_anew
from accounts.services.way_back import FACTORS
from door.openid import host_of
from door.second_factor import PROVEN, is_shown_here
from kernel.errors import DomainError
from store.places import address_of

SHOWN_THERE = "company"
"""How it is noted that somebody has shown anew, at the provider, who they are."""
OPENED_BY = "company"
"""In a session: which customer's provider opened it, since when that was on, and how people know it."""


class OwnMeansNeeded(DomainError):
    code = "own-means-needed"
    status = 403
    message = _(
        "This is about you, and your company's sign-in speaks for its own part alone. Show at %(page)s by your password or your second "
        "factor that it is you, then send it again."
    )


def mark_of_provider(provider: Provider) -> dict[str, str]:
    assert provider.on_since is not None, "what is off lets nobody in"
    return {
        "customer": str(provider.customer_id),
        "since": stamp_of(provider.on_since),
        "host": host_of(provider.issuer),
    }


def opened_by(session: SessionBase) -> dict[str, str] | None:
    found: dict[str, str] | None = session.get(OPENED_BY)
    return found


def note_opening(session: SessionBase, user: User, mark: dict[str, str] | None, *, has_factor: bool) -> None:
    """Somebody has signed in: by a provider, or (no mark) by means of ours. Either ends what another provider said before."""
    if opened_by(session) not in (None, mark):
        del session[OPENED_BY]
        session.pop(PROVEN, None)
        shown = session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [one for one in shown if one["method"] != SHOWN_THERE]
    if mark is not None:
        session[OPENED_BY] = mark
    if has_factor:
        session[PROVEN] = user.pk


def has_shown_own_means(request: HttpRequest) -> bool:
    """Whether whoever asks is in by means of their own, or has shown one a little while ago."""
    return opened_by(request.session) is None or is_proven_anew(request, but=SHOWN_THERE)


def ask_for_own_means(request: HttpRequest) -> None:
    """
    On a page about the person, and not about this customer's part of them: a provider's word is not enough.

    :raises ReauthenticationRequired: which leads to where one shows who one is
    """
    if not has_shown_own_means(request):
        raise ReauthenticationRequired


def refuse_without_own_means(request: HttpRequest) -> None:
    """:raises OwnMeansNeeded: by REST, where nobody is led anywhere"""
    if not has_shown_own_means(request):
        raise OwnMeansNeeded(page=f"{settings.PUBLIC_URL}{address_of('account_reauthenticate')}")


def counted(request: HttpRequest, user: User) -> list[Membership]:
    """Of where `user` belongs, what counts in this session."""
    mark = opened_by(request.session)
    if mark is not None:
        return [
            one
            for one in user.belongs
            if str(one.customer_id) == mark["customer"] and is_current(provider_of(one), mark["since"])
        ]
    return [one for one in user.belongs if not _is_kept_from(one, user) or _breaks_glass(request, one, user)]


def is_kept_out(user: User) -> bool:
    """
    Whether their password, or their passkey, is not enough anywhere: everything that they work for wants them to come by its
    provider. An owner who has a second factor goes on, and is asked for it.
    """
    places = user.belongs
    return bool(places) and all(
        _is_kept_from(one, user) and not (one.role == Role.OWNER and is_mfa_enabled(user, FACTORS)) for one in places
    )


def provider_of(member: Membership) -> Provider | None:
    """Read with the membership, see `User.belongs`."""
    return getattr(member.customer, "provider", None)


def _is_kept_from(member: Membership, user: User) -> bool:
    return must_come_by(provider_of(member), user.email)


def _breaks_glass(request: HttpRequest, member: Membership, user: User) -> bool:
    return bool(member.role == Role.OWNER and is_shown_here(request, user))
