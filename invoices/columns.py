"""
The columns of a report, declared once: page, CSV, XLSX and API take title, value, form and width from here.

Add a column: one line in the `reports.py` of the app that has the rows. Files and API then have it; the usage report shows it, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.functional import Promise

from catalog.units import unit_words
from invoices.explain import percent
from kernel import display

NOTHING = "–"
CHUNK = 2000
Words = Callable[[Any], object]


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
    OFF = "off"


TEXTS: dict[Form, Callable[[Any], str]] = {
    Form.TEXT: str,
    Form.PRODUCT: str,
    Form.UNIT: unit_words,
    Form.INSTANT: display.instant,
    Form.WHOLE: display.grouped,
    Form.RATE: display.rate,
    Form.SHARE: lambda value: percent(value) if value else NOTHING,
    Form.MONEY: display.money,
    Form.OFF: lambda value: display.signed_money(-value) if value else NOTHING,
}
WORDS = {Form.TEXT, Form.CODE, Form.PRODUCT, Form.UNIT, Form.INSTANT, Form.DAY}


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
    help: str | Promise = ""
    in_api: bool = True
    may_be_none: bool = False

    @property
    def is_number(self) -> bool:
        return self.form not in WORDS

    def text(self, row: object) -> str:
        """For a page."""
        return str(TEXTS[self.form](getattr(row, self.name)))

    def words(self) -> Words | None:
        """What a file says of a value, in the reader's language of now; None when it says the value itself."""
        match self.form:
            case Form.CODE:
                known = {code: str(label) for code, label in self.choices}
                return lambda code: known.get(code, code)
            case Form.UNIT | Form.PRODUCT:
                return TEXTS[self.form]
        return None


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
    return _cells(said, ([getattr(row, column.name) for column in columns] for row in rows))


def _cells(said: Sequence[Words | None], rows: Iterable[Sequence[object]]) -> Iterator[list[object]]:
    for row in rows:
        yield [say(value) if say else value for say, value in zip(said, row, strict=True)]
