"""Ranges of owners: nobody is left out, nobody comes twice, none is too large without need."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.ranges import ranges_of

SIZES = st.lists(st.integers(1, 50), max_size=40)


@given(SIZES, st.integers(1, 60))
def test_every_owner_is_in_one_range_that_is_not_too_large(sizes: list[int], at_most: int) -> None:
    ranges = list(ranges_of(enumerate(sizes), at_most=at_most))
    assert [key for first, last in ranges for key in range(first, last + 1)] == list(range(len(sizes)))
    for first, last in ranges:
        assert first == last or sum(sizes[first : last + 1]) <= at_most
    for (first, _), (following, _) in pairwise(ranges):
        assert sum(sizes[first : following + 1]) > at_most, "the next one would have fitted in"


@pytest.mark.parametrize(
    ("sizes", "ranges"),
    [
        ([], []),
        ([("a", 1)], [("a", "a")]),
        ([("a", 1), ("b", 1), ("c", 1)], [("a", "b"), ("c", "c")]),
        ([("a", 9), ("b", 1), ("c", 1)], [("a", "a"), ("b", "c")]),
        ([("a", 1), ("b", 9), ("c", 1)], [("a", "a"), ("b", "b"), ("c", "c")]),
    ],
)
def test_examples_with_two_at_a_time(sizes: list[tuple[str, int]], ranges: list[tuple[str, str]]) -> None:
    assert list(ranges_of(sizes, at_most=2)) == ranges
