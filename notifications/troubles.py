"""Addresses that take no mail: what the provider tells of them, and that they work again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from notifications.audit import Did
from notifications.models import MailTrouble


def note_trouble(email: str, why: MailTrouble.Why, *, event: str, detail: str, at: datetime) -> None:
    """The provider tells it as often as it likes; each of its events is written once."""
    row = MailTrouble(email=email, why=why, event=event[:200], detail=detail[:500], at=at)
    MailTrouble.objects.bulk_create([row], ignore_conflicts=True)


def troubled(addresses: Iterable[str]) -> dict[str, MailTrouble]:
    """The latest trouble of each of these addresses that has one, by the address in lower case."""
    standing = MailTrouble.objects.standing().of(addresses).order_by("at", "id")
    return {trouble.email.lower(): trouble for trouble in standing}


@transaction.atomic
def mend_address(email: str, *, customer: Customer | None, reason: str = "", actor: Actor, at: datetime) -> None:
    """Somebody has looked, and mails arrive again; if they do not, the provider tells so anew."""
    mended = MailTrouble.objects.standing().of([email]).update(mended_at=at, mended_by=str(actor))
    if mended:
        record_audit(Did.MEND_ADDRESS, email, actor=actor, at=at, reason=reason, customer=customer)
