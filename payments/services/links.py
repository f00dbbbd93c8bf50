"""
Linked accounts: begun here, confirmed at the gateway, ended by either side.

Whatever is learned about a link goes through `record_link`, under its lock. A notice only wakes us: the gateway is asked
(`ask_about_link`), outside of any transaction. What ends here ends at once; ending it at the gateway is owed to it, however long
that takes.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from accounts.idempotency import Note, unnoted
from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.backoff import Backoff
from kernel.errors import DomainError
from kernel.ids import new_id
from notifications.models import Notice
from notifications.services import tell
from payments import gateways
from payments.audit import Did
from payments.gateways.base import Failed, Linked, Linking, LinkOutcome, LinkReport, Redirect, ToLink, Unlinked
from payments.models import Consent, LinkedAccount
from payments.services.consents import Agreement, record_consent
from payments.services.standing import stop_charging
from payments.services.turns import AT_ONCE, take_turn
from store.outbox import Outbox
from store.sealed import Unreadable, seal, unseal
from store.tally import Tally

logger = logging.getLogger(__name__)
State = LinkedAccount.State
MOST = 10
"""Linked accounts of one customer, those to be confirmed included."""
CONFIRM_WITHIN = timedelta(minutes=30)
ASKED_FOR = timedelta(days=7)
"""So long a gateway is asked to end what has ended here."""
FIRST_QUESTION = timedelta(minutes=1)
WARNED_BEFORE = timedelta(days=14)


class NoLinking(DomainError):
    code = "no-linking"
    status = 422
    message = _("Accounts cannot be linked with this gateway.")


class TooManyLinks(DomainError):
    code = "too-many-links"
    message = _("At most %(most)s accounts can be linked. Unlink one first.")


def adapter_of(gateway: str) -> Linking:
    """:raises NoLinking: it is not set up here, or links no accounts"""
    try:
        adapter = gateways.gateway(gateway)
    except gateways.UnknownGateway:
        raise NoLinking from None
    if not isinstance(adapter, Linking):
        raise NoLinking
    return adapter


def begin_link(
    customer: Customer, *, gateway: str, agreement: Agreement, actor: Actor, at: datetime, note: Note = unnoted
) -> LinkedAccount:
    """
    Send the customer to the gateway to confirm: see `redirect_url`. The row and the consent are there before.

    :raises NoLinking: not with this gateway
    :raises ConsentNeeded: the customer did not agree
    :raises TooManyLinks: some have to go first
    """
    adapter = adapter_of(gateway)
    with transaction.atomic(durable=True):
        held = Customer.objects.lock_open(customer.pk)
        if LinkedAccount.objects.filter(customer=held, state__in=[State.PENDING, State.ACTIVE]).count() >= MOST:
            raise TooManyLinks(most=MOST)
        link = LinkedAccount.objects.create(
            pk=new_id(),
            customer=held,
            gateway=gateway,
            reference=gateways.gateway(gateway).new_reference(at),
            charge_limit=settings.LINKED_CHARGE_LIMIT,
            month_limit=settings.LINKED_MONTH_LIMIT,
            actor=actor.name,
            created_at=at,
            ask_at=at + FIRST_QUESTION,
        )
        record_consent(link, Consent.Scope.CHARGES, agreement, actor=actor, at=at)
        record_audit(Did.LINK, link.pk, actor=actor, at=at, reason="", customer=held, gateway=gateway)
        note(link.pk)
    with override(held.language):
        description = gettext("Link an account")
    answer = adapter.begin_link(
        ToLink(
            reference=link.reference,
            description=description,
            customer_ref=link.customer_ref,
            return_url=f"{settings.PUBLIC_URL}/linked-accounts/{link.pk}/return/",
            callback_url=gateways.notice_url(gateway),
            at=at,
        )
    )
    if not isinstance(answer, Redirect):
        return record_link(link.pk, answer, at=at)
    LinkedAccount.objects.filter(pk=link.pk).update(redirect_url=answer.url)
    link.refresh_from_db()
    return link


class LinkQuestions(Outbox[LinkedAccount]):
    """What gateways are owed about links, see `LinkedAccount.ask_at`. None is parked: `record_link` ends it."""

    model = LinkedAccount
    waiting = Q(ask_at__isnull=False)
    backoff = Backoff(first=timedelta(minutes=1), cap=timedelta(hours=6))
    attempts, due, planned = "asks", "ask_at", 8

    def may_be_parked(self, row: LinkedAccount) -> bool:
        return False


LINK_QUESTIONS = LinkQuestions()


def ask_about_link(link_id: UUID, *, at: datetime) -> LinkedAccount:
    """
    Ask the gateway now what there is to be known or done about a link.

    :raises NoLinking: the gateway is not set up here any more
    """
    link = LinkedAccount.objects.get(pk=link_id)
    if link.ask_at:
        LINK_QUESTIONS.count(link, at=at)
    return record_link(link_id, _answer(link, at), at=at)


def gateways_with_links_due(at: datetime) -> list[str]:
    """Those that are owed a question about a link."""
    due = LinkedAccount.objects.filter(LINK_QUESTIONS.is_due(at))
    return list(due.order_by("gateway").values_list("gateway", flat=True).distinct())


def ask_about_links_due(code: str, *, at: datetime) -> Tally:
    """Ask one gateway in its turn."""
    due = LinkedAccount.objects.filter(LINK_QUESTIONS.is_due(at), gateway=code).order_by("ask_at")
    pks = due.values_list("pk", flat=True)
    return take_turn(code, lambda: pks[:AT_ONCE], lambda pk: ask_when_due(pk, at=at), what="linked account")


def ask_when_due(link_id: UUID, *, at: datetime) -> None:
    """As `ask_about_link`, unless it is not time for it, or somebody else asks."""
    with LINK_QUESTIONS.claim(link_id, at=at) as claimed:
        for link in claimed:
            record_link(link_id, _answer(link, at), at=at)


def _answer(link: LinkedAccount, at: datetime) -> LinkOutcome:
    adapter = adapter_of(link.gateway)
    try:
        token, proof = (unseal(kept) if kept else "" for kept in (link.token, link.proof))
    except Unreadable:  # our key has changed: nobody here can charge it any more
        return Unlinked()
    if not token:
        return adapter.finish_link(reference=link.reference, customer_ref=link.customer_ref, proof=proof, at=at)
    ask = adapter.query_link if link.is_open else adapter.unlink
    return ask(reference=link.reference, customer_ref=link.customer_ref, token=token, at=at)


@transaction.atomic
def record_link(link_id: UUID, outcome: LinkOutcome, *, at: datetime) -> LinkedAccount:
    """Record what is known about a link now; repeating or reordering changes nothing."""
    link = hold_link(link_id)
    if link.state == State.PENDING:
        _of_pending(link, outcome, at=at)
    elif link.state == State.ACTIVE:
        _of_active(link, outcome, at=at)
    else:
        _of_ended(link, outcome, at=at)
    link.save()
    return link


def hold_link(link_id: UUID) -> LinkedAccount:
    """The link, and its customer before it."""
    customer = Customer.objects.lock(LinkedAccount.objects.values_list("customer", flat=True).get(pk=link_id))
    link = LinkedAccount.objects.lock(link_id)
    link.customer = customer
    return link


def _of_pending(link: LinkedAccount, outcome: LinkOutcome, *, at: datetime) -> None:
    match outcome:
        case Linked():
            _keep(link, outcome)
            link.activate(at=at)
            link.proof, link.redirect_url, link.ask_at, link.asks = "", "", None, 0
            is_first = not LinkedAccount.objects.filter(customer=link.customer_id, is_default=True).exists()
            link.is_default = is_first
            tell(
                link.customer,
                Notice.Kind.ACCOUNT_LINKED,
                link.pk,
                at=at,
                account=link.known_as,
                charge_limit=link.charge_limit,
                month_limit=link.month_limit,
            )
        case Unlinked():
            link.refuse(reason="cancelled", at=at)
            link.ask_at = None
        case Failed(code=code):
            link.refuse(reason=code, at=at)
            link.ask_at = None
        case _ if at >= link.created_at + CONFIRM_WITHIN:  # should it be confirmed after all, a notice wakes us
            link.expire(at=at)
            link.ask_at = None


def _of_active(link: LinkedAccount, outcome: LinkOutcome, *, at: datetime) -> None:
    match outcome:
        case Linked():
            _keep(link, outcome)
            link.ask_at, link.asks = None, 0
        case Unlinked():
            end_revoked(link, at=at)
        case Failed():
            link.ask_at, link.asks = None, 0


def _of_ended(link: LinkedAccount, outcome: LinkOutcome, *, at: datetime) -> None:
    """What was confirmed after it had ended here is ended there, too."""
    match outcome:
        case Linked(token=token) if not link.token:
            link.token, link.ask_at, link.stuck_at = seal(token), at, None
        case Unlinked() | Failed():
            link.ask_at = link.stuck_at = None
        case _ if link.ended_at and at >= link.ended_at + ASKED_FOR:
            logger.error("link %s has ended here, and %s never said that it has there", link.pk, link.gateway)
            link.ask_at, link.stuck_at = None, at


def _keep(link: LinkedAccount, told: Linked) -> None:
    link.token, link.display = seal(told.token), told.display[:60] or link.display
    link.expires_at, link.gateway_limit = told.expires_at, told.limit or link.gateway_limit


def end_revoked(link: LinkedAccount, *, at: datetime) -> None:
    """The gateway says that there is no such agreement any more. The caller holds the link, and saves it."""
    link.revoke(at=at)
    _told_as_ended(link, at=at)


def _told_as_ended(link: LinkedAccount, *, at: datetime) -> None:
    link.ask_at, link.asks = None, 0
    stop_charging(link)
    tell(link.customer, Notice.Kind.LINK_ENDED, link.pk, at=at, account=link.known_as, state=link.state)


@transaction.atomic
def hear_of_link(link_id: UUID, report: LinkReport, *, at: datetime) -> None:
    """A notice says something about a link: its proof is kept, and the gateway is asked about it as soon as may be."""
    link = hold_link(link_id)
    if report.proof and link.state != State.ACTIVE and not link.token:
        link.proof = seal(report.proof)
    link.ask_at, link.asks, link.stuck_at = at, 0, None
    link.save()


@transaction.atomic
def expire_link(link_id: UUID, *, at: datetime) -> None:
    """The time is over for which the account can be charged."""
    link = hold_link(link_id)
    if link.state == State.ACTIVE and link.expires_at and link.expires_at <= at:
        link.expire(at=at)
        _told_as_ended(link, at=at)
        link.save()


def warn_of_end(link: LinkedAccount, *, at: datetime) -> None:
    """Told once for each end."""
    assert link.expires_at
    tell(
        link.customer,
        Notice.Kind.LINK_EXPIRES,
        link.pk,
        link.expires_at,
        at=at,
        account=link.known_as,
        until=link.expires_at,
    )
