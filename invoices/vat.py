"""The VAT sales ledger: what was invoiced and credited in a month, a row for each document and rate, and the sums by rate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import BigIntegerField, Case, Count, DecimalField, F, Func, Q, Sum, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Greatest, Least
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from catalog.meters import Aggregation
from catalog.rates import Mistaxed
from invoices.columns import Column, Form
from invoices.models import CreditedPart, Invoice, InvoiceLine
from kernel.periods import CalendarMonth, local_day
from kernel.shapes import Json
from store.rounded import Rounded

EXACT = DecimalField(max_digits=40, decimal_places=20)
IS_CUT = Q(invoice__kind=Invoice.Kind.USAGE, is_whole=False) & ~Q(item__aggregation=Aggregation.LAST)
"""Of a line: it is for use, and cut where a rate of VAT changes."""
LEDGER = [
    Column("number", _("Number"), Form.TEXT, 18),
    Column("day", _("Issued"), Form.DAY, 12),
    Column("corrects", _("For invoice"), Form.TEXT, 18),
    Column("buyer", _("Customer"), Form.TEXT, 32),
    Column("tax_code", _("Tax code"), Form.TEXT, 14),
    Column("net", _("Net"), Form.MONEY, 16),
    Column("rate", capfirst(_("VAT rate")), Form.SHARE, 10),
    Column("tax", _("VAT"), Form.MONEY, 14),
    Column("total", _("Total"), Form.MONEY, 16),
]


@dataclass(frozen=True, slots=True)
class Row:
    """Of one document at one rate; what a credit note takes back is below zero."""

    number: str
    day: date
    corrects: str
    buyer: str
    tax_code: str
    net: int
    rate: Decimal
    tax: int

    @property
    def total(self) -> int:
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class SumOfRate:
    rate: Decimal
    net: int
    tax: int

    @property
    def total(self) -> int:
        return self.net + self.tax


def vat_ledger(month: CalendarMonth) -> Iterator[Row]:
    """The invoices of the month by their numbers, then its credit notes; before coupons, which come off the total after tax."""
    yield from _invoiced(month)
    yield from _credited(month)


def mistaxed(category: str, since: datetime, until: datetime | None, rate: Decimal) -> Mistaxed:
    """
    What stands of a category, is taxed between two instants, and has another rate than this.

    Of time in use only the part that lies between them: it is cut there. What is metered counts as a whole, for what was used in a part of it is
    told by its records alone.
    """
    lines = InvoiceLine.objects.filter(
        price__tax_category=category, taxed_at__gte=since, invoice__credited__lt=F("invoice__total")
    ).exclude(vat_rate=rate)
    within = lines if until is None else lines.filter(Q(taxed_at__lt=until) | Q(IS_CUT, starts_at__lt=until))
    part = Case(When(Q(IS_CUT, per_minutes__gt=0), then=_amount_within(since, until)), default=F("amount"))
    sums = within.annotate(part=part).aggregate(
        documents=Count("invoice", distinct=True),
        tax=Sum(tax_at(F("vat_rate"), "part")),
        right=Sum(tax_at(Value(rate), "part")),
    )
    return Mistaxed(sums["documents"], int(sums["tax"] or 0), int(sums["right"] or 0))


def _amount_within(since: datetime, until: datetime | None) -> Combinable:
    """What the part of a line's time between two instants costs: as `pricing` has it."""
    start = Greatest("starts_at", Value(since))
    end = Least("ends_at", Value(until)) if until else F("ends_at")
    minutes = Func(
        end, start, template="(extract(epoch FROM %(expressions)s) / 60)", arg_joiner=" - ", output_field=EXACT
    )
    share = Value(Decimal(1)) - F("discount")
    return Cast(Rounded(F("unit_price") * F("quantity") * share * minutes, F("per_minutes")), BigIntegerField())


def tax_at(rate: Combinable, amount: str) -> Combinable:
    """The VAT of a line that costs so much, if that were its rate: as `pricing` has it."""
    over = Case(When(includes_vat=True, then=Value(Decimal(1)) + rate), default=Value(Decimal(1)))
    until = Rounded((F("amount_before") + F(amount)) * rate, over)
    return until - Rounded(F("amount_before") * rate, over)


def sums_by_rate(rows: Iterable[Row]) -> list[SumOfRate]:
    sums: dict[Decimal, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        sums[row.rate][0] += row.net
        sums[row.rate][1] += row.tax
    return [SumOfRate(rate, net, tax) for rate, (net, tax) in sorted(sums.items())]


def _invoiced(month: CalendarMonth) -> Iterator[Row]:
    period = month.period
    lines = InvoiceLine.objects.filter(invoice__issued_at__gte=period.starts_at, invoice__issued_at__lt=period.ends_at)
    found = lines.values("invoice__number", "invoice__issued_at", "invoice__buyer", "vat_rate")
    for row in (
        found.annotate(net=Sum(F("total") - F("tax")), taxes=Sum("tax"))
        .order_by("invoice__number", "vat_rate")
        .iterator()
    ):
        sums = SumOfRate(row["vat_rate"], row["net"], row["taxes"])
        yield _row(row["invoice__number"], row["invoice__issued_at"], row["invoice__buyer"], sums)


def _credited(month: CalendarMonth) -> Iterator[Row]:
    period = month.period
    parts = CreditedPart.objects.filter(
        credit_note__issued_at__gte=period.starts_at, credit_note__issued_at__lt=period.ends_at
    ).order_by("credit_note__number", "vat_rate")
    for part in parts.select_related("credit_note__invoice").iterator(500):
        note = part.credit_note
        sums = SumOfRate(part.vat_rate, -part.net, -part.tax)
        yield _row(note.number, note.issued_at, note.invoice.buyer, sums, corrects=note.invoice.number)


def _row(number: str, issued_at: datetime, buyer: Json, sums: SumOfRate, *, corrects: str = "") -> Row:
    name, code = str(buyer.get("name", "")), str(buyer.get("tax_code", ""))
    return Row(number, local_day(issued_at), corrects, name, code, sums.net, sums.rate, sums.tax)
