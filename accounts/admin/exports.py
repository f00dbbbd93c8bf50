"""What a list of the staff area shows, as a file: the same columns, filters and order, and what its amounts come to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import chain

from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import label_for_field
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist
from django.db.models import BigIntegerField, Field, GeneratedField, JSONField, Model, Sum
from django.http import HttpResponseBase
from django.utils.html import strip_tags
from django.utils.text import capfirst
from django.utils.translation import gettext as text

from accounts.downloads import file_response
from kernel import display
from store.progress import Watched

CHUNK = 2000
WIDTH = 20
CHECKBOX = "action_checkbox"


def list_as_file(page: ModelAdmin[Model], shown: ChangeList, form: str) -> HttpResponseBase:
    """
    Everything that the list's filters leave, as "csv" or "xlsx"; below the amounts stand their sums.

    :raises Http404: another format was asked for
    """
    columns = columns_of(page, shown)
    found = shown.queryset
    rows = ([column.value(row) for column in columns] for row in found.iterator(CHUNK))
    titles = [column.title for column in columns]
    watched = Watched(None, "", chain(rows, _sums(columns, shown)), lambda: 0)
    return file_response(form, titles, [WIDTH] * len(columns), watched, name=str(page.opts.model_name))


def columns_of(page: ModelAdmin[Model], shown: ChangeList) -> list[_Column]:
    return [_Column(page, name) for name in shown.list_display if name != CHECKBOX]


def sums_of(columns: list[_Column], shown: ChangeList) -> list[tuple[str, int]]:
    """What the amounts of all rows come to that the list's filters leave, by title; nothing where nothing stands."""
    sums = _sum_by_name(columns, shown)
    return [(column.title, found) for column in columns if (found := sums.get(column.name)) is not None]


def _sum_by_name(columns: list[_Column], shown: ChangeList) -> dict[str, int | None]:
    names = [column.name for column in columns if column.is_summed]
    found = shown.queryset.order_by().aggregate(**{f"sum_{name}": Sum(name) for name in names}) if names else {}
    return {name: found[f"sum_{name}"] for name in names}


def _sums(columns: list[_Column], shown: ChangeList) -> Iterator[list[object]]:
    """Asked when all rows are written; no line when there is nothing to add up."""
    if sums := _sum_by_name(columns, shown):
        cells: list[object] = [sums.get(column.name) for column in columns]
        yield [text("Sum") if cells[0] is None else cells[0], *cells[1:]]


class _Column:
    """A column of the list: a field's own value where it has one, else what it shows, in words."""

    def __init__(self, page: ModelAdmin[Model], column: str | Callable[[Model], object]) -> None:
        self.name: str = column if isinstance(column, str) else column.__name__
        self.title = capfirst(strip_tags(str(label_for_field(column, page.model, page))))
        try:
            found: object = page.model._meta.get_field(self.name)
        except FieldDoesNotExist:
            found = None
        field = found if isinstance(found, Field) else None
        kind = field.output_field if isinstance(field, GeneratedField) else field
        is_amount = isinstance(kind, BigIntegerField) and not kind.primary_key
        self.is_summed = is_amount and self.name not in getattr(page, "not_summed", ())
        shows = column if callable(column) else None if self.name == "__str__" else getattr(page, self.name, None)
        self._value: Callable[[Model], object] = (
            _value_of(field, kind)
            if field is not None and kind is not None
            else lambda row: shows(row) if shows else _attribute(row, self.name)
        )

    def value(self, row: Model) -> object:
        return _cell(self._value(row))


def _value_of(field: Field, kind: Field) -> Callable[[Model], object]:
    labels = {code: str(label) for code, label in kind.flatchoices} if kind.choices else {}
    name = field.name

    def value(row: Model) -> object:
        found = getattr(row, name)
        return labels.get(found, found) if labels else json.dumps(found) if isinstance(kind, JSONField) else found

    return value


def _attribute(row: Model, name: str) -> object:
    found = getattr(row, name)
    return found() if callable(found) else found


def _cell(value: object) -> object:
    match value:
        case None:
            return None
        case bool():
            return text("yes") if value else text("no")
        case int() | Decimal() | datetime() | date():
            return value
        case _:
            return strip_tags(str(value)).replace(display.NBSP, " ").strip()
