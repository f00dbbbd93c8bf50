"""Waking other workers for work that any number may share. Messages only wake: the work itself stands in the database."""

from __future__ import annotations

import logging
from typing import Any

from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

MOST_HELPERS = 16
WAITS_SECONDS = 3600
"""A message that nobody had time for by then is dropped: whoever rang has done the work alone."""


def wake_helpers(task: Any, *args: str, parts: int) -> None:
    """
    Ask other workers to run the Celery task `task`, one for each further part of the work; whoever is free comes.

    Nobody has to come, for the caller goes on until nothing is left; who comes late finds nothing to do.
    """
    try:
        for _ in range(min(parts - 1, MOST_HELPERS)):
            task.apply_async(args=args, expires=WAITS_SECONDS)
    except OperationalError:
        logger.warning("no helpers for %s: the broker does not answer", task.name)
