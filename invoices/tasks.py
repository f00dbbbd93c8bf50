"""What time brings to invoices: the month end, and reminders."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from celery import shared_task
from kombu.exceptions import OperationalError

from invoices.models import BillingChunk, BillingRun
from invoices.services import month_end, reminders
from kernel.actors import Actor
from kernel.periods import CalendarMonth

logger = logging.getLogger(__name__)

ACTOR = Actor.job("month-end")
AFTER_MIDNIGHT = timedelta(minutes=30)
MOST_HELPERS = 16


def bill_ended_months(*, at: datetime) -> int:
    """Returns how many months were worked on: mostly none."""
    return len(month_end.bill_ended_months(actor=ACTOR, at=at, planned=lambda run: _call_for_help(run, at)))


@shared_task
def work_on_month(month: str, at: str) -> None:
    """Help with the chunks of a run that somebody planned; without any left there is nothing to do."""
    month_end.run_month_end(CalendarMonth.parse(month), actor=ACTOR, at=datetime.fromisoformat(at))


def _call_for_help(run: BillingRun, at: datetime) -> None:
    """Wake other workers, one per further chunk: whoever is free claims what is left. Nobody has to come."""
    further = run.chunks.filter(state=BillingChunk.State.PENDING).count() - 1
    try:
        for _ in range(min(further, MOST_HELPERS)):
            work_on_month.apply_async(args=(run.month, at.isoformat()), expires=3600)
    except OperationalError:
        logger.warning("no helpers for the month end of %s: the broker does not answer", run)


def next_month_end(after: datetime) -> datetime:
    """Half an hour into the next month of the billing zone."""
    due = CalendarMonth.of(after).period.starts_at + AFTER_MIDNIGHT
    return due if due > after else CalendarMonth.of(after).following.period.starts_at + AFTER_MIDNIGHT


def remind_about_invoices(*, at: datetime) -> int:
    return reminders.remind_about_invoices(at=at)
