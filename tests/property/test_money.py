"""Rounding and splitting: for any amounts and weights, not for chosen ones."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from kernel.money import MAXIMUM, round_half_up, split

numerators = st.integers(-(10**30), 10**30)
denominators = st.integers(1, 10**18)
amounts = st.integers(0, MAXIMUM)
weights = st.lists(st.integers(0, MAXIMUM), max_size=12)


@given(numerators, denominators)
def test_rounding_moves_by_half_a_dong_at_most_and_a_half_goes_away_from_zero(over: int, under: int) -> None:
    exact = Fraction(over, under)
    off = round_half_up(over, under) - exact
    assert abs(off) <= Fraction(1, 2)
    if abs(off) == Fraction(1, 2):
        assert abs(round_half_up(over, under)) > abs(exact)


@given(st.integers(-(10**18), 10**18), denominators)
def test_exact_halves_go_away_from_zero_on_both_sides(whole: int, under: int) -> None:
    half = round_half_up((2 * whole + 1) * under, 2 * under)
    assert half == (whole + 1 if whole >= 0 else whole)


@given(numerators, denominators, st.integers(1, 10**6))
def test_rounding_depends_on_the_ratio_alone_and_is_even_handed(over: int, under: int, factor: int) -> None:
    assert round_half_up(over * factor, under * factor) == round_half_up(over, under)
    assert round_half_up(-over, under) == -round_half_up(over, under)


@given(numerators, st.integers(0, 10**20), denominators)
def test_more_never_rounds_to_less(over: int, more: int, under: int) -> None:
    assert round_half_up(over, under) <= round_half_up(over + more, under)


@given(amounts, weights)
def test_parts_add_up_and_each_is_its_exact_share_rounded_down_or_up(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)
    assert len(parts) == len(weights)
    if not weights:
        return
    assert sum(parts) == amount
    total = sum(weights)
    if total:
        for part, weight in zip(parts, weights, strict=True):
            exact = Fraction(amount * weight, total)
            assert int(exact) <= part <= -int(-exact // 1)


@given(amounts, weights.filter(any))
def test_whoever_weighs_more_gets_no_less_and_among_equals_the_earlier_one_no_less(
    amount: int, weights: list[int]
) -> None:
    parts = split(amount, weights)
    ranked = sorted(zip(weights, range(0, -len(parts), -1), parts, strict=True))
    assert [part for *_, part in ranked] == sorted(parts)


@given(st.lists(amounts, min_size=1, max_size=12).filter(any), st.data())
def test_a_share_of_some_dues_is_never_more_than_the_due_itself(dues: list[int], data: st.DataObject) -> None:
    """A coupon over the prices of an order, promotional credit over the parts of a payment."""
    amount = data.draw(st.integers(0, sum(dues)))
    assert all(0 <= part <= due for part, due in zip(split(amount, dues), dues, strict=True))
