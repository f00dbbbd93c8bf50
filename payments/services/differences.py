"""The ends of a difference between a statement and our books: an explanation, suspense, or that both agree by now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, Max, Min, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError
from payments.audit import Did
from payments.gateways.wire import VIETNAM
from payments.models import BankTransfer, ReconciliationCase, StatementDay, StatementLine
from payments.services.reconcile import end_what_agrees
from payments.services.transfers import Line, arrive

Kind = ReconciliationCase.Kind
FOR_SUSPENSE = frozenset({Kind.UNKNOWN, Kind.TWICE})
"""Money that came in and that no payment of ours was for."""


class DifferenceEnded(DomainError):
    code = "difference-ended"
    message = _("This difference has ended already.")


class NoMoneyOfNobody(DomainError):
    code = "no-money-of-nobody"
    message = _("Only a payment in the statement that none of ours was for can be taken into suspense.")


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How far a gateway or bank is reconciled.

    :ivar until: every day up to it was read and has no open difference; None: none
    :ivar latest: the last day that was read
    :ivar unread: the first day that could not be read yet, and why
    """

    source: str
    until: date | None
    latest: date | None
    open: int
    unread: date | None
    failure: str


def standings() -> list[Standing]:
    """Of every source that has told of a day, or should have."""
    is_read = Q(read_at__isnull=False)
    days = StatementDay.objects.order_by("source").values("source")
    sources = days.annotate(first=Min("day", filter=is_read), latest=Max("day", filter=is_read))
    unread = StatementDay.objects.filter(read_at=None).order_by("source", "day").distinct("source")
    missing = {day.source: day for day in unread}
    open_ones = ReconciliationCase.objects.filter(resolved_at=None).order_by().values("source")
    differing = {
        each["source"]: Differing(each["first"], each["count"])
        for each in open_ones.annotate(first=Min("day"), count=Count("pk"))
    }
    return [_standing(Told(**each), missing.get(each["source"]), differing.get(each["source"])) for each in sources]


class Told(NamedTuple):
    """The days that a source has told of, as far as they were read."""

    source: str
    first: date | None
    latest: date | None


class Differing(NamedTuple):
    """What of a source is open: since when, how much of it."""

    first: date
    cases: int


def _standing(told: Told, unread: StatementDay | None, differing: Differing | None) -> Standing:
    obstacles = [day for day in (unread and unread.day, differing and differing.first) if day]
    until = told.latest and min([told.latest, *(day - timedelta(days=1) for day in obstacles)])
    return Standing(
        source=told.source,
        until=until if until and told.first and until >= told.first else None,
        latest=told.latest,
        open=differing.cases if differing else 0,
        unread=unread.day if unread else None,
        failure=unread.failure if unread else "",
    )


@transaction.atomic
def explain(case_id: int, *, reason: str, actor: Actor, at: datetime) -> ReconciliationCase:
    """
    Staff know why both sides differ, and nothing is left to do here.

    :raises DifferenceEnded: before
    """
    case = _held(case_id)
    _end(case, ReconciliationCase.Resolution.EXPLAINED, reason=reason, actor=actor, at=at)
    record_audit(
        Did.EXPLAIN_DIFFERENCE,
        case.pk,
        actor=actor,
        at=at,
        reason=reason,
        customer=_customer_of(case),
        kind=case.kind,
        theirs=case.theirs,
        ours=case.ours,
    )
    return case


@transaction.atomic
def take_into_suspense(case_id: int, *, reason: str, actor: Actor, at: datetime) -> BankTransfer:
    """
    Money that a gateway received for nobody whom we know is ours to keep for them: it waits with what is nobody's yet.

    :raises DifferenceEnded: before
    :raises NoMoneyOfNobody: it is about something else
    """
    case = _held(case_id)
    line = case.line
    if line is None or case.kind not in FOR_SUSPENSE or line.movement != StatementLine.Movement.PAYMENT:
        raise NoMoneyOfNobody
    told = Line(
        f"{line.transaction} {line.nth}" if line.nth > 1 else line.transaction,
        line.amount,
        note=line.reference,
        value_date=line.at.astimezone(VIETNAM).date(),
        account=case.source,
    )
    transfer, is_new = arrive(told, channel=BankTransfer.Channel.GATEWAY, actor=actor, at=at)
    if not is_new:
        raise DifferenceEnded
    BankTransfer.objects.filter(pk=transfer.pk).update(seen_at=at)  # its text names an attempt, and no transfer of ours
    _end(case, ReconciliationCase.Resolution.SUSPENSE, reason=reason, actor=actor, at=at)
    record_audit(
        Did.TAKE_INTO_SUSPENSE, case.pk, actor=actor, at=at, reason=reason, amount=line.amount, source=case.source
    )
    return transfer


def end_if_both_agree(case: ReconciliationCase, *, actor: Actor, at: datetime) -> bool:
    """After staff have booked what was missing: whether the case has ended by that."""
    end_what_agrees(case.source, actor=actor.name, at=at)
    case.refresh_from_db()
    return case.resolved_at is not None


def _held(case_id: int) -> ReconciliationCase:
    case = (
        ReconciliationCase.objects.select_for_update(of=("self",), no_key=True)
        .select_related("line", "payment", "refund", "reversal")
        .get(pk=case_id)
    )
    if case.resolved_at:
        raise DifferenceEnded
    return case


def _customer_of(case: ReconciliationCase) -> Customer | None:
    about = case.refund or case.reversal or case.payment
    return about.customer if about else None


def _end(
    case: ReconciliationCase, how: ReconciliationCase.Resolution, *, reason: str, actor: Actor, at: datetime
) -> None:
    case.resolution, case.reason, case.resolved_by, case.resolved_at = how, reason[:500], actor.name, at
    case.save(update_fields=["resolution", "reason", "resolved_by", "resolved_at"])
