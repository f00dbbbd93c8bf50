"""The columns of a report, declared once: page, CSV, XLSX and API take title, value, form and width from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.units import unit_words
from invoices.explain import percent
from kernel import display

NOTHING = "–"


class Form(Enum):
    """How a value reads on a page."""

    TEXT = "text"
    PRODUCT = "product"
    UNIT = "unit"
    INSTANT = "instant"
    WHOLE = "whole"
    RATE = "rate"
    SHARE = "share"
    MONEY = "money"
    OFF = "off"


TEXTS: dict[Form, Callable[[Any], str]] = {
    Form.TEXT: str,
    Form.PRODUCT: str,
    Form.UNIT: unit_words,
    Form.INSTANT: display.instant,
    Form.WHOLE: display.grouped,
    Form.RATE: display.rate,
    Form.SHARE: lambda value: percent(value) if value else NOTHING,
    Form.MONEY: display.money,
    Form.OFF: lambda value: display.signed_money(-value) if value else NOTHING,
}
WORDS = {Form.TEXT, Form.PRODUCT, Form.UNIT, Form.INSTANT}


@dataclass(frozen=True, slots=True)
class Column:
    """`name` is the attribute of the row, and what the column is called in addresses and in the API; `width` is in characters."""

    name: str
    title: str | Promise
    form: Form
    width: int

    @property
    def is_number(self) -> bool:
        return self.form not in WORDS

    def text(self, row: Any) -> str:
        """For a page."""
        return TEXTS[self.form](getattr(row, self.name))

    def cell(self, row: Any) -> Any:
        """For a file: numbers and instants as such."""
        value = getattr(row, self.name)
        return TEXTS[self.form](value) if self.form in WORDS - {Form.INSTANT} else value


USAGE = [
    Column("resource_name", _("Resource"), Form.TEXT, 24),
    Column("number", _("Invoice"), Form.TEXT, 16),
    Column("product", _("Product"), Form.PRODUCT, 16),
    Column("item", _("Item"), Form.TEXT, 28),
    Column("unit", _("Unit"), Form.UNIT, 12),
    Column("starts_at", _("From"), Form.INSTANT, 17),
    Column("ends_at", _("Until"), Form.INSTANT, 17),
    Column("minutes", _("Minutes"), Form.WHOLE, 10),
    Column("unit_price", _("Unit price"), Form.RATE, 14),
    Column("per_minutes", _("Per minutes"), Form.WHOLE, 12),
    Column("quantity", _("Quantity"), Form.RATE, 10),
    Column("discount", _("Discount"), Form.SHARE, 10),
    Column("amount", _("Amount"), Form.MONEY, 14),
    Column("tax", _("VAT"), Form.MONEY, 12),
    Column("coupon", _("Coupon"), Form.OFF, 12),
    Column("total", _("Total"), Form.MONEY, 14),
]
HIDDEN_AT_FIRST = {"product", "unit", "per_minutes", "amount"}
""" "hide" in the address says otherwise."""
ALWAYS = {"resource_name", "total"}
