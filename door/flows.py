"""One's way to a provider and back: what the browser's session keeps meanwhile, of use once and for ten minutes."""

from __future__ import annotations

import hmac
import secrets
import time
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.urls import reverse

from accounts.models import Provider
from door import openid
from door.openid import Claims
from door.services.providers import secret_of

UNDER_WAY, FIRST_TIME = "company_flow", "company_first"
GOOD_FOR = 600
"""Seconds."""


class Purpose(StrEnum):
    """What for."""

    ENTER = "enter"
    TRY = "try"
    AGAIN = "again"


class Flow(NamedTuple):
    provider: str
    purpose: str
    state: str
    nonce: str
    verifier: str
    then: str
    begun: float


class First(NamedTuple):
    """Whom a provider has sent for the first time, and who has not shown yet that it is they, or agreed to anything."""

    provider: str
    claims: Claims
    has_factor: bool
    then: str
    begun: float


def begin(session: SessionBase, provider: Provider, purpose: Purpose, *, hint: str = "", then: str = "") -> str:
    """
    Where the browser goes.

    :raises ProviderAway, Untrusted: there is nothing
    """
    endpoints = openid.endpoints_of(provider.issuer)
    flow = Flow(
        str(provider.pk), purpose.value, secrets.token_urlsafe(32), secrets.token_urlsafe(32),
        secrets.token_urlsafe(48), then, time.time(),
    )  # fmt: skip
    session[UNDER_WAY] = list(flow)
    return openid.authorization_url(
        endpoints,
        client_id=provider.client_id,
        back=back_of(provider.pk),
        state=flow.state,
        nonce=flow.nonce,
        verifier=flow.verifier,
        hint=hint,
        anew=purpose == Purpose.AGAIN,
    )


def take(session: SessionBase, provider_id: UUID, state: str) -> Flow | None:
    """What was begun here, for this provider, with this state: once. A link with another state ends nothing of it."""
    kept = session.get(UNDER_WAY)
    if not kept:
        return None
    flow = Flow(*kept)
    if not hmac.compare_digest(flow.state.encode(), state.encode()) or flow.provider != str(provider_id):
        return None
    del session[UNDER_WAY]
    return flow if time.time() - flow.begun < GOOD_FOR else None


def redeem(provider: Provider, flow: Flow, code: str) -> Claims:
    """:raises ProviderAway, Untrusted, SecretUnreadable:"""
    return openid.redeem(
        code,
        issuer=provider.issuer,
        client_id=provider.client_id,
        client_secret=secret_of(provider),
        back=back_of(provider.pk),
        nonce=flow.nonce,
        verifier=flow.verifier,
    )


def keep_first(session: SessionBase, provider: Provider, claims: Claims, *, has_factor: bool, then: str) -> None:
    session[FIRST_TIME] = [str(provider.pk), list(claims), has_factor, then, time.time()]


def first_of(session: SessionBase) -> First | None:
    kept = session.get(FIRST_TIME)
    if not kept:
        return None
    provider, claims, has_factor, then, begun = kept
    return First(provider, Claims(*claims), has_factor, then, begun) if time.time() - begun < GOOD_FOR else None


def forget_first(session: SessionBase) -> None:
    session.pop(FIRST_TIME, None)


def back_of(provider_id: UUID) -> str:
    """Where the provider sends people back to: another address for each, so none is told another's codes."""
    return f"{settings.PUBLIC_URL}{reverse('company-back', args=[provider_id])}"
