"""Searching as people type: case, accents and the form in which Unicode writes a letter make no difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db.models import CharField, Func, Lookup, Model, Q, QuerySet, TextField, UUIDField

Rows = TypeVar("Rows", bound="QuerySet[Model]")

MOST_WORDS = 8
"""Nobody searches for more; each costs a condition."""


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

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
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
    """The word in one of the fields. Relations are looked up apart, so that each field's own index can answer."""
    conditions = [_condition(field, word) for field in fields]
    if not any("__" in field for field in fields):
        return Q(*conditions, _connector=Q.OR)
    first, *others = [model._default_manager.filter(condition).order_by().values("pk") for condition in conditions]
    return Q(pk__in=first.union(*others, all=True))


def _condition(field: str, word: str) -> Q:
    if not field.startswith("="):
        return Q(**{f"{field}__finds": word})
    return Q(**{f"{field[1:]}__in": {word, word.upper(), word.lower()}})


def search_index(field: str, *, name: str) -> GinIndex:
    """What finds parts of `field` among millions of rows: the trigrams of its search form."""
    return GinIndex(OpClass(SearchForm(field), name="gin_trgm_ops"), name=name)
