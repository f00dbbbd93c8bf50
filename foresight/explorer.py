"""The cost explorer: what a period cost, step by step, told apart by a dimension, beside the preceding period of the same length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from uuid import UUID

from accounts.models import Customer
from foresight.dimensions import Dimension, Named
from foresight.pieces import minute_of
from foresight.queries import Asked, Provisional, billed
from foresight.spans import Span
from kernel.periods import Period

UNKNOWN = Named("", "")


@dataclass(slots=True)
class Amounts:
    """VND with VAT: on bills, and on no bill yet. `before` is both of the preceding period."""

    billed: int = 0
    provisional: int = 0
    before: int = 0

    @property
    def total(self) -> int:
        return self.billed + self.provisional

    @property
    def change(self) -> int:
        return self.total - self.before

    def add(self, other: Amounts) -> None:
        self.billed += other.billed
        self.provisional += other.provisional
        self.before += other.before


@dataclass(slots=True)
class Row:
    """One product, resource or item: `steps` in the order of time."""

    key: UUID | None
    named: Named
    steps: list[Amounts]
    sums: Amounts = field(default_factory=Amounts)

    def add_up(self) -> None:
        for amounts in self.steps:
            self.sums.add(amounts)


@dataclass(frozen=True, slots=True)
class Explored:
    """
    `rows` with the dearest first, `sums` of all of them, `steps` of all of them. What lacks a price (`unpriced` stretches) is in
    none.
    """

    span: Span
    at: datetime
    rows: list[Row]
    steps: list[Amounts]
    sums: Amounts
    unpriced: int

    @property
    def preceding(self) -> Period:
        return self.span.preceding.period

    @property
    def until(self) -> datetime:
        """Up to when what is on no bill yet is known."""
        return min(max(self.at, self.span.edges[0]), self.span.edges[-1])

    def cut(self, most: int, rest: str) -> list[Row]:
        """The dearest rows; what is beyond `most` of them is one, called `rest`."""
        if len(self.rows) <= most:
            return self.rows
        last = Row(None, Named(rest, ""), [Amounts() for _step in self.steps])
        for row in self.rows[most - 1 :]:
            for own, more in zip(last.steps, row.steps, strict=True):
                own.add(more)
        last.add_up()
        return [*self.rows[: most - 1], last]


def explore(customer: Customer, span: Span, dimension: Dimension, *, product: str = "", at: datetime) -> Explored:
    """
    What `customer` spent in `span`, of one product (by its code) or of all.

    A line of an invoice stands where its time lies, with its share, as in the usage report: all steps of all time come to what
    invoices charge. What is on no bill yet counts until `at`. In a constant number of queries.

    :raises NoHours:
    """
    span.check_hours(at=at)
    asked = Asked(customer, dimension, product)
    before = span.preceding.edges
    instants = [*before, *span.edges[1:]]
    whole = Period(instants[0], instants[-1])
    open_ones = Provisional(asked, whole, instants, at=at)
    edges = [minute_of(instant) for instant in instants]
    count = len(before) - 1
    found: dict[UUID, list[Amounts]] = {}
    for piece in chain(billed(asked, whole), open_ones.pieces()):
        steps = found.get(piece.key)
        if steps is None:
            steps = found[piece.key] = [Amounts() for _step in range(count)]
        for step, amount in piece.shares(edges):
            own = steps[step % count]
            if step < count:
                own.before += amount
            elif piece.is_provisional:
                own.provisional += amount
            else:
                own.billed += amount
    rows = _rows(found, dimension)
    steps = _together([row.steps for row in rows], count)
    sums = Amounts()
    for amounts in steps:
        sums.add(amounts)
    return Explored(span, at, rows, steps, sums, open_ones.unpriced)


def _rows(found: dict[UUID, list[Amounts]], dimension: Dimension) -> list[Row]:
    names = dimension.names(found) if found else {}
    rows = [Row(key, names.get(key, UNKNOWN), steps) for key, steps in found.items()]
    for row in rows:
        row.add_up()
    rows = [row for row in rows if any((row.sums.billed, row.sums.provisional, row.sums.before))]
    return sorted(rows, key=lambda row: (-row.sums.total, -row.sums.before, row.named.name, row.named.code))


def _together(many: Sequence[list[Amounts]], count: int) -> list[Amounts]:
    sums = [Amounts() for _step in range(count)]
    for steps in many:
        for own, more in zip(sums, steps, strict=True):
            own.add(more)
    return sums
