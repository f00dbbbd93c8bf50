"""Under whose name the tests use the database: the application's, but for what only the owner of the tables can do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet


def role() -> str:
    """The application's role; the connection's own where no owner is set up apart from it."""
    return str(settings.DATABASE_APPLICATION) if settings.DATABASE_OWNER else "NONE"


def be_the_application(*, connection: Any, **_: Any) -> None:
    connection.ensure_connection()
    connection.connection.execute(f"SET ROLE {role()}")  # the line itself: no query of the portal's


@contextmanager
def as_owner() -> Iterator[None]:
    """The owner's rights on the same connection, within its transaction if there is one."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {role()}")


@contextmanager
def around_all_guards() -> Iterator[None]:
    """As a bad restore would write, or a migration that counted too early: no trigger and no key is asked."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = DEFAULT")


def forget(rows: QuerySet[Any]) -> None:
    """Delete what is kept from everybody, so that a test begins without it."""
    with around_all_guards():
        rows.delete()


def database_url() -> str:
    """The test's database, for a process of the application."""
    made = connection.settings_dict | {"USER": settings.DATABASE_APPLICATION}
    where = {"host": made["HOST"]} if made["HOST"].startswith("/") else {}
    server = "" if where else f"{made['HOST']}:{made['PORT']}"
    login = f"{quote(made['USER'])}:{quote(made['PASSWORD'])}@" if made["USER"] else ""
    return f"postgres://{login}{server}/{made['NAME']}?{urlencode(where)}"
