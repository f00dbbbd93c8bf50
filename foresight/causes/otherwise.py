"""What was charged otherwise than by time and use."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from foresight.causes.cause import Cause, nothing_more
from foresight.compared import Pair


def _amount(pair: Pair) -> int:
    return pair.after.otherwise - pair.before.otherwise


CAUSE = Cause(
    "otherwise",
    gettext_lazy("Credit notes"),
    gettext_lazy("What credit notes took back of time and use; and time that was not used and is not refunded."),
    _amount,
    nothing_more,
)
