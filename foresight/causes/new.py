"""New resources, and more time in service."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foresight.causes.cause import Cause
from foresight.compared import NOTHING, Pair
from kernel import display


def _amount(pair: Pair) -> Fraction:
    if pair.is_new:
        return pair.after.exact + pair.after.worth_of_use
    if not pair.before.by_time:
        return pair.after.exact
    return sum((share for share in pair.service() if share > 0), NOTHING)


def _facts(pair: Pair) -> Iterator[str]:
    first = min((one.period.starts_at for one in pair.after.charged), default=None)
    if pair.is_new and first:
        yield _("from %(instant)s on") % {"instant": display.instant(first)}
    elif _amount(pair):
        more = pair.after.served - pair.before.served
        if more > 0:
            yield _("%(time)s more in service") % {"time": display.duration(more, roughly=True)}


CAUSE = Cause(
    "new",
    gettext_lazy("New"),
    gettext_lazy("What was not there before, began in the month before, or came back."),
    _amount,
    _facts,
)
