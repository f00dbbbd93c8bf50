"""When jobs are due: pure arithmetic on instants, wall-clock times in the billing zone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol

from django.utils.translation import gettext as _

from kernel.periods import local_day, start_of_day
from kernel.shapes import Wording
from store.tally import Tally

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Every:
    """Every `seconds`, all day long."""

    seconds: int

    def latest(self, at: datetime) -> datetime:
        """The last instant up to `at` at which it was due."""
        return datetime.fromtimestamp(at.timestamp() // self.seconds * self.seconds, UTC)

    def following(self, at: datetime) -> datetime:
        """The first instant after `at` at which it is due."""
        return self.latest(at) + timedelta(seconds=self.seconds)

    def __str__(self) -> str:
        if self.seconds == 60:
            return _("every minute")
        return _("every %(seconds)s seconds") % {"seconds": self.seconds}


@dataclass(frozen=True, slots=True)
class Daily:
    """At a wall-clock time of the billing zone."""

    hour: int
    minute: int = 0

    def latest(self, at: datetime) -> datetime:
        today = self._on(at, 0)
        return today if today <= at else self._on(at, -1)

    def following(self, at: datetime) -> datetime:
        today = self._on(at, 0)
        return today if today > at else self._on(at, 1)

    def _on(self, at: datetime, days: int) -> datetime:
        return start_of_day(local_day(at) + timedelta(days=days), time(self.hour, self.minute))

    def __str__(self) -> str:
        return _("daily at %(time)s") % {"time": f"{self.hour:02}:{self.minute:02}"}


@dataclass(frozen=True, slots=True)
class Hourly:
    """At `minute` past every hour."""

    minute: int

    def latest(self, at: datetime) -> datetime:
        candidate = at.replace(minute=self.minute, second=0, microsecond=0)
        return candidate if candidate <= at else candidate - HOUR

    def following(self, at: datetime) -> datetime:
        return self.latest(at) + HOUR

    def __str__(self) -> str:
        return _("every hour, %(minute)s minutes past") % {"minute": self.minute}


class Work(Protocol):
    def __call__(self, *, at: datetime) -> int | Tally: ...


@dataclass(frozen=True)
class Job:
    """
    Something that time makes due.

    `work` finds what is due at an instant and does it: safe twice, late and beside itself. While the clock is being
    moved, a job with `next_due` does not run at every turn of `when`, but at the instants that `next_due` names: the
    first one after a given instant at which there is something to do, or None.

    A job that `calls_outside` may be kept waiting by others: it runs on the couriers, and holds only its share of them.
    """

    name: str
    work: Work
    when: Every | Daily | Hourly
    sentence: Wording
    next_due: Callable[[datetime], datetime | None] | None = None
    calls_outside: bool = False

    @property
    def is_calendar(self) -> bool:
        """Due at wall-clock times: a run that was missed is made up for."""
        return not isinstance(self.when, Every)

    def next_instant(self, after: datetime) -> datetime | None:
        """The first instant after `after` at which a moving clock has to stop for this job."""
        return self.next_due(after) if self.next_due else self.when.following(after)

    def __str__(self) -> str:
        return self.name
