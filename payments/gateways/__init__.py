"""
Payment gateways: `gateway(code)` gives the adapter, built from the settings.

This file alone knows the settings; the adapters get everything as arguments.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings

from kernel import outgoing

from .base import (
    NOT_FOUND,
    BadSignature,
    Caps,
    Failed,
    Gateway,
    Notice,
    Outcome,
    Pending,
    Redirect,
    Succeeded,
    Unknown,
    Verdict,
)
from .zalopay import ZaloPay

__all__ = [
    "NOT_FOUND",
    "BadSignature",
    "Caps",
    "Failed",
    "Gateway",
    "Notice",
    "Outcome",
    "Pending",
    "Redirect",
    "Succeeded",
    "Unknown",
    "UnknownGateway",
    "Verdict",
    "gateway",
]


class UnknownGateway(LookupError):
    """No gateway of this code is set up here."""


def gateway(code: str) -> Gateway:
    """
    The adapter for `code`.

    :raises UnknownGateway: no such gateway
    """
    if code != "sandbox" or not settings.SANDBOX_URL:
        raise UnknownGateway(code)
    return _sandbox(
        settings.SANDBOX_URL,
        settings.SANDBOX_PUBLIC_URL,
        int(settings.SANDBOX_APP_ID),
        settings.SANDBOX_KEY1,
        settings.SANDBOX_KEY2,
    )


@lru_cache(maxsize=8)
def _sandbox(url: str, public_url: str, app_id: int, key1: str, key2: str) -> Gateway:
    """Cached: it is built once."""
    return ZaloPay(
        code="sandbox",
        base_url=url.rstrip("/"),
        app_id=app_id,
        key1=key1,
        key2=key2,
        client=outgoing.client(),
        page_hosts=(urlsplit(public_url).hostname or "",),
    )
