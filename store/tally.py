"""One job, many items: each on its own, so that one that fails does not stop the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from kernel.errors import DomainError

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
PATIENCE_SECONDS = 300


class TimeIsUp(Exception):
    """A job stops by itself before it would be stopped; the rest is still due at its next run."""


@dataclass(slots=True)
class Tally:
    """What became of a job's items."""

    done: int = 0
    failed: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.done + other.done, self.failed + other.failed)


def for_each(
    items: Iterable[Item], work: Callable[[Item], object], *, what: str, seconds: float = PATIENCE_SECONDS
) -> Tally:
    """
    Call `work` with every item, which owns its transaction. A refusal means that it is no longer due.

    :param what: names an item in the log: "payment"
    :raises TimeIsUp: after `seconds`, when items are left
    """
    tally = Tally()
    ends = time.monotonic() + seconds
    for item in items:
        if time.monotonic() > ends:
            raise TimeIsUp(f"{tally.done} done, {tally.failed} failed in {seconds:.0f} s; the rest waits")
        try:
            work(item)
        except DomainError as refusal:
            logger.info("%s %s: no longer due (%s)", what, item, refusal.code)
        except Exception:
            logger.exception("%s %s: failed", what, item)
            tally.failed += 1
        else:
            tally.done += 1
    return tally


def for_each_group(
    groups: Iterable[Sequence[Item]],
    work: Callable[[Sequence[Item]], object],
    *,
    what: str,
    seconds: float = PATIENCE_SECONDS,
) -> Tally:
    """
    Call `work` with many items at once, which owns their transaction; where that fails, with each of them alone.

    So one that fails, or is refused, does not stop those that it happens to be looked at with.

    :param what: names items in the log: "budgets of customers"
    :raises TimeIsUp: as `for_each`
    """
    alone: list[Item] = []

    def together(group: Sequence[Item]) -> None:
        try:
            work(group)
        except Exception:  # whatever it is, it may not stop the others
            if len(group) == 1:
                raise
            logger.exception("%s, %s of them from %s on: one by one", what, len(group), group[0])
            alone.extend(group)

    found = for_each(groups, together, what=what, seconds=seconds)
    return found + for_each(([item] for item in alone), work, what=what, seconds=seconds)
