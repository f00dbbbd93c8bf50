"""
What was used of metered items, and what of it is on bills already.

A month of use is priced as a whole: what is billed of it is what it comes to by now, less what was billed. So it does not matter in
how many parts a month is billed, nor why: a resource left in it, or something was reported late. What turns out to be less than was
billed is credited.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypedDict
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from accounts.models import Customer
from catalog.meters import MICRO
from catalog.pricing import Component, Line, price_line
from catalog.queries import PriceBook
from invoices.models import Invoice, InvoiceLine, UseTakenBack
from kernel.money import round_half_up
from kernel.periods import CalendarMonth, Period, minutes_between
from usage.queries import has_records, used, with_late_uses

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

NOTHING = Decimal(0)
AT_ONCE = 500
BILLED_AGAIN = Q(invoice__status=Invoice.Status.VOID, invoice__covered_until=F("invoice__period_start"))


@dataclass(slots=True)
class OnBills:
    """What bills of a month say of an item of a resource: how much with which tax points, at which price and discount."""

    price_id: UUID
    discounts: tuple[Decimal, Decimal]
    """All of it, and what of it a commitment gives."""
    taxed: list[tuple[datetime, Decimal]] = field(default_factory=list)

    @property
    def quantity(self) -> Decimal:
        return sum((quantity for _at, quantity in self.taxed), NOTHING)

    def before(self, instant: datetime) -> Decimal:
        return sum((quantity for at, quantity in self.taxed if at < instant), NOTHING)


@dataclass(frozen=True, slots=True)
class Change:
    """
    An item of which a month's use, `now`, is not what its bills say. `since` is when the use in it began.

    `until` says how much it was before each change of a rate of VAT.
    """

    item_id: UUID
    now: Decimal
    since: datetime
    on_bills: OnBills | None
    until: dict[datetime, Decimal] = field(default_factory=dict)

    @property
    def quantity_on_bills(self) -> Decimal:
        return self.on_bills.quantity if self.on_bills else NOTHING

    @property
    def more(self) -> Decimal:
        return self.now - self.quantity_on_bills

    def too_much(self, month: Period) -> Iterator[tuple[Period, Decimal]]:
        """
        What bills say of the month and was none: how much in which of its parts that differ in their rate of VAT, the last one first.

        Parts of which bills say too little make up for it: all parts together are what bills say too much of the month.
        """
        edges = [month.starts_at, *sorted(self.until), month.ends_at]
        used = [NOTHING, *(self.until[cut] for cut in sorted(self.until)), self.now]
        billed = [self.on_bills.before(edge) if self.on_bills else NOTHING for edge in edges]
        rest = -self.more
        for number in range(len(edges) - 1, 0, -1):
            over = (billed[number] - billed[number - 1]) - (used[number] - used[number - 1])
            if (quantity := min(over, rest)) > 0:
                yield Period(edges[number - 1], edges[number]), quantity
                rest -= quantity

    def lines(self, book: PriceBook, customer: Customer, period: Period) -> Iterator[Line]:
        """
        What comes on top of the bills, in `period`: a line for each of its parts in which the rate of VAT is the same.

        A part has what was used by its end and is on no bill of the time before it, but all parts together no more than the month.
        Of less than was billed it is one line, below zero.

        :raises NoPrice:
        """
        component = self.component(book, customer, taxed_at=period.last_minute)
        billed = {cut: self.on_bills.before(cut) if self.on_bills else NOTHING for cut in self.until}
        due_by = {cut: quantity - billed[cut] for cut, quantity in self.until.items()}
        yield from price_use(book, component, customer, period, due_by)

    def going_on(self, more: Decimal, ahead: Period, cuts: Collection[datetime]) -> Change:
        """As if `more` were used evenly in the time `ahead`, which has some of the `cuts` in it."""
        by_then = {cut: self.now + _share(more, ahead, cut) for cut in cuts if cut >= ahead.starts_at}
        return replace(self, now=self.now + more, until={**dict.fromkeys(cuts, NOTHING), **self.until, **by_then})

    def component(self, book: PriceBook, customer: Customer, *, taxed_at: datetime) -> Component:
        """At the price and the discount of the first of the bills, else at those in force when use began. :raises NoPrice:"""
        if self.on_bills is None:
            return book.component(self.item_id, self.now, customer.pk, self.since, customer.language, taxed_at=taxed_at)
        price_id, discounts = self.on_bills.price_id, self.on_bills.discounts
        known = book.used(self.item_id, price_id, discounts, customer.language, taxed_at=taxed_at)
        return replace(known, quantity=self.more, before=self.on_bills.quantity)


def _share(quantity: Decimal, of: Period, until: datetime) -> Decimal:
    """What of a quantity that is used evenly in a time is used by an instant."""
    passed = minutes_between(of.starts_at, min(until, of.ends_at))
    return Decimal(round_half_up(int(quantity * MICRO) * passed, of.minutes)) / MICRO


def price_use(
    book: PriceBook, component: Component, customer: Customer, period: Period, due_by: Mapping[datetime, Decimal]
) -> Iterator[Line]:
    """
    A line for each part of `period` in which the rate of VAT is the same, together for the quantity of `component`.

    :param due_by: what of it is due by the end of a part that is not the last
    :raises NoPrice:
    """
    rest = component.quantity
    for part in book.parts_of_use(component, period):
        quantity = rest
        if part.ends_at < period.ends_at:
            quantity = max(min(rest, due_by[part.ends_at] - (component.quantity - rest)), NOTHING)
        if quantity:
            use = book.taxed(component, customer.language, at=part.last_minute)
            if quantity != component.quantity:
                use = replace(use, quantity=quantity, before=component.before + component.quantity - rest)
            yield price_line(use, part)
            rest -= quantity


def changes(
    resources: Collection[UUID],
    customers: Collection[UUID],
    window: Period,
    *,
    through: int | None,
    known_at: datetime | None = None,
    cuts: Collection[datetime] = (),
) -> dict[UUID, list[Change]]:
    """
    Resource -> items whose use in `window` (the beginning of a month, or all of it) is not what bills say, in three queries or four.

    A month whose part of the table was detached has no changes.

    :param through: as for `usage.queries.used`
    :param known_at: bills that were issued later say nothing; without it, all of them do
    :param cuts: where rates of VAT change within it: a query more for each
    """
    found: dict[UUID, list[Change]] = defaultdict(list)
    if not resources:
        return found
    month = CalendarMonth.of(window.starts_at)
    on_bills = _on_bills(resources, customers, month, known_at)
    until = {cut: _used_by(resources, window.starts_at, cut, through) for cut in cuts}
    for resource_id, item_id, since, quantity in used(resources, window, through=through):
        key = resource_id, item_id
        by_cut = {cut: by_then.get(key, NOTHING) for cut, by_then in until.items()}
        change = Change(item_id, quantity, since, on_bills.pop(key, None), by_cut)
        if change.more:
            found[resource_id].append(change)
    gone = {key: billed for key, billed in on_bills.items() if billed.quantity}
    if gone and has_records(month):
        for (resource_id, item_id), billed in gone.items():  # all of it was taken back
            found[resource_id].append(
                Change(item_id, NOTHING, month.period.starts_at, billed, dict.fromkeys(cuts, NOTHING))
            )
    return found


def _used_by(
    resources: Collection[UUID], begin: datetime, cut: datetime, through: int | None
) -> dict[tuple[UUID, UUID], Decimal]:
    """(resource, item) -> how much had been used by an instant after which use goes on."""
    rows = used(resources, Period(begin, cut), through=through, is_cut=True)
    return {(row.resource_id, row.item_id): row.quantity for row in rows}


def changed_late(month: CalendarMonth, *, through: int) -> list[UUID]:
    """Resources of which something was reported late that bills of the month do not say yet."""
    found: list[UUID] = []
    late = with_late_uses(month)
    for start in range(0, len(late), AT_ONCE):
        some = dict(late[start : start + AT_ONCE])
        found += changes(some, set(some.values()), month.period, through=through)
    return found


class Taken(TypedDict):
    taken: Decimal


def lines_of(scope: Q, month: CalendarMonth) -> QuerySet[WithAnnotations[InvoiceLine, Taken]]:
    """
    Lines of use that stand for the month, with what of each was `taken` back; see the index `lines_of_use`.

    In the order in which they follow each other in the month: one that was billed again is in the place of the void one.
    """
    taken = UseTakenBack.objects.filter(line=OuterRef("pk")).order_by().values("line").annotate(sum=Sum("quantity"))
    period = month.period
    return (
        InvoiceLine.objects.filter(scope, per_minutes=0, starts_at__gte=period.starts_at, starts_at__lt=period.ends_at)
        .exclude(BILLED_AGAIN)
        .annotate(taken=Coalesce(Subquery(taken.values("sum")), Value(NOTHING)))
        .order_by("quantity_before", "pk")
    )


def _on_bills(
    resources: Collection[UUID], customers: Collection[UUID], month: CalendarMonth, known_at: datetime | None
) -> dict[tuple[UUID, UUID], OnBills]:
    """(resource, item) -> what bills of the month say."""
    found: dict[tuple[UUID, UUID], OnBills] = {}
    known = Q(invoice__issued_at__lte=known_at) if known_at else Q()
    lines = lines_of(Q(known, customer__in=customers, invoice__resource__in=list(resources)), month)
    rows = lines.values_list(
        "invoice__resource", "item", "taxed_at", "quantity", "taken", "price", "discount", "committed"
    )
    for resource_id, item_id, taxed_at, quantity, taken, price_id, discount, committed in rows:
        on_bills = found.setdefault((resource_id, item_id), OnBills(price_id, (discount, committed)))
        on_bills.taxed.append((taxed_at, quantity - taken))
    return found
