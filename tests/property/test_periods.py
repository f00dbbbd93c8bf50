"""Time: minutes, paid months and calendar months, in any zone, over changes of the clocks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta, timezone
from unittest.mock import patch
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from invoices.ranges import between, months_ago
from kernel import periods
from kernel.periods import MINUTE, CalendarMonth, Period, local_day, minutes_between, start_of_day, truncate

ZONES = ["Asia/Ho_Chi_Minh", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Havana",
         "America/Sao_Paulo", "Pacific/Chatham", "Pacific/Kiritimati", "Australia/Lord_Howe"]  # fmt: skip
"""With half and quarter hours, with clocks that change at midnight, and by half an hour."""

offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(2001, 1, 1), datetime(2199, 12, 31), timezones=st.one_of(st.just(UTC), offsets))
zones = st.sampled_from(ZONES)
months = st.builds(CalendarMonth, st.integers(2001, 2199), st.integers(1, 12))


@contextmanager
def billing_in(zone: str) -> Iterator[None]:
    with patch.object(periods, "billing_zone", lambda: ZoneInfo(zone)):
        yield


@given(instants, offsets)
def test_an_instant_lies_in_its_minute_whatever_zone_names_it(instant: datetime, zone: timezone) -> None:
    minute = truncate(instant)
    assert timedelta() <= instant - minute < MINUTE
    assert (minute.second, minute.microsecond, minute.tzinfo) == (0, 0, UTC)
    assert truncate(minute) == minute == truncate(instant.astimezone(zone))


@given(instants, instants, instants)
def test_minutes_add_up_whichever_way_they_are_cut(a: datetime, b: datetime, c: datetime) -> None:
    assert minutes_between(a, b) + minutes_between(b, c) == minutes_between(a, c)
    assert minutes_between(a, b) == -minutes_between(b, a)


@given(instants, st.integers(0, 36), st.integers(0, 36))
def test_paid_months_are_43200_minutes_each_and_follow_each_other(start: datetime, first: int, second: int) -> None:
    earlier = Period.of_months(first, starting=start)
    later = Period.of_months(second, starting=earlier.ends_at)
    assert earlier.minutes == first * 43_200
    assert later.ends_at == Period.of_months(first + second, starting=start).ends_at


@given(months, zones)
def test_calendar_months_follow_each_other_without_gap(month: CalendarMonth, zone: str) -> None:
    with billing_in(zone):
        assert month.period.ends_at == month.following.period.starts_at
        assert month.following.previous == month.previous.following == month
        assert month.previous < month < month.following
        assert 28 * 1440 - 60 <= month.period.minutes <= 31 * 1440 + 60


@given(instants, zones)
def test_every_instant_lies_in_its_month_and_on_its_day(instant: datetime, zone: str) -> None:
    with billing_in(zone):
        whole = CalendarMonth.of(instant).period
        assert whole.starts_at <= instant < whole.ends_at
        assert start_of_day(local_day(instant)) <= instant
        assert (
            CalendarMonth.of(whole.starts_at) == CalendarMonth.of(whole.ends_at - MINUTE) == CalendarMonth.of(instant)
        )
        assert CalendarMonth.of(whole.ends_at) == CalendarMonth.of(instant).following


@given(st.dates(date(2001, 1, 1), date(2199, 12, 31)), zones, st.sampled_from([time(0), time(7, 30), time(8), time(9)]))
def test_a_wall_clock_time_lies_on_its_day(day: date, zone: str, at: time) -> None:
    with billing_in(zone):
        assert local_day(start_of_day(day, at)) == day


@given(months)
def test_a_month_is_found_again_by_its_key(month: CalendarMonth) -> None:
    assert CalendarMonth.parse(month.key) == CalendarMonth.parse(str(month)) == month


@given(st.one_of(st.text(max_size=10), st.from_regex(r"\A[0-9]{1,5}-?W?[0-9]{1,3}\Z")))
def test_what_is_no_key_of_a_month_is_refused(key: str) -> None:
    try:
        month = CalendarMonth.parse(key)
    except ValueError:
        return
    assert month.key == key


@given(instants, st.integers(0, 240), st.integers(0, 240), zones)
def test_ranges_count_months_back(at: datetime, oldest: int, newest: int, zone: str) -> None:
    with billing_in(zone):
        found = between(oldest, newest, at=at)
        assert len(found.months) == abs(oldest - newest) + 1
        assert found.months[-1] == months_ago(min(oldest, newest), at=at)
        month = CalendarMonth.of(at)
        for _ in range(oldest):
            month = month.previous
        assert months_ago(oldest, at=at) == month
