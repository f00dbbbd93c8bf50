"""Rows of any table, whatever they mean: for an attack on one of its guards."""

from __future__ import annotations

from uuid import uuid4

from django.apps import apps
from django.db import connection
from django.db.models import AutoField, ForeignKey, Model

from kernel.periods import CalendarMonth
from tests.owner import around_all_guards
from tests.table.attack import run
from usage.services.parts import make_parts

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


def values(table: str, column: str) -> tuple[str, str]:
    field = next(field for field in MODELS[table]._meta.concrete_fields if field.column == column)
    while isinstance(field, ForeignKey):
        field = field.target_field
    kind, stored = field.get_internal_type(), str(field.db_type(connection))
    if stored == "uuid[]":
        return "'{{}}'", f"'{{{{{uuid4()}}}}}'"
    return KINDS.get("CharField" if "char" in stored and not stored.endswith("]") else kind, NUMBER)


def only(table: str, rule: str = "") -> None:
    """Of the conditions and keys of a table there is only this one, until the test ends."""
    others = """
        SELECT format('ALTER TABLE %%I DROP CONSTRAINT %%I CASCADE', %s::text, conname) FROM pg_constraint
        WHERE conrelid = %s::regclass AND contype IN ('c', 'u', 'x') AND conname <> %s
        UNION ALL
        SELECT format('DROP INDEX %%I', relname) FROM pg_index JOIN pg_class ON oid = indexrelid
        WHERE indrelid = %s::regclass AND indisunique AND relname <> %s
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
    """
    with connection.cursor() as cursor:
        cursor.execute(others, [table, table, rule, table, rule])
        statements = [statement for (statement,) in cursor.fetchall()]
    for statement in statements:
        run(statement)


def put(table: str, **said: str) -> None:
    """A row of which only what is said matters (SQL expressions)."""
    fields = [each for each in MODELS[table]._meta.concrete_fields if not each.generated]
    needed = [each.column for each in fields if not each.null and not isinstance(each, AutoField)]
    columns = dict.fromkeys([*needed, *said])
    given = [said[name] if name in said else values(table, name)[0].format(name) for name in columns]
    run(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(given)}")


def a_row_of(table: str) -> None:
    """Some row, whatever it means."""
    if run(f"SELECT FROM {table} LIMIT 1"):
        return
    make_parts([CalendarMonth.parse("2026-03")])
    with around_all_guards():
        only(table)
        put(table)
