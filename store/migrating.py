"""For migrations: adding up rows while business goes on, and what of a field is the database's matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunSQL
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.state import ProjectState
from pgtrigger.migrations import MigrationAutodetectorMixin


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


class Autodetector(MigrationAutodetectorMixin, MigrationAutodetector):  # that of the triggers
    """
    What differs between the models and the migrations, without the choices of fields.

    The database does not know them: where it is to refuse what is none, a constraint says so. So a new kind of notice, of
    event or of reason is a member of its enum and no migration that repeats all the others.
    """

    def __init__(self, from_state: ProjectState, to_state: ProjectState, *more: Any) -> None:
        for state in (from_state, to_state):
            for model in state.models.values():
                for field in model.fields.values():
                    field.choices = None
        super().__init__(from_state, to_state, *more)
