"""What a month costs by the values of a tag: the usage report, grouped by what its lines were tagged with when they were issued."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, Expression, F, OuterRef, QuerySet, Sum

from accounts.models import Customer
from invoices.models import Invoice, InvoiceLine
from invoices.usage import coupons_of_month, lines_of_month
from kernel.periods import CalendarMonth
from kernel.tags import CREATED_BY, FIXED, Wanted, folded
from lifecycle.models import Resource, tagged
from lifecycle.models.tags import MostWritten, TagKeys, folded_of, value_of

DEFAULT_KEY = "Environment"
"""By which costs are told apart when nobody says."""


@dataclass(frozen=True, slots=True)
class Spend:
    """Of one value, as most lines write it; "" is what lacks the tag. `total` is net of coupons and of what was credited, as in the usage report."""

    key: str
    value: str
    resources: int
    lines: int
    tax: int
    coupon: int
    total: int

    @property
    def wanted(self) -> Wanted:
        """What finds its lines."""
        return Wanted(self.key, self.value or None, without=not self.value)


def spend_by_tag(
    lines: QuerySet[InvoiceLine], invoices: QuerySet[Invoice], key: str, month: CalendarMonth
) -> list[Spend]:
    """
    The dearest value first, what lacks the tag last; in two queries, or three where there are coupons.

    All lines of an invoice have the same tags, so a coupon is wholly of one value.
    """
    value = value_of("tags", key)
    rows = (
        lines_of_month(lines, month)
        .order_by()
        .annotate(of=folded_of(value))
        .values("of")
        .annotate(
            written=MostWritten(value),
            resources=Count("invoice__resource", distinct=True),
            count=Count("pk"),
            tax_sum=Sum("month_tax"),
            total_sum=Sum("month_total"),
        )
        .values_list("of", "written", "resources", "count", "tax_sum", "total_sum")
    )
    coupons = _coupons(coupons_of_month(invoices, month), value)
    found = [
        Spend(key, written, resources, count, tax, coupons[of], total - coupons[of])
        for of, written, resources, count, tax, total in rows
    ]
    return sorted(found, key=lambda spend: (not spend.value, -spend.total, spend.value))


def _coupons(parts: Mapping[UUID, int], value: Expression) -> Counter[str]:
    found: Counter[str] = Counter()
    if parts:
        first = InvoiceLine.objects.filter(invoice__in=list(parts), position=1).annotate(of=folded_of(value))
        for invoice, of in first.values_list("invoice", "of"):
            found[of] += parts[invoice]
    return found


def invoices_tagged(invoices: QuerySet[Invoice], wanted: Wanted) -> QuerySet[Invoice]:
    """Those whose lines are tagged like that."""
    lines = InvoiceLine.objects.filter(tagged(wanted), invoice=OuterRef("pk"), position=1)
    return invoices.filter(Exists(lines))


def keys_of(customer: Customer) -> list[str]:
    """By what their costs can be told apart: the fixed keys, those that their resources have, and who ordered them."""
    resources = Resource.objects.filter(customer=customer).annotate(key=TagKeys(F("tags")))
    known = {folded(key) for key in (*FIXED, CREATED_BY)}
    free: dict[str, str] = {}
    for key in resources.order_by("key").values_list("key", flat=True).distinct():
        if folded(key) not in known:
            free.setdefault(folded(key), key)
    return [*FIXED, *(free[key] for key in sorted(free)), CREATED_BY]
