"""
What the application may do with each table, and what a reader may see: derived from what the models declare.

The owner of the tables migrates and has nothing else to do with them. The application may read and insert; it may update what
no guard keeps from everybody, and delete only where a model says so (`MAY_BE_DELETED`). Triggers run as the owner: what they
keep, they alone write. There is no right to make anything (tables, temporary ones, functions), to empty a table, or to switch a
trigger off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import pgtrigger
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction
from django.db.models import Model
from psycopg import sql

from store.triggers import Guard

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

ALL = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
OTHERS: dict[str, frozenset[str]] = {
    "django_migrations": frozenset({"SELECT"}),
    "django_content_type": frozenset({"SELECT"}),
    "auth_permission": frozenset({"SELECT", "INSERT", "UPDATE"}),  # ours are named again when the staff groups are made
    "auth_group": ALL,
    "django_session": ALL,
    "django_admin_log": frozenset({"SELECT", "INSERT"}),
    "account_emailaddress": frozenset({"SELECT"}),  # one's address stands with the user, and is confirmed before
    "account_emailconfirmation": frozenset(),
    "usersessions_usersession": ALL,
    "mfa_authenticator": ALL,
}
"""Tables of others, whose models declare nothing."""
SECRET = frozenset(
    {
        "password",
        "digest",
        "webhook_secret",
        "client_secret",
        "session_key",
        "session_data",
        "token",
        "proof",
        "personal_id",
    }
)
"""Columns that no report needs."""


class Right(NamedTuple):
    """A verb on a table, or on one column of it."""

    table: str
    verb: str
    column: str = ""


@cache
def kept_columns(model: type[Model]) -> frozenset[str]:
    """The columns of a model that triggers alone write."""
    return frozenset().union(*(guard.keeps for guard in _guards(model)))


def application_rights() -> set[Right]:
    """All that the application may do."""
    found = {Right(table, verb) for table, verbs in OTHERS.items() for verb in verbs}
    for model in _models():
        table = model._meta.db_table
        if table in OTHERS:
            continue
        if model._meta.auto_created:  # between two others: a link is there, or it is not
            found |= {Right(table, verb) for verb in ("SELECT", "INSERT", "DELETE")}
            continue
        verbs = ALL - frozenset().union(*(guard.refuses for guard in _guards(model)))
        if not getattr(model, "MAY_BE_DELETED", False):
            verbs -= {"DELETE"}
        kept = kept_columns(model)
        for verb in verbs:
            if verb == "UPDATE" and kept:
                found |= {Right(table, verb, column) for column in _columns(model) if column not in kept}
            else:
                found.add(Right(table, verb))
    return found


def reader_rights() -> set[Right]:
    """What a reader of reports may see: all but secrets."""
    found = {Right("django_migrations", "SELECT")}
    for model in _models():
        columns = list(_columns(model))
        if SECRET.isdisjoint(columns):
            found.add(Right(model._meta.db_table, "SELECT"))
        else:
            found |= {Right(model._meta.db_table, "SELECT", column) for column in columns if column not in SECRET}
    return found


def granted(role: str, *, using: str = "default") -> set[Right]:
    """What the database grants a role on our tables."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            """
            SELECT relname, privilege_type, '' FROM pg_class, aclexplode(relacl)
             WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND grantee = %(role)s::regrole
            UNION ALL
            SELECT relname, privilege_type, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid, aclexplode(attacl)
             WHERE relnamespace = 'public'::regnamespace AND grantee = %(role)s::regrole
            """,
            {"role": role},
        )
        return {Right(*row) for row in cursor.fetchall()}


def grant_rights(*, using: str = "default", **_: object) -> None:
    """
    What is granted becomes what is declared: after a migration and before each start, by the owner, if there is another.

    Roles that are missing are made. The application signs in with the password that it is set up with.
    """
    application = settings.DATABASE_APPLICATION
    if not settings.DATABASE_OWNER or not application:
        return
    reader = f"{application}_reader"
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('rights', 0))")
        _make_role(cursor, application, "LOGIN", settings.DATABASES["default"]["PASSWORD"])
        _make_role(cursor, reader, "NOLOGIN")
        for statement in AROUND:
            cursor.execute(
                sql.SQL(statement).format(
                    database=sql.Identifier(connections[using].settings_dict["NAME"]),
                    application=sql.Identifier(application),
                    reader=sql.Identifier(reader),
                )
            )
        _let_triggers_run_as_owner(cursor)
        for role, declared in ((application, application_rights()), (reader, reader_rights())):
            given = granted(role, using=using)
            for verb, preposition, rights in (("REVOKE", "FROM", given - declared), ("GRANT", "TO", declared - given)):
                for right in sorted(rights):
                    cursor.execute(_statement(verb, preposition, right, role))


WRITES = re.compile(
    r"\b(INSERT\s+INTO|UPDATE\s+\w+|DELETE\s+FROM|FOR\s+(NO\s+KEY\s+)?UPDATE|FOR\s+(KEY\s+)?SHARE)\b", re.IGNORECASE
)
AROUND = (
    "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
    "GRANT CONNECT ON DATABASE {database} TO {application}, {reader}",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "GRANT USAGE ON SCHEMA public TO {application}, {reader}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {application}",
)


def _make_role(cursor: CursorWrapper, name: str, may_sign_in: str, password: str = "") -> None:
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [name])
    found = cursor.fetchone()
    if found and found[0]:
        raise ImproperlyConfigured(f"{name} is a superuser: the portal runs as a role with the rights that it needs.")
    role = sql.Identifier(name)
    if not found:
        # Roles are the server's, and no lock of ours reaches beyond a database: another one's preparation may be quicker.
        create = sql.SQL("CREATE ROLE {} " + may_sign_in).format(role).as_string()
        cursor.execute(
            f"DO $role$ BEGIN {create}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $role$"
        )
    if password:
        cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))


def _let_triggers_run_as_owner(cursor: CursorWrapper) -> None:
    """Those that write or lock rows, for the application may not. The others need nothing more: each call would cost 8 µs."""
    cursor.execute(
        "SELECT proname, prosecdef, prosrc FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype"
    )
    for name, as_owner, body in cursor.fetchall():
        if as_owner == bool(WRITES.search(body)):
            continue
        how = "SECURITY INVOKER RESET search_path" if as_owner else "SECURITY DEFINER SET search_path = public, pg_temp"
        cursor.execute(sql.SQL("ALTER FUNCTION public.{}() " + how).format(sql.Identifier(name)))


def _statement(verb: str, preposition: str, right: Right, role: str) -> sql.Composed:
    what = sql.SQL(right.verb) + (
        sql.SQL(" ({})").format(sql.Identifier(right.column)) if right.column else sql.SQL("")
    )
    return sql.SQL("{} {} ON public.{} {} {}").format(
        sql.SQL(verb), what, sql.Identifier(right.table), sql.SQL(preposition), sql.Identifier(role)
    )


def _models() -> Iterable[type[Model]]:
    """One for each table: a proxy adds nothing to what its model declares."""
    every = apps.get_models(include_auto_created=True)
    return (model for model in every if model._meta.managed and not model._meta.proxy)


def _columns(model: type[Model]) -> Iterator[str]:
    return (str(field.column) for field in model._meta.local_concrete_fields)


def _guards(model: type[Model]) -> Iterator[Guard]:
    """Those of its proxies too: they are on the same table."""
    for guarded, trigger in pgtrigger.registered():
        if isinstance(trigger, Guard) and guarded._meta.concrete_model is model._meta.concrete_model:
            yield trigger
