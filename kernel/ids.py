"""Identifiers of everything that a URL can name."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUID of version 7: ordered by creation, so that large indexes grow at their right edge."""
    return uuid7()
