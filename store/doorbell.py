"""Waking other workers for work that any number may share. Messages only wake: the work itself stands in the database."""

from __future__ import annotations

import logging
import time

from celery import Task
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

MOST_HELPERS = 16
SHARE_SECONDS = 480
WAITS_SECONDS = 3600
"""A message that nobody had time for by then is dropped: whoever rang has done the work alone."""


def end_of_share() -> float:
    """
    On the machine's monotonic clock: when a task that shares large work stops by itself, well before Celery's time limit.

    Whoever ends with work left wakes one helper in its place.
    """
    return time.monotonic() + SHARE_SECONDS


def wake_helpers(task: Task[..., object], *args: str, count: int) -> None:
    """
    Ask up to `count` other workers, and at most MOST_HELPERS, to run the Celery task `task`; whoever is free comes.

    Nobody has to come, for the calendar does the work in the end; who comes late finds nothing to do.
    """
    try:
        for _ in range(min(count, MOST_HELPERS)):
            task.apply_async(args=args, expires=WAITS_SECONDS)
    except OperationalError:
        logger.warning("no helpers for %s: the broker does not answer", task.name)
