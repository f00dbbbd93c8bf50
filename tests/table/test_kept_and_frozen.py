"""Whatever a model declares as kept or as frozen, attacked by plain SQL: table by table and column by column, one guard at a time."""

from __future__ import annotations

import re

import pgtrigger
import pytest
from django.db import connection

from tests.owner import around_all_guards, as_owner
from tests.table.attack import MARKS, refuse, run
from tests.table.rows import MODELS, a_row_of, values

pytestmark = MARKS
CHANGED = re.compile(r"NEW\.(\w+) IS DISTINCT FROM OLD\.\1")
UNLESS = re.compile(r"AND NOT \((.*)\) THEN\s+RAISE EXCEPTION '% %: these facts are frozen'", re.DOTALL)


def frozen(*, once: bool) -> list[tuple[str, str, str]]:
    """(table, trigger, column) of what is declared: from the beginning, or `once` it is there."""
    found = []
    for model, declared in pgtrigger.registered():
        func = str(declared.func)
        if unless := UNLESS.search(func):
            for column in dict.fromkeys(CHANGED.findall(func)):
                if unless[1] == (f"OLD.{column} IS NULL" if once else "FALSE"):
                    found.append((model._meta.db_table, declared.get_pgid(model), column))
    return found


def others(table: str, trigger: str) -> list[str]:
    sql = "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgname <> %s"
    with connection.cursor() as cursor:
        cursor.execute(sql, [table, trigger])
        return [name for (name,) in cursor.fetchall()]


def refuses(table: str, trigger: str, *statements: str, saying: str) -> None:
    """This trigger alone does: no other of the table says anything until the test ends. Switched off it stays off."""
    with as_owner():
        for other in others(table, trigger):
            run(f"ALTER TABLE {table} DISABLE TRIGGER {other}")
        for statement in statements:
            refuse(statement, match=saying)


KEEP = {
    "never_deleted": "keeps its rows: nothing is deleted here",
    "append_only": "is append-only",
    "triggers_only": "is kept by the database",
}
"""Triggers by their names, and what they say."""


def kept(name: str) -> list[tuple[str, str]]:
    """(table, trigger) of whatever keeps its rows so."""
    return [
        (model._meta.db_table, declared.get_pgid(model))
        for model, declared in pgtrigger.registered()
        if declared.name == name
    ]


@pytest.mark.parametrize(("table", "trigger"), kept("never_deleted"))
def test_what_keeps_its_rows_keeps_them(table: str, trigger: str) -> None:
    a_row_of(table)
    refuses(table, trigger, f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE", saying=KEEP["never_deleted"])


@pytest.mark.parametrize(("table", "trigger"), [*kept("append_only"), *kept("triggers_only")])
def test_what_only_grows_is_not_changed(table: str, trigger: str) -> None:
    a_row_of(table)
    column = MODELS[table]._meta.concrete_fields[0].column
    statements = (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE")
    refuses(table, trigger, *statements, saying=f"{KEEP['append_only']}|{KEEP['triggers_only']}")


@pytest.mark.parametrize(("table", "trigger", "column"), frozen(once=False))
def test_what_is_frozen_keeps_its_value(table: str, trigger: str, column: str) -> None:
    a_row_of(table)
    change = values(table, column)[1].format(column)
    refuses(table, trigger, f"UPDATE {table} SET {column} = {change}", saying="these facts are frozen")


@pytest.mark.parametrize(("table", "trigger", "column"), frozen(once=True))
def test_what_is_said_once_keeps_its_value(table: str, trigger: str, column: str) -> None:
    a_row_of(table)
    something, other = values(table, column)
    with around_all_guards():
        run(f"UPDATE {table} SET {column} = {something.format(column)}")
    change = other.format(column)
    refuses(table, trigger, f"UPDATE {table} SET {column} = {change}", saying="these facts are frozen")
