"""What the present month will have cost: time exactly, use by its last days, and how sure that is."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from foresight.backtest import by_day, guesses
from invoices.services.month_end import bill_ended_months
from invoices.services.outlook import Ahead, outlook
from kernel.periods import CalendarMonth
from orders.services.delete import delete_resource
from tests.actions.test_usage_intake import take, use
from tests.cast import DAY, JOB, create, make_metered, owner_of
from tests.portal.seen import the_time_being

pytestmark = pytest.mark.django_db

MARCH = CalendarMonth(2026, 3)
BEGIN, OVER = MARCH.period.starts_at, MARCH.period.ends_at
TENTH = BEGIN + 10 * DAY
HOURS = timedelta(hours=12)


@pytest.fixture
def server(bob, small, vserver):
    """181,000 for 30 days, and 100 for each GB of traffic."""
    make_metered(vserver, "traffic", 100)
    return create(bob, small, at=BEGIN)[0]


def report(server, quantities, *, since=BEGIN, at=TENTH) -> None:
    """So much at noon of each day from `since` on."""
    records = [
        use(server, f"{since:%d}-{n}", quantity, used_at=since + n * DAY + HOURS)
        for n, quantity in enumerate(quantities)
    ]
    assert take(server, *records, at=at) == ["accepted"] * len(records)


def test_what_goes_by_time_is_exact(bob, small) -> None:
    [gone, _other] = create(bob, small, at=BEGIN, quantity=2)
    delete_resource(gone.pk, actor=owner_of(bob), at=BEGIN + 10 * DAY)
    found = outlook(bob, at=BEGIN + 20 * DAY)
    assert found.total == Ahead(60_333 + 120_667, 60_333 + 187_033, 0, 0)
    assert (found.band, found.is_sure) == ((247_366, 247_366), True)


def test_use_goes_on_at_the_mean_of_the_last_seven_days(bob, server) -> None:
    """1,000 GB on the first day are not of the last seven; 10 a day go on for 21 days: 1,000 + 90 + 210."""
    report(server, [1000, *[10] * 9])
    found = outlook(bob, at=TENTH)
    assert (found.total.used, found.total.metered) == (109_000, 130_000)
    assert (found.total.so_far, found.total.fixed, found.days) == (60_333 + 109_000, 187_033, 7)
    assert found.band == (317_033, 317_033)


def test_the_band_is_as_wide_as_the_days_lie_apart(bob, server) -> None:
    """
    0, 20, 0, 20, 0, 20, 10: their mean is 10 and their deviation 10, a thousand đồng. 1,000 x 1.44 x sqrt(21 + 441 / 7) = 13,198.
    """
    report(server, [10, 10, 10, 0, 20, 0, 20, 0, 20, 10])
    found = outlook(bob, at=TENTH)
    assert found.total.metered == 10_000 + 21_000
    assert found.band == (187_033 + 31_000 - 13_198, 187_033 + 31_000 + 13_198)


def test_the_band_never_ends_below_what_is_there(bob, server) -> None:
    report(server, [0, 0, 0, 0, 0, 0, 0, 0, 0, 70])
    found = outlook(bob, at=TENTH)
    assert found.low == 187_033 + 7_000


def test_tiers_and_the_cap_are_those_of_the_whole_month(bob, small, vserver) -> None:
    make_metered(vserver, "traffic", 100, included=Decimal(50), cap=20_000)
    [server] = create(bob, small, at=BEGIN)
    report(server, [10] * 10)
    assert (outlook(bob, at=TENTH).total.used, outlook(bob, at=TENTH).total.metered) == (5_000, 20_000)


def test_a_level_stands_where_it_is(bob, small, vserver) -> None:
    """24 GB since the first day: by the end 31 x 24 hours of them, at 7.7."""
    make_metered(vserver, "traffic", "7.7", aggregation="time_weighted")
    [server] = create(bob, small, at=BEGIN)
    assert take(server, use(server, "a", 24, used_at=BEGIN + timedelta(minutes=1)), at=TENTH) == ["accepted"]
    assert outlook(bob, at=TENTH).total.metered == 137_488


def test_of_two_days_nobody_can_tell_how_far_they_lie_apart(bob, server) -> None:
    report(server, [10, 20], at=BEGIN + 2 * DAY)
    found = outlook(bob, at=BEGIN + 2 * DAY)
    assert (found.band, found.days, found.is_sure) == (None, 2, False)
    assert found.total.metered == 3_000 + 29 * 1_500


def test_the_days_of_the_month_before_count_in_a_young_month(bob, server) -> None:
    report(server, [10] * 31, at=OVER)
    bill_ended_months(actor=JOB, at=OVER + timedelta(hours=1))
    report(server, [10], since=OVER, at=OVER + DAY)
    found = outlook(bob, at=OVER + DAY)
    assert (found.month.key, found.days, found.total.used, found.total.metered) == ("2026-04", 7, 1_000, 30_000)


def test_whoever_pays_first_has_nothing_ahead(alice, small) -> None:
    create(alice, small, at=BEGIN)
    assert outlook(alice, at=TENTH).of == {}


def test_what_is_used_in_time_that_is_paid_ahead_is_ahead_as_well(alice, small, vserver) -> None:
    make_metered(vserver, "traffic", 100)
    [server] = create(alice, small, at=BEGIN, months=3)
    report(server, [10] * 10)
    found = outlook(alice, at=TENTH)
    assert (found.total, found.days) == (Ahead(10_000, 0, 10_000, 31_000), 7)


def test_a_day_that_is_over_is_seen_as_it_was(bob, small, server) -> None:
    """Neither what was bought, reported or billed later."""
    report(server, [10] * 10)
    before = outlook(bob, at=TENTH)
    create(bob, small, at=TENTH + DAY)
    report(server, [500] * 20, since=TENTH, at=OVER - DAY)
    bill_ended_months(actor=JOB, at=OVER)
    assert outlook(bob, at=TENTH) == before


def test_the_error_of_each_day_is_told(bob, server) -> None:
    """10 GB on each day but the last, on which it was 41: 187,033 + 34,100 were billed."""
    report(server, [*[10] * 30, 41], at=OVER - timedelta(minutes=5))
    bill_ended_months(actor=JOB, at=OVER)
    days = by_day(guesses([MARCH], [bob]))
    assert [day.day for day in days] == list(range(1, 31))
    assert days[9].count == 1
    said = outlook(bob, at=TENTH).total.expected
    assert said == 187_033 + 31_000
    out = StringIO()
    with the_time_being(OVER + DAY):
        call_command("backtest_forecast", months=1, stdout=out)
    lines = out.getvalue().splitlines()
    assert (len(lines), lines[0].split()[:2]) == (31, ["day", "tried"])


def test_there_has_to_be_something_to_try_it_on(bob) -> None:
    with the_time_being(OVER), pytest.raises(CommandError):
        call_command("backtest_forecast", stdout=StringIO())
    with the_time_being(OVER), pytest.raises(CommandError):
        call_command("backtest_forecast", months=25, stdout=StringIO())
