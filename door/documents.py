"""What one agrees to by signing up: each document's version and page. The app that has it says so when it is ready."""

from __future__ import annotations

from typing import NamedTuple

from store.places import address_of

PRIVACY_VERSION = "2026-11-27"
"""Of `templates/door/privacy.html`: a new sentence there is a new version here."""


class Shown(NamedTuple):
    version: str
    page: str


_shown: dict[str, Shown] = {}


def applies(document: str, *, version: str, page: str) -> None:
    """:param document: one of `Agreement.Document`"""
    _shown[document] = Shown(version, page)


def versions() -> dict[str, str]:
    """What somebody agrees to who signs up now."""
    return {document: shown.version for document, shown in _shown.items()}


def addresses() -> dict[str, str]:
    return {document: address_of(shown.page) for document, shown in _shown.items()}
