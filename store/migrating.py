"""For migrations: adding up rows while business goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunSQL
from django.db.migrations.state import ProjectState


class CountLocked(RunSQL):
    """
    SQL that fills a kept total from the rows of `tables`, which nobody writes from before it counts until the migration commits.

    What keeps the total from then on, its trigger, belongs into the same migration: a row that is written between two
    migrations is counted by neither. Readers go on meanwhile, writers wait.
    """

    def __init__(self, tables: Sequence[str], sql: str, reverse_sql: str = RunSQL.noop, **options: Any) -> None:
        self.tables = list(tables)
        super().__init__(sql, reverse_sql, **options)

    def deconstruct(self) -> tuple[str, list[object], dict[str, object]]:
        name, _arguments, named = super().deconstruct()
        return name, [], {**named, "tables": self.tables}

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        assert schema_editor.connection.in_atomic_block, "a lock ends with its transaction"
        names = ", ".join(map(schema_editor.quote_name, sorted(self.tables)))
        schema_editor.execute(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")
        super().database_forwards(app_label, schema_editor, from_state, to_state)
