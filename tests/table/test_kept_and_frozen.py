"""Whatever a model declares as kept or as frozen, attacked by plain SQL: table by table and column by column, one guard at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, permutations

import pgtrigger
import pytest
from django.db import connection

from tests.owner import around_all_guards, as_owner
from tests.table.attack import MARKS, refuse, run
from tests.table.rows import MODELS, a_row_of, values

pytestmark = MARKS
CHANGED = re.compile(r"NEW\.(\w+) IS DISTINCT FROM OLD\.\1")
UNLESS = re.compile(r"AND NOT \((.*)\) THEN\s+RAISE EXCEPTION '% %: these facts are frozen'", re.DOTALL)
UNTIL = re.compile(r"\b(?:OLD|NEW)\.(\w+)(?: IS NULL| = '|, 'infinity')")
"""What is not so any more, when the column has its value for good."""
NEVER = re.compile(r"\bOLD\.(\w+) <> ('\w+')")
"""For whom it has its value from the beginning."""


def frozen() -> Iterator[tuple[str, str, str, str]]:
    """(table, trigger, column, condition under which it may change) of what is declared as kept or as frozen."""
    for model, declared in pgtrigger.registered():
        if unless := UNLESS.search(func := str(declared.func)):
            for column in CHANGED.findall(func[: unless.start()]):
                yield model._meta.db_table, declared.get_pgid(model), column, unless[1]


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


@pytest.mark.parametrize(("table", "trigger", "column", "unless"), [*frozen()])
def test_what_is_frozen_keeps_its_value(table: str, trigger: str, column: str, unless: str) -> None:
    """Whatever has to have happened first has: only then is it attacked."""
    a_row_of(table)
    happened = {name: values(table, name)[0].format(name) for name in UNTIL.findall(unless)} | dict(
        NEVER.findall(unless)
    )
    if happened:
        with around_all_guards():
            run(f"UPDATE {table} SET {', '.join(f'{name} = {value}' for name, value in happened.items())}")
    change = values(table, column)[1].format(column)
    if f"NEW.{column} > OLD.{column}" in unless:
        change = change.replace(" + ", " - ")  # for it only grows
    refuses(table, trigger, f"UPDATE {table} SET {column} = {change}", saying="these facts are frozen")


STATE = re.compile(r"IF NEW\.(\w+) <> '(\w+)' AND NOT \(")
EDGES = re.compile(r"NOT IN \((.*)\) THEN")
EDGE = re.compile(r"\('(\w+)', '(\w+)'\)")


def machines() -> Iterator[tuple[str, str, str, str, frozenset[tuple[str, str]]]]:
    """(table, trigger, column, state at birth, edges) of whatever moves along edges."""
    for model, declared in pgtrigger.registered():
        if declared.name == "moves_along_its_edges":
            func = str(declared.func)
            [(column, initial)], [edges] = STATE.findall(func), EDGES.findall(func)
            yield model._meta.db_table, declared.get_pgid(model), column, initial, frozenset(EDGE.findall(edges))


@pytest.mark.parametrize(
    ("table", "trigger", "column", "initial", "edges"),
    [*machines()],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_state_moves_along_its_edges_alone(
    table: str, trigger: str, column: str, initial: str, edges: frozenset[tuple[str, str]]
) -> None:
    a_row_of(table)
    states = {initial, *chain.from_iterable(edges)}
    with as_owner():
        for other in others(table, trigger):
            run(f"ALTER TABLE {table} DISABLE TRIGGER {other}")
        for source, target in sorted({*permutations(states, 2)} - edges):
            with around_all_guards():
                run(f"UPDATE {table} SET {column} = '{source}'")
            refuse(f"UPDATE {table} SET {column} = '{target}'", match=f"cannot move from {source} to {target}")
