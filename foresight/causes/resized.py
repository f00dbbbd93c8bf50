"""Other items, or other quantities of them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext_lazy

from foresight.causes.cause import Cause
from foresight.compared import NOTHING, Pair
from kernel import display


def _amount(pair: Pair) -> Fraction:
    if not pair.goes_on:
        return NOTHING
    changes = ((new.quantity - old.quantity) * new.price for _item, old, new in pair.items())
    return pair.after.served * sum(changes, NOTHING)


def _facts(pair: Pair) -> Iterator[str]:
    if pair.goes_on:
        for item, old, new in pair.items():
            if old.quantity != new.quantity:
                name = pair.after.name_of(item) or pair.before.name_of(item)
                yield f"{name}: {_mean(old.quantity)} → {_mean(new.quantity)}"


def _mean(quantity: Fraction) -> str:
    """To a hundredth: it is that of the time in service."""
    return display.rate(Decimal(round(quantity * 100)) / 100)


CAUSE = Cause(
    "resized",
    gettext_lazy("Resized"),
    gettext_lazy("Other items, or more or fewer of them, on the average of the time in service."),
    _amount,
    _facts,
)
