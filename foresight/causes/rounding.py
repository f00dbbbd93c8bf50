"""What rounding leaves: bills round each line, causes each amount."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from foresight.causes.cause import Cause, nothing_more


def _amount(_pair: object) -> int:
    """It has none of its own: it is what the others leave of the difference, see `causes_of`."""
    return 0


CAUSE = Cause(
    "rounding",
    gettext_lazy("Rounding"),
    gettext_lazy("Bills round each line to whole đồng, and so is each of these causes."),
    _amount,
    nothing_more,
)
