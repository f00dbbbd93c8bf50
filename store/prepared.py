"""Statements that run so often that planning them anew would cost more than running them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import psycopg
from django.db import connection

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper
    from psycopg.abc import Params


class _PreparedCursor(psycopg.Cursor[tuple[object, ...]]):
    """Sends arguments beside the statement, which the server keeps, parsed and planned, for the connection."""

    def execute(
        self, query: Any, params: Params | None = None, *, prepare: bool | None = True, binary: bool | None = None
    ) -> Self:
        return super().execute(query, params, prepare=prepare, binary=binary)


def prepared_cursor() -> CursorWrapper:
    """
    A cursor of Django's, counted and logged as any other, for one fixed statement.

    The text must not vary, for each variant is kept apart. Not for searches whose best plan depends on the arguments.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor: CursorWrapper = connection._prepare_cursor(_PreparedCursor(connection.connection))  # type: ignore[attr-defined]
    return cursor
