"""What transactions that write thousands of rows do differently."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import pgtrigger
from django.db import connection


def check_as_we_go() -> None:
    """
    Until this transaction ends, foreign keys are checked after each statement instead of at the commit.

    Checks that wait form one queue, and while thousands of them wait, every statement with row triggers takes two to three
    times as long. Our own deferred triggers, which speak of the transaction as a whole, go on waiting for the commit.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    waiting = [
        f"{model._meta.label}:{trigger.name}"
        for model, trigger in pgtrigger.registered()
        if trigger.timing == pgtrigger.Deferred
    ]
    pgtrigger.constraints(pgtrigger.Deferred, *waiting)


def distrust_statistics() -> None:
    """
    Until this transaction ends, joins are planned for many rows, whatever the statistics say of how few there are.

    They are older than what has just been written: for a table that they know to be nearly empty, the planner compares each
    row with each, which for a hundred thousand written since takes hours.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")


def copy_rows(statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Send rows through `COPY ... FROM STDIN`; they are made while the database is storing those before."""
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def array_of(values: Sequence[object]) -> str:
    """
    Thousands of values as PostgreSQL reads an array of them, all texts that can be printed or none of them one.

    The driver looks through each value by itself, which takes as long as writing the rows does. What quotes a printable text in
    JSON quotes it here; whatever is no text (numbers, ids, instants, truth) needs no quotes.
    """
    if values and isinstance(values[0], str):
        return "{" + json.dumps(values, ensure_ascii=False)[1:-1] + "}"
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"
