"""
Units of items as people read them.

A unit is a word that staff give an item, and invoices keep it as it was. The usual ones are known here in both
languages, in singular and plural; any other is shown as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from django.utils.translation import npgettext

from kernel import display

USUAL: dict[str, Callable[[int], str]] = {
    "server": lambda count: npgettext("unit", "server", "servers", count),
    "package": lambda count: npgettext("unit", "package", "packages", count),
    "address": lambda count: npgettext("unit", "address", "addresses", count),
    "certificate": lambda count: npgettext("unit", "certificate", "certificates", count),
    "GB-hour": lambda count: npgettext("unit", "GB-hour", "GB-hours", count),
}


def unit_words(unit: str, quantity: Decimal | int | str = 1) -> str:
    """The unit of so many: "address" -> "addresses" (en), "địa chỉ" (vi)."""
    usual = USUAL.get(unit)
    return usual(1 if Decimal(quantity) == 1 else 2) if usual else unit


def counted(quantity: Decimal | int | str, unit: str) -> str:
    """A quantity with its unit: "2 addresses"; the space does not break."""
    return f"{display.rate(Decimal(quantity))}{display.NBSP}{unit_words(unit, quantity)}"
