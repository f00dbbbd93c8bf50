"""
Payment gateways: `gateway(code)` gives the adapter, built from the settings.

This file alone knows the settings; the adapters get everything as arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings

from store import outgoing

from .base import (
    NOT_FOUND,
    BadSignature,
    Caps,
    Failed,
    Gateway,
    Outcome,
    Pending,
    Redirect,
    Report,
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
    "Outcome",
    "Pending",
    "Redirect",
    "Report",
    "Succeeded",
    "Unknown",
    "UnknownGateway",
    "Verdict",
    "gateway",
    "notice_url",
    "open_codes",
]

SANDBOX = "sandbox"


class UnknownGateway(LookupError):
    """No gateway of this code is set up here."""


@dataclass(frozen=True, slots=True)
class Place:
    """
    One gateway as it is set up here.

    :ivar page_host: the host that customers are sent to, or with a leading dot its domain
    """

    url: str
    page_host: str
    app_id: int
    key1: str
    key2: str


def gateway(code: str) -> Gateway:
    """
    The adapter for `code`.

    :raises UnknownGateway: no such gateway
    """
    return _adapter(code, _place_of(code))


def open_codes() -> list[str]:
    """The gateways that are set up here, without calling any; the real one first."""
    found = []
    for code in PLACES:
        with suppress(UnknownGateway):
            gateway(code)
            found.append(code)
    return found


def notice_url(code: str) -> str:
    """Where a gateway tells us what became of a payment; the sandbox is a neighbour and reaches us inside."""
    return f"{settings.PORTAL_URL if code == SANDBOX else settings.PUBLIC_URL}/gateways/{code}/notice/"


def _place_of(code: str) -> Place:
    place = PLACES[code]() if code in PLACES else None
    if place is None:
        raise UnknownGateway(code)
    return place


def _zalopay() -> Place | None:
    """ZaloPay itself; number and keys come with the merchant's contract."""
    if not settings.ZALOPAY_APP_ID:
        return None
    return Place(
        settings.ZALOPAY_URL.rstrip("/"),
        ".zalopay.vn",
        int(settings.ZALOPAY_APP_ID),
        settings.ZALOPAY_KEY1,
        settings.ZALOPAY_KEY2,
    )


def _sandbox() -> Place | None:
    """Pretended money."""
    if not settings.SANDBOX_URL:
        return None
    return Place(
        settings.SANDBOX_URL.rstrip("/"),
        urlsplit(settings.SANDBOX_PUBLIC_URL).hostname or "",
        int(settings.SANDBOX_APP_ID),
        settings.SANDBOX_KEY1,
        settings.SANDBOX_KEY2,
    )


PLACES: dict[str, Callable[[], Place | None]] = {"zalopay": _zalopay, SANDBOX: _sandbox}
"""By code, which payments keep."""


@lru_cache(maxsize=8)
def _adapter(code: str, place: Place) -> Gateway:
    """Cached: it is built once."""
    return ZaloPay(
        code=code,
        base_url=place.url,
        app_id=place.app_id,
        key1=place.key1,
        key2=place.key2,
        client=outgoing.client(),
        page_hosts=(place.page_host,),
    )
