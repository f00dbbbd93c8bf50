"""What each model declares as frozen or kept, attacked by plain SQL in a row of its table: column by column, row by row."""

from __future__ import annotations

import re

import pgtrigger
import pytest
from django.apps import apps
from django.db import connection
from django.db.models import AutoField, ForeignKey, Model

from kernel.periods import CalendarMonth
from tests.owner import around_all_guards, as_owner
from tests.table.attack import MARKS, refuse, run
from usage.services.parts import make_parts

pytestmark = MARKS
CHANGED = re.compile(r"NEW\.(\w+) IS DISTINCT FROM OLD\.\1")
UNLESS = re.compile(r"AND NOT \((.*)\) THEN\s+RAISE EXCEPTION '% %: these facts are frozen'", re.DOTALL)
KINDS = {
    "UUIDField": ("gen_random_uuid()", "gen_random_uuid()"),
    "DateTimeField": ("'2026-03-10T12:00+07'", "coalesce({0}, '2026-03-10T12:00+07') + interval '1 minute'"),
    "DateField": ("'2026-03-10'", "coalesce({0}, '2026-03-10') + 1"),
    "DurationField": ("interval '1 minute'", "{0} + interval '1 minute'"),
    "BooleanField": ("FALSE", "NOT coalesce({0}, FALSE)"),
    "JSONField": ("'{{}}'", """'{{"other": 1}}'"""),
    "ArrayField": ("'{{}}'", "'{{1}}'"),
    "CharField": ("'x'", "coalesce(right({0}, -1), '') || 'y'"),
    "TextField": ("'x'", "coalesce({0}, '') || 'y'"),
    "BinaryField": ("'x'", "'y'"),
}
"""By the kind of field: something, and something else than there is."""
NUMBER = ("1", "coalesce({0}, 0) + 1")


MODELS: dict[str, type[Model]] = {model._meta.db_table: model for model in apps.get_models()}


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


def values(table: str, column: str) -> tuple[str, str]:
    field = next(field for field in MODELS[table]._meta.concrete_fields if field.column == column)
    while isinstance(field, ForeignKey):
        field = field.target_field
    kind, stored = field.get_internal_type(), str(field.db_type(connection))
    return KINDS.get("CharField" if "char" in stored and not stored.endswith("]") else kind, NUMBER)


def a_row_of(table: str) -> None:
    """Some row, whatever it means: without the table's conditions and guards, until the test ends."""
    if run(f"SELECT FROM {table} LIMIT 1"):
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'", [table])
        conditions = [name for (name,) in cursor.fetchall()]
    needed = [
        field.column
        for field in MODELS[table]._meta.concrete_fields
        if not field.null and not field.generated and not isinstance(field, AutoField)
    ]
    make_parts([CalendarMonth.parse("2026-03")])
    with around_all_guards():
        for name in conditions:
            run(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        run(
            f"INSERT INTO {table} ({', '.join(needed)})"
            f" SELECT {', '.join(values(table, column)[0].format(column) for column in needed)}"
        )


def refuses(table: str, trigger: str, *statements: str, saying: str) -> None:
    """This trigger alone does: no other of the table says anything until the test ends."""
    with as_owner():
        run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        run(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")
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
