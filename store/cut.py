"""Lists of which only the first rows are shown, and which say how many more there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet


@dataclass(frozen=True, slots=True)
class Cut:
    """The first rows of a list; `more` is how many are left out, of all `count`."""

    rows: list[Any]
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.rows)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def cut(rows: QuerySet[Model], most: int) -> Cut:
    """The first `most` of `rows` in their order; the rest is counted when there is one."""
    found = list(rows[: most + 1])
    return Cut(found[:most], rows.count() if len(found) > most else len(found))
