"""Resources that left, and less time in service."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foresight.causes.cause import Cause
from foresight.compared import NOTHING, Pair
from kernel import display


def _amount(pair: Pair) -> Fraction:
    if pair.is_gone:
        return -pair.before.exact - pair.before.worth_of_use
    if not pair.after.by_time:
        return -pair.before.exact
    return sum((share for share in pair.service() if share < 0), NOTHING)


def _facts(pair: Pair) -> Iterator[str]:
    last = max((one.period.ends_at for one in pair.before.charged), default=None)
    if pair.is_gone and last:
        yield _("until %(instant)s") % {"instant": display.instant(last)}
    elif _amount(pair):
        less = pair.before.served - pair.after.served
        if less > 0:
            yield _("%(time)s less in service") % {"time": display.duration(less, roughly=True)}


CAUSE = Cause(
    "deleted",
    gettext_lazy("Deleted"),
    gettext_lazy("What is not there any more, ended in the month, or was out of service for a part of it."),
    _amount,
    _facts,
)
