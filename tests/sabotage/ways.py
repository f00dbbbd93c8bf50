"""How a guard is taken away and put back, while the database of the tests stays."""

from __future__ import annotations
import __future__

import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql


@dataclass(frozen=True, slots=True)
class Guard:
    """
    Something that keeps the books right, how it is taken away, and the tests that are to notice.

    :ivar tests: paths, of which a part after :: is looked for in the names of tests
    """

    name: str
    taken: Callable[[], AbstractContextManager[None]]
    tests: tuple[str, ...]


def _owner() -> psycopg.Connection[Any]:
    known = connection.settings_dict | settings.DATABASE_OWNER
    return psycopg.connect(
        host=known["HOST"] or None,
        port=known["PORT"] or None,
        dbname=known["NAME"],
        user=known["USER"] or None,
        password=known["PASSWORD"] or None,
        autocommit=True,
    )


def trigger(table: str, name: str, *tests: str) -> Guard:
    """A trigger that is declared under this name."""

    @contextmanager
    def taken() -> Iterator[None]:
        with _owner() as owner:
            rows = owner.execute(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE %s",
                [table, f"pgtrigger\\_{name}\\_%"],
            ).fetchall()
            assert len(rows) == 1, f"{table} has no trigger {name}"
            where = sql.Identifier(table), sql.Identifier(rows[0][0])
            owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(*where))
            try:
                yield
            finally:
                owner.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER {}").format(*where))

    return Guard(f"trigger {name} of {table}", taken, tests)


def foreign_key(table: str, name: str, *tests: str) -> Guard:
    """Its triggers are switched off: made anew, it would be asked after the others, and say something else than they do."""

    @contextmanager
    def taken() -> Iterator[None]:
        with _owner() as owner:
            rows = owner.execute(
                "SELECT tgrelid::regclass::text, tgname FROM pg_trigger JOIN pg_constraint c ON c.oid = tgconstraint"
                " WHERE c.conrelid = %s::regclass AND c.conname = %s",
                [table, name],
            ).fetchall()
            assert rows, f"{table} has no foreign key {name}"
            for where, its_trigger in rows:
                owner.execute(
                    sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(*map(sql.Identifier, (where, its_trigger)))
                )
            try:
                yield
            finally:
                for where, its_trigger in rows:
                    owner.execute(
                        sql.SQL("ALTER TABLE {} ENABLE TRIGGER {}").format(*map(sql.Identifier, (where, its_trigger)))
                    )

    return Guard(f"foreign key {name} of {table}", taken, tests)


def constraint(table: str, name: str, *tests: str) -> Guard:
    """A CHECK, a key or an exclusion."""

    @contextmanager
    def taken() -> Iterator[None]:
        with _owner() as owner:
            row = owner.execute(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s",
                [table, name],
            ).fetchone()
            where = sql.Identifier(table), sql.Identifier(name)
            if row:
                away = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(*where)
                back = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} ").format(*where) + sql.SQL(row[0])
            else:  # unique among some rows only
                found = owner.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [name]).fetchone()
                assert found, f"{table} has no constraint {name}"
                away, back = sql.SQL("DROP INDEX {}").format(where[1]), sql.SQL("{}").format(sql.SQL(found[0]))
            owner.execute(away)
            try:
                yield
            finally:
                owner.execute(back)

    return Guard(f"constraint {name} of {table}", taken, tests)


def refused_right(table: str, verb: str, *tests: str) -> Guard:
    """A verb that the application is not granted on a table."""

    @contextmanager
    def taken() -> Iterator[None]:
        what = sql.SQL(verb), sql.Identifier(table), sql.Identifier(settings.DATABASE_APPLICATION)
        with _owner() as owner:
            owner.execute(sql.SQL("GRANT {} ON {} TO {}").format(*what))
            try:
                yield
            finally:
                owner.execute(sql.SQL("REVOKE {} ON {} FROM {}").format(*what))

    return Guard(f"no right to {verb} on {table}", taken, tests)


def _holder(where: str) -> tuple[Any, str]:
    """ "module:Class.method" -> the class and "method"."""
    module, _colon, path = where.partition(":")
    *owners, last = path.split(".")
    holder: Any = import_module(module)
    for owner in owners:
        holder = getattr(holder, owner)
    return holder, last


def code(where: str, instead: object, *tests: str, name: str) -> Guard:
    """A function, or anything else that is looked up by name when it is needed ("module:Class.method")."""

    @contextmanager
    def taken() -> Iterator[None]:
        holder, last = _holder(where)
        own = vars(holder)[last]
        setattr(holder, last, instead)
        try:
            yield
        finally:
            setattr(holder, last, own)

    return Guard(name, taken, tests)


def words(where: str, old: str, new: str, *tests: str, name: str) -> Guard:
    """A part of a constant text: of SQL, say."""

    @contextmanager
    def taken() -> Iterator[None]:
        holder, last = _holder(where)
        text = vars(holder)[last]
        assert old in text, f"{where} does not say {old}"
        with code(where, text.replace(old, new), name=name).taken():
            yield

    return Guard(name, taken, tests)


def edited(where: str, old: str, new: str, *tests: str, name: str) -> Guard:
    """A part of a function's source reads otherwise, wherever the function has been imported to."""

    @contextmanager
    def taken() -> Iterator[None]:
        holder, last = _holder(where)
        found = vars(holder)[last]
        function = inspect.unwrap(getattr(found, "fget", None) or getattr(found, "__func__", found))
        source = textwrap.dedent(inspect.getsource(function))
        assert old in source, f"{where} does not say {old}"
        flags = __future__.annotations.compiler_flag
        made: dict[str, Any] = dict(function.__globals__)
        exec(compile(source.replace(old, new), where, "exec", flags=flags, dont_inherit=True), made)
        other = made[function.__name__]
        own, function.__code__ = (
            function.__code__,
            inspect.unwrap(getattr(other, "fget", None) or getattr(other, "__func__", other)).__code__,
        )
        try:
            yield
        finally:
            function.__code__ = own

    return Guard(name, taken, tests)
