"""Half-open periods of whole minutes, paid months of 30 days, and calendar months of the billing zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.conf import settings

MINUTE = timedelta(minutes=1)
MONTH_MINUTES = 30 * 24 * 60
HOUR_MINUTES = 60
FRIDAY = 4


def truncate(instant: datetime) -> datetime:
    """The minute that `instant` lies in, in UTC."""
    if instant.tzinfo is UTC and not instant.second and not instant.microsecond:
        return instant  # nearly always: whatever is stored is whole minutes
    return instant.astimezone(UTC).replace(second=0, microsecond=0)


@cache
def billing_zone() -> ZoneInfo:
    """The zone that decides days, months and job times (setting BILLING_ZONE)."""
    return ZoneInfo(settings.BILLING_ZONE)


def local_day(instant: datetime) -> date:
    """The calendar day of `instant` in the billing zone."""
    return instant.astimezone(billing_zone()).date()


def start_of_day(day: date, at: time = time()) -> datetime:
    """The instant at which `day` reaches the wall-clock time `at` in the billing zone, as UTC."""
    return datetime.combine(day, at, tzinfo=billing_zone()).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """The last instant of `day` in the billing zone: what is due on a day is due until then."""
    return start_of_day(day + timedelta(days=1)) - timedelta(microseconds=1)


def working_days_after(day: date, count: int) -> date:
    """
    The day on which `count` working days have passed after `day`: Monday to Friday.

    Public holidays count as working days: a term that is ours to keep is never longer than the law's.
    """
    for _each in range(count):
        day += timedelta(days=1)
        while day.weekday() > FRIDAY:
            day += timedelta(days=1)
    return day


@dataclass(frozen=True, slots=True)
class Period:
    """[starts_at, ends_at), both cut to the minute."""

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts_at", truncate(self.starts_at))
        object.__setattr__(self, "ends_at", truncate(self.ends_at))
        if self.ends_at < self.starts_at:
            raise ValueError(f"a period cannot end before it starts: {self.starts_at} .. {self.ends_at}")

    @classmethod
    def of_months(cls, months: int, *, starting: datetime) -> Period:
        """`months` paid months: exactly 30 x 24 h each."""
        start = truncate(starting)
        return cls(start, start + months * MONTH_MINUTES * MINUTE)

    @property
    def minutes(self) -> int:
        return minutes_between(self.starts_at, self.ends_at)

    @property
    def whole_months(self) -> int:
        """How many paid months fit into it."""
        return self.minutes // MONTH_MINUTES

    @property
    def last_minute(self) -> datetime:
        """When what lasts so long is completed."""
        return max(self.starts_at, self.ends_at - MINUTE)


def minutes_between(start: datetime, end: datetime) -> int:
    """Whole minutes from `start` to `end`, both truncated to the minute first; negative when `end` is earlier."""
    return int((truncate(end) - truncate(start)) / MINUTE)


@dataclass(frozen=True, slots=True, order=True)
class CalendarMonth:
    """A month of the billing zone; `key` is its name in invoices: "2026-08"."""

    year: int
    month: int

    @classmethod
    def of(cls, instant: datetime) -> CalendarMonth:
        day = local_day(instant)
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, key: str) -> CalendarMonth:
        """:raises ValueError: when `key` is not of the form YYYY-MM"""
        parsed = date.fromisoformat(f"{key}-01")
        return cls(parsed.year, parsed.month)

    @property
    def key(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @property
    def following(self) -> CalendarMonth:
        return CalendarMonth(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def previous(self) -> CalendarMonth:
        return CalendarMonth(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    @property
    def period(self) -> Period:
        return Period(
            start_of_day(date(self.year, self.month, 1)),
            start_of_day(date(self.following.year, self.following.month, 1)),
        )

    def __str__(self) -> str:
        return self.key
