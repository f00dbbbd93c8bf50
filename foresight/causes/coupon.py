"""Coupons."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from foresight.causes.cause import Cause
from foresight.compared import Pair
from kernel import display


def _amount(pair: Pair) -> int:
    return pair.before.coupon - pair.after.coupon


def _facts(pair: Pair) -> Iterator[str]:
    if _amount(pair):
        yield f"{display.signed_money(-pair.before.coupon)} → {display.signed_money(-pair.after.coupon)}"


CAUSE = Cause(
    "coupon",
    gettext_lazy("Coupon"),
    gettext_lazy("What coupons take off, in equal parts over the months that they touch."),
    _amount,
    _facts,
)
