"""The VAT sales ledger: what was invoiced and credited in a month, a row for each document and rate, and the sums by rate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from invoices.columns import Column, Form
from invoices.models import CreditNote, InvoiceLine
from kernel.money import split
from kernel.periods import CalendarMonth, local_day
from kernel.shapes import Json

LEDGER = [
    Column("number", _("Number"), Form.TEXT, 18),
    Column("day", _("Issued"), Form.DAY, 12),
    Column("corrects", _("For invoice"), Form.TEXT, 18),
    Column("buyer", _("Customer"), Form.TEXT, 32),
    Column("tax_code", _("Tax code"), Form.TEXT, 14),
    Column("net", _("Net"), Form.MONEY, 16),
    Column("rate", _("VAT rate"), Form.SHARE, 10),
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
    """A credit note takes back of each rate in proportion to what its invoice has of it."""
    period = month.period
    notes = CreditNote.objects.filter(issued_at__gte=period.starts_at, issued_at__lt=period.ends_at)
    rates: dict[object, list[tuple[Decimal, int, int]]] = defaultdict(list)
    lines = InvoiceLine.objects.filter(invoice__in=notes.values("invoice")).values("invoice", "vat_rate")
    for row in lines.annotate(net=Sum(F("total") - F("tax")), taxes=Sum("tax")).order_by("invoice", "vat_rate"):
        rates[row["invoice"]].append((row["vat_rate"], row["net"], row["taxes"]))
    for note in notes.select_related("invoice").order_by("number").iterator(500):
        of_invoice = rates[note.invoice_id]
        nets = split(note.amount - note.tax, [net for _rate, net, _tax in of_invoice])
        taxes = split(note.tax, [tax for _rate, _net, tax in of_invoice])
        for (rate, _net, _tax), net, tax in zip(of_invoice, nets, taxes, strict=True):
            sums = SumOfRate(rate, -net, -tax)
            yield _row(note.number, note.issued_at, note.invoice.buyer, sums, corrects=note.invoice.number)


def _row(number: str, issued_at: datetime, buyer: Json, sums: SumOfRate, *, corrects: str = "") -> Row:
    name, code = str(buyer.get("name", "")), str(buyer.get("tax_code", ""))
    return Row(number, local_day(issued_at), corrects, name, code, sums.net, sums.rate, sums.tax)
