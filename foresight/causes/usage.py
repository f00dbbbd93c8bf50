"""More or less used of what is metered."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext_lazy

from catalog.units import counted
from foresight.causes.cause import Cause
from foresight.compared import Pair


def _amount(pair: Pair) -> int:
    """At the price of the month before; of what was not used then, at its own."""
    if pair.is_new or pair.is_gone:
        return 0
    found, (old, new) = 0, (pair.before.used, pair.after.used)
    for item in dict.fromkeys([*old, *new]):
        quantity = new[item].quantity if item in new else Decimal(0)
        priced, period = (old[item], pair.before.month.period) if item in old else (new[item], pair.after.month.period)
        was = old[item].at(old[item].quantity, period) if item in old else 0
        found += priced.at(quantity, period) - was
    return found


def _facts(pair: Pair) -> Iterator[str]:
    if not (pair.is_new or pair.is_gone):
        old, new = pair.before.used, pair.after.used
        for item in dict.fromkeys([*old, *new]):
            component = (new.get(item) or old[item]).parts[-1]
            was, now = (some[item].quantity if item in some else Decimal(0) for some in (old, new))
            if was != now:
                yield f"{component.name}: {counted(was, component.unit)} → {counted(now, component.unit)}"


CAUSE = Cause(
    "usage",
    gettext_lazy("Use"),
    gettext_lazy("More or less used of what is billed by use."),
    _amount,
    _facts,
)
