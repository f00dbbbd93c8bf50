"""
What moved on a day, as the gateway's own statement says it: every dialect writes it in its own form.

What is told is what the ledger did, unless a fault plants a difference: a line left out, told twice or with another amount, and
one that nobody knows.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from . import faults, ledger
from .ledger import VIETNAM

MOVED = """
SELECT entries.id, entries.kind, entries.amount, entries.at, orders.reference, orders.token, orders.txn, orders.asked_at, orders.created_at,
       refunds.reference AS refund, refunds.txn AS refund_txn
FROM entries JOIN orders ON orders.reference = entries.order_reference
     LEFT JOIN refunds ON entries.kind IN ('refund', 'bounce') AND refunds.reference = entries.reference
WHERE orders.dialect = ? ORDER BY entries.id
"""


@dataclass(frozen=True)
class Line:
    """
    One movement.

    :ivar refund: the merchant's name of a refund
    :ivar txn: our number, of a refund its own
    :ivar place: in the ledger
    :ivar token: of the order
    """

    kind: str
    reference: str
    refund: str
    txn: int
    amount: int
    at: float
    place: str = "0"
    token: str = ""

    @property
    def written_at(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC).astimezone(VIETNAM)


def day_of(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).astimezone(VIETNAM).date()


def of_day(db: sqlite3.Connection, dialect: str, day: date, struck: dict[str, float]) -> list[Line]:
    """
    The lines of a day in Việt Nam, in the merchant's time.

    :param struck: the faults that strike the whole statement
    """
    lines = [line for line in _moved(db, dialect) if line.written_at.date() == day]
    told = [told for line in lines for told in _told(db, line)]
    if "unknown_line" in struck:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=VIETNAM).timestamp()
        amount = int(struck["unknown_line"])
        name = f"{day:%y%m%d}_somebody-elses"
        told.append(Line("debit", name, "", int(f"{day:%y%m%d}999999999"), amount, noon, token=name))
    return told


def day_named(text: str) -> date | None:
    """A day written as yyyymmdd."""
    if not re.fullmatch(r"\d{8}", text, re.ASCII):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _moved(db: sqlite3.Connection, dialect: str) -> Iterator[Line]:
    for row in db.execute(MOVED, [dialect]):
        is_refund = row["refund"] is not None
        yield Line(
            kind=row["kind"],
            reference=row["reference"],
            refund=row["refund"] or "",
            txn=row["refund_txn"] if is_refund else row["txn"],
            amount=row["amount"],
            at=ledger.merchants_time(row, row["at"]),
            place=str(row["id"]),
            token=row["token"],
        )


def _told(db: sqlite3.Connection, line: Line) -> list[Line]:
    """The line as often as it is told."""
    struck = faults.strike(db, "line", line.refund or line.reference)
    if "omit_line" in struck:
        return []
    told = replace(line, amount=line.amount + int(struck.get("wrong_amount", 0)))
    return [told, replace(told, place=f"{line.place}again")] if "repeat_line" in struck else [told]
