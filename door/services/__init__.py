"""What is done at the front door. Who is told of it reads a letter, in the language of the customer or of the page."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from accounts.models import User
from notifications.models import Letter
from notifications.services import write_letter


def tell_user(
    user: User, kind: Letter.Kind, *, at: datetime, language: str, about: UUID | None = None, to: str = "", **facts: str
) -> None:
    """
    Owe a user a letter, in the language of their customer.

    :param language: of who has no customer
    :param to: another address than the one by which they sign in
    """
    language = user.customer.language if user.customer else language
    write_letter(kind, to or user.email, language, at=at, user=user, about=about, **facts)
