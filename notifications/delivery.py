"""
Sending notices as mail: at least once, and in practice once.

How a notice leaves is `store.outbox`'s. Only a worker that dies between handing over a mail and noting it lets it be sent
a second time, under the same Message-ID, by which mail systems recognise it. The other choice, noting first, would lose mails
that are owed.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import translation

from accounts.services import record_audit
from kernel.actors import Actor
from kernel.backoff import Backoff
from kernel.errors import noted
from notifications.audit import Did
from notifications.models import Notice
from notifications.render import Mail, render, render_together
from notifications.services import owed_again, tell_all
from notifications.truth import facts_now, holds
from store.outbox import Outbox
from store.tally import Tally

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 10
"""If more than so many wait for one recipient, they go out as one mail."""


class Notices(Outbox[Notice]):
    model = Notice
    backoff = Backoff(first=timedelta(minutes=2), cap=timedelta(hours=4))
    along = ("customer",)


NOTICES = Notices()


def deliver_notices(*, at: datetime, limit: int = 200) -> Tally:
    """
    Send what is due, the longest waiting first.

    :raises OSError: the mail server cannot be reached; what was not tried yet waits without losing an attempt
    """
    tally = Tally()
    due = Notice.objects.filter(NOTICES.is_due(at)).order_by("next_attempt_at", "pk")
    pks = list(due.values_list("pk", flat=True)[:limit])
    if not pks:
        return tally
    server = get_connection()
    server.open()
    try:
        for group in _groups(pks):
            sent = _deliver(group, server, at=at)
            tally.done += sent.done
            tally.failed += sent.failed
            if sent.failed:
                server.close()  # whatever went wrong, the next mail starts afresh
                server.open()
    finally:
        server.close()
    return tally


def _groups(pks: Sequence[int]) -> list[list[int]]:
    """What goes into one mail: after an outage, everything that has gathered for a recipient; otherwise each by itself."""
    by_recipient: dict[tuple[UUID, str], list[int]] = defaultdict(list)
    for pk, customer_id, recipient in (
        Notice.objects.filter(pk__in=pks).order_by("pk").values_list("pk", "customer", "recipient")
    ):
        by_recipient[customer_id, recipient].append(pk)
    groups = []
    for gathered in by_recipient.values():
        groups += [gathered] if len(gathered) > MOST_AT_ONCE else [[pk] for pk in gathered]
    return groups


@transaction.atomic
def retry_notice(notice_id: int, *, reason: str, actor: Actor, at: datetime) -> None:
    """
    Staff have removed the cause: try a parked notice again.

    :raises NotParked:
    """
    NOTICES.resend(notice_id, at=at)
    notice = Notice.objects.select_related("customer").get(pk=notice_id)
    record_audit(Did.RETRY, notice, actor=actor, at=at, reason=reason, customer=notice.customer)


def _deliver(pks: Sequence[int], server: BaseEmailBackend, *, at: datetime) -> Tally:
    """One mail for those of these notices that still hold; nothing is done when none does, or somebody else is at it."""
    with NOTICES.claim(*pks, at=at) as claimed:
        notices = []
        for notice in sorted(claimed, key=lambda notice: (notice.at, notice.pk)):
            if is_overtaken(notice, at=at):
                NOTICES.close(notice, state=Notice.State.OVERTAKEN, error="")
            else:
                notices.append(notice)
        if not notices:
            return Tally()
        try:
            server.send_messages([message_of(*notices)])
        except Exception as failure:
            logger.warning("%s notices in one mail failed, first %s", len(notices), notices[0].pk, exc_info=True)
            NOTICES.failed(*notices, why=noted(failure))
            return Tally(failed=len(notices))
        return Tally(done=NOTICES.close(*notices, state=Notice.State.SENT, sent_at=at, error=""))


def is_overtaken(notice: Notice, *, at: datetime) -> bool:
    """
    Whether what `notice` tells is no longer so, or its address is no longer the customer's.

    To a new address the same is owed again.
    """
    if not holds(notice, facts_now([notice]).get(notice.pk), at=at):
        return True
    if notice.recipient == notice.customer.email:
        return False
    tell_all([owed_again(notice, at=at)])
    return True


def message_of(*notices: Notice) -> EmailMultiAlternatives:
    """The mail that tells them, in the language of their customer."""
    with translation.override(notices[0].customer.language):
        return _message(notices[0], render(notices[0]) if len(notices) == 1 else render_together(notices))


def _message(notice: Notice, text: Mail) -> EmailMultiAlternatives:
    host = urlsplit(settings.PUBLIC_URL).hostname
    message = EmailMultiAlternatives(
        text.subject,
        text.text,
        to=[notice.recipient],
        headers={"Message-ID": f"<notice-{notice.pk}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(text.html, "text/html")
    return message
