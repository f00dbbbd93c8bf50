"""What was spent, as pieces of cost: of invoice lines and their coupons, and of what is on no bill yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import chain, groupby
from uuid import UUID

from django.db.models import Count, F, Q

from accounts.models import Customer
from catalog.queries import NoPrice, PriceBook
from foresight.dimensions import Dimension
from foresight.pieces import Piece, minute_of
from invoices.models import Invoice, InvoiceLine
from invoices.services.unbilled import Unbilled, Use, open_months, unbilled
from invoices.usage import coupons_within, lines_within
from kernel.money import split
from kernel.periods import Period
from usage.queries import reached


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose costs, told apart by what; of one product, by its code, or of all."""

    customer: Customer
    dimension: Dimension
    product: str = ""

    @property
    def of_invoices(self) -> Q:
        return Q(customer=self.customer, **({"product__code": self.product} if self.product else {}))

    @property
    def of_lines(self) -> Q:
        return Q(customer=self.customer, **({"invoice__product__code": self.product} if self.product else {}))

    @property
    def of_resources(self) -> Q:
        return Q(resource__product__code=self.product) if self.product else Q()


def billed(asked: Asked, period: Period) -> Iterator[Piece]:
    """Of invoice lines that touch `period`, less coupons: what credit notes took back is not in them. Alike ones are one."""
    lines = lines_within(InvoiceLine.objects.filter(asked.of_lines), period).annotate(
        ends=F("until"), worth=F("kept_total")
    )
    alike = lines.order_by().values_list(asked.dimension.of_line, "starts_at", "ends", "worth")
    for key, since, until, worth, count in alike.annotate(count=Count("pk")):
        yield Piece(key, minute_of(since), minute_of(until), worth, count)
    yield from _coupons(asked, period)


def _coupons(asked: Asked, period: Period) -> Iterator[Piece]:
    """Month by month, line by line, as the usage report has them; within a month evenly over what the invoice covers of it."""
    invoices = coupons_within(Invoice.objects.filter(asked.of_invoices), period)
    if not invoices:
        return
    lines = InvoiceLine.objects.filter(invoice__in=invoices).order_by("invoice", "position")
    rows = lines.values_list("invoice", asked.dimension.of_line, "total")
    for invoice, grouped in groupby(rows, key=lambda row: row[0]):
        own = [(key, total) for _invoice, key, total in grouped]
        cover, parts = invoices[invoice]
        for month, part in parts.items():
            whole = month.period
            if whole.ends_at <= period.starts_at or period.ends_at <= whole.starts_at:
                continue
            since, until = max(cover.starts_at, whole.starts_at), min(cover.ends_at, whole.ends_at)
            for (key, _total), share in zip(own, split(part, [total for _key, total in own]), strict=True):
                yield Piece(key, minute_of(since), minute_of(until), -share)


class Provisional:
    """
    What is on no bill yet: of the present month until `at`, and of the one before while it is not billed.

    `instants` say when steps begin: what is metered stands where it was reported. `unpriced` counts what lacks a price.
    """

    def __init__(self, asked: Asked, period: Period, instants: Sequence[datetime], *, at: datetime) -> None:
        self._asked, self._instants, self._at = asked, instants, at
        self.unpriced = 0
        self.months = [
            month
            for month in open_months(asked.customer, at=at, scope=asked.of_resources)
            if period.starts_at < month.period.ends_at and month.period.starts_at < period.ends_at
        ]

    def pieces(self) -> Iterator[Piece]:
        found = [
            unbilled(
                self._asked.customer,
                at=self._at,
                month=month,
                by=self._asked.dimension.by,
                scope=self._asked.of_resources,
            )
            for month in self.months
        ]
        if not any(one.stretches or one.uses for one in found):
            return
        book = PriceBook([self._asked.customer.pk])
        yield from chain.from_iterable(chain(self._of_time(one, book), self._of_use(one, book)) for one in found)

    def _of_time(self, found: Unbilled, book: PriceBook) -> Iterator[Piece]:
        until = min(found.at, found.month.period.ends_at)
        for stretch in found.stretches:
            try:
                lines = stretch.lines(book, self._asked.customer, until=until)
            except NoPrice:
                self.unpriced += stretch.count
                continue
            for line in lines:
                key = self._asked.dimension.of_usage(stretch.key, line.component.item_id)
                since, ends = minute_of(line.period.starts_at), minute_of(line.period.ends_at)
                yield Piece(key, since, ends, line.total, stretch.count, is_provisional=True)

    def _of_use(self, found: Unbilled, book: PriceBook) -> Iterator[Piece]:
        """Each step with what it made the month dearer by."""
        if not found.uses:
            return
        window = Period(found.month.period.starts_at, min(found.at, found.month.period.ends_at))
        starts = [window.starts_at, *(one for one in self._instants if window.starts_at < one < window.ends_at)]
        edges = [*map(minute_of, starts), minute_of(window.ends_at)]
        quantities: dict[tuple[UUID, UUID], dict[int, Decimal]] = {}
        if len(starts) > 1:
            for resource_id, item_id, step, quantity in reached(
                {use.resource_id for use in found.uses}, window, starts
            ):
                quantities.setdefault((resource_id, item_id), {})[step] = quantity
        for use in found.uses:
            key = self._asked.dimension.of_usage(use.key, use.item_id)
            steps = quantities.get((use.resource_id, use.item_id), {})
            try:
                amounts = list(self._amounts(use, steps, [*starts[1:], window.ends_at], book))
            except NoPrice:
                self.unpriced += 1
                continue
            for step, amount in enumerate(amounts):
                if amount:
                    yield Piece(key, edges[step], edges[step + 1], amount, is_provisional=True)

    def _amounts(
        self, use: Use, quantities: dict[int, Decimal], ends: Sequence[datetime], book: PriceBook
    ) -> Iterator[int]:
        """
        Of each step, by its end; all of them are what the month's use comes to beyond what bills say.

        :raises NoPrice:
        """
        if use.now is None:
            return
        on_bills, last = use.now.quantity_on_bills, len(ends) - 1
        reached_by, before = on_bills, 0
        for step, end in enumerate(ends):
            reached_by = use.now.now if step == last else max(quantities.get(step, reached_by), on_bills)
            by_then = replace(use, now=replace(use.now, now=reached_by))
            worth = sum(line.total for line in by_then.so_far(book, self._asked.customer, at=end))
            yield worth - before
            before = worth
