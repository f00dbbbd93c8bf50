"""What time brings to invoices: the month end, and the steps of debts."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from celery import shared_task

from catalog.commitments import see_to_ends
from invoices.models import BillingChunk, BillingRun
from invoices.services import ladder, month_end
from kernel.actors import Actor
from kernel.periods import CalendarMonth
from store.doorbell import end_of_share, wake_helpers
from store.tally import Tally

ACTOR = Actor.job("month-end")
COMMITMENTS = Actor.job("commitments")
AFTER_MIDNIGHT = timedelta(minutes=30)


def bill_ended_months(*, at: datetime) -> int:
    """Returns how many months were worked on: mostly none."""
    until = end_of_share()
    runs = month_end.bill_ended_months(
        actor=ACTOR, at=at, until=until, planned=lambda run: _wake_helpers(run, at, chunks=_chunks_left(run) - 1)
    )
    if time.monotonic() >= until:
        for run in runs:
            _wake_helpers(run, at, chunks=_chunks_left(run))
    return len(runs)


@shared_task
def work_on_month(month: str, at: str) -> None:
    """Help with the chunks of a run that somebody planned; without any left there is nothing to do."""
    until, when = end_of_share(), datetime.fromisoformat(at)
    run = month_end.run_month_end(CalendarMonth.parse(month), actor=ACTOR, at=when, until=until)
    if time.monotonic() >= until:
        _wake_helpers(run, when, chunks=min(_chunks_left(run), 1))


def _chunks_left(run: BillingRun) -> int:
    return run.chunks.filter(state=BillingChunk.State.PENDING).count()


def _wake_helpers(run: BillingRun, at: datetime, *, chunks: int) -> None:
    wake_helpers(work_on_month, run.month, at.isoformat(), count=chunks)


def next_month_end(after: datetime) -> datetime:
    """Half an hour into the next month of the billing zone."""
    due = CalendarMonth.of(after).period.starts_at + AFTER_MIDNIGHT
    return due if due > after else CalendarMonth.of(after).following.period.starts_at + AFTER_MIDNIGHT


def climb_ladder(*, at: datetime) -> int:
    return ladder.climb(at=at)


def see_to_commitments(*, at: datetime) -> Tally:
    """What ends is followed by another where that was agreed, or its end is told."""
    return see_to_ends(actor=COMMITMENTS, at=at)
