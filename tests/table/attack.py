"""Going around the application: plain SQL against the tables, and what the database says to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

MARKS = [pytest.mark.django_db, pytest.mark.breaks_the_books]
"""For tests that leave the books broken on purpose where the database lets them."""


def run(sql: str, *arguments: Any) -> int:
    """Execute one statement; returns the rows that it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return cursor.rowcount


@contextmanager
def refused(match: str = ".") -> Iterator[None]:
    """The database refuses what happens inside, and says something that matches."""
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        yield


def refuse(sql: str, *arguments: Any, match: str = ".") -> None:
    """The statement is refused, and says something that matches."""
    with refused(match):
        touched = run(sql, *arguments)
        pytest.fail(f"the database let it happen ({touched} rows): {sql}")
