"""
The statement of a day: what a gateway says that it moved for us, as a table or as JSON.

It is believed whole or not at all: a line that cannot be read, a line of another merchant, and a total that does not agree
(the file was cut off) refuse all of it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from typing import Unpack

import httpx

from store import outgoing

from .base import Moved, Movement, Unknown, UnreadableStatement
from .wire import VIETNAM, Content, is_amount, is_int, is_name, transaction_of

MOST_BYTES = 20_000_000
SECONDS = 60
TOTAL = "TOTAL"


def fetch(client: httpx.Client, url: str, **content: Unpack[Content]) -> bytes | Unknown:
    """POST the question; the whole file, or why there is none."""
    try:
        with outgoing.within(SECONDS), client.stream("POST", url, timeout=SECONDS, **content) as response:
            if response.status_code != 200:
                return Unknown(f"HTTP {response.status_code}")
            return outgoing.read_at_most(response, MOST_BYTES)
    except httpx.HTTPError as error:
        return Unknown(type(error).__name__)
    except ValueError:
        return Unknown("more than a day's statement can be")


def as_read(read: Callable[[bytes], list[Moved]], data: bytes) -> list[Moved] | Unknown:
    """What was fetched, read; what cannot be read is asked for again."""
    try:
        return read(data)
    except UnreadableStatement as error:
        return Unknown(str(error))


@dataclass(frozen=True, slots=True)
class Table:
    """
    How a gateway writes its table: which column says what, and how amounts and instants are written.

    Its last row has TOTAL for a type, the number of lines for a transaction and their sum for an amount.
    """

    merchant: str
    movement: str
    reference: str
    refund: str
    transaction: str
    amount: str
    time: str
    movements: Mapping[str, Movement]
    instant: str
    hundredths: bool = False

    def read(self, data: bytes, merchant: str) -> list[Moved]:
        """:raises UnreadableStatement:"""
        try:
            rows = list(csv.DictReader(StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
        except (UnicodeDecodeError, csv.Error) as error:
            raise UnreadableStatement("not a table") from error
        if not rows or rows[-1].get(self.movement) != TOTAL:
            raise UnreadableStatement("it has no total: it may have been cut off")
        lines = [self._line(row, merchant, place) for place, row in enumerate(rows[:-1], start=1)]
        end = rows[-1]
        _agree(lines, _whole(end.get(self.transaction)), self._dong(end.get(self.amount)))
        return lines

    def _line(self, row: Mapping[str, str], merchant: str, place: int) -> Moved:
        movement = self.movements.get(row.get(self.movement) or "")
        amount, transaction = self._dong(row.get(self.amount)), row.get(self.transaction)
        if movement is None or not amount or not is_amount(amount) or not is_name(transaction):
            raise UnreadableStatement(f"line {place} cannot be read")
        if row.get(self.merchant) != merchant:
            raise UnreadableStatement(f"line {place} is another merchant's")
        reference = row.get(self.refund if movement == Movement.REFUND else self.reference)
        if not is_name(reference):
            raise UnreadableStatement(f"line {place} has no reference")
        try:
            at = datetime.strptime(row.get(self.time) or "", self.instant).replace(tzinfo=VIETNAM)
        except ValueError as error:
            raise UnreadableStatement(f"line {place} has no time") from error
        return Moved(movement, reference, transaction, amount, at)

    def _dong(self, text: str | None) -> int | None:
        number = _whole(text)
        if number is None or not self.hundredths:
            return number
        return None if number % 100 else number // 100


def read_json(data: bytes, movements: Mapping[str, Movement], merchant: str) -> list[Moved]:
    """
    {"partnerCode", "count", "total", "transactions": [{"type", "orderId", "transId", "amount", "responseTime"}]}.

    :raises UnreadableStatement:
    """
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableStatement("not JSON") from error
    if not isinstance(told, dict) or told.get("partnerCode") != merchant:
        raise UnreadableStatement("another merchant's")
    rows = told.get("transactions")
    if not isinstance(rows, list):
        raise UnreadableStatement("it lists no transactions")
    lines = [_of_json(row, movements, place) for place, row in enumerate(rows, start=1)]
    _agree(lines, told.get("count"), told.get("total"))
    return lines


def _of_json(row: object, movements: Mapping[str, Movement], place: int) -> Moved:
    if not isinstance(row, dict):
        raise UnreadableStatement(f"line {place} cannot be read")
    movement, reference, amount = movements.get(str(row.get("type"))), row.get("orderId"), row.get("amount")
    transaction, milliseconds = transaction_of(row.get("transId")), row.get("responseTime")
    if movement is None or not is_name(reference) or not transaction or not is_amount(amount):
        raise UnreadableStatement(f"line {place} cannot be read")
    try:
        at = datetime.fromtimestamp(milliseconds / 1000, UTC) if is_int(milliseconds) else None
    except (OverflowError, ValueError, OSError):
        at = None
    if at is None:
        raise UnreadableStatement(f"line {place} has no time")
    return Moved(movement, reference, transaction, amount, at)


def _agree(lines: list[Moved], count: object, total: object) -> None:
    if (count, total) != (len(lines), sum(line.amount for line in lines)):
        raise UnreadableStatement("its total does not agree with its lines")


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= 18 else None
