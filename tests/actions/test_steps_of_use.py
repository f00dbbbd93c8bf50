"""How a month's use came together, step by step: by the end of each step it is what the bill would have said then."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from kernel.periods import CalendarMonth, Period
from tests.actions.test_usage_intake import take, use
from tests.cast import DAY, create, make_metered
from usage.queries import reached, used

pytestmark = pytest.mark.django_db

MARCH = CalendarMonth(2026, 3)
BEGIN = MARCH.period.starts_at
UNTIL = BEGIN + 9 * DAY
HOUR = timedelta(hours=1)
RECORDS = [
    (10, "5", "ann"),
    (11, "2.5", "bob"),
    (30, "7", "ann"),
    (31, "1", "carl"),
    (100, "0.25", "bob"),
    (130, "9", "dora"),
]
"""Hours into the month, how much, and of whom."""


@pytest.mark.parametrize("aggregation", ["sum", "max", "last", "time_weighted", "unique"])
def test_by_each_step_the_quantity_is_that_of_the_month_until_then(bob, small, vserver, aggregation) -> None:
    make_metered(vserver, "traffic", 500, aggregation=aggregation)
    [server] = create(bob, small, at=BEGIN + HOUR)
    more = {"unique": lambda subject: {"subject": subject}}.get(aggregation, lambda _subject: {})
    records = [
        use(server, f"k{at}", quantity, used_at=BEGIN + at * HOUR + timedelta(minutes=20), **more(subject))
        for at, quantity, subject in RECORDS
    ]
    assert take(server, *records, at=UNTIL) == ["accepted"] * len(records)
    fixed = use(server, "fixed", "3", used_at=BEGIN + 30 * HOUR + timedelta(minutes=20), corrects="k30", **more("ann"))
    assert take(server, fixed, at=UNTIL) == ["accepted"]
    starts = [BEGIN + day * DAY for day in range(9)]
    steps = {one.step: one.quantity for one in reached([server.pk], Period(BEGIN, UNTIL), starts)}
    found = Decimal(0)
    for step in range(9):
        found = steps.get(step, found)
        [then] = used([server.pk], Period(BEGIN, BEGIN + (step + 1) * DAY))
        assert (step, found) == (step, then.quantity)


def test_nothing_of_no_resources_is_nothing() -> None:
    assert reached([], MARCH.period, [BEGIN]) == []
