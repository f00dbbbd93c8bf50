"""A forgotten password has a way back: the mail address."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from door.services import tell_user
from notifications.models import Letter


def ask_for_reset(address: str, *, language: str, at: datetime) -> None:
    """A link to whoever signs in with `address`. Nobody does: nothing happens, and nobody is told."""
    user = find_user(address)
    if user is not None and user.is_active:
        tell_user(user, Letter.Kind.RESET_PASSWORD, at=at, language=language)


def find_user(address: str) -> User | None:
    """Who signs in with `address`, however it is written."""
    try:
        return User.objects.get_by_natural_key(address)
    except User.DoesNotExist:
        return None
