"""Database triggers that several apps declare: what is written once stays as it was written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pgtrigger
from django.db import connections

ALWAYS_HELD = """
CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT FALSE'
"""


def hold_triggers_always(*, using: str, **_: object) -> None:
    """
    After a migration: no session can switch a trigger off any more.

    The library lets a setting of the session name triggers to ignore, and asks for it at every call of every trigger, at three
    to seven microseconds each: an eighth of the time of an auto-renewal. A promise about money has no such switch.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT lanname FROM pg_language l JOIN pg_proc p ON p.prolang = l.oid WHERE proname = '_pgtrigger_should_ignore'"
        )
        if cursor.fetchone() == ("plpgsql",):  # only then, for processes that migrate at the same time would collide
            cursor.execute(ALWAYS_HELD)


class Guard(pgtrigger.Trigger):
    """
    A trigger that refuses something to everybody, so that the application needs no right to it (`store.rights`).

    :ivar refuses: verbs that it refuses on the whole table
    :ivar keeps: columns that other triggers alone write
    """

    refuses: frozenset[str] = frozenset()
    keeps: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *, refuses: Iterable[str] = (), keeps: Iterable[str] = (), **trigger: Any) -> Guard:
        made = cls(**trigger)
        made.refuses, made.keeps = frozenset(refuses), frozenset(keeps)
        return made


def append_only(*, but_for_triggers: bool = False) -> Guard:
    """
    Rows can be inserted, never updated, deleted or truncated, whoever asks.

    :param but_for_triggers: those of other tables may write into them what became of them
    """
    refuse = "RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';"
    return Guard.of(
        refuses=["UPDATE", "DELETE"],
        name="append_only",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
        func=f"IF pg_trigger_depth() < 2 THEN {refuse} END IF; RETURN NULL;" if but_for_triggers else refuse,
    )


def never_deleted() -> Guard:
    """Rows may move on, but never vanish."""
    return Guard.of(
        refuses=["DELETE"],
        name="never_deleted",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Delete | pgtrigger.Truncate,
        func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME"
        " USING ERRCODE = 'restrict_violation';",
    )


def triggers_only() -> Guard:
    """Rows are kept by the triggers of another table and by nobody else."""
    return Guard.of(
        refuses=["INSERT", "UPDATE", "DELETE"],
        name="triggers_only",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
        func="""
        IF pg_trigger_depth() < 2 THEN
            RAISE EXCEPTION '% is kept by the database: change what it is derived from', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NULL;
        """,
    )


def kept(name: str, *, columns: list[str]) -> Guard:
    """`columns` follow from other rows: the triggers of those write them, and nobody else. See `KeepsColumns`, `begins_empty`."""
    return frozen(name, columns=columns, unless="pg_trigger_depth() > 1", keeps=columns)


def begins_empty(name: str, *, columns: list[str]) -> pgtrigger.Trigger:
    """`columns` add up other rows, of which there are none yet: a new row says zero, whoever writes it."""
    said = " OR ".join(f"NEW.{column} <> 0" for column in columns)
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
        IF {said} THEN
            RAISE EXCEPTION 'a new row of % adds up nothing yet', TG_TABLE_NAME USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def frozen(
    name: str, *, columns: list[str], unless: str = "FALSE", keeps: Iterable[str] = (), key: str = "id"
) -> Guard:
    """`columns` keep their value after insert, unless the SQL condition `unless` (over OLD and NEW) holds; `key` names the row."""
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)
    return Guard.of(
        keeps=keeps,
        name=name,
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"""
        IF ({changed}) AND NOT ({unless}) THEN
            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.{key} USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
        """,
    )


def edges_only(
    *, field: str, initial: str, edges: frozenset[tuple[str, str]], born: str = "FALSE", also: str = ""
) -> pgtrigger.Trigger:
    """
    `field` starts as `initial` and moves only along `edges`.

    :param born: SQL condition over NEW under which a row may start elsewhere
    :param also: more PL/pgSQL to check on a move
    """
    pairs = ", ".join(f"('{source}', '{target}')" for source, target in sorted(edges))
    return pgtrigger.Trigger(
        name="moves_along_its_edges",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf(field),
        func=f"""
        IF TG_OP = 'INSERT' THEN
            IF NEW.{field} <> '{initial}' AND NOT ({born}) THEN
                RAISE EXCEPTION '% starts as {initial}, not as %', TG_TABLE_NAME, NEW.{field}
                    USING ERRCODE = 'check_violation';
            END IF;
        ELSIF NEW.{field} <> OLD.{field} THEN
            IF (OLD.{field}, NEW.{field}) NOT IN ({pairs}) THEN
                RAISE EXCEPTION '% % cannot move from % to %', TG_TABLE_NAME, OLD.id, OLD.{field}, NEW.{field}
                    USING ERRCODE = 'check_violation';
            END IF;
            {also}
        END IF;
        RETURN NEW;
        """,
    )
