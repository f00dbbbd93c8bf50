"""Sending letters: as notices are sent, but each by itself, for somebody waits for it, and with a link that is made now."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import translation

from accounts.services import record_audit_of
from kernel.actors import Actor
from kernel.errors import noted
from notifications.audit import Did
from notifications.delivery import Notices, message_as, send_each
from notifications.letters import render_letter, way_of
from notifications.models import Letter
from store.outbox import Outbox
from store.tally import Tally

logger = logging.getLogger(__name__)


class Letters(Outbox[Letter]):
    model = Letter
    backoff = Notices.backoff
    along = ("user",)


LETTERS = Letters()


def deliver_letters(*, at: datetime, limit: int = 200) -> Tally:
    """
    Send what is due, the longest waiting first; then what it has led to: a letter to an address that was typed becomes one to whoever has
    it (`door.ways`).

    :raises OSError: the mail server cannot be reached; what was not tried yet waits without losing an attempt
    """
    tally = Tally()
    for _again in range(2):
        due = LETTERS.rows().filter(LETTERS.is_due(at)).order_by("next_attempt_at", "pk")
        sent = send_each([partial(_deliver, pk, at=at) for pk in due.values_list("pk", flat=True)[:limit]])
        tally.done += sent.done
        tally.failed += sent.failed
    return tally


@transaction.atomic
def retry_letter(letter_id: int, *, reason: str, actor: Actor, at: datetime) -> None:
    """
    Staff have removed the cause: try a parked letter again.

    :raises NotParked:
    """
    LETTERS.resend(letter_id, at=at)
    letter = Letter.objects.select_related("user").get(pk=letter_id)
    record_audit_of(letter.user, Did.RETRY_LETTER, letter, actor=actor, at=at, reason=reason)


def _deliver(pk: int, server: BaseEmailBackend, *, at: datetime) -> Tally:
    """Nothing is sent when it leads nowhere any more, or somebody else is at it."""
    with LETTERS.claim(pk, at=at) as claimed:
        for letter in claimed:
            path = way_of(letter)
            if not path:
                LETTERS.close(letter, state=Letter.State.OVERTAKEN, error="")
                continue
            try:
                with translation.override(letter.language):
                    mail = message_as(f"letter-{letter.pk}", letter.recipient, render_letter(letter, path))
                server.send_messages([mail])
            except Exception as failure:
                logger.warning("letter %s failed", letter.pk, exc_info=True)
                LETTERS.failed(letter, why=noted(failure))
                return Tally(failed=1)
            return Tally(done=LETTERS.close(letter, state=Letter.State.SENT, sent_at=at, error=""))
    return Tally()
