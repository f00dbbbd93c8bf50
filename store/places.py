"""
Pages that code below their app leads to: a notice to its resource, a movement of money to its order.

The app that has the pages says so when it is ready. Whoever asks for a page that nobody has gets no address.
"""

from __future__ import annotations

from django.urls import reverse

_pages: set[str] = set()


def has_pages(*names: str) -> None:
    """Pages by the name of their address."""
    _pages.update(names)


def address_of(page: str, *arguments: object) -> str:
    return reverse(page, args=arguments) if page in _pages else ""
