"""Shares of the workers: whoever is slow outside the house holds so many of them and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.utils import CursorWrapper

LANES = 2


@contextmanager
def share_of(neighbour: str, *, lanes: int = LANES) -> Iterator[bool]:
    """
    Hold one of a neighbour's lanes while working for it; False when all of them are taken, and there is nothing to do.

    A lane is a lock of the session: no transaction is open meanwhile, and it goes with our connection if we die.
    """
    names = [f"share:{neighbour}:{number}" for number in range(lanes)]
    with connection.cursor() as cursor:
        lane = next((name for name in names if _take(cursor, name)), None)
    try:
        yield lane is not None
    finally:
        if lane is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [lane])


def _take(cursor: CursorWrapper, lane: str) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [lane])
    return bool(cursor.fetchone()[0])
