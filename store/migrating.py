"""For migrations: adding up rows while business goes on, and what of a field is the database's matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, TypedDict, Unpack

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunSQL
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.operations.base import Operation
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ProjectState
from pgtrigger.migrations import MigrationAutodetectorMixin


class _Options(TypedDict, total=False):
    state_operations: Sequence[Operation]
    hints: Mapping[str, object]
    elidable: bool


class CountLocked(RunSQL):
    """
    SQL that fills a kept total from the rows of `tables`, which nobody writes from before it counts until the migration commits.

    What keeps the total from then on, its trigger, belongs into the same migration: a row that is written between two
    migrations is counted by neither. Readers go on meanwhile, writers wait.
    """

    def __init__(
        self, tables: Sequence[str], sql: str, reverse_sql: str = RunSQL.noop, **options: Unpack[_Options]
    ) -> None:
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


class Together(Operation):
    """
    Operations of one kind (models, or what is added to models) as one step.

    Between two steps Django renders every model that is near the one which changed: with some 80 models, 200 constraints and
    200 triggers that was nearly all of the time that an empty database took (49 s, now 5). What comes of it is the same.
    """

    serialization_expand_args: ClassVar = ["operations"]

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations

    def deconstruct(self) -> tuple[str, list[object], dict[str, object]]:
        return self.__class__.__name__, [], {"operations": self.operations}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.__dict__.pop("apps", None)  # rendered when it is asked for again, once
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return "; ".join(operation.describe() for operation in self.operations)


class Autodetector(MigrationAutodetectorMixin, MigrationAutodetector):  # that of the triggers
    """
    What differs between the models and the migrations, without the choices of fields.

    The database does not know them: where it is to refuse what is none, a constraint says so. So a new kind of notice, of
    event or of reason is a member of its enum and no migration that repeats all the others.
    """

    def __init__(
        self, from_state: ProjectState, to_state: ProjectState, questioner: MigrationQuestioner | None = None
    ) -> None:
        for state in (from_state, to_state):
            for model in state.models.values():
                for field in model.fields.values():
                    field.choices = None
        super().__init__(from_state, to_state, questioner)
