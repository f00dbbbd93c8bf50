"""The cost explorer: what a period cost, step by step, told apart by a dimension, beside the preceding period of the same length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import chain

from django.utils.translation import gettext as _

from accounts.models import Customer
from foresight.dimensions import Dimension, Named, unnamed
from foresight.pieces import minute_of
from foresight.queries import Asked, Provisional, billed
from foresight.spans import Span
from invoices.services.unbilled import Key
from kernel.periods import Period

UNKNOWN = Named("", "")


@dataclass(frozen=True, slots=True)
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


class Sums:
    """The same of each step, as plain numbers: there may be a million of them."""

    __slots__ = ("before", "billed", "provisional")

    def __init__(self, count: int) -> None:
        self.billed, self.provisional, self.before = [0] * count, [0] * count, [0] * count

    def add(self, other: Sums) -> None:
        for own, more in (
            (self.billed, other.billed),
            (self.provisional, other.provisional),
            (self.before, other.before),
        ):
            for step, amount in enumerate(more):
                own[step] += amount

    @property
    def steps(self) -> list[Amounts]:
        return [Amounts(*each) for each in zip(self.billed, self.provisional, self.before, strict=True)]

    @property
    def whole(self) -> Amounts:
        return Amounts(sum(self.billed), sum(self.provisional), sum(self.before))


@dataclass(frozen=True)
class Row:
    """One product, resource, item or value of a tag, or what is billed without one; `steps` in the order of time."""

    key: Key | None
    named: Named
    each: Sums
    sums: Amounts

    @cached_property
    def steps(self) -> list[Amounts]:
        return self.each.steps


@dataclass(frozen=True, slots=True)
class Explored:
    """
    `rows` with the dearest first: the last of them may be all that is beyond those that were asked for. `steps` and `sums` are of
    everything. What lacks a price (`unpriced` stretches) is in none.
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

    def cut(self, most: int) -> list[Row]:
        """At most so many rows: the last is all that is beyond the dearest."""
        return _cut(self.rows, most)


def explore(
    customer: Customer,
    span: Span,
    dimension: Dimension,
    *,
    product: str = "",
    most: int | None = None,
    at: datetime,
) -> Explored:
    """
    What `customer` spent in `span`, of one product (by its code) or of all.

    A line of an invoice stands where its time lies, with its share, as in the usage report: all steps of all time come to what
    invoices charge. What is on no bill yet counts until `at`. In a constant number of queries.

    :param most: so many rows, the last of which is all that is beyond; without it, all of them

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
    found: dict[Key | None, Sums] = {}
    written: dict[Key | None, Counter[Key | None]] = {}
    every = Sums(count)
    for piece in chain(billed(asked, whole), open_ones.pieces()):
        key = dimension.folded(piece.key)
        own = found.get(key)
        if own is None:
            own, written[key] = Sums(count), Counter()
            found[key] = own
        written[key][piece.key] += piece.times
        for step, amount in piece.shares(edges):
            for sums in (own, every):
                if step < count:
                    sums.before[step] += amount
                elif piece.is_provisional:
                    sums.provisional[step - count] += amount
                else:
                    sums.billed[step - count] += amount
    rows = _rows({dimension.shown(written[key]): sums for key, sums in found.items()}, dimension, most)
    return Explored(span, at, rows, every.steps, every.whole, open_ones.unpriced)


def _rows(found: dict[Key | None, Sums], dimension: Dimension, most: int | None) -> list[Row]:
    """The dearest first. Only what is shown is asked for its name."""
    rows = [Row(key, UNKNOWN, each, each.whole) for key, each in found.items()]
    rows = [row for row in rows if any((row.sums.billed, row.sums.provisional, row.sums.before))]
    rows.sort(key=lambda row: (-row.sums.total, -row.sums.before, str(row.key)))
    rows = _cut(rows, most or len(rows))
    names = dimension.names([row.key for row in rows if row.key is not None]) if rows else {}
    return [_named(row, names) for row in rows]


def _named(row: Row, names: Mapping[Key, Named]) -> Row:
    """All but what is beyond the dearest, which has a name."""
    if row.named is not UNKNOWN:
        return row
    return replace(row, named=unnamed() if row.key is None else names.get(row.key, UNKNOWN))


def _cut(rows: list[Row], most: int) -> list[Row]:
    if len(rows) <= most:
        return rows
    each = Sums(len(rows[0].each.billed))
    for row in rows[most - 1 :]:
        each.add(row.each)
    return [*rows[: most - 1], Row(None, Named(_("Other"), ""), each, each.whole)]
