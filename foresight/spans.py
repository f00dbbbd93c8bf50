"""Periods of the cost explorer: whole months, days or hours, and the preceding period of the same length."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from invoices.ranges import MonthRange, months_ago
from kernel.errors import DomainError
from kernel.periods import CalendarMonth, Period, local_day, start_of_day

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class Step(TextChoices):
    MONTH = "month", _("Month by month")
    DAY = "day", _("Day by day")
    HOUR = "hour", _("Hour by hour")


MOST = {Step.MONTH: 36, Step.DAY: 93, Step.HOUR: 72}
"""How many of them are shown at once."""


class TooManySteps(DomainError):
    code = "too-many-steps"
    status = 422
    message = _("At most 36 months, 93 days or 72 hours can be shown at once.")


class NoHours(DomainError):
    code = "no-hours"
    status = 422
    message = _("Hours are known of the present month only: what was billed is billed by its days.")


@dataclass(frozen=True, slots=True)
class Span:
    """`edges`: where its steps begin, and where the last one ends."""

    step: Step
    edges: tuple[datetime, ...]

    @classmethod
    def of(cls, step: Step, first: date, last: date) -> Span:
        """
        The days from `first` to `last`, both included, whichever comes first; of months: all of those that they touch.

        :raises TooManySteps:
        """
        first, last = min(first, last), max(first, last)
        if (last - first).days > 31 * MOST[Step.MONTH]:
            raise TooManySteps
        match step:
            case Step.MONTH:
                span = _of_months(CalendarMonth(first.year, first.month), CalendarMonth(last.year, last.month))
            case Step.DAY:
                span = _of_days(first, (last - first).days + 1)
            case Step.HOUR:
                span = _of_hours(start_of_day(first), (start_of_day(last + DAY) - start_of_day(first)) // HOUR)
        if len(span.edges) > MOST[step] + 1:
            raise TooManySteps
        return span

    @classmethod
    def of_months_before(cls, count: int, *, at: datetime) -> Span:
        """The present month and those before it, `count` in all."""
        return _of_months(months_ago(count - 1, at=at), CalendarMonth.of(at))

    @property
    def period(self) -> Period:
        return Period(self.edges[0], self.edges[-1])

    @property
    def steps(self) -> list[Period]:
        return [Period(start, end) for start, end in pairwise(self.edges)]

    @property
    def preceding(self) -> Span:
        """As many months, days or hours, up to where this one begins."""
        count = len(self.edges) - 1
        begin = self.edges[0]
        match self.step:
            case Step.MONTH:
                return _of_months(months_ago(count, at=begin), CalendarMonth.of(begin).previous)
            case Step.DAY:
                return _of_days(local_day(begin) - count * DAY, count)
            case Step.HOUR:
                return _of_hours(begin - count * HOUR, count)

    def check_hours(self, *, at: datetime) -> None:
        """:raises NoHours:"""
        month = CalendarMonth.of(at).period
        if self.step == Step.HOUR and not month.starts_at <= self.edges[0] <= self.edges[-1] <= month.ends_at:
            raise NoHours


def _of_months(first: CalendarMonth, last: CalendarMonth) -> Span:
    months = MonthRange(first, last).months
    return Span(Step.MONTH, (*(month.period.starts_at for month in months), last.period.ends_at))


def _of_days(first: date, count: int) -> Span:
    return Span(Step.DAY, tuple(start_of_day(first + number * DAY) for number in range(count + 1)))


def _of_hours(begin: datetime, count: int) -> Span:
    return Span(Step.HOUR, tuple(begin + number * HOUR for number in range(count + 1)))
