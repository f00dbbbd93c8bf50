"""The periods that are sold. A month is 30 days, wherever time is bought."""

from __future__ import annotations

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from kernel.errors import InvalidInput
from kernel.periods import Period

MONTHS = (1, 3, 6, 12, 24, 36)
LONGEST = max(MONTHS)


def term_of(period: Period, *, goes_on: int = 1) -> int:
    """How many months ahead are paid for: as many as `period` has whole ones, or those of the term that goes on in it."""
    return min(max(1, period.whole_months, goes_on), LONGEST)


class WrongPeriod(InvalidInput):
    message = format_lazy(
        _("Choose a period of {shorter} or {longest} months."),
        shorter=", ".join(map(str, MONTHS[:-1])),
        longest=MONTHS[-1],
    )


def check_months(value: object, *, field: str = "months") -> int:
    """:raises WrongPeriod: not a period that is sold"""
    if isinstance(value, bool) or not isinstance(value, int) or value not in MONTHS:
        raise WrongPeriod(field=field)
    return value
