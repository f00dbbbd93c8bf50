"""Pages of long lists, found by the key of a row: the thousandth page costs what the first does."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Field, Model, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

SIZE = 25


class UnknownKey(ValueError):
    """What was given is no key of a row of this list."""


Row_co = TypeVar("Row_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row_co]):
    """`rows` in their order; `newer` and `older` are the keys for the parameters `before` and `after`, or empty."""

    rows: list[Row_co]
    newer: str
    older: str


def keyset_page(
    rows: QuerySet[Model, Row_co],
    key: tuple[str, ...],
    *,
    before: str = "",
    after: str = "",
    size: int = SIZE,
    ascending: bool = False,
    strict: bool = False,
) -> Page[Row_co]:
    """
    One page of `rows` in descending (or ascending) order of the unique `key` columns or annotations, in one query.

    `after` continues down the list, `before` up; keys that make no sense give the first page.

    :raises UnknownKey: if `strict`, for such a key
    """
    start = _decode(after or before, rows, key)
    if strict and start is None and (after or before):
        raise UnknownKey
    backwards = bool(before) and not after and start is not None
    upwards = backwards != ascending
    if start is not None:
        lookup = TupleGreaterThan if upwards else TupleLessThan
        rows = rows.filter(lookup(Tuple(*key), start))
    found = list(rows.order_by(*(column if upwards else f"-{column}" for column in key))[: size + 1])
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    has_newer = more if backwards else start is not None
    has_older = True if backwards else more
    return Page(
        found,
        _encode(found[0], key) if found and has_newer else "",
        _encode(found[-1], key) if found and has_older else "",
    )


def _encode(row: object, key: tuple[str, ...]) -> str:
    values = [row[column] if isinstance(row, dict) else getattr(row, column) for column in key]
    return urlsafe_b64encode(json.dumps([_plain(value) for value in values]).encode()).decode().rstrip("=")


def _plain(value: object) -> list[object]:
    match value:
        case datetime():
            return ["t", value.isoformat()]
        case UUID():
            return ["u", str(value)]
        case _:
            return ["v", value]


def _read(kind: object, value: object) -> object:
    """:raises ValueError: nobody has written it so"""
    match kind, value:
        case "t", str():
            return datetime.fromisoformat(value)
        case "u", str():
            return UUID(value)
        case "v", _:
            return value
    raise ValueError(kind)


def _decode(token: str, rows: QuerySet[Model, Row_co], key: tuple[str, ...]) -> tuple[object, ...] | None:
    """The values of the key columns, or None when these cannot be such values."""
    if not token:
        return None
    try:
        values = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        decoded = []
        for column, (kind, value) in zip(key, values, strict=True):
            annotation = rows.query.annotations.get(column)
            field = annotation.output_field if annotation else rows.model._meta.get_field(column)
            assert isinstance(field, Field)
            decoded.append(_plausible(field.to_python(_read(kind, value))))
            field.run_validators(decoded[-1])
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, ValidationError):
        return None
    return tuple(decoded)


def _plausible(value: object) -> object:
    """An instant in UTC, for the database knows no offset of 16 hours; else the value. :raises ValueError:"""
    if value is None or (isinstance(value, datetime) and value.tzinfo is None):
        raise ValueError("a key has all of its columns, and an instant its zone")
    return value.astimezone(UTC) if isinstance(value, datetime) else value
