"""What time brings to invoices: the month end, and reminders."""

from __future__ import annotations

from datetime import datetime, timedelta

from invoices.services import month_end, reminders
from kernel.actors import Actor
from kernel.periods import CalendarMonth

AFTER_MIDNIGHT = timedelta(minutes=30)


def bill_ended_months(*, at: datetime) -> int:
    """Returns how many months were worked on: mostly none."""
    return len(month_end.bill_ended_months(actor=Actor.job("month-end"), at=at))


def next_month_end(after: datetime) -> datetime:
    """Half an hour into the next month of the billing zone."""
    due = CalendarMonth.of(after).period.starts_at + AFTER_MIDNIGHT
    return due if due > after else CalendarMonth.of(after).following.period.starts_at + AFTER_MIDNIGHT


def remind_about_invoices(*, at: datetime) -> int:
    return reminders.remind_about_invoices(at=at)
