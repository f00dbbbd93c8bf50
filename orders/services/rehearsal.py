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
from django.db.models import Case, Count, F, TextField, When
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _

from catalog.models import Discount, Price, TaxCategory
from catalog.pricing import Charge, Component, price
from catalog.queries import NoPrice, PriceBook
from catalog.taxes import Taxes
from invoices.columns import Column, Form
from kernel.periods import MINUTE, Period, start_of_day
from lifecycle.models import Resource
from lifecycle.models.terms import RUNS_ON_PAID_TIME

CHUNK = 2000
NOBODY = UUID(int=0)
"""Has negotiated nothing."""


class Kind(models.TextChoices):
    AUTO = "auto", _("automatic renewals")
    BY_HAND = "by_hand", _("renewals by hand")
    USAGE = "usage", _("30 days of use")


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

    Prepaid resources cost their next renewal (by its period, or a month by hand), postpaid ones 30 days as they are. What has
    no price then is `unpriced`.
    """

    def __init__(self, category: TaxCategory, *, since: date, rate: Decimal) -> None:
        self.category, self.day = category.pk, start_of_day(since)
        negotiated = Price.objects.exclude(customer=None).values("customer").union(Discount.objects.values("customer"))
        own = [customer for (customer,) in negotiated.values_list("customer")]
        self._book = PriceBook(own, taxes=Taxes.read().with_rate(category.pk, since, rate))
        self._alike = {
            "kind": Case(
                When(~RUNS_ON_PAID_TIME, then=models.Value(Kind.USAGE.value)),
                When(auto_renew_months=None, then=models.Value(Kind.BY_HAND.value)),
                default=models.Value(Kind.AUTO.value),
            ),
            "text": Cast("configuration", TextField()),
            "months": Coalesce("auto_renew_months", 1),
            "own_terms": Case(When(customer__in=[NOBODY, *own], then=F("customer"))),
        }
        self._known: dict[tuple[str, int, UUID | None], tuple[Cost, Cost] | None] = {}
        self.unpriced = 0

    def sums(self) -> dict[Kind, Change]:
        """By kind, of the resources that have something of the category."""
        found: dict[Kind, Change] = defaultdict(Change)
        groups = Resource.objects.running().order_by().values(**self._alike).annotate(count=Count("pk"))
        for kind, text, months, own_terms, count in groups.values_list("kind", "text", "months", "own_terms", "count"):
            try:
                costs = self._costs(text, months, own_terms)
            except NoPrice:
                self.unpriced += count
                continue
            if costs:
                before, after = costs
                found[Kind(kind)] += Change(count, before * count, after * count)
        return dict(found)

    def rows(self) -> Iterator[Row]:
        """The same, resource by resource."""
        found = Resource.objects.running().order_by("customer__name", "name", "pk").annotate(**self._alike)
        names = ("customer__name", "name", "product", "kind", "months", "text", "own_terms")
        for customer, name, product, kind, months, text, own_terms in found.values_list(*names).iterator(CHUNK):
            try:
                costs = self._costs(text, months, own_terms)
            except NoPrice:
                continue
            if costs:
                before, after = costs
                yield Row(customer, name, product, kind, months, before.total, before.tax, after.total, after.tax)

    def _costs(self, text: str, months: int, own_terms: UUID | None) -> tuple[Cost, Cost] | None:
        """Before and after; None when nothing of it is of the category. :raises NoPrice:"""
        key = (text, months, own_terms)
        if key not in self._known:
            period = Period.of_months(months, starting=self.day)
            before, after = (self._components(text, months, own_terms, at) for at in (self.day - MINUTE, self.day))
            concerned = any(self._book.category_of(component.rate) == self.category for component in after)
            costs = Cost.of(price(before, period)), Cost.of(price(after, period))
            self._known[key] = costs if concerned else None
        return self._known[key]

    def _components(self, text: str, months: int, own_terms: UUID | None, taxed_at: datetime) -> list[Component]:
        return self._book.components(
            json.loads(text), customer_id=own_terms or NOBODY, at=self.day, taxed_at=taxed_at, months=months
        )
