"""What is done in a team. Whom it concerns reads a letter."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from accounts.models import Customer, User
from notifications.models import Letter
from notifications.services import write_letter


def tell(kind: Letter.Kind, people: Iterable[User], customer: Customer, *, at: datetime, **facts: str) -> None:
    """Each reads it in the customer's language."""
    for person in people:
        named = {"customer": shown_name(customer), **facts}
        write_letter(kind, person.email, customer.language, at=at, user=person, about=customer.pk, **named)


def shown_name(customer: Customer) -> str:
    """In mails to who may not know them: what somebody called themselves, cut short."""
    return customer.name[:60]
