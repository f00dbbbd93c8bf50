"""Foreign keys that carry more than the id: what a row refers to is of the row's own customer."""

from __future__ import annotations

from typing import TypedDict, Unpack

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import BaseConstraint, ForeignKey, Model
from django.db.models.constraints import UniqueConstraint

from kernel.shapes import Wording


class _Messages(TypedDict, total=False):
    violation_error_code: str | None
    violation_error_message: Wording | None


class CarriedKey(BaseConstraint):
    """
    `reference` leads to a row that has the same `carries` (the customer, unless said otherwise) as the row itself.

    The database's foreign key is over both columns, so a row of one customer cannot name another's. It does what the field's
    own constraint would do, which is therefore left out (`db_constraint=False`), and for a reference that is never empty that of
    `carries` as well. The other table says that its id and `carries` are unique together: `unique_with`.
    """

    default_violation_error_message = "“%(name)s” is violated."

    def __init__(self, reference: str, *, name: str, carries: str = "customer", **messages: Unpack[_Messages]) -> None:
        super().__init__(name=name, **messages)
        self.reference, self.carries = reference, carries

    def create_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        assert model is not None
        return f"ALTER TABLE {model._meta.db_table} ADD {self.constraint_sql(model, schema_editor)}"

    def constraint_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        assert model is not None
        assert schema_editor is not None
        reference, carried = model._meta.get_field(self.reference), model._meta.get_field(self.carries)
        assert isinstance(reference, ForeignKey)
        assert isinstance(carried, ForeignKey)
        other = reference.remote_field.model._meta
        theirs = other.get_field(self.carries)
        assert isinstance(theirs, ForeignKey)
        return (
            f"CONSTRAINT {schema_editor.quote_name(self.name)} FOREIGN KEY ({reference.column}, {carried.column})"
            f" REFERENCES {other.db_table} ({other.pk.column}, {theirs.column})"
        )

    def remove_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        assert model is not None
        assert schema_editor is not None
        return f"ALTER TABLE {model._meta.db_table} DROP CONSTRAINT {schema_editor.quote_name(self.name)}"

    def validate(self, model: type[Model], instance: Model, exclude: object = None, using: str = "default") -> None:
        """Forms choose among the customer's own rows; nothing else is asked before the database is."""

    def deconstruct(self) -> tuple[str, tuple[object, ...], dict[str, object]]:
        path, _nothing, named = super().deconstruct()
        return path, (self.reference,), {**named, "carries": self.carries}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CarriedKey) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self.name)


def unique_with(carries: str = "customer", *, name: str) -> UniqueConstraint:
    """What lets other rows refer to these with their id and `carries`."""
    return UniqueConstraint(name=name, fields=["id", carries])
