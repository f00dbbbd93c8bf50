"""
Invoices and credit notes as PDF/A, set by typst.

The words are chosen here, in the active language; the layout stands in `documents/document.typ`. The same document gives
the same bytes: its date is the day of issue, and only fonts from `documents/fonts` are used. No text makes a document
fail: the fonts have a glyph for every character that is accepted, and any other is printed as a visible square.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalog.units import counted
from invoices.explain import name_of, per, percent
from invoices.models import CreditNote, Invoice, InvoiceLine
from invoices.queries import status_words
from kernel import display
from kernel.periods import billing_zone, local_day
from kernel.text import shown

FOLDER = Path(__file__).parent / "documents"


def invoice_pdf(invoice: Invoice, *, at: datetime) -> bytes:
    """The invoice as it stands at `at`: what was issued, and what has been credited and paid since."""
    lines = list(invoice.lines.select_related("item").order_by("position"))
    return render(
        _frame(invoice, _("Invoice"), invoice.number, invoice.issued_at)
        | {
            "status": status_words(invoice, at=at),
            "facts": [
                _fact(_("Issued"), display.day(invoice.issued_at)),
                _fact(_("Due"), display.day(invoice.due_date)),
                _fact(_("Resource"), f"{invoice.resource_name} ({invoice.product})"),
                _fact(_("Covered period"), _span(invoice.period_start, invoice.period_end)),
            ],
            "columns": [_("Item"), _("Quantity"), _("Unit price"), _("Amount"), _("VAT"), _("Total")],
            "lines": [_line(line) for line in lines],
            "sums": _sums(invoice),
            "notes": _notes(invoice),
        }
    )


def credit_note_pdf(note: CreditNote) -> bytes:
    invoice = note.invoice
    reason = note.get_reason_display() + (f": {note.note}" if note.note else "")
    unused = f"{_('Unused time')}: {display.duration(note.minutes_unused)}" if note.minutes_unused else ""
    amounts = [(display.money(amount), "") for amount in (note.amount - note.tax, note.tax, note.amount)]
    return render(
        _frame(invoice, _("Credit note"), note.number, note.issued_at)
        | {
            "status": _("issued"),
            "facts": [
                _fact(_("Issued"), display.day(note.issued_at)),
                _fact(_("For invoice"), invoice.number),
                _fact(_("Resource"), f"{invoice.resource_name} ({invoice.product})"),
                _fact(_("Covered period"), _span(invoice.period_start, invoice.period_end)),
            ],
            "columns": [_("Reason"), _("Net"), _("VAT"), _("Credited")],
            "lines": [[(_first_upper(reason), unused), *amounts]],
            "sums": [
                _sum(_("Reduces what is due"), note.amount - note.refunded),
                _sum(_("Returned, for it was paid"), note.refunded),
                _sum(_("Credited"), note.amount, strong=True),
            ],
            "notes": [
                _("This credit note corrects invoice %(number)s of %(day)s. The invoice itself stays as it was issued.")
                % {"number": invoice.number, "day": display.day(invoice.issued_at)}
            ],
        }
    )


def render(data: Mapping[str, Any]) -> bytes:
    """Set `data` (see document.typ) as PDF/A-2b."""
    return typst.compile(
        str(FOLDER / "document.typ"),
        root=str(FOLDER),
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(_shown(data), ensure_ascii=False)},
        pdf_standards=["a-2b"],
        format="pdf",
    )


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FOLDER / "fonts")])


def _shown(data: Any) -> Any:
    """`data` with every text in it as it can be printed."""
    match data:
        case str():
            return shown(data)
        case Mapping():
            return {key: _shown(value) for key, value in data.items()}
        case list() | tuple():
            return [_shown(value) for value in data]
        case _:
            return data


def _frame(invoice: Invoice, title: str, number: str, issued_at: datetime) -> dict[str, Any]:
    day = local_day(issued_at)
    seller, buyer = invoice.seller, invoice.buyer
    return {
        "title": title,
        "number": number,
        "language": display.language(get_language()),
        "issued": [day.year, day.month, day.day],
        "seller": {"label": _("Seller"), "name": seller["name"], "rows": _party(seller)},
        "buyer": {"label": _("Customer"), "rows": _party(buyer)},
        "footer": f"{seller['name']} · {title} {number} · {_('All amounts in Vietnamese đồng (VND)')}",
    }


def _party(facts: Mapping[str, str]) -> list[str]:
    tax_code = f"{_('Tax code')}: {facts['tax_code']}" if facts.get("tax_code") else ""
    return [row for row in (facts["name"], facts.get("address"), tax_code, facts.get("email")) if row]


def _line(line: InvoiceLine) -> list[tuple[str, str]]:
    """The cells of a line, each with a note below it or nothing."""
    note = f"{_span(line.starts_at, line.ends_at)} · {display.duration(line.minutes)}"
    if line.discount:
        note += f" · {_('discount')} {percent(line.discount)}"
    net = line.amount - line.tax if line.includes_vat else line.amount
    return [
        (name_of(line), note),
        (counted(line.quantity, line.unit), ""),
        (f"{display.rate(line.unit_price)}{display.NBSP}{display.SIGN}", per(line).replace(" ", display.NBSP)),
        (display.money(net), ""),
        (display.money(line.tax), percent(line.vat_rate)),
        (display.money(line.total), ""),
    ]


def _sums(invoice: Invoice) -> list[dict[str, Any]]:
    rows = [_sum(_("Sum of lines"), invoice.subtotal), _sum(_("of it VAT"), invoice.tax)]
    if invoice.coupon:
        rows.append(_sum(f"{_('Coupon')} {invoice.coupon_code}", -invoice.coupon))
    rows.append(_sum(_("Total"), invoice.total, strong=True))
    if invoice.credited:
        rows.append(_sum(_("Credited"), -invoice.credited))
    if invoice.paid_net:
        rows.append(_sum(_("Paid"), -invoice.paid_net))
    return [*rows, _sum(_("Still to pay"), invoice.due, strong=True)]


def _notes(invoice: Invoice) -> list[str]:
    notes = [
        _("Time is counted in whole minutes, a month is 30 days; every line is rounded half up to whole đồng."),
        _("Days and times are those of the zone %(zone)s.") % {"zone": billing_zone().key},
    ]
    credited: Iterable[CreditNote] = invoice.credit_notes.order_by("issued_at") if invoice.credited else ()
    return notes + [
        _("Credit note %(number)s of %(day)s: %(amount)s.")
        % {"number": note.number, "day": display.day(note.issued_at), "amount": display.money(note.amount)}
        for note in credited
    ]


def _span(start: datetime, end: datetime) -> str:
    return f"{display.instant(start)} – {display.instant(end)}"


def _fact(label: str, value: str) -> dict[str, str]:
    return {"label": label, "value": value}


def _sum(label: str, amount: int, *, strong: bool = False) -> dict[str, Any]:
    return {"label": label, "value": display.money(amount), "strong": strong}


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
