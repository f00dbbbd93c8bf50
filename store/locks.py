"""Locks of the database session: somebody alone over several transactions. They go with our connection if we die."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

logger = logging.getLogger(__name__)


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Hold the lock `name`, if nobody else does: False says that somebody does, and that there is nothing to do here."""
    with one_of([name]) as held:
        yield held is not None


@contextmanager
def one_of(names: list[str]) -> Iterator[str | None]:
    """Hold the first of the locks `names` that is free; None when all are taken."""
    held = next((name for name in names if _take(name)), None)
    try:
        yield held
    finally:
        if held is not None:
            _give_back(held)


def _take(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        return bool(cursor.fetchone()[0])


def _give_back(name: str) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
    except DatabaseError:  # the session broke, or is beyond use: the lock goes with it
        logger.warning("the session that held %r broke", name)
        connection.close()
