"""Months are of different length."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from django.utils.translation import gettext_lazy

from foresight.causes.cause import Cause
from foresight.compared import NOTHING, Pair
from kernel import display


def _amount(pair: Pair) -> Fraction:
    """At what the part of the month in which it was in service cost before."""
    if not pair.goes_on:
        return NOTHING
    more = pair.after.minutes - pair.before.minutes
    return pair.usual * Fraction(pair.before.served, pair.before.minutes) * more


def _facts(pair: Pair) -> Iterator[str]:
    if _amount(pair):
        was, now = (display.duration(side.minutes) for side in (pair.before, pair.after))
        yield f"{was} → {now}"


CAUSE = Cause(
    "days",
    gettext_lazy("Days in the month"),
    gettext_lazy("What goes by time is billed by the minute: a longer month costs more."),
    _amount,
    _facts,
)
