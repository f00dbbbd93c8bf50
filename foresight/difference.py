"""Why a customer's month costs more or less than another one: the causes, resource by resource, that make the difference exactly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from django.db.models import DecimalField, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.translation import get_language

from accounts.models import Customer
from catalog.meters import Meter
from catalog.models import Item, Price
from catalog.pricing import Component, Rate
from catalog.queries import NoPrice, PriceBook
from foresight.causes import Cause, Share, causes_of, together
from foresight.compared import Charged, Pair, Side
from foresight.dimensions import unnamed
from invoices.models import Invoice, InvoiceLine, UseTakenBack
from invoices.services.shortfalls import progress_of
from invoices.services.unbilled import open_months, unbilled
from invoices.usage import coupons_of_month, lines_of_month
from kernel.periods import CalendarMonth, Period
from lifecycle.models import Resource

QUANTITY = DecimalField(max_digits=18, decimal_places=6)


class Line(NamedTuple):
    """What of an invoice line lies in a month, as it is read."""

    invoice__resource: UUID | None
    item: UUID
    name: str
    unit: str
    month_start: datetime
    month_end: datetime
    quantity: Decimal
    taken: Decimal
    unit_price: Decimal
    per_minutes: int
    includes_vat: bool
    vat_rate: Decimal
    discount: Decimal
    committed: Decimal
    price: UUID
    month_total: int


@dataclass(frozen=True)
class Resourced:
    """One resource with its causes."""

    pair: Pair
    causes: list[Share]

    def said(self) -> list[tuple[Cause, int, list[str]]]:
        """The causes that there are, with what happened, in the reader's language."""
        return [(cause, amount, list(cause.facts(self.pair))) for cause, amount in self.causes if amount]


@dataclass(frozen=True)
class Difference:
    """`resources`: those that changed, the largest change first. `is_over`: both months are over and billed, so no figure is provisional."""

    before: CalendarMonth
    after: CalendarMonth
    resources: list[Resourced]
    unchanged: int
    cost_before: int
    cost_after: int
    is_over: bool

    @property
    def amount(self) -> int:
        return self.cost_after - self.cost_before

    @cached_property
    def causes(self) -> list[Share]:
        return together(one.causes for one in self.resources)


def difference(customer: Customer, before: CalendarMonth, after: CalendarMonth, *, at: datetime) -> Difference:
    """
    What `after` costs more than `before`, and why. Of each month what the usage report has of it; of one that is not billed also what
    is on no bill yet: time as if nothing were changed any more until its end, use as reported until now.

    In a constant number of queries.
    """
    open_ones = open_months(customer, at=at)
    sides = {month: _sides(customer, month, is_open=month in open_ones, at=at) for month in (before, after)}
    keys = dict.fromkeys([*sides[before], *sides[after]])
    names = dict(Resource.objects.filter(pk__in=[key for key in keys if key]).values_list("pk", "name"))
    pairs = [
        Pair(
            key,
            names.get(key, "") if key else unnamed().name,
            *(sides[month].get(key, Side(month)) for month in (before, after)),
        )
        for key in keys
    ]
    found = [Resourced(pair, causes) for pair, causes in zip(pairs, _causes(pairs), strict=True)]
    changed = [one for one in found if any(share.amount for share in one.causes)]
    changed.sort(key=lambda one: (-abs(one.pair.difference), one.pair.name, str(one.pair.resource)))
    return Difference(
        before,
        after,
        changed,
        len(found) - len(changed),
        sum(pair.before.total for pair in pairs),
        sum(pair.after.total for pair in pairs),
        is_over=max(before, after).period.ends_at <= at and not {before, after} & set(open_ones),
    )


def _causes(pairs: Iterable[Pair]) -> Iterator[list[Share]]:
    """What is alike in both months changes for the same causes: they are looked for once."""
    known: dict[object, list[Share]] = {}
    for pair in pairs:
        like = tuple((tuple(side.charged), side.coupon, side.lacking) for side in (pair.before, pair.after))
        if like not in known:
            known[like] = causes_of(pair)
        yield known[like]


def _sides(customer: Customer, month: CalendarMonth, *, is_open: bool, at: datetime) -> dict[UUID | None, Side]:
    """Resource -> what was charged for it in the month; and without one, what lacks to a commitment."""
    charged: dict[UUID, list[Charged]] = defaultdict(list)
    lacking = 0
    for resource, one in _billed(customer, month):
        if resource:
            charged[resource].append(one)
        else:
            lacking += one.total
    if is_open:
        for resource, one in _unbilled(customer, month, at=at):
            charged[resource].append(one)
        if progress := progress_of(customer, month, at=at):
            lacking += progress.lacking
    coupons: dict[UUID, int] = defaultdict(int)
    parts = coupons_of_month(Invoice.objects.filter(customer=customer), month)
    for invoice, resource in Invoice.objects.filter(pk__in=parts).values_list("pk", "resource") if parts else ():
        coupons[resource] += parts[invoice]
    found: dict[UUID | None, Side] = {
        key: Side(month, charged.get(key, ()), coupons.get(key, 0)) for key in dict.fromkeys([*charged, *coupons])
    }
    return found | {None: Side(month, lacking=lacking)} if lacking else found


def _billed(customer: Customer, month: CalendarMonth) -> list[tuple[UUID | None, Charged]]:
    """Of what is metered, what was taken back as not used does not count."""
    taken = UseTakenBack.objects.filter(line=OuterRef("pk")).order_by().values("line").annotate(sum=Sum("quantity"))
    nothing = Value(Decimal(0), output_field=QUANTITY)
    lines = lines_of_month(InvoiceLine.objects.filter(customer=customer), month).annotate(
        taken=Coalesce(Subquery(taken.values("sum"), output_field=QUANTITY), nothing)
    )
    rows = [Line(*row) for row in lines.order_by().values_list(*Line._fields)]
    metered = {row.price for row in rows if not row.per_minutes}
    meters = {price.pk: price.meter for price in Price.objects.filter(pk__in=metered)} if metered else {}
    names = _names({row.item for row in rows})
    return [
        (row.invoice__resource, _charged(row, names.get(row.item, row.name), meters.get(row.price))) for row in rows
    ]


def _charged(row: Line, name: str, meter: Meter | None) -> Charged:
    rate = Rate(row.price, row.unit_price, row.per_minutes, row.includes_vat, row.vat_rate, meter)
    component = Component(
        row.item, name, row.unit, row.quantity - row.taken, rate, row.discount, committed=row.committed
    )
    return Charged(component, Period(row.month_start, row.month_end), row.month_total)


def _names(items: set[UUID]) -> dict[UUID, str]:
    """In the reader's language."""
    language = get_language() or "vi"
    return {item.pk: item.name_in(language) for item in Item.objects.filter(pk__in=items)} if items else {}


def _unbilled(customer: Customer, month: CalendarMonth, *, at: datetime) -> list[tuple[UUID, Charged]]:
    """What has no price is left out."""
    found: list[tuple[UUID, Charged]] = []
    open_ones = unbilled(customer, at=at, month=month, by="resource")
    if not (open_ones.stretches or open_ones.uses):
        return found
    book = PriceBook([customer.pk])
    for stretch in open_ones.stretches:
        assert isinstance(stretch.key, UUID), "they are asked for by resource"
        try:
            lines = stretch.lines(book, customer, until=month.period.ends_at)
        except NoPrice:
            continue
        for line in lines:
            charged = Charged(line.component, line.period, line.total)
            found += [(stretch.key, charged)] * stretch.count
    for use in open_ones.uses:
        if use.now is None:
            continue
        try:
            lines = use.so_far(book, customer, at=at)
        except NoPrice:
            continue
        found += [(use.resource_id, Charged(line.component, line.period, line.total)) for line in lines]
    return found
