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
from invoices.models import CreditNote, InvoiceLine, UseTakenBack
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
    """A credit note takes back of each rate in proportion to what its invoice has of it; one for a use has the rate of that."""
    period = month.period
    notes = CreditNote.objects.filter(issued_at__gte=period.starts_at, issued_at__lt=period.ends_at)
    left: dict[object, dict[Decimal, list[int]]] = defaultdict(dict)
    lines = InvoiceLine.objects.filter(invoice__in=notes.values("invoice")).values("invoice", "vat_rate")
    for row in lines.annotate(net=Sum(F("total") - F("tax")), taxes=Sum("tax")).order_by("invoice", "vat_rate"):
        left[row["invoice"]][row["vat_rate"]] = [row["net"], row["taxes"]]
    uses = UseTakenBack.objects.filter(credit_note__isnull=False, line__invoice__in=notes.values("invoice"))
    rates = dict(uses.values_list("credit_note", "line__vat_rate"))
    earlier = CreditNote.objects.filter(pk__in=rates, issued_at__lt=period.starts_at)
    for pk, invoice, amount, tax in earlier.values_list("pk", "invoice", "amount", "tax"):
        _take(left[invoice][rates[pk]], amount - tax, tax)
    for note in notes.select_related("invoice").order_by("number").iterator(500):
        of_invoice = left[note.invoice_id]
        if note.pk in rates:
            _take(of_invoice[rates[note.pk]], note.amount - note.tax, note.tax)
            parts = [SumOfRate(rates[note.pk], note.tax - note.amount, -note.tax)]
        else:
            nets = split(note.amount - note.tax, [net for net, _tax in of_invoice.values()])
            taxes = split(note.tax, [tax for _net, tax in of_invoice.values()])
            parts = [SumOfRate(rate, -net, -tax) for rate, net, tax in zip(of_invoice, nets, taxes, strict=True)]
        for sums in parts:
            yield _row(note.number, note.issued_at, note.invoice.buyer, sums, corrects=note.invoice.number)


def _take(left: list[int], net: int, tax: int) -> None:
    """What was taken back of a rate is no more to be shared out."""
    left[:] = max(left[0] - net, 0), max(left[1] - tax, 0)


def _row(number: str, issued_at: datetime, buyer: Json, sums: SumOfRate, *, corrects: str = "") -> Row:
    name, code = str(buyer.get("name", "")), str(buyer.get("tax_code", ""))
    return Row(number, local_day(issued_at), corrects, name, code, sums.net, sums.rate, sums.tax)
