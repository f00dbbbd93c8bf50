"""
Invoices and credit notes as PDF/A that can be read aloud (PDF/UA), set by typst.

The words are chosen here, in the active language; the layout stands in `documents/document.typ`. The same document gives
the same bytes: its date is the day of issue, and only fonts from `documents/fonts` are used. No text makes a document
fail: the fonts have a glyph for every character that is accepted, and any other is printed as a visible square.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import groupby
from pathlib import Path

import typst
from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.buyers import default_buyer
from accounts.models import Customer
from catalog.price_words import how_it_came
from catalog.units import counted
from invoices.explain import component_of, name_of, per, period_of
from invoices.models import CreditedPart, CreditNote, Invoice, InvoiceLine
from invoices.queries import status_words
from kernel import display
from kernel.display import percent
from kernel.periods import billing_zone, local_day
from kernel.seller import bank_words, seller
from kernel.shapes import Json
from kernel.spelling import spelt_out
from kernel.tags import CREATED_BY, text_of
from kernel.text import shown

FOLDER = Path(__file__).parent / "documents"


def invoice_pdf(*invoices: Invoice, at: datetime) -> bytes:
    """Invoices as they stand at `at`: what was issued, and what has been credited and paid since."""
    prefetch_related_objects(
        invoices, Prefetch("lines", InvoiceLine.objects.select_related("item", "price").order_by("position"))
    )
    return render(*(_invoice(invoice, at=at) for invoice in invoices))


def _invoice(invoice: Invoice, *, at: datetime) -> Json:
    lines = list(invoice.lines.all())
    pers = {per(line) for line in lines}
    unit_price = f"{_('Unit price')}, {pers.pop()}" if len(pers) == 1 else _("Unit price")
    return _frame_of(invoice, _("Invoice"), invoice.number, invoice.issued_at) | {
        "status": status_words(invoice, at=at),
        "facts": [
            fact(_("Issued"), display.day(invoice.issued_at)),
            fact(_("Due"), display.day(invoice.due_date)),
            fact(*_billed(invoice)),
            fact(_("Covered period"), display.span(invoice.period_start, invoice.period_end)),
        ],
        "columns": [_("Item"), _("Quantity"), unit_price, _("Net"), _("VAT"), _("Total")],
        "groups": [
            {"title": title, "lines": [_line(line, with_per=bool(pers)) for line in stretch]}
            for title, stretch in groupby(lines, _stretch)
        ],
        "sums": _sums(invoice, lines),
        "words": f"{_('Total in words')}: {spelt_out(invoice.total, display.language(get_language()))}.",
        "notes": _notes(invoice, lines),
    }


def _billed(invoice: Invoice) -> tuple[str, str]:
    """What an invoice is for: a resource, or what lacks to a commitment."""
    if invoice.resource_id is None:
        return _("For"), invoice.resource_name
    return _("Resource"), f"{invoice.resource_name} ({invoice.product})"


def credit_note_pdf(note: CreditNote) -> bytes:
    invoice = note.invoice
    reason = note.get_reason_display() + (f": {note.note}" if note.note else "")
    unused = [f"{_('Unused time')}: {display.duration(note.minutes_unused)}"] if note.minutes_unused else []
    unused += [
        f"{name_of(use.line)}: {display.MINUS}{counted(use.quantity, use.line.unit)}"
        for use in note.uses.select_related("line__item").order_by("pk")
    ]
    parts = list(note.parts.order_by("vat_rate"))
    return render(
        _frame_of(invoice, _("Credit note"), note.number, note.issued_at)
        | {
            "status": _("issued"),
            "facts": [
                fact(_("Issued"), display.day(note.issued_at)),
                fact(_("For invoice"), invoice.number),
                fact(*_billed(invoice)),
                fact(_("Covered period"), display.span(invoice.period_start, invoice.period_end)),
            ],
            "columns": [_("Reason"), _("Net"), _("VAT"), _("Credited")],
            "groups": [
                {"title": "", "lines": [[(_first_upper(reason), "; ".join(unused)), *_amounts(part)] for part in parts]}
            ],
            "sums": [
                sum_row(_("Net total"), note.amount - note.tax),
                *(sum_row(f"{_('VAT')} {percent(part.vat_rate)}", part.tax) for part in parts),
                sum_row(_("Reduces what is due"), note.amount - note.refunded),
                sum_row(_("Returned, for it was paid"), note.refunded),
                sum_row(_("Credited"), note.amount, strong=True),
            ],
            "words": f"{_('Total in words')}: {spelt_out(note.amount, display.language(get_language()))}.",
            "notes": [
                _("This credit note corrects invoice %(number)s of %(day)s. The invoice itself stays as it was issued.")
                % {"number": invoice.number, "day": display.day(invoice.issued_at)}
            ],
        }
    )


def render(*papers: Json) -> bytes:
    """Set papers (see document.typ) as one PDF/A-2a and PDF/UA-1, each with pages of its own."""
    return typst.compile(
        str(FOLDER / "document.typ"),
        root=str(FOLDER),
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(_shown(papers), ensure_ascii=False)},
        pdf_standards=["a-2a", "ua-1"],
        format="pdf",
    )


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FOLDER / "fonts")])


def _shown(data: object) -> object:
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


def frame_as_of(customer: Customer, title: str, number: str, *, at: datetime) -> Json:
    """What stands around a paper about a customer, as things are at `at`."""
    frame = _frame(title, number, at, sells=seller(), buys=default_buyer(customer))
    return frame | {"status": f"{_('as of')} {display.instant(at)}"}


def _frame_of(invoice: Invoice, title: str, number: str, issued_at: datetime) -> Json:
    return _frame(title, number, issued_at, sells=invoice.seller, buys=invoice.buyer)


def _frame(title: str, number: str, issued_at: datetime, *, sells: Json, buys: Json) -> Json:
    day = local_day(issued_at)
    return {
        "title": title,
        "number": number,
        "language": display.language(get_language()),
        "issued": [day.year, day.month, day.day],
        "seller": {"label": _("Seller"), "name": sells["name"], "rows": _party(sells)},
        "buyer": {"label": _("Customer"), "rows": _party(buys)},
        "footer": f"{sells['name']} · {title} {number} · {_('All amounts in Vietnamese đồng (VND)')}",
    }


def _party(facts: Json) -> list[str]:
    bank = bank_words(facts.get("bank", {}))
    rows = (
        facts["name"],
        facts.get("address"),
        facts.get("tax_code") and f"{_('Tax code')}: {facts['tax_code']}",
        facts.get("personal_id") and f"{_('Identity number')}: {facts['personal_id']}",
        facts.get("email"),
        bank and f"{_('Bank account')}: {bank}",
        facts.get("sales") and f"{_('Sales')}: {facts['sales']}",
        facts.get("support") and f"{_('Support')}: {facts['support']}",
    )
    return [row for row in rows if row]


def _stretch(line: InvoiceLine) -> str:
    """The heading of the lines that were in use at the same time."""
    words = f"{display.span(line.starts_at, line.ends_at)} · {display.duration(line.minutes)}"
    return f"{words} ({_('%(minutes)s minutes') % {'minutes': display.grouped(line.minutes)}})"


def _line(line: InvoiceLine, *, with_per: bool) -> list[tuple[str, str]]:
    """The cells of a line, each with a note beside or below it, or nothing."""
    net = line.amount - line.tax if line.includes_vat else line.amount
    return [
        (name_of(line), _note(line)),
        (counted(line.quantity, line.unit), ""),
        (
            f"{display.rate(line.unit_price)}{display.NBSP}{display.SIGN}",
            per(line).replace(" ", display.NBSP) if with_per else "",
        ),
        (display.money(net), ""),
        (_taxed(line), ""),
        (display.money(line.total), ""),
    ]


def _taxed(part: InvoiceLine | CreditedPart) -> str:
    """The rate of VAT and what it comes to."""
    return f"{percent(part.vat_rate)}{display.NBSP}· {display.money(part.tax)}".replace(" ", display.NBSP)


def _amounts(part: CreditedPart) -> list[tuple[str, str]]:
    """Net, VAT and both of what a credit note takes back at one rate."""
    return [(display.money(part.net), ""), (_taxed(part), ""), (display.money(part.net + part.tax), "")]


def _note(line: InvoiceLine) -> str:
    """What went into the amount beside price and quantity; of what is metered, how it came about, tier by tier."""
    if not line.per_minutes:
        return "; ".join(f"{label}: {value}" for label, value in how_it_came(component_of(line), period_of(line)))
    return f"{_('discount')} {percent(line.discount)}" if line.discount else ""


def _sums(invoice: Invoice, lines: list[InvoiceLine]) -> list[dict[str, object]]:
    """Net, VAT of each rate, total; what came off; what has been paid and is left."""
    taxes: dict[Decimal, int] = {}
    for line in lines:
        taxes[line.vat_rate] = taxes.get(line.vat_rate, 0) + line.tax
    rows = [sum_row(_("Net total"), invoice.subtotal - invoice.tax)]
    rows += [sum_row(f"{_('VAT')} {percent(rate)}", tax) for rate, tax in sorted(taxes.items())]
    if invoice.coupon:
        rows.append(sum_row(_("Sum of lines"), invoice.subtotal))
        rows.append(sum_row(f"{_('Coupon')} {invoice.coupon_code}", -invoice.coupon))
    rows.append(sum_row(_("Total"), invoice.total, strong=True))
    if invoice.credited:
        rows.append(sum_row(_("Credited"), -invoice.credited))
    if invoice.paid_net:
        rows.append(sum_row(_("Paid"), -invoice.paid_net))
    return [*rows, sum_row(_("Still to pay"), invoice.due, strong=True)]


def _tax_points(lines: list[InvoiceLine]) -> str:
    """Of each rate, the days that it is the rate of: "10 %: 15 Mar 2026; 8 %: 16 Mar 2026 – 31 Mar 2026"."""
    days: dict[Decimal, set[date]] = {}
    for line in lines:
        days.setdefault(line.vat_rate, set()).add(local_day(line.taxed_at))
    parts = [
        f"{percent(rate)}: {' – '.join(map(display.day, sorted({min(on), max(on)})))}"
        for rate, on in sorted(days.items())
    ]
    return _("Tax point: %(points)s.") % {"points": "; ".join(parts)}


def _notes(invoice: Invoice, lines: list[InvoiceLine]) -> list[str]:
    notes = [
        f"{_('Electronic invoice no.')}: {'.' * 40}",
        _tax_points(lines),
        _("Time is counted in whole minutes, a month is 30 days; every line is rounded half up to whole đồng."),
        _("Days and times are those of the zone %(zone)s.") % {"zone": billing_zone().key},
    ]
    if tags := {key: value for line in lines[:1] for key, value in line.tags.items() if key != CREATED_BY}:
        notes.insert(0, f"{_('Tags when it was issued')}: {text_of(tags)}")  # the same on every line
    if invoice.is_of_paid_time:
        notes.insert(0, _("It bills what was used by quantity, and no time."))
    elif invoice.is_late:
        notes.insert(0, _("It bills what was reported after the bill of this time had been written, and no time."))
    if invoice.due and invoice.seller.get("bank"):
        notes.insert(0, _("Text of the transfer: %(number)s") % {"number": invoice.number})
    credited: Iterable[CreditNote] = invoice.credit_notes.order_by("issued_at") if invoice.credited else ()
    return notes + [
        _("Credit note %(number)s of %(day)s: %(amount)s.")
        % {"number": note.number, "day": display.day(note.issued_at), "amount": display.money(note.amount)}
        for note in credited
    ]


def fact(label: str, value: str) -> dict[str, str]:
    return {"label": label, "value": value}


def sum_row(label: str, amount: int, *, strong: bool = False) -> dict[str, object]:
    return {"label": label, "value": display.money(amount), "strong": strong}


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
