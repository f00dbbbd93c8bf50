"""Database triggers that several apps declare: what is written once stays as it was written."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.db import connections

ALWAYS_HELD = """
CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT FALSE'
"""


def hold_triggers_always(*, using: str, **_: Any) -> None:
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


def append_only() -> pgtrigger.Trigger:
    """Rows can be inserted, never updated, deleted or truncated, whoever asks."""
    return pgtrigger.Trigger(
        name="append_only",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
        func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME"
        " USING ERRCODE = 'restrict_violation';",
    )


def never_deleted() -> pgtrigger.Trigger:
    """Rows may move on, but never vanish."""
    return pgtrigger.Trigger(
        name="never_deleted",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Delete | pgtrigger.Truncate,
        func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME"
        " USING ERRCODE = 'restrict_violation';",
    )


def triggers_only() -> pgtrigger.Trigger:
    """Rows are kept by the triggers of another table and by nobody else."""
    return pgtrigger.Trigger(
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


def frozen(name: str, *, columns: list[str], unless: str = "FALSE") -> pgtrigger.Trigger:
    """`columns` keep their value after insert, unless the SQL condition `unless` (over OLD and NEW) holds."""
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"""
        IF ({changed}) AND NOT ({unless}) THEN
            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';
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
