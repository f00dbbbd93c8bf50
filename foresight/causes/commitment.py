"""What a commitment takes off, and what lacked to it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foresight.causes.cause import Cause
from foresight.compared import NOTHING, Pair, Side
from kernel import display


def _amount(pair: Pair) -> Fraction:
    found = Fraction(pair.after.lacking - pair.before.lacking)
    if pair.goes_on:
        found += _of_time(pair)
    return found if pair.is_new or pair.is_gone else found + _of_use(pair)


def _of_time(pair: Pair) -> Fraction:
    """What it takes off a minute of each item, after less before, of what there was before."""
    changes = (old.quantity * ((new.price - new.full) - (old.price - old.full)) for _item, old, new in pair.items())
    return pair.after.served * sum(changes, NOTHING)


def _of_use(pair: Pair) -> int:
    """Of what was used in both months: what it takes off the later quantity, after less before."""
    old, new = pair.before.used, pair.after.used
    found = 0
    for item in new:
        if item in old:
            quantity = new[item].quantity
            for used, side, sign in ((new[item], pair.after, 1), (old[item], pair.before, -1)):
                found += sign * (used.at(quantity, side.month.period) - used.full(quantity, side.month.period))
    return found


def _facts(pair: Pair) -> Iterator[str]:
    if pair.before.lacking != pair.after.lacking:
        was, now = (display.money(side.lacking) for side in (pair.before, pair.after))
        yield _("shortfall %(was)s → %(now)s") % {"was": was, "now": now}
    if pair.before.charged and pair.after.charged:
        then, share = _share(pair.before), _share(pair.after)
        if then != share:
            words = {"was": display.percent(then), "now": display.percent(share)}
            yield _("its discount %(was)s → %(now)s") % words


def _share(side: Side) -> Decimal:
    return max((one.component.committed for one in side.charged), default=Decimal(0))


CAUSE = Cause(
    "commitment",
    gettext_lazy("Commitment"),
    gettext_lazy("What a commitment takes off all use, and what is billed because it was not spent."),
    _amount,
    _facts,
)
