"""Lists of which only the first rows are shown, and which say how many more there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

Row_co = TypeVar("Row_co", bound=Model, covariant=True)


@dataclass(frozen=True, slots=True)
class Cut(Generic[Row_co]):
    """The first rows of a list; `more` is how many are left out, of all `count`, or of so many as were counted."""

    rows: list[Row_co]
    count: int
    is_over: bool = False

    @property
    def more(self) -> int:
        return self.count - len(self.rows)

    def __iter__(self) -> Iterator[Row_co]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def cut(rows: QuerySet[Row_co], most: int, *, count_to: int | None = None) -> Cut[Row_co]:
    """The first `most` of `rows` in their order; the rest is counted when there is one, as far as `count_to`."""
    found = list(rows[: most + 1])
    if len(found) <= most:
        return Cut(found, len(found))
    if count_to is None:
        return Cut(found[:most], rows.count())
    count = rows.order_by()[: count_to + 1].count()
    return Cut(found[:most], min(count, count_to), count > count_to)
