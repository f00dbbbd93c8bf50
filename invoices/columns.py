"""
The columns of a report, declared once: page, CSV, XLSX and API take title, value, form and width from here.

Add a column: one line in the `reports.py` of the app that has the rows. Files and API then have it; a page shows those that are
named for it (`on_page`), the usage report all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from operator import attrgetter
from typing import Any, Never

from django.db.models import Model, QuerySet
from django.utils.functional import Promise

from catalog.units import unit_words
from kernel import display
from kernel.display import percent
from kernel.shapes import Wording
from kernel.tags import text_of

NOTHING = "–"
CHUNK = 2000
Words = Callable[[Never], object]
"""What says a value: the column knows of what type it is, and nobody else."""


class Form(Enum):
    """How a value reads."""

    TEXT = "text"
    CODE = "code"
    PRODUCT = "product"
    UNIT = "unit"
    INSTANT = "instant"
    DAY = "day"
    WHOLE = "whole"
    RATE = "rate"
    SHARE = "share"
    MONEY = "money"
    MOVED = "moved"
    OFF = "off"
    TAGS = "tags"


class Place(StrEnum):
    """Where a cell stands on a phone, where a row is two lines: what it is called, what is below; the same at the end."""

    NAME = "l1"
    BELOW = "l2"
    END = "r1"
    END_BELOW = "r2"
    WIDE = ""
    """Only on wide screens; where rows are cards, labelled with its title."""


TEXTS: dict[Form, Callable[[Never], str]] = {
    Form.TEXT: str,
    Form.PRODUCT: str,
    Form.UNIT: unit_words,
    Form.INSTANT: display.instant,
    Form.WHOLE: display.grouped,
    Form.RATE: display.rate,
    Form.SHARE: lambda value: percent(value) if value else NOTHING,
    Form.MONEY: display.money,
    Form.MOVED: display.signed_money,
    Form.DAY: display.day,
    Form.OFF: lambda value: display.signed_money(-value) if value else NOTHING,
    Form.TAGS: lambda value: text_of(value) or NOTHING,
}
WORDS = {Form.TEXT, Form.CODE, Form.PRODUCT, Form.UNIT, Form.INSTANT, Form.DAY, Form.TAGS}


@dataclass(frozen=True, slots=True)
class Column:
    """
    `name` is what the column is called in addresses and in the API, and the attribute of the row unless `source` says where
    else it is ("transaction.at") and `lookup` how a query finds it; `width` is in characters. A CODE has one of `choices`:
    files say it in words, the API as it is.

    `in_api` is off for what the API says in other members, by codes and parts; `help` is for its document.
    """

    name: str
    title: str | Promise
    form: Form
    width: int
    source: str = ""
    lookup: str = ""
    choices: Sequence[tuple[object, object]] = ()
    help: Wording = ""
    in_api: bool = True
    may_be_none: bool = False
    place: Place = Place.WIDE

    @property
    def is_number(self) -> bool:
        return self.form not in WORDS

    def reader(self) -> Callable[[object], Any]:
        """What finds the value in a row that is an object: of the type that `teller` knows."""
        return attrgetter(self.name if self.form is Form.PRODUCT else self.source or self.name)

    def teller(self) -> Callable[[Never], str]:
        """What says a value in words on a page, in the reader's language of now."""
        words = self.words() or TEXTS[self.form]

        def told(value: Never) -> str:
            return str(words(value))

        return told

    def words(self) -> Words | None:
        """What a file says of a value, in the reader's language of now; None when it says the value itself."""
        match self.form:
            case Form.CODE:
                known = {code: str(label) for code, label in self.choices}
                return lambda code: known.get(code, code)
            case Form.UNIT | Form.PRODUCT:
                return TEXTS[self.form]
            case Form.TAGS:
                return text_of
        return None


def on_page(columns: Iterable[Column], **places: Place) -> list[Column]:
    """The columns that a page shows, in this order, each with its place on a phone."""
    known = {column.name: column for column in columns}
    return [replace(known[name], place=place) for name, place in places.items()]


def rows_of(columns: Sequence[Column], found: QuerySet[Model], **words: Words) -> Iterator[list[object]]:
    """
    The cells of a file for what was found, from the cursor, in the language in which this is called.

    :param words: column -> what is said of its value, where that takes more than the column knows
    """
    said = [words.get(column.name) or column.words() for column in columns]
    rows = found.values_list(
        *(column.lookup or (column.source or column.name).replace(".", "__") for column in columns)
    ).iterator(CHUNK)
    return _cells(said, rows)


def cells_of(columns: Sequence[Column], rows: Iterable[object]) -> Iterator[list[object]]:
    """The same of rows that are objects."""
    said = [column.words() for column in columns]
    readers = [column.reader() for column in columns]
    return _cells(said, ([read(row) for read in readers] for row in rows))


def _cells(said: Sequence[Words | None], rows: Iterable[Sequence[Any]]) -> Iterator[list[object]]:
    for row in rows:
        yield [say(value) if say else value for say, value in zip(said, row, strict=True)]
