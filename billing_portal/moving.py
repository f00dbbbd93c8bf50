"""
Moving the clock of a demo forward, with everything that happens on the way.

All jobs that are due between now and then run in the order of their due instants, each with the clock set to its own,
as they would have. Calendar jobs run at their wall-clock times; frequent ones are asked for their next due instant
instead of being run every minute. The clock is the real one for every process all along, so worker and beat may go on
beside it: what they do in between is what they would have done.

Product teams answer in real time. Before the clock passes the deadline of a provisioning request, they get
`PATIENCE_SECONDS` to answer; who has not answered by then times out, as they would have.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.services import record_audit
from billing_portal import clock
from billing_portal.audit import Did
from billing_portal.clock import ClockFixed
from billing_portal.jobs import carry_out
from billing_portal.models import ClockMove, JobRun
from billing_portal.schedule import BY_NAME, JOBS
from billing_portal.timetable import Job
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput, noted
from lifecycle.models import ProvisioningRequest
from lifecycle.services.delivery import deliver_requests
from store.locks import alone
from store.outbox import ATTEMPTS

logger = logging.getLogger(__name__)

FARTHEST = timedelta(days=3 * 366)
PATIENCE_SECONDS = 20.0


class NotForward(DomainError):
    code = "clock-not-forward"
    status = 422
    message = _("Time does not go backward: choose an instant that lies ahead.")


class MoveUnderWay(DomainError):
    code = "clock-move-under-way"
    message = _("The clock is being moved already. Wait until it has arrived.")


@transaction.atomic
def request_move(to: datetime, *, reason: str, actor: Actor, at: datetime) -> ClockMove:
    """
    Ask for the clock to be moved to `to`. A worker carries it out, within seconds, and notes its progress in the row.

    :raises ClockFixed: this portal's clock is the machine's
    :raises NotForward: `to` is not in the future
    :raises InvalidInput: more than three years ahead, or no reason
    :raises MoveUnderWay: another move has not arrived
    """
    if not settings.CLOCK_MOVABLE:
        raise ClockFixed
    if to <= at:
        raise NotForward
    if to - at > FARTHEST:
        raise InvalidInput(_("Move the clock by at most three years at a time."), field="to")
    if not reason.strip():
        raise InvalidInput(_("Say why the clock is moved."), field="reason")
    try:
        with transaction.atomic():
            move = ClockMove.objects.create(
                from_instant=at, to_instant=to, reached=at, reason=reason.strip(), actor=actor.name
            )
    except IntegrityError:
        raise MoveUnderWay from None
    record_audit(Did.MOVE_CLOCK, move, actor=actor, at=at, reason=move.reason)
    return move


def current_move() -> ClockMove | None:
    """The move that is under way."""
    return ClockMove.objects.filter(state=ClockMove.State.RUNNING).first()


def carry_on() -> Iterator[JobRun]:
    """
    Work on the move that is under way, yielding each job's run; nothing when there is none or somebody else is at it.

    Interrupted at any point, it is carried on from where it was. After repeated failures it is given up, and the clock
    stays where it is.
    """
    with alone("clock") as held:
        move = current_move() if held else None
        if move:
            yield from _steps(move)


def _steps(move: ClockMove) -> Iterator[JobRun]:
    ClockMove.objects.filter(pk=move.pk).update(attempts=F("attempts") + 1)
    move.refresh_from_db()
    try:
        for run in _travel(move):
            move.jobs += 1
            yield run
    except Exception as failure:
        logger.exception("moving the clock broke off at %s", move.reached)
        move.error = noted(failure)[:500]
        if move.attempts >= ATTEMPTS:
            move.state = ClockMove.State.FAILED
    else:
        move.state, move.error = ClockMove.State.DONE, ""
    finally:
        move.save()


def _travel(move: ClockMove) -> Iterator[JobRun]:
    past = move.reached
    agenda = _Agenda()
    waited_for: set[UUID] = set()
    noted = time.monotonic()
    for job in JOBS:
        if job.next_due:  # what is overdue comes first
            yield carry_out(job, at=clock.now())
    while True:
        instant, jobs = agenda.next_stop(past, move.to_instant)
        if BY_NAME["time-out-requests"] in jobs and _await_answers(move, waited_for):
            agenda.forget()  # somebody answered: the next stop may be another one
            continue
        clock.advance(instant)
        for job in jobs:
            run = carry_out(job, at=clock.now(), due_at=instant)
            if run.count or run.failures or run.error:
                agenda.forget()
            yield run
        past = move.reached = instant
        if instant >= move.to_instant:
            return
        if time.monotonic() - noted > 1:
            move.save(update_fields=["reached", "jobs", "waits_for_answers"])
            noted = time.monotonic()


class _Agenda:
    """What is due next. Jobs are asked again when something has happened, and every second for what others do."""

    def __init__(self) -> None:
        self._due: dict[Job, datetime | None] = {}
        self._asked = 0.0

    def forget(self) -> None:
        self._due.clear()

    def next_stop(self, after: datetime, end: datetime) -> tuple[datetime, list[Job]]:
        """The first instant at which something is due, and the jobs due then, in the calendar's order; else the end."""
        if time.monotonic() - self._asked > 1:
            self.forget()
            self._asked = time.monotonic()
        for job in JOBS:
            known = self._due.get(job, after)
            if known is not None and known <= after:
                self._due[job] = job.next_instant(after)
        stop = min([end, *filter(None, self._due.values())])
        return stop, [job for job in JOBS if self._due[job] == stop]


def _await_answers(move: ClockMove, waited_for: set[UUID]) -> bool:
    """Give the product teams time to answer; True when somebody did. Each request is waited for once."""
    unanswered = ProvisioningRequest.objects.unanswered()
    awaited = set(unanswered.values_list("pk", flat=True)) - waited_for
    waited_for |= awaited
    ends = time.monotonic() + PATIENCE_SECONDS
    left = awaited
    while left and time.monotonic() < ends:
        ClockMove.objects.filter(pk=move.pk).update(waits_for_answers=len(left))
        deliver_requests(at=clock.now())
        time.sleep(0.2)
        left = set(unanswered.filter(pk__in=left).values_list("pk", flat=True))
    move.waits_for_answers = 0
    return left != awaited
