"""Requests by the law on personal data: asked, cancelled, answered; what is handed over at once is registered."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, User
from accounts.services import record_audit
from door.audit import Did
from door.models import PrivacyRequest
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.periods import end_of_day, local_day, working_days_after
from kernel.text import not_printable, unprintable
from notifications.choices import choose_mails
from notifications.models import Letter
from notifications.services import write_letter

MOST_OPEN = 10
Kind, State = PrivacyRequest.Kind, PrivacyRequest.State


class TooManyPrivacyRequests(DomainError):
    code = "too-many-privacy-requests"
    message = _("There are %(most)s open requests already. They are answered before you send more.")


class PrivacyRequestOver(DomainError):
    code = "privacy-request-over"
    message = _("This request was answered or cancelled before.")


class EndsWithItsClosing(DomainError):
    code = "ends-with-its-closing"
    message = _("This request is about the closing of the account: it ends with that, or is cancelled there.")


@transaction.atomic
def ask_for_privacy(
    customer: Customer, user: User | None, kind: str, text: str, *, for_all: bool = False, actor: Actor, at: datetime
) -> PrivacyRequest:
    """
    Staff answer it by the day that the law sets for its kind. Who withdraws an agreement is heeded at once where the portal can by itself:
    no mail that only informs leaves any more.

    :param for_all: who asks may speak for the customer, and not only for themselves
    :raises InvalidInput: nobody can tell what is meant
    :raises TooManyPrivacyRequests:
    """
    held = Customer.objects.lock(customer.pk)
    words = text.strip()
    if kind not in {Kind.CORRECT, Kind.WITHDRAW, Kind.ERASE}:
        raise InvalidInput(_("Choose what you ask for."), field="kind")
    if not words or len(words) > 2000:
        raise InvalidInput(_("Say in a few words what is meant, in at most 2,000 characters."), field="text")
    if found := unprintable(" ".join(words.split())):
        raise InvalidInput(not_printable(found), field="text")
    if PrivacyRequest.objects.open().filter(customer=held).count() >= MOST_OPEN:
        raise TooManyPrivacyRequests(most=MOST_OPEN)
    if kind == Kind.WITHDRAW and for_all:
        choose_mails(held, is_wanted=False, actor=actor, at=at)
    asked = register(held, user, kind, words, actor=actor, at=at)
    record_audit(Did.ASK_PRIVACY, asked.pk, actor=actor, at=at, reason="", customer=held, kind=kind)
    return asked


def register(
    customer: Customer,
    user: User | None,
    kind: str,
    words: str,
    *,
    received_at: datetime | None = None,
    reader: str = "",
    actor: Actor,
    at: datetime,
) -> PrivacyRequest:
    """
    What was asked stands in the register with its days, and whoever asked reads so: that is the first answer. A part of the
    caller's transaction.

    :param received_at: when it came to us, if not just now
    :param reader: where `user` is nobody: who reads the letter; a program reads its answer
    """
    came, reader = received_at or at, user.email if user else reader
    asked = PrivacyRequest.objects.create(
        customer=customer, user=user, kind=kind, text=words, asked_by=str(actor), asked_at=came,
        first_due_at=first_due(came), first_answered_at=at, due_at=due(kind, came),
    )  # fmt: skip
    if reader and kind != Kind.CLOSE:  # of a closing all owners read more
        day = local_day(asked.due_at).isoformat()
        write_letter(
            Letter.Kind.PRIVACY_REGISTERED, reader, customer.language, at=at, user=user, about=customer.pk, on=day
        )
    return asked


@transaction.atomic
def note_request(
    customer: Customer, kind: str, text: str, *, received_at: datetime, actor: Actor, at: datetime
) -> PrivacyRequest:
    """
    Staff put on record what came by mail or by telephone; the customer's address for documents gets the first answer.

    :raises InvalidInput: it came later than now
    """
    held = Customer.objects.lock(customer.pk)
    if received_at > at:
        raise InvalidInput(_("This day lies ahead."), field="day")
    if kind == Kind.WITHDRAW and held.closed_at is None:
        choose_mails(held, is_wanted=False, actor=actor, at=at)
    asked = register(held, None, kind, text, received_at=received_at, reader=held.email, actor=actor, at=at)
    record_audit(Did.NOTE_PRIVACY, asked.pk, actor=actor, at=at, reason="", customer=held, kind=kind)
    return asked


@transaction.atomic
def register_hand_over(customer: Customer, user: User | None, *, actor: Actor, at: datetime) -> PrivacyRequest:
    """What was kept has been handed over, at once."""
    taken = PrivacyRequest.objects.create(
        customer=customer, user=user, kind=Kind.HAND_OVER, state=State.DONE, asked_by=str(actor), asked_at=at,
        first_due_at=first_due(at), first_answered_at=at, due_at=due(Kind.HAND_OVER, at),
        answered_by=str(actor), answered_at=at,
    )  # fmt: skip
    record_audit(Did.TAKE_DATA, taken.pk, actor=actor, at=at, reason="", customer=customer)
    return taken


@transaction.atomic
def cancel_request(request_id: UUID, *, actor: Actor, at: datetime) -> PrivacyRequest:
    """
    Whoever asked wants it no longer.

    :raises PrivacyRequestOver:
    :raises EndsWithItsClosing:
    """
    return _end_asked(request_id, State.CANCELLED, "", actor=actor, at=at)


@transaction.atomic
def answer_request(request_id: UUID, *, is_done: bool, answer: str, actor: Actor, at: datetime) -> PrivacyRequest:
    """
    Staff have done what was asked, or say why not; whoever asked is told by a letter.

    :raises PrivacyRequestOver:
    :raises EndsWithItsClosing:
    """
    request = _end_asked(request_id, State.DONE if is_done else State.REFUSED, answer, actor=actor, at=at)
    if request.user is not None:
        user, customer = request.user, request.customer
        write_letter(Letter.Kind.PRIVACY_ANSWERED, user.email, customer.language, at=at, user=user, about=customer.pk)
    record_audit(
        Did.ANSWER_PRIVACY, request.pk, actor=actor, at=at, reason=answer, customer=request.customer, done=is_done
    )
    return request


def due(kind: str, at: datetime) -> datetime:
    """The last instant of the day by which a request of a kind is done."""
    return end_of_day(local_day(at) + timedelta(days=settings.PRIVACY_DAYS[kind]))


def first_due(at: datetime) -> datetime:
    """The last instant of the day by which the law wants a first answer."""
    return end_of_day(working_days_after(local_day(at), settings.PRIVACY_FIRST_ANSWER_DAYS))


def end_closing_request(request_id: UUID, state: str, *, actor: Actor, at: datetime) -> PrivacyRequest:
    """The account has closed, or does not: its place in the register says so. A part of the caller's transaction."""
    return _end(request_id, state, "", actor=actor, at=at)


def _end_asked(request_id: UUID, state: str, answer: str, *, actor: Actor, at: datetime) -> PrivacyRequest:
    request = _end(request_id, state, answer, actor=actor, at=at)
    if request.kind == Kind.CLOSE:
        raise EndsWithItsClosing
    return request


def _end(request_id: UUID, state: str, answer: str, *, actor: Actor, at: datetime) -> PrivacyRequest:
    request = PrivacyRequest.objects.lock(request_id)
    if request.state != State.OPEN:
        raise PrivacyRequestOver
    request.state, request.answer, request.answered_by, request.answered_at = state, answer, str(actor), at
    request.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    return request
