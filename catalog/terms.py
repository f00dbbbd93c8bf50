"""The periods that are sold. A month is 30 days, wherever time is bought."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from kernel.errors import InvalidInput

MONTHS = (1, 3, 6, 12, 24, 36)


class WrongPeriod(InvalidInput):
    message = _("Choose a period of 1, 3, 6, 12, 24 or 36 months.")


def check_months(value: Any, *, field: str = "months") -> int:
    """:raises WrongPeriod: not a period that is sold"""
    if isinstance(value, bool) or not isinstance(value, int) or value not in MONTHS:
        raise WrongPeriod(field=field)
    return value
