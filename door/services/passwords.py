"""A forgotten password has a way back: the mail address."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from notifications.models import Letter
from notifications.services import write_letter


def ask_for_reset(address: str, *, language: str, at: datetime) -> None:
    """
    A link to whoever signs in with `address`. Nobody does: nothing happens, and nobody is told.

    Who that is, is found out when the letter leaves (`door.ways`): here the same is done for every address, so that the time it takes
    tells nothing either.
    """
    write_letter(Letter.Kind.RESET_PASSWORD, address, language, at=at)


def find_user(address: str) -> User | None:
    """Who signs in with `address`, however it is written."""
    try:
        return User.objects.get_by_natural_key(address)
    except User.DoesNotExist:
        return None
