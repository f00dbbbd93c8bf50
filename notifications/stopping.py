"""What the link bears by which the reader of a copy stops kinds of notices: signed, and good for as long as the mail is kept."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.core import signing

from notifications.models import Recipient

PURPOSE = "notifications.stop"


def mark_of(recipient: Recipient, kinds: Iterable[str]) -> str:
    return signing.dumps([recipient.pk.hex, *kinds], salt=PURPOSE)


def read_mark(mark: str) -> tuple[Recipient, list[str]] | None:
    """Whose mail it was, and what was told in it; nothing when it is not ours, or the recipient was removed."""
    try:
        pk, *kinds = signing.loads(mark, salt=PURPOSE)
        found = Recipient.objects.in_use().select_related("customer").filter(pk=UUID(pk)).first()
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return (found, kinds) if found else None
