"""How steps of a period are called: months and days are those of the billing zone, hours stand in the reader's."""

from __future__ import annotations

from datetime import datetime

from foresight.spans import Step
from kernel import display
from kernel.periods import Period, local_day


def step_words(step: Step, begin: datetime, *, is_short: bool = False) -> str:
    """ "Oct 2026", "12 Oct 2026", "12 Oct 2026, 08:00"; short, for the foot of a bar: "Oct", "12", "08:00"."""
    match step:
        case Step.MONTH:
            return display.short_month(local_day(begin)) if is_short else display.month(local_day(begin))
        case Step.DAY:
            return str(local_day(begin).day) if is_short else display.day(local_day(begin))
        case Step.HOUR:
            return display.time_of_day(begin) if is_short else display.instant(begin)


def span_words(period: Period) -> str:
    """By its first and its last day: "1 Oct 2026 – 31 Oct 2026"."""
    return f"{display.day(local_day(period.starts_at))} – {display.day(local_day(period.last_minute))}"
