"""Searching as people type: case, accents and the form in which Unicode writes a letter make no difference."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TypeVar
from uuid import UUID

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Func, Lookup, ManyToOneRel, Model, Q, QuerySet, TextField, UUIDField
from django.db.models.sql.compiler import SQLCompiler

Rows = TypeVar("Rows", bound="QuerySet[Model]")

MOST_WORDS = 8
"""Nobody searches for more; each costs a condition."""
MOST_OWNERS = 200
"""So many customers (or whatever rows belong to) are named to the database; of more it is told the condition."""


class SearchForm(Func):
    """
    A text as it is compared: "Máy Chủ" -> "may chu".

    The database function decomposes (NFKD), drops the accents, lowers the case, and writes đ as d. It is immutable, so an
    index can hold it.
    """

    function = "search_form"
    output_field = TextField()


@CharField.register_lookup
@TextField.register_lookup
@UUIDField.register_lookup
class Finds(Lookup):
    """`name__finds="may chu"`: the text occurs in the column, both in their search form."""

    lookup_name = "finds"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[str | int, ...]]:
        column, params = self.process_lhs(compiler, connection)
        text, values = self.process_rhs(compiler, connection)
        escaped = f"replace(replace(replace(search_form({text}), '\\', '\\\\'), '%%', '\\%%'), '_', '\\_')"
        return f"search_form({column}::text) LIKE '%%' || {escaped} || '%%'", (*params, *values)


def search(rows: Rows, text: str, fields: Sequence[str]) -> Rows:
    """
    The rows that `text` finds: by their id, or each of its words in at least one of `fields`.

    A field may lead over a relation ("customer__name"). "=reference" is compared as a whole, upper or lower case: for
    columns of which people copy the whole, and whose own index finds it.
    """
    if "\x00" in text:
        return rows.none()
    if isinstance(rows.model._meta.pk, UUIDField):
        try:
            return rows.filter(pk=UUID(text.strip()))
        except ValueError:
            pass
    for word in text.split()[:MOST_WORDS]:
        rows = rows.filter(_any(rows.model, word, fields))
    return rows


def _any(model: type[Model], word: str, fields: Sequence[str]) -> Q:
    """
    The word in one of the fields. What lies over a relation is looked up there, by its own index, and the rows then by who they
    belong to: a common word is so found at once, and so is a rare one.
    """
    own = [_condition(field, word) for field in fields if "__" not in field]
    beyond: dict[str, list[str]] = {}
    for field in fields:
        if "__" in field:
            relation, _dots, column = field.lstrip("=").rpartition("__")
            beyond.setdefault(relation, []).append(("=" if field.startswith("=") else "") + column)
    return Q(*own, *(_over(model, relation, word, columns) for relation, columns in beyond.items()), _connector=Q.OR)


def _over(model: type[Model], relation: str, word: str, columns: Sequence[str]) -> Q:
    owner = reduce(related_model, relation.split("__"), model)
    meant = owner._default_manager.filter(
        Q(*(_condition(column, word) for column in columns), _connector=Q.OR)
    ).order_by()
    found_by, key = _towards(model, relation)
    few = list(meant.values_list(key, flat=True)[: MOST_OWNERS + 1])
    return Q(**{f"{found_by}__in": few if len(few) <= MOST_OWNERS else meant.values(key)})


def _towards(model: type[Model], relation: str) -> tuple[str, str]:
    """
    The last step to what one row has many of is taken from their side, or a row would be found once for each of them:
    ("customer", "customer") for "customer__buyers", else (relation, "pk").
    """
    *before, last = relation.split("__")
    field = reduce(related_model, before, model)._meta.get_field(last)
    if isinstance(field, ManyToOneRel):
        return "__".join(before) or "pk", field.field.name
    return relation, "pk"


def related_model(model: type[Model], name: str) -> type[Model]:
    """Where a relation leads to."""
    found = model._meta.get_field(name).related_model
    assert isinstance(found, type)
    return found


def _condition(field: str, word: str) -> Q:
    if not field.startswith("="):
        return Q(**{f"{field}__finds": word})
    return Q(**{f"{field[1:]}__in": {word, word.upper(), word.lower()}})


def search_index(field: str, *, name: str) -> GinIndex:
    """What finds parts of `field` among millions of rows: the trigrams of its search form."""
    return GinIndex(OpClass(SearchForm(field), name="gin_trgm_ops"), name=name)
