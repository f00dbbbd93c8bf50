"""
How an invoice line came about: its columns in words, and the amount computed again from them and compared.

The wording is for pages and documents in the active language; every figure comes from the line itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from catalog.meters import Aggregation
from catalog.models import Item
from catalog.price_words import discount_words, how_it_came, meter_words, term_words
from catalog.pricing import Component, Rate, price_line
from catalog.units import counted, unit_words
from invoices.models import CommittedMonth, InvoiceLine
from kernel import display
from kernel.display import percent
from kernel.periods import HOUR_MINUTES, CalendarMonth, Period, local_day

EXACT = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of an explanation, in words."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """`is_confirmed`: computed again just now, amount, VAT and total come out the same."""

    formula: str
    facts: list[Fact]
    is_confirmed: bool


def explain_line(line: InvoiceLine, *, coupon: int = 0) -> Explanation:
    """What went into a line (with its price version loaded) and its share of the invoice's coupon."""
    return Explanation(_formula(line), _facts(line, coupon), recompute(line))


def component_of(line: InvoiceLine) -> Component:
    """What the line prices; of a metered item with the terms of its price version."""
    meter = None if line.per_minutes else line.price.meter
    rate = Rate(line.price_id, line.unit_price, line.per_minutes, line.includes_vat, line.vat_rate, meter)
    return Component(
        *(line.item_id, line.name, line.unit, line.quantity, rate, line.discount, line.quantity_before),
        committed=line.committed,
    )


def period_of(line: InvoiceLine) -> Period:
    return Period(line.starts_at, line.ends_at)


def recompute(line: InvoiceLine) -> bool:
    """Whether pricing gives the line's minutes, amount, VAT and total again from the line's inputs."""
    again = price_line(component_of(line), period_of(line))
    found = (again.minutes, again.before, again.amount, again.tax, again.total)
    return found == (line.minutes, line.amount_before, line.amount, line.tax, line.total)


def name_of(line: InvoiceLine, language: str = "") -> str:
    """The line's name as issued; for English readers the item's English name, unless it was renamed since."""
    return line.item.as_issued(line.name, language)


def line_words(told: str | Mapping[str, str]) -> str:
    """The line that a notice names: its item, and its name as issued."""
    if isinstance(told, str):
        return told
    item = Item.objects.filter(pk=told["item"]).first()
    return item.as_issued(told["name"]) if item else told["name"]


def per(line: InvoiceLine) -> str:
    """What the unit price is for: "per 30 days", "per hour", or "per GB" of what is metered."""
    if not line.per_minutes:
        return _("per %(unit)s") % {"unit": unit_words(line.unit)}
    return _("per hour") if line.per_minutes == HOUR_MINUTES else _("per 30 days")


def exact_amount(line: InvoiceLine) -> Fraction:
    """The amount before it was rounded."""
    factors = Fraction(line.unit_price) * Fraction(line.quantity) * (1 - Fraction(line.discount))
    return factors * line.minutes / line.per_minutes


def _formula(line: InvoiceLine) -> str:
    if not line.per_minutes:
        return ""
    factors = [display.rate(line.unit_price), display.rate(line.quantity)]
    if line.discount:
        factors.append(f"(1 {display.MINUS} {percent(line.discount)})")
    time = f"{display.grouped(line.minutes)} / {display.grouped(line.per_minutes)}"
    return f"{' × '.join([*factors, time])} = {_exact_text(line)}"


def _exact_text(line: InvoiceLine) -> str:
    exact = exact_amount(line)
    quotient = Decimal(exact.numerator) / Decimal(exact.denominator)
    return display.rate(quotient.quantize(EXACT, ROUND_HALF_UP))


def _facts(line: InvoiceLine, coupon: int) -> list[Fact]:
    facts = [*_of_what_it_bills(line), Fact(_("VAT"), _vat(line))]
    if coupon:
        facts.append(Fact(_("Share of the coupon"), display.signed_money(-coupon)))
    return facts


def _of_what_it_bills(line: InvoiceLine) -> list[Fact]:
    if line.per_minutes:
        return _of_time(line)
    return _of_use(line) if line.invoice.resource_id else _of_a_shortfall(CommittedMonth.of(line.invoice))


def _of_a_shortfall(month: CommittedMonth) -> list[Fact]:
    """What was committed, what of it was counted, and what lacks."""
    period = month.calendar_month.period
    words = {"committed": display.money(month.amount), "counted": display.money(month.counted)}
    return [
        Fact(_("Month"), display.span(period.starts_at, period.ends_at)),
        Fact(_("Committed"), display.money(month.amount)),
        Fact(
            _("Counted"), _("%(amount)s, what the invoices of the month's use came to") % {"amount": words["counted"]}
        ),
        Fact(
            _("Shortfall"),
            _("%(committed)s less %(counted)s are %(amount)s") % {**words, "amount": display.money(month.shortfall)},
        ),
    ]


def _of_time(line: InvoiceLine) -> list[Fact]:
    facts = [
        Fact(
            _("Unit price"),
            _("%(price)s ₫ %(per)s for one %(unit)s")
            % {"price": display.rate(line.unit_price), "per": per(line), "unit": unit_words(line.unit)},
        ),
        _version(line),
        *([Fact(_("Term"), term_words(line.price.months))] if line.price.months > 1 else []),
        Fact(_("Quantity"), counted(line.quantity, line.unit)),
        Fact(
            _("Time"),
            _("%(minutes)s minutes (%(words)s), %(start)s to %(end)s")
            % {
                "minutes": display.grouped(line.minutes),
                "words": display.duration(line.minutes),
                "start": display.instant(line.starts_at),
                "end": display.instant(line.ends_at),
            },
        ),
    ]
    facts += [Fact(*said) for said in discount_words(component_of(line))]
    return [*facts, Fact(_("Rounding"), _rounding(line))]


def _of_use(line: InvoiceLine) -> list[Fact]:
    """Where the quantity comes from, the terms of the price, and how the amount came about, tier by tier."""
    component = component_of(line)
    assert component.rate.meter
    months = CalendarMonth.of(line.starts_at).period
    words = {
        "quantity": counted(line.quantity_before + line.quantity, line.unit),
        "how": Aggregation(line.item.aggregation).label,
        "month": display.span(months.starts_at, months.ends_at),
    }
    facts = [
        Fact(_("Price"), "; ".join(meter_words(component.rate.meter, line.unit))),
        _version(line),
        Fact(_("Quantity"), _("%(quantity)s, as reported for %(month)s: %(how)s") % words),
    ]
    return facts + [Fact(label, value) for label, value in how_it_came(component, period_of(line))]


def use_of(line: InvoiceLine) -> dict[str, object]:
    """The same for programs: the month's quantity, and where its units lie."""
    meter = component_of(line).rate.meter
    assert meter
    quantity = line.quantity_before + line.quantity
    return {
        "aggregation": line.item.aggregation,
        "quantity": quantity,
        "quantity_before": line.quantity_before,
        "amount_before": line.amount_before,
        "included": meter.included,
        "minimum": meter.minimum,
        "cap": meter.cap,
        "parts": meter.parts(quantity),
    }


def _version(line: InvoiceLine) -> Fact:
    words = {"day": display.day(line.price.valid_from), "id": str(line.price_id)[-8:]}
    return Fact(_("Price version"), _("valid from %(day)s, no. %(id)s") % words)


def _rounding(line: InvoiceLine) -> str:
    if exact_amount(line) == line.amount:
        return _("none: %(amount)s") % {"amount": display.money(line.amount)}
    return _("%(exact)s, half up to %(amount)s") % {
        "exact": _exact_text(line),
        "amount": display.money(line.amount),
    }


def _vat(line: InvoiceLine) -> str:
    words = {
        "rate": percent(line.vat_rate),
        "tax": display.money(line.tax),
        "total": display.money(line.total),
        "day": display.day(local_day(line.taxed_at)),
    }
    if line.includes_vat:
        return _("%(rate)s, the rate of %(day)s, included: %(tax)s of %(total)s") % words
    return _("%(rate)s, the rate of %(day)s, added: %(tax)s, together %(total)s") % words
