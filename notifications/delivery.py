"""
Sending notices as mail: at least once, and in practice once.

An attempt is committed before the mail is handed over, and the notice is held by a session lock meanwhile, so any
number of workers can deliver side by side, whatever the clock does. Only a worker that dies between handing over a mail
and noting it leaves the notice due again: two minutes later it is sent a second time, under the same Message-ID, by
which mail systems recognise it. The other choice, noting first, would lose mails that are owed.
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
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError, noted
from notifications.audit import Did
from notifications.models import Notice
from notifications.render import Mail, render, render_together
from notifications.services import owed_again, tell_all
from notifications.truth import facts_now, holds
from store.locks import alone
from store.tally import Tally

logger = logging.getLogger(__name__)

MAXIMUM_ATTEMPTS = 8
MOST_AT_ONCE = 10
"""If more than so many wait for one recipient, they go out as one mail."""
LEASE = timedelta(minutes=2)
"""When a notice is due again whose worker died."""


class NotParked(DomainError):
    code = "notice-not-parked"
    message = _("This notice is not parked: it was sent, or it is waiting to be.")


def deliver_notices(*, at: datetime, limit: int = 200) -> Tally:
    """
    Send what is due, the longest waiting first.

    :raises OSError: the mail server cannot be reached; what was not tried yet waits without losing an attempt
    """
    tally = Tally()
    due = Notice.objects.due_for_delivery(at).order_by("next_attempt_at", "pk").values_list("pk", flat=True)
    pks = list(due[:limit])
    if not pks:
        return tally
    server = get_connection()
    server.open()
    try:
        for group in _groups(pks):
            sent = _deliver(group[0], server, at=at) if len(group) == 1 else _deliver_together(group, server, at=at)
            tally.done += int(sent or 0)
            if sent is False:
                tally.failed += len(group)
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
    parked = Notice.objects.filter(pk=notice_id, state=Notice.State.PARKED)
    if not parked.update(state=Notice.State.PENDING, attempts=0, next_attempt_at=at):
        raise NotParked
    notice = Notice.objects.select_related("customer").get(pk=notice_id)
    record_audit(Did.RETRY, notice, actor=actor, at=at, reason=reason, customer=notice.customer)


def _deliver(pk: int, server: BaseEmailBackend, *, at: datetime) -> bool | None:
    """True: sent; False: failed; None: somebody else has it, or it is overtaken."""
    with alone(f"notice:{pk}") as held:
        due = Notice.objects.due_for_delivery(at).filter(pk=pk)
        if not held or not due.update(attempts=F("attempts") + 1, next_attempt_at=at + LEASE):
            return None
        notice = Notice.objects.select_related("customer").get(pk=pk)
        if is_overtaken(notice, at=at):
            notice.state, notice.error = Notice.State.OVERTAKEN, ""
            notice.save(update_fields=["state", "error"])
            return None
        try:
            if notice.attempts > MAXIMUM_ATTEMPTS:
                raise RuntimeError("every worker that tried it died")
            server.send_messages([message_of(notice)])
        except Exception as failure:
            logger.warning("notice %s: attempt %s failed", pk, notice.attempts, exc_info=True)
            _put_off(notice, failure, at=at)
            return False
        notice.state, notice.sent_at, notice.error = Notice.State.SENT, at, ""
        notice.save(update_fields=["state", "sent_at", "error"])
        return True


def _deliver_together(pks: Sequence[int], server: BaseEmailBackend, *, at: datetime) -> int | None:
    """One mail for all of these that still hold; returns how many. False: failed; None: somebody else is at it, or none holds."""
    with alone(f"notice:{pks[0]}") as held:  # whoever holds the first has them all
        if not held:
            return None
        due = Notice.objects.due_for_delivery(at)
        mine = [pk for pk in pks if due.filter(pk=pk).update(attempts=F("attempts") + 1, next_attempt_at=at + LEASE)]
        notices = []
        for notice in Notice.objects.select_related("customer").filter(pk__in=mine).order_by("at", "pk"):
            if is_overtaken(notice, at=at):
                notice.state, notice.error = Notice.State.OVERTAKEN, ""
                notice.save(update_fields=["state", "error"])
            else:
                notices.append(notice)
        if not notices:
            return None
        try:
            server.send_messages([_message_together(notices)])
        except Exception as failure:
            logger.warning("%s notices in one mail failed, first %s", len(notices), notices[0].pk, exc_info=True)
            for notice in notices:
                _put_off(notice, failure, at=at)
            return False
        sent = {"state": Notice.State.SENT, "sent_at": at, "error": ""}
        return Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(**sent)


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


def _put_off(notice: Notice, failure: Exception, *, at: datetime) -> None:
    """Again after 2, 4, 8 ... minutes; after the last attempt staff decide."""
    notice.error = noted(failure)[:500]
    notice.next_attempt_at = at + timedelta(minutes=2**notice.attempts)
    if notice.attempts >= MAXIMUM_ATTEMPTS:
        notice.state = Notice.State.PARKED
        logger.error("notice %s is parked after %s attempts", notice.pk, notice.attempts)
    notice.save(update_fields=["state", "error", "next_attempt_at"])


def message_of(notice: Notice) -> EmailMultiAlternatives:
    """The mail, in the language of its customer."""
    with translation.override(notice.customer.language):
        return _message(notice, render(notice))


def _message_together(notices: Sequence[Notice]) -> EmailMultiAlternatives:
    with translation.override(notices[0].customer.language):
        return _message(notices[0], render_together(notices))


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
