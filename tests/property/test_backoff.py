"""Waits grow, up to a limit, and are the same series whichever way they are told."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from kernel.backoff import Backoff


def test_waits_double_up_to_a_limit() -> None:
    waits = Backoff(first=timedelta(seconds=10), cap=timedelta(minutes=1))
    assert [waits.after(failures).seconds for failures in (1, 2, 3, 4, 5, 10_000)] == [10, 20, 40, 60, 60, 60]
    assert waits.at_age(timedelta(days=1)) == timedelta(minutes=1)


@given(failures=st.integers(1, 12), factor=st.sampled_from([1.25, 1.5, 2, 3]), seconds=st.integers(1, 600))
def test_waits_are_the_same_by_number_and_by_age(failures: int, factor: float, seconds: int) -> None:
    waits = Backoff(first=timedelta(seconds=seconds), factor=factor, cap=timedelta(days=365 * 1000))
    age = sum((waits.after(number) for number in range(1, failures)), timedelta())
    assert abs(waits.at_age(age) - waits.after(failures)) < timedelta(seconds=1)
