"""One job, many items: each on its own, so that one that fails does not stop the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
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
