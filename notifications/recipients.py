"""Extra recipients: asked for by the customer, confirmed by their readers, changed, stopped, removed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.models import Customer
from accounts.services import record_audit
from kernel import clock
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.ids import new_id
from kernel.text import names_a_place
from notifications.audit import Did
from notifications.events import stamp
from notifications.kinds import TOPIC_WORDS, Topic, kinds_of, topic_of
from notifications.letters import leads
from notifications.models import Letter, Notice, Recipient
from notifications.services import write_letter
from store.links import digest_of, token_of, token_with

MOST_RECIPIENTS = 20
ASKED_AGAIN_AFTER = timedelta(hours=1)
MOST_A_DAY = 5
"""So often one address is asked, by all customers together."""
PURPOSE = "notifications.recipients"
KEPT = frozenset({Notice.Kind.ACCESS_CHANGED})
"""Of nobody else's business: who got into the account."""


class TooManyRecipients(DomainError):
    code = "too-many-recipients"
    message = _("There are %(most)s recipients already. Remove one that is not used any more.")


class RecipientThere(DomainError):
    code = "recipient-there"
    message = _("This address is a recipient already. Change what it receives instead.")


class AskedJustNow(DomainError):
    code = "asked-just-now"
    message = _("A link was sent within the last hour. Please wait before you send another one.")


class AskedTooOften(DomainError):
    code = "asked-too-often"
    status = 429
    message = _("This address has been asked %(most)s times within a day. Try again tomorrow.")


class RecipientGone(DomainError):
    code = "recipient-gone"
    message = _("This recipient was removed.")


class LinkOver(DomainError):
    code = "link-over"
    status = 410
    message = _("This link has been used, or it is older than three days. Whoever asked you can send another one.")


def choosable() -> dict[Topic, list[str]]:
    """The kinds that recipients can be sent, by topic."""
    return {topic: [kind for kind in kinds_of(topic) if kind not in KEPT] for topic in Topic}


@transaction.atomic
def ask_recipient(
    customer: Customer, email: str, language: str, kinds: Iterable[str], *, actor: Actor, at: datetime
) -> Recipient:
    """
    Ask the reader of an address, by a link, whether they agree to receive these kinds of notices.

    :raises InvalidInput: none of the kinds can be chosen
    :raises RecipientThere: confirmed or not
    :raises TooManyRecipients:
    :raises AskedTooOften: strangers are not written to without end
    """
    held = Customer.objects.lock_open(customer.pk)
    chosen = _checked(kinds)
    there = held.recipients.in_use()
    if there.alias(address=Lower("email")).filter(address=email.lower()).exists():
        raise RecipientThere
    if there.count() >= MOST_RECIPIENTS:
        raise TooManyRecipients(most=MOST_RECIPIENTS)
    pk = new_id()
    recipient = Recipient.objects.create(
        pk=pk,
        customer=held,
        email=email,
        language=language,
        kinds=chosen,
        digest=digest_of(token_of(PURPOSE, pk, stamp(at))),
        asked_by=str(actor),
        asked_at=at,
    )
    _write(recipient, at=at)
    record_audit(
        Did.ASK_RECIPIENT, recipient.pk, actor=actor, at=at, reason="", customer=held, email=email, kinds=chosen
    )
    return recipient


@transaction.atomic
def ask_again(recipient_id: UUID, *, actor: Actor, at: datetime) -> Recipient:
    """
    Another link, in the place of the one before; of who has confirmed nothing is asked.

    :raises AskedJustNow: strangers are not written to again and again
    """
    recipient = _hold(recipient_id)
    if recipient.confirmed_at is None:
        if at < recipient.asked_at + ASKED_AGAIN_AFTER:
            raise AskedJustNow
        recipient.asked_at, recipient.asked_by = at, str(actor)
        recipient.digest = digest_of(token_of(PURPOSE, recipient.pk, stamp(at)))
        recipient.save(update_fields=["asked_at", "asked_by", "digest"])
        _write(recipient, at=at)
    return recipient


@transaction.atomic
def change_recipient(
    recipient_id: UUID, language: str, kinds: Iterable[str], *, actor: Actor, at: datetime
) -> Recipient:
    """What it receives from now on, and in which language."""
    recipient = _hold(recipient_id)
    recipient.language, recipient.kinds = language, _checked(kinds)
    recipient.save(update_fields=["language", "kinds"])
    record_audit(
        Did.CHANGE_RECIPIENT, recipient.pk, actor=actor, at=at, reason="", customer=recipient.customer,
        email=recipient.email, kinds=recipient.kinds,
    )  # fmt: skip
    return recipient


@transaction.atomic
def remove_recipient(recipient_id: UUID, *, actor: Actor, at: datetime) -> Recipient:
    """It is sent nothing any more, not even what waits; removing it again changes nothing."""
    recipient = Recipient.objects.lock(recipient_id)
    if recipient.removed_at is None:
        recipient.removed_at = at
        recipient.save(update_fields=["removed_at"])
        record_audit(
            Did.REMOVE_RECIPIENT, recipient.pk, actor=actor, at=at, reason="", customer=recipient.customer,
            email=recipient.email,
        )  # fmt: skip
    return recipient


def recipient_of(token: str, *, at: datetime) -> Recipient | None:
    """Who is asked by the link with this token, while it is good."""
    found = Recipient.objects.select_related("customer").filter(digest=digest_of(token)).first()
    return found if found and found.waits(at) else None


@transaction.atomic
def confirm_recipient(token: str, *, at: datetime) -> Recipient:
    """
    Its reader agrees, once.

    :raises LinkOver:
    """
    asked = recipient_of(token, at=at)
    recipient = Recipient.objects.lock(asked.pk) if asked else None
    if recipient is None or not recipient.waits(at) or recipient.digest != digest_of(token):
        raise LinkOver
    recipient.confirmed_at, recipient.digest = at, ""
    recipient.save(update_fields=["confirmed_at", "digest"])
    _record(Did.CONFIRM_RECIPIENT, recipient, at=at)
    return recipient


@transaction.atomic
def stop_notices(recipient_id: UUID, kinds: Iterable[str], *, at: datetime) -> Recipient:
    """Its reader wants these kinds no longer; with the last one it is removed. Twice is as once."""
    recipient = Recipient.objects.lock(recipient_id)
    left = [kind for kind in recipient.kinds if kind not in set(kinds)]
    if recipient.removed_at is None and left != recipient.kinds:
        stopped = sorted(set(recipient.kinds) - set(left))
        recipient.kinds, recipient.removed_at = left or recipient.kinds, None if left else at
        recipient.save(update_fields=["kinds", "removed_at"])
        _record(Did.STOP_NOTICES, recipient, at=at, kinds=stopped)
    return recipient


def _record(did: Did, recipient: Recipient, *, at: datetime, **facts: object) -> None:
    """By somebody without an account, who reads that address."""
    reader = Actor.reader(recipient.email)
    record_audit(
        did, recipient.pk, actor=reader, at=at, reason="", customer=recipient.customer, email=recipient.email, **facts
    )


def _checked(kinds: Iterable[str]) -> list[str]:
    """In the order of the pages. :raises InvalidInput:"""
    wanted = set(kinds)
    chosen = [kind for of_topic in choosable().values() for kind in of_topic if kind in wanted]
    if not chosen or len(chosen) < len(wanted):
        raise InvalidInput(_("Choose at least one kind of notice."), field="kinds")
    return chosen


def _hold(recipient_id: UUID) -> Recipient:
    """:raises RecipientGone:"""
    recipient = Recipient.objects.lock(recipient_id)
    if recipient.removed_at is not None:
        raise RecipientGone
    return recipient


def _write(recipient: Recipient, *, at: datetime) -> None:
    """
    The letter, in the recipient's language, which says who asks and what about: a name that leads somewhere is written so that it does
    not.

    :raises AskedTooOften:
    """
    asked = Letter.objects.filter(
        kind=Letter.Kind.CONFIRM_RECIPIENT, recipient__iexact=recipient.email, at__gt=at - timedelta(days=1)
    )
    if asked.count() >= MOST_A_DAY:
        raise AskedTooOften(most=MOST_A_DAY)
    name = recipient.customer.name
    if names_a_place(name):
        name = re.sub(r"\W+", " ", name).strip()
    topics = sorted({topic_of(kind) for kind in recipient.kinds}, key=list(Topic).index)
    with override(recipient.language):
        named = ", ".join(str(TOPIC_WORDS[topic]) for topic in topics)
    write_letter(
        Letter.Kind.CONFIRM_RECIPIENT, recipient.email, recipient.language, at=at, about=recipient.pk,
        customer=name, topics=named,
    )  # fmt: skip


def _way(letter: Letter) -> str:
    recipient = Recipient.objects.filter(pk=letter.about).first() if letter.about else None
    if recipient is None or not recipient.waits(clock.now()):
        return ""
    token = token_with(recipient.digest, PURPOSE, recipient.pk, stamp(recipient.asked_at))
    return reverse("recipient-confirm", args=[token]) if token else ""


leads(Letter.Kind.CONFIRM_RECIPIENT, _way)
