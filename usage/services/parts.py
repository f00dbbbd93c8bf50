"""
The months of `usage_record`: one part of the table each, bounded by the calendar months of the billing zone.

The portal's role makes no tables. A function of the owner makes a part of this one table, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from kernel.periods import CalendarMonth

AHEAD = 2
"""So many months after the present one have their parts made by the calendar."""


def make_parts(months: Iterable[CalendarMonth]) -> int:
    """The parts of these months that are not there yet are made; returns how many."""
    made = 0
    for month in sorted(set(months)):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT usage_make_part(%s, %s, %s)",
                [month.key.replace("-", ""), month.period.starts_at, month.period.ends_at],
            )
            made += cursor.fetchone()[0]
    return made


def make_coming_parts(*, at: datetime) -> int:
    """The parts of the present month and of those that come."""
    months = [CalendarMonth.of(at)]
    for _more in range(AHEAD):
        months.append(months[-1].following)
    return make_parts(months)
