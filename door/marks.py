"""What a link of a letter bears: signed, for one purpose, and of use for so long."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.core import signing


def mark_of(purpose: str, pk: UUID, *more: str) -> str:
    return signing.dumps([pk.hex, *more], salt=f"door.{purpose}")


def read_mark(purpose: str, mark: str, *, within: timedelta) -> tuple[UUID, list[str]] | None:
    """The row that `mark` names, and what was added; nothing when it is not ours, or too old."""
    try:
        pk, *more = signing.loads(mark, salt=f"door.{purpose}", max_age=within)
        return UUID(pk), more
    except (signing.BadSignature, ValueError, TypeError):
        return None
