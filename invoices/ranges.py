"""Ranges of calendar months, as people ask for them: this month, the last three, six to three months ago."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kernel.periods import CalendarMonth, Period

LAST = {"last": 1, "last-2": 2, "last-3": 3, "last-6": 6, "last-12": 12}


@dataclass(frozen=True, slots=True)
class MonthRange:
    """All months from `first` to `last`, both included."""

    first: CalendarMonth
    last: CalendarMonth

    @property
    def period(self) -> Period:
        return Period(self.first.period.starts_at, self.last.period.ends_at)

    @property
    def months(self) -> list[CalendarMonth]:
        """In the order of time."""
        found = [self.first]
        while found[-1] < self.last:
            found.append(found[-1].following)
        return found


def months_ago(count: int, *, at: datetime) -> CalendarMonth:
    """The month that lies `count` months before that of `at`."""
    now = CalendarMonth.of(at)
    year, month = divmod(now.year * 12 + now.month - 1 - count, 12)
    return CalendarMonth(year, month + 1)


def between(oldest: int, newest: int, *, at: datetime) -> MonthRange:
    """From `oldest` to `newest` months ago, whichever way round they are given; 0 is the present month."""
    far, near = max(oldest, newest), min(oldest, newest)
    return MonthRange(months_ago(far, at=at), months_ago(near, at=at))


def named_range(name: str, *, at: datetime) -> MonthRange | None:
    """ "this" and "last", "last-2" ... "last-12" (whole months before this one); None for any other name."""
    if name == "this":
        return between(0, 0, at=at)
    return between(LAST[name], 1, at=at) if name in LAST else None
