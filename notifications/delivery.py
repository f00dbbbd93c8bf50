"""
Sending notices as mail: at least once, and in practice once.

How a notice leaves is `store.outbox`'s. Only a worker that dies between handing over a mail and noting it lets it be sent
a second time, under the same Message-ID, by which mail systems recognise it. The other choice, noting first, would lose mails
that are owed.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from email.mime.image import MIMEImage
from functools import partial
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F
from django.utils import translation

from accounts.services import record_audit
from kernel.actors import Actor
from kernel.backoff import Backoff
from kernel.errors import noted
from notifications.audit import Did
from notifications.choices import unwanted_of
from notifications.files import files_for
from notifications.gathered import mail_after_outage, mail_together
from notifications.kinds import KINDS
from notifications.models import MailTrouble, Notice
from notifications.render import Mail, language_of, render, stop_url
from notifications.services import owed_again, tell_all
from notifications.transfers import CODE, transfer_for
from notifications.truth import facts_now, holds
from store.outbox import Outbox
from store.tally import Tally

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 10
"""If more than so many mails wait for one recipient, they go out as one."""


class Notices(Outbox[Notice]):
    model = Notice
    backoff = Backoff(first=timedelta(minutes=2), cap=timedelta(hours=4))
    along = ("customer", "copy_to")


NOTICES = Notices()


def deliver_notices(*, at: datetime, limit: int = 200) -> Tally:
    """
    Send what is due, the longest waiting first.

    :raises OSError: the mail server cannot be reached; what was not tried yet waits without losing an attempt
    """
    due = Notice.objects.filter(NOTICES.is_due(at)).order_by("next_attempt_at", "pk")
    pks = list(due.values_list("pk", flat=True)[:limit])
    mails = [[pk for group in groups for pk in group] for groups in _mails(pks, at=at)] if pks else []
    return send_each([partial(_deliver, mail, at=at) for mail in mails])


def send_each(mails: Sequence[Callable[[BaseEmailBackend], Tally]]) -> Tally:
    """Each of `mails` sends itself, all in one conversation with the server, which begins afresh after whatever went wrong."""
    tally = Tally()
    if not mails:
        return tally
    server = get_connection()
    server.open()
    try:
        for deliver in mails:
            sent = deliver(server)
            tally.done += sent.done
            tally.failed += sent.failed
            if sent.failed:
                server.close()
                server.open()
    finally:
        server.close()
    return tally


def _mails(pks: Sequence[int], *, at: datetime) -> list[list[list[int]]]:
    """
    What goes into each mail, by what belongs together: one such group a mail, and after an outage, when more have gathered
    for a recipient, all of them. What belongs together with one of these goes along, however many are taken at once.
    """
    due = Notice.objects.filter(NOTICES.is_due(at)).order_by()
    whole = set(due.filter(pk__in=pks).exclude(together="").values_list("customer", "together"))
    along = due.exclude(together="").filter(
        customer__in={customer for customer, _key in whole}, together__in={key for _customer, key in whole}
    )
    columns = ("pk", "customer", "recipient", "together")
    found = due.filter(pk__in=pks).values_list(*columns).union(along.values_list(*columns))
    groups: dict[tuple[UUID, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for pk, customer_id, recipient, together in sorted(found):
        groups[customer_id, recipient][together or str(pk)].append(pk)
    mails = []
    for of_recipient in groups.values():
        gathered = list(of_recipient.values())
        mails += [gathered] if len(gathered) > MOST_AT_ONCE else [[group] for group in gathered]
    return mails


@transaction.atomic
def retry_notice(notice_id: int, *, reason: str, actor: Actor, at: datetime) -> None:
    """
    Staff have removed the cause of a parked notice, or are asked for one that was sent: it is due at once.

    One that was sent leaves as another mail; the number of times is kept. What it tells is looked at again as always.

    :raises NotParked: it waits already, or nothing of it holds any more
    """
    sent = Notice.objects.filter(pk=notice_id, state=Notice.State.SENT)
    waits = {"state": Notice.State.PENDING, "attempts": 0, "next_attempt_at": at, "error": ""}
    if not sent.update(sent_again=F("sent_again") + 1, **waits):
        NOTICES.resend(notice_id, at=at)
    notice = Notice.objects.select_related("customer").get(pk=notice_id)
    record_audit(Did.RETRY, notice, actor=actor, at=at, reason=reason, customer=notice.customer)


def _deliver(pks: Sequence[int], server: BaseEmailBackend, *, at: datetime) -> Tally:
    """One mail for those of these notices that still hold; nothing is done when none does, or somebody else is at it."""
    with NOTICES.claim(*pks, at=at) as claimed:
        fates: dict[str, list[Notice]] = defaultdict(list)
        for notice, fate in _looked_at(claimed, at=at):
            fates[fate].append(notice)
        notices = fates.pop(Notice.State.SENT, [])
        for state, gone in fates.items():
            NOTICES.close(*gone, state=state, error="")
        if not notices:
            return Tally()
        try:
            server.send_messages([message_of(*notices, at=at)])
        except Exception as failure:
            logger.warning("%s notices in one mail failed, first %s", len(notices), notices[0].pk, exc_info=True)
            NOTICES.failed(*notices, why=noted(failure))
            return Tally(failed=len(notices))
        return Tally(done=NOTICES.close(*notices, state=Notice.State.SENT, sent_at=at, error=""))


def _looked_at(claimed: Iterable[Notice], *, at: datetime) -> Iterator[tuple[Notice, Notice.State]]:
    """
    Each in the order of time, and what becomes of it: sent, or not; what is so now is read once for all of them, which are for one
    customer.
    """
    notices = sorted(claimed, key=lambda notice: (notice.at, notice.pk))
    now = facts_now(notices)
    copies = [notice.recipient for notice in notices if notice.copy_to_id]
    unwanted = unwanted_of(notices)
    undeliverable = bool(copies) and MailTrouble.objects.standing().of(copies).exists()
    for notice in notices:
        is_idle = notice.copy_to is not None and (undeliverable or not notice.copy_to.wants(notice.kind))
        if notice in unwanted:
            yield notice, Notice.State.UNWANTED
        elif is_idle or is_overtaken(notice, now.get(notice.pk), at=at):
            yield notice, Notice.State.OVERTAKEN
        else:
            yield notice, Notice.State.SENT


def is_overtaken(notice: Notice, now: dict[str, object] | None, *, at: datetime) -> bool:
    """
    Whether what `notice` tells is no longer so, or its address is no longer the customer's.

    To a new address the same is owed again.
    """
    if not holds(notice, now, at=at):
        return True
    if notice.copy_to_id or notice.recipient == notice.customer.email:
        return False
    tell_all([owed_again(notice, at=at)])
    return True


def message_of(*notices: Notice, at: datetime) -> EmailMultiAlternatives:
    """The mail that tells them, in the language of their reader, with the documents that go along."""
    groups: dict[str, list[Notice]] = defaultdict(list)
    for notice in notices:
        groups[notice.together or str(notice.pk)].append(notice)
    first = notices[0]
    again = f"-again-{first.sent_again}" if first.sent_again else ""
    name, to = f"notice-{first.pk}{again}", first.recipient
    with translation.override(language_of(first)):
        if len(groups) > 1:
            return message_as(name, to, mail_after_outage(list(groups.values())), headers=to_stop(notices))
        asked = transfer_for(notices, at=at)
        is_one = len(notices) == 1
        mail = render(first, transfer=asked) if is_one else mail_together(notices, transfer=asked)
        message = message_as(name, to, mail, headers=to_stop(notices))
        for file in files_for(notices, at=at):
            message.attach(*file)
        return message


def to_stop(notices: Sequence[Notice]) -> dict[str, str]:
    """By which mail programs offer to unsubscribe in one click (RFC 8058), where all that the mail tells may be stopped."""
    address = stop_url(notices)
    if not address or any(KINDS[notice.kind].is_owed for notice in notices):
        return {}
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def message_as(name: str, to: str, text: Mail, *, headers: Mapping[str, str] | None = None) -> EmailMultiAlternatives:
    """`name` is the same whenever it is sent: by it mail systems recognise what comes twice."""
    host = urlsplit(settings.PUBLIC_URL).hostname
    message = EmailMultiAlternatives(
        text.subject,
        text.text,
        to=[to],
        headers={"Message-ID": f"<{name}@{host}>", "Auto-Submitted": "auto-generated", **(headers or {})},
    )
    message.attach_alternative(text.html, "text/html")
    if text.code:
        picture = MIMEImage(text.code, "png")
        picture.add_header("Content-ID", f"<{CODE}>")
        picture.add_header("Content-Disposition", "inline", filename=f"{CODE}.png")
        message.attach(picture)
    return message
