"""
What holds for every price: see "Price of time" in the business rules.

Rounding is per line, so cutting a stretch may move the sum by half a đồng per piece, and no further. Over whole paid
months of whole unit prices nothing is rounded, and prices are linear to the đồng.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from catalog.pricing import Charge, Component, Rate, price, price_line, reduction, unused_part
from kernel.money import split
from kernel.periods import MINUTE, Period
from orders.deal import Part

NOON = datetime(2026, 3, 10, 5, tzinfo=UTC)
SOMETHING = UUID(int=1)

rates = st.builds(
    Rate,
    st.just(SOMETHING),
    st.decimals(0, 10_000_000, places=6, allow_nan=False),
    st.sampled_from([43_200, 60]),
    st.booleans(),
    st.decimals(0, "0.999", places=3),
)
components = st.builds(
    Component,
    st.just(SOMETHING),
    st.just("small"),
    st.just("GB"),
    st.integers(1, 1000).map(Decimal),
    rates,
    st.decimals(0, 1, places=4),
)
minutes = st.integers(0, 3 * 525_600)


def over(component: Component, length: int) -> Charge:
    return price([component], stretch(length))


def stretch(length: int) -> Period:
    return Period(NOON, NOON + length * MINUTE)


def exact(component: Component, length: int) -> Fraction:
    """unit price x quantity x (1 - discount) x minutes / minutes of the unit price, not rounded."""
    rate = component.rate
    return (Fraction(rate.unit_price) * Fraction(component.quantity) * (1 - Fraction(component.discount))
            * Fraction(length, rate.per_minutes))  # fmt: skip


@given(components, minutes)
def test_a_line_is_the_formula_rounded_once_and_its_vat_rounded_once(component: Component, length: int) -> None:
    line = price_line(component, stretch(length))
    rate = Fraction(component.rate.vat_rate)
    assert abs(line.amount - exact(component, length)) <= Fraction(1, 2)
    if component.rate.includes_vat:
        assert line.total == line.amount
        assert abs(line.tax - (line.amount - line.amount / (1 + rate))) <= Fraction(1, 2)
    else:
        assert line.total == line.amount + line.tax
        assert abs(line.tax - line.amount * rate) <= Fraction(1, 2)
    assert 0 <= line.tax <= line.total


@given(components, minutes, st.integers(0, 100_000), st.integers(0, 100))
def test_longer_or_more_never_costs_less(component: Component, length: int, longer: int, more: int) -> None:
    bigger = replace(component, quantity=component.quantity + more)
    assert over(component, length).total <= over(component, length + longer).total
    assert over(component, length).total <= over(bigger, length).total


@given(components, st.lists(st.integers(0, 100_000), min_size=1, max_size=8))
def test_cutting_a_stretch_moves_the_amount_by_half_a_dong_per_piece_at_most(
    component: Component, pieces: list[int]
) -> None:
    """Hence a change of price or configuration within a month costs nobody more than its lines' rounding."""
    whole = over(component, sum(pieces)).lines[0].amount
    cut = sum(over(component, piece).lines[0].amount for piece in pieces)
    assert abs(cut - whole) <= Fraction(len(pieces) + 1, 2)


@given(components, st.integers(0, 36), st.integers(1, 10_000_000))
def test_months_of_a_whole_price_are_linear_to_the_dong(component: Component, months: int, unit_price: int) -> None:
    rate = replace(component.rate, unit_price=Decimal(unit_price), per_minutes=43_200)
    plain = replace(component, rate=rate, discount=Decimal(0))
    month = over(plain, 43_200).lines[0].amount
    assert month == unit_price * plain.quantity
    assert over(plain, months * 43_200).lines[0].amount == months * month


@given(st.lists(components, max_size=6), minutes)
def test_a_charge_is_the_sum_of_its_lines(chosen: list[Component], length: int) -> None:
    together = price(chosen, stretch(length))
    assert together.total == sum(over(component, length).total for component in chosen)
    assert together.tax == sum(over(component, length).tax for component in chosen)


@given(components, minutes, st.timedeltas(timedelta(), MINUTE - timedelta(microseconds=1)))
def test_seconds_do_not_count(component: Component, length: int, seconds: timedelta) -> None:
    later = Period(NOON + seconds, NOON + seconds + length * MINUTE)
    assert price_line(component, later) == price_line(component, stretch(length))


@given(st.integers(0, 10**12), st.integers(1, 10**7), st.lists(st.integers(0, 10**7), max_size=6))
def test_unused_parts_lie_between_nothing_and_all_and_grow_with_the_time(
    charged: int, time: int, left: list[int]
) -> None:
    parts = [unused_part(charged, minutes_left=minutes, minutes_charged=time) for minutes in sorted(left)]
    assert all(0 <= part <= charged for part in parts)
    assert all(less <= more for less, more in pairwise(parts))
    assert unused_part(charged, minutes_left=time, minutes_charged=time) == charged
    assert unused_part(charged, minutes_left=0, minutes_charged=time) == 0


@given(st.integers(0, 10**12), st.lists(st.integers(0, 500_000), min_size=1, max_size=8))
def test_cutting_paid_time_short_again_and_again_gives_back_what_one_cut_would(
    charged: int, stretches: list[int]
) -> None:
    """Each cut gives back of what the one before left, so that rounding does not add up to more than a đồng a cut."""
    whole = total = sum(stretches)
    kept = charged
    for unused in stretches:
        back = unused_part(kept, minutes_left=unused, minutes_charged=total)
        kept, total = kept - back, total - unused
        assert 0 <= kept <= charged
        if whole:
            assert abs(kept - Fraction(charged * total, whole)) <= len(stretches)
    assert kept == 0 or not whole


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=10), st.data())
def test_a_coupon_takes_off_what_it_says_and_its_shares_add_up(prices: list[int], data: st.DataObject) -> None:
    subtotal = sum(prices)
    amount = data.draw(st.none() | st.integers(1, 2 * 10**9))
    share = None if amount is not None else data.draw(st.decimals("0.0001", 1, places=4))
    taken = reduction(subtotal, amount=amount, share=share)
    assert 0 <= taken <= subtotal
    if amount is not None:
        assert taken == min(amount, subtotal)
    else:
        assert abs(taken - subtotal * Fraction(share)) <= Fraction(1, 2)
    shares = split(taken, prices)
    assert sum(shares) == taken
    assert all(0 <= part <= whole for part, whole in zip(shares, prices, strict=True))


@given(st.lists(components, min_size=1, max_size=5), minutes, st.data())
def test_what_a_quote_seals_gives_the_very_same_charge_again(
    chosen: list[Component], length: int, data: st.DataObject
) -> None:
    """Sealed as JSON, stored, read and computed again over the same length of another time: the same đồng."""
    charge = price(chosen, stretch(length))
    charge = Charge(charge.lines, data.draw(st.integers(0, charge.subtotal)))
    part = Part(SOMETHING, "web", [], charge, stretch(length), resource_id=SOMETHING, months=3)
    stored = json.loads(json.dumps(part.to_json()))
    assert Part.from_json(stored) == part
    assert Part.from_json(stored).to_json() == part.to_json()
    later = Period(NOON + timedelta(days=3), NOON + timedelta(days=3) + length * MINUTE)
    again = Part.from_json(stored).charge_over(later)
    assert (again.total, again.tax, again.coupon) == (charge.total, charge.tax, charge.coupon)
    assert [line.total for line in again.lines] == [line.total for line in charge.lines]
