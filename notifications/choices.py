"""Consent to mails that only inform: withdrawn and given again at any time, and heeded by what leaves from then on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from notifications.audit import Did
from notifications.kinds import KINDS
from notifications.models import MailChoice, Notice

ONLY_INFORMS = [kind for kind, told in KINDS.items() if told.only_informs]
"""The kinds that rest on this consent; all others are part of what was agreed on, or keep the account safe."""


def wants_mails(customer: Customer) -> bool:
    """Whether mails that only inform are sent to its address."""
    latest = customer.mail_choices.latest_first().first()
    return latest is None or latest.is_wanted


def unwanted_of(notices: Sequence[Notice]) -> list[Notice]:
    """Which of these, all of one customer, rest on a consent that was withdrawn. A copy rests on that of its own reader."""
    found = [notice for notice in notices if notice.copy_to_id is None and notice.kind in ONLY_INFORMS]
    return found if found and not wants_mails(found[0].customer) else []


@transaction.atomic
def choose_mails(customer: Customer, *, is_wanted: bool, actor: Actor, at: datetime) -> MailChoice | None:
    """Withdraw the consent, or give it again, from now on; nothing where it stands so already."""
    held = Customer.objects.lock_open(customer.pk)
    if wants_mails(held) == is_wanted:
        return None
    record_audit(
        Did.WANT_MAILS if is_wanted else Did.WITHDRAW_MAILS, held, actor=actor, at=at, reason="", customer=held
    )
    return MailChoice.objects.create(customer=held, is_wanted=is_wanted, at=at)
