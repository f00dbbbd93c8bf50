"""Payment gateways: `gateway(code)` gives the adapter of one that is set up here; see `registry`."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache

from django.conf import settings

from payments.gateways.registry import GATEWAYS
from store import outgoing

from .base import (
    NOT_FOUND,
    BadSignature,
    Caps,
    Failed,
    Gateway,
    Linked,
    Linking,
    LinkOutcome,
    LinkReport,
    Outcome,
    Pending,
    Redirect,
    Report,
    Succeeded,
    Unknown,
    Unlinked,
    Verdict,
)

__all__ = [
    "GATEWAYS",
    "NOT_FOUND",
    "BadSignature",
    "Caps",
    "Failed",
    "Gateway",
    "LinkOutcome",
    "LinkReport",
    "Linked",
    "Linking",
    "Outcome",
    "Pending",
    "Redirect",
    "Report",
    "Succeeded",
    "Unknown",
    "UnknownGateway",
    "Unlinked",
    "Verdict",
    "gateway",
    "notice_url",
    "open_codes",
]


class UnknownGateway(LookupError):
    """No gateway of this code is set up here."""


def gateway(code: str) -> Gateway:
    """
    The adapter for `code`.

    :raises UnknownGateway: no such gateway, or not set up here
    """
    entry = GATEWAYS.get(code)
    if entry is None or not entry.is_on:
        raise UnknownGateway(code)
    return _adapter(code, tuple(entry.values.items()))


def open_codes() -> list[str]:
    """The gateways that are set up here, without calling any; the real ones first."""
    found = []
    for code in GATEWAYS:
        with suppress(UnknownGateway):
            gateway(code)
            found.append(code)
    return found


def notice_url(code: str) -> str:
    """Where a gateway tells us what became of a payment; the sandbox is a neighbour and reaches us inside."""
    base = settings.PORTAL_URL if GATEWAYS[code].dialect else settings.PUBLIC_URL
    return f"{base}/gateways/{code}/notice/"


@lru_cache(maxsize=32)
def _adapter(code: str, values: tuple[tuple[str, str], ...]) -> Gateway:
    """Cached: it is built once."""
    return GATEWAYS[code].build(code, dict(values), outgoing.client())
