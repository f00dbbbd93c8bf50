"""Costs that are spread evenly over their time, and what of them lies in each step of a period. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from kernel.money import round_half_up
from kernel.periods import MINUTE

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def minute_of(instant: datetime) -> int:
    """As a number: a year by the hour of ten thousand lines is a matter of whole numbers, not of instants."""
    return (instant - EPOCH) // MINUTE


class Piece(NamedTuple):
    """
    `times` `amount` VND over the minutes [since, until), of something (a product, a resource ...); `key` is None of what is billed
    for no resource.

    `is_provisional`: on no bill yet.
    """

    key: UUID | str | None
    since: int
    until: int
    amount: int
    times: int = 1
    is_provisional: bool = False

    def worth(self, minute: int) -> int:
        """What one of them is worth up to a minute: rounded once, so its parts add up to it, however it is cut."""
        if minute >= self.until:
            return self.amount
        passed = minute - self.since
        return round_half_up(self.amount * passed, self.until - self.since) if passed > 0 else 0

    def shares(self, edges: Sequence[int]) -> Iterator[tuple[int, int]]:
        """(step, VND of all of them) for each step between two `edges` in which it lies."""
        first = max(0, bisect_right(edges, self.since) - 1)
        before = self.worth(edges[first])
        for step in range(first, len(edges) - 1):
            if edges[step] >= self.until:
                return
            reached = self.worth(edges[step + 1])
            yield step, (reached - before) * self.times
            before = reached
