"""How long somebody who failed is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

MOST_DOUBLINGS = 60
"""Far beyond every cap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """`first`, then `factor` times as long each time, `cap` at most."""

    first: timedelta
    cap: timedelta
    factor: float = 2

    def after(self, failures: int) -> timedelta:
        """The wait after so many failures in a row."""
        seconds = self.first.total_seconds() * self.factor ** min(failures - 1, MOST_DOUBLINGS)
        return timedelta(seconds=min(seconds, self.cap.total_seconds()))

    def at_age(self, age: timedelta) -> timedelta:
        """
        The same series, told by the time since it began: whoever tries out of turn does not make the others rarer.

        After n waits first * (factor^n - 1) / (factor - 1) have gone by, and first * factor^n follows.
        """
        return min(self.first + age * (self.factor - 1), self.cap)
