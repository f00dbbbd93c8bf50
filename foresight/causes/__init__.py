"""
Why a month costs more or less than another: one file for each cause, and here the list of them.

A new cause is a file with its `CAUSE`, a line here, its words and its tests. Whatever it says has to be a part of the way from the
one month to the other (see `foresight.compared`), for the rest is called rounding, and a test holds that to a few đồng.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from foresight.causes import commitment, coupon, days, deleted, new, otherwise, price, resized, rounding, usage
from foresight.causes.cause import Cause
from foresight.compared import Pair
from kernel.money import round_half_up

__all__ = ["CAUSES", "Cause", "Share", "causes_of", "together"]

CAUSES = (
    new.CAUSE,
    deleted.CAUSE,
    resized.CAUSE,
    usage.CAUSE,
    price.CAUSE,
    commitment.CAUSE,
    coupon.CAUSE,
    days.CAUSE,
    otherwise.CAUSE,
    rounding.CAUSE,
)


class Share(NamedTuple):
    """What a cause makes of a difference, in whole VND."""

    cause: Cause
    amount: int


def causes_of(pair: Pair) -> list[Share]:
    """Every cause in its order, also those of nothing: together they are the difference, to the đồng."""
    amounts = {one.code: _whole(Fraction(one.amount(pair))) for one in CAUSES}
    amounts[rounding.CAUSE.code] = pair.difference - sum(amounts.values())
    return [Share(one, amounts[one.code]) for one in CAUSES]


def together(many: Iterable[Iterable[Share]]) -> list[Share]:
    """The same of many resources."""
    sums = dict.fromkeys((one.code for one in CAUSES), 0)
    for shares in many:
        for cause, amount in shares:
            sums[cause.code] += amount
    return [Share(one, sums[one.code]) for one in CAUSES]


def _whole(amount: Fraction) -> int:
    return round_half_up(amount.numerator, amount.denominator)
