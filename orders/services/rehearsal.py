"""
Rehearsing a rate of VAT: what renewals and use would cost from its first day on, beside the day before. Nothing is written.

Resources that are alike (configuration, period, negotiated terms) are priced once and counted, so that a million of them are as
many prices as there are kinds.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Sum, TextField, Value, When
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _

from catalog.models import Commitment, Discount, Price, TaxCategory
from catalog.pricing import Charge, Component, price
from catalog.queries import NoPrice, PriceBook
from catalog.taxes import Taxes
from invoices.columns import Column, Form
from invoices.models import InvoiceLine
from invoices.services.metered import lines_of
from invoices.vat import tax_at
from kernel.periods import MINUTE, CalendarMonth, Period, start_of_day
from lifecycle.models import Resource, ServicePeriod
from lifecycle.models.terms import RUNS_ON_PAID_TIME
from usage.models import ClosedMonth

CHUNK = 2000
NOBODY = UUID(int=0)
"""Has negotiated nothing."""


class Kind(models.TextChoices):
    AUTO = "auto", _("automatic renewals")
    BY_HAND = "by_hand", _("renewals by hand")
    USAGE = "usage", _("30 days of use")
    METERED = "metered", _("a month of what is metered")


@dataclass(frozen=True, slots=True)
class Cost:
    """VND with VAT, and the VAT of it."""

    total: int = 0
    tax: int = 0

    @classmethod
    def of(cls, charge: Charge) -> Cost:
        return cls(charge.total, charge.tax)

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.total + other.total, self.tax + other.tax)

    def __mul__(self, count: int) -> Cost:
        return Cost(self.total * count, self.tax * count)


@dataclass(frozen=True, slots=True)
class Change:
    """So many resources, at the rate of the day before and at that of the day."""

    count: int = 0
    before: Cost = Cost()
    after: Cost = Cost()

    @property
    def difference(self) -> int:
        return self.after.total - self.before.total

    def __add__(self, other: Change) -> Change:
        return Change(self.count + other.count, self.before + other.before, self.after + other.after)


@dataclass(frozen=True, slots=True)
class Row:
    """One resource of the export."""

    customer: str
    resource: str
    product: UUID
    kind: str
    months: int
    before: int
    before_tax: int
    after: int
    after_tax: int

    @property
    def difference(self) -> int:
        return self.after - self.before


COLUMNS = [
    Column("customer", _("Customer"), Form.TEXT, 32),
    Column("resource", _("Resource"), Form.TEXT, 24),
    Column("product", _("Product"), Form.PRODUCT, 16),
    Column("kind", _("Kind"), Form.CODE, 20, choices=Kind.choices),
    Column("months", _("Months"), Form.WHOLE, 8),
    Column("before", _("Until the day before"), Form.MONEY, 16),
    Column("before_tax", _("of it VAT"), Form.MONEY, 14),
    Column("after", _("From that day on"), Form.MONEY, 16),
    Column("after_tax", _("of it VAT"), Form.MONEY, 14),
    Column("difference", _("Difference"), Form.MOVED, 14),
]


class Rehearsal:
    """
    What `category` at `rate` from `since` on would change, for everything that runs, at the prices of that day.

    Prepaid resources cost their next renewal (by its period, or a month by hand), postpaid ones that are in service 30 days as they
    are. What is metered costs what the bills of the last month that is closed say of it. What has no price then is `unpriced`.
    """

    def __init__(self, category: TaxCategory, *, since: date, rate: Decimal) -> None:
        self.category, self.day, self.rate = category.pk, start_of_day(since), rate
        negotiated = (
            Price.objects.exclude(customer=None)
            .values("customer")
            .union(Discount.objects.values("customer"), Commitment.objects.values("customer"))
        )
        own = [customer for (customer,) in negotiated.values_list("customer")]
        taxes = Taxes.read()
        self._rate_before = taxes.rate_at(category.pk, self.day - MINUTE)
        self._book = PriceBook(own, taxes=taxes.with_rate(category.pk, since, rate))
        self._alike = {
            "kind": Case(
                When(~RUNS_ON_PAID_TIME, then=Value(Kind.USAGE.value)),
                When(auto_renew_months=None, then=Value(Kind.BY_HAND.value)),
                default=Value(Kind.AUTO.value),
            ),
            "text": Cast("configuration", TextField()),
            "months": Coalesce("auto_renew_months", 1),
            "own_terms": Case(When(customer__in=[NOBODY, *own], then=F("customer"))),
        }
        self._known: dict[tuple[str, int | None, UUID | None], tuple[Cost, Cost] | None] = {}
        self.unpriced = 0

    def sums(self) -> dict[Kind, Change]:
        """By kind, of the resources that have something of the category."""
        found: dict[Kind, Change] = defaultdict(Change)
        groups = _in_service().order_by().values(**self._alike).annotate(count=Count("pk"))
        for kind, text, months, own_terms, count in groups.values_list("kind", "text", "months", "own_terms", "count"):
            try:
                costs = self._costs(kind, text, months, own_terms)
            except NoPrice:
                self.unpriced += count
                continue
            if costs:
                before, after = costs
                found[Kind(kind)] += Change(count, before * count, after * count)
        metered = self._metered()
        if metered.count:
            found[Kind.METERED] = metered
        return dict(found)

    def rows(self) -> Iterator[Row]:
        """The same, resource by resource."""
        yield from self._rows_of_resources()
        names = ("customer__name", "invoice__resource__name", "invoice__product")
        for customer, name, product, *costs in (
            self._lines()
            .values_list(*names)
            .annotate(**self._again)
            .order_by(*names, "invoice__resource")
            .iterator(CHUNK)
        ):
            yield Row(customer, name, product, Kind.METERED.value, 1, *map(int, costs))

    def _rows_of_resources(self) -> Iterator[Row]:
        found = _in_service().order_by("customer__name", "name", "pk").annotate(**self._alike)
        names = ("customer__name", "name", "product", "kind", "months", "text", "own_terms")
        for customer, name, product, kind, months, text, own_terms in found.values_list(*names).iterator(CHUNK):
            try:
                costs = self._costs(kind, text, months, own_terms)
            except NoPrice:
                continue
            if costs:
                before, after = costs
                yield Row(customer, name, product, kind, months, before.total, before.tax, after.total, after.tax)

    def _metered(self) -> Change:
        sums = self._lines().aggregate(count=Count("invoice__resource", distinct=True), **self._again)
        count, *costs = (int(sums[name] or 0) for name in ("count", "before", "before_tax", "after", "after_tax"))
        return Change(count, Cost(*costs[:2]), Cost(*costs[2:]))

    def _lines(self) -> QuerySet[InvoiceLine]:
        """Those of metered items of the category, of the last month that is closed, of which something stands."""
        closed = ClosedMonth.objects.order_by("-month").values_list("month", flat=True).first()
        if closed is None:
            return InvoiceLine.objects.none()
        lines = lines_of(Q(price__tax_category=self.category), CalendarMonth.parse(closed))
        return lines.filter(quantity__gt=F("taken")).order_by()

    @property
    def _again(self) -> dict[str, Sum]:
        """Both costs of lines of use, and the VAT of each."""
        sums: dict[str, Sum] = {}
        for name, rate in (("before", self._rate_before or self.rate), ("after", self.rate)):
            tax = tax_at(Value(rate), "amount")
            on_top = Case(When(includes_vat=True, then=Value(Decimal(0))), default=tax)
            sums |= {name: Sum(F("amount") + on_top), f"{name}_tax": Sum(tax)}
        return sums

    def _costs(self, kind: str, text: str, months: int, own_terms: UUID | None) -> tuple[Cost, Cost] | None:
        """Before and after; None when nothing of it is of the category. :raises NoPrice:"""
        ahead = None if kind == Kind.USAGE else months
        key = (text, ahead, own_terms)
        if key not in self._known:
            period = Period.of_months(months, starting=self.day)
            before, after = (self._components(text, ahead, own_terms, at) for at in (self.day - MINUTE, self.day))
            concerned = any(self._book.category_of(component.rate) == self.category for component in after)
            costs = Cost.of(price(before, period)), Cost.of(price(after, period))
            self._known[key] = costs if concerned else None
        return self._known[key]

    def _components(self, text: str, months: int | None, own_terms: UUID | None, taxed_at: datetime) -> list[Component]:
        return self._book.components(
            json.loads(text), customer_id=own_terms or NOBODY, at=self.day, taxed_at=taxed_at, months=months
        )


def _in_service() -> QuerySet[Resource]:
    """What runs and costs something: not what is stopped where stopped time is free."""
    in_use = ServicePeriod.objects.filter(resource=OuterRef("pk"), ends_at=None)
    return Resource.objects.running().filter(RUNS_ON_PAID_TIME | Exists(in_use))
