"""What FOCUS says of all months, against the documents."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from django.db.models import Max, Min

from accounts.models import Customer
from invoices.focus.charges import charges_of
from invoices.focus.files import csv_file
from invoices.models import CreditNote, Invoice
from kernel.periods import CalendarMonth
from tests.focus.checker import Row, mistakes, read


def file_of(month: CalendarMonth, customer: Customer | None = None) -> tuple[list[str], list[Row]]:
    return read(b"".join(csv_file(charges_of(month, customer))).decode())


def wrong_in_focus() -> list[str]:
    """Mistakes in the file of any month, and documents to which what is billed does not come."""
    found = []
    for month in _months():
        names, rows = file_of(month)
        found += [f"{month.key}, {mistake}" for mistake in mistakes(names, rows)]
        billed: dict[str, Decimal] = defaultdict(Decimal)
        for row in rows:
            billed[row["InvoiceId"]] += Decimal(row["BilledCost"])
        if (said := dict(billed)) != (documents := _documents(month)):
            differ = {*said.items()} ^ {*documents.items()}
            found.append(f"{month.key}: billed otherwise than invoiced: {sorted(differ)}")
    return found


def _documents(month: CalendarMonth) -> dict[str, int]:
    period = month.period
    issued = {"issued_at__gte": period.starts_at, "issued_at__lt": period.ends_at}
    notes = CreditNote.objects.filter(**issued).values_list("number", "amount")
    return dict(Invoice.objects.filter(**issued).values_list("number", "total")) | {
        number: -amount for number, amount in notes
    }


def _months() -> list[CalendarMonth]:
    spans = [model.objects.aggregate(first=Min("issued_at"), last=Max("issued_at")) for model in (Invoice, CreditNote)]
    instants = [at for span in spans for at in span.values() if at]
    if not instants:
        return []
    found = [CalendarMonth.of(min(instants))]
    while found[-1] < CalendarMonth.of(max(instants)):
        found.append(found[-1].following)
    return found
