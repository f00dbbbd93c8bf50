"""Where somebody is signed in: each browser is listed, and can be signed out from any other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Customer, User
from accounts.services import record_audit
from door.audit import Did
from kernel.actors import Actor

NOWHERE = "0.0.0.0"  # noqa: S104 - what stands for an address that nobody knows
Ended = Callable[[str], None]
_when_ended: list[Ended] = []


def when_ended(then: Ended) -> None:
    """An app tells what else ends with a session, by its key."""
    _when_ended.append(then)


def note_session(user: User, key: str, *, address: str, browser: str, company: str = "") -> None:
    """
    `user` is signed in with the session `key`, from `address`, with what calls itself `browser`.

    :param company: the customer whose provider opened it
    """
    longest = UserSession._meta.get_field("user_agent").max_length
    UserSession.objects.update_or_create(
        session_key=key,
        defaults={
            "user": user,
            "ip": address or NOWHERE,
            "user_agent": browser[:longest],
            "data": {"company": company} if company else {},
        },
    )


@transaction.atomic
def set_terms(
    customer: Customer, *, idle_minutes: int | None, session_hours: int | None, actor: Actor, at: datetime
) -> None:
    """How long the customer's users stay signed in without use, and in any case; written down, for it decides who is in."""
    terms = {"idle_minutes": idle_minutes, "session_hours": session_hours}
    changed = Customer.objects.filter(pk=customer.pk).exclude(**terms)
    if changed.update(**terms):
        record_audit(Did.SET_SESSION_TERMS, customer.pk, actor=actor, at=at, reason="", customer=customer, **terms)


def sessions_of(user: User, *, by: str = "", machine_at: datetime) -> list[UserSession]:
    """
    Those that have not ended, the latest first.

    :param by: a customer: those alone that its provider opened
    :param machine_at: sessions live by the machine's clock
    """
    running = Session.objects.filter(expire_date__gt=machine_at).values("session_key")
    return list(_of(user, by).filter(session_key__in=running).order_by("-created_at", "-pk"))


@transaction.atomic
def end_sessions(user: User, *, only: int | None = None, but: str = "", by: str = "") -> int:
    """
    Sign `user` out; returns of how many browsers.

    :param only: of this one alone
    :param but: not where the session has this key
    :param by: a customer: where its provider let them in
    """
    ended = _of(user, by).exclude(session_key=but)
    if only is not None:
        ended = ended.filter(pk=only)
    return _end(ended)


@transaction.atomic
def end_sessions_by(customer: Customer) -> int:
    """Sign out whoever came in by the customer's own provider; returns of how many browsers."""
    return _end(UserSession.objects.filter(data__company=str(customer.pk)))


@transaction.atomic
def end_sessions_by_own_means(users: Iterable[int]) -> int:
    """Sign these users out where no provider let them in; returns of how many browsers."""
    return _end(UserSession.objects.filter(user__in=users, data__company__isnull=True))


def _of(user: User, by: str) -> QuerySet[UserSession]:
    found: QuerySet[UserSession] = UserSession.objects.filter(user=user)
    return found.filter(data__company=by) if by else found


def _end(ended: QuerySet[UserSession]) -> int:
    keys = list(ended.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    for key in keys:
        for then in _when_ended:
            then(key)
    return len(keys)


def forget_sessions() -> int:
    """Of sessions that have ended nothing is kept."""
    gone = UserSession.objects.exclude(session_key__in=Session.objects.values("session_key"))
    forgotten: int = gone.delete()[0]
    return forgotten
