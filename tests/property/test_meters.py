"""
What used units cost: tiers, packages, what is included, the least and the most of a month.

Whoever uses more never pays less, whatever the tiers; bounds hold; and several lines of a month add up to the month.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.meters import Kind, Meter, Tier, Tiering
from catalog.pricing import Component, Line, Rate, price_line
from kernel.periods import CalendarMonth

MARCH = CalendarMonth.of(datetime(2026, 3, 10, tzinfo=UTC)).period
NOTHING = Decimal(0)


def meter(*tiers: str, tiering: Tiering = Tiering.FLAT, **terms: object) -> Meter:
    """From "500", "100: 450": above 100 units one costs 450."""
    pairs = [tier.split(": ") if ": " in tier else ("0", tier) for tier in tiers]
    decimals = {name: Decimal(value) if isinstance(value, str) else value for name, value in terms.items()}
    return Meter(tuple(Tier(Decimal(above), Decimal(price)) for above, price in pairs), tiering, **decimals)


def line(of: Meter, quantity: Decimal | str, *, discount: str = "0", before: Decimal | str = "0", **vat: bool) -> Line:
    rate = Rate(UUID(int=1), of.tiers[0].unit_price, 0, meter=of, **vat)
    component = Component(UUID(int=1), "traffic", "GB", Decimal(quantity), rate, Decimal(discount), Decimal(before))
    return price_line(component, MARCH)


GRADUATED = meter("500", "100: 450", "1000: 400", tiering=Tiering.GRADUATED)
VOLUME = meter("500", "100: 450", "1000: 400", tiering=Tiering.VOLUME)
PACKAGES = meter("30000", tiering=Tiering.PACKAGE, package="100")


@pytest.mark.parametrize(
    ("quantity", "amount"),
    [("0", 0), ("1", 500), ("100", 50_000), ("100.000001", 50_000), ("101", 50_450), ("1000", 455_000), ("1500", 655_000)],
)  # fmt: skip
def test_each_unit_costs_what_its_tier_says(quantity: str, amount: int) -> None:
    """1,500: 100 at 500, 900 at 450, 500 at 400 = 50,000 + 405,000 + 200,000."""
    assert line(GRADUATED, quantity).amount == amount


@pytest.mark.parametrize(
    ("quantity", "amount"),
    [("80", 40_000), ("90", 45_000), ("95", 45_000), ("100", 45_000), ("101", 45_450), ("888", 399_600), ("900", 400_000),
     ("1000", 400_000), ("1001", 400_400)],
)  # fmt: skip
def test_all_units_cost_what_the_tier_says_that_they_reach_and_more_never_costs_less(
    quantity: str, amount: int
) -> None:
    """95 at 500 would be 47,500, but 100 begin the tier of 450: 45,000. So 900 at 450 stop at 1,000 at 400."""
    assert line(VOLUME, quantity).amount == amount


@pytest.mark.parametrize(
    ("quantity", "amount"), [("0", 0), ("0.000001", 30_000), ("100", 30_000), ("100.5", 60_000), ("301", 120_000)]
)
def test_a_package_that_is_begun_is_charged(quantity: str, amount: int) -> None:
    assert line(PACKAGES, quantity).amount == amount


@pytest.mark.parametrize(
    ("quantity", "amount"), [("9", 0), ("10", 0), ("12.5", 1_250), ("110", 50_000), ("111", 50_450)]
)
def test_what_is_included_comes_off_before_the_tiers_begin(quantity: str, amount: int) -> None:
    assert line(replace(GRADUATED, included=Decimal(10)), quantity).amount == amount


@pytest.mark.parametrize(
    ("quantity", "amount"), [("0", 0), ("10", 0), ("11", 20_000), ("60", 25_000), ("900", 300_000), ("9000", 300_000)]
)
def test_the_least_and_the_most_of_a_month_hold_once_something_is_billed(quantity: str, amount: int) -> None:
    assert line(meter("500", included="10", minimum=20_000, cap=300_000), quantity).amount == amount


def test_a_fraction_is_rounded_once_after_the_discount_and_vat_once() -> None:
    """100 x 500 + 900 x 450 + 234.567 x 400 = 548,826.8; less a quarter: 411,620.1; VAT on top: 41,162."""
    charged = line(GRADUATED, "1234.567", discount="0.25", includes_vat=False)
    assert (charged.amount, charged.tax, charged.total) == (411_620, 41_162, 452_782)


def test_a_fraction_of_a_dong_is_rounded_half_up() -> None:
    assert line(meter("7.7"), "0.5").amount == 4  # 3.85
    assert line(meter("0.5"), "1").amount == 1
    assert line(meter("0.499999"), "1").amount == 0


def test_what_comes_later_in_a_month_goes_on_in_its_tier() -> None:
    """Of 150, 90 were billed: 10 more at 500 and 50 at 450. The minimum was paid with the first ones."""
    assert line(GRADUATED, "60", before="90").amount == 27_500
    assert line(meter("500", minimum=20_000), "10", before="30").amount == 0


def test_the_parts_say_where_the_units_lie() -> None:
    parts = replace(GRADUATED, included=Decimal(10)).parts(Decimal(115))
    assert [(part.kind, int(part.quantity), int(part.unit_price)) for part in parts] == [
        (Kind.INCLUDED, 10, 0),
        (Kind.UNITS, 100, 500),
        (Kind.UNITS, 5, 450),
    ]
    assert [(part.kind, int(part.quantity)) for part in VOLUME.parts(Decimal(95))] == [(Kind.NO_DEARER, 100)]
    assert [(part.kind, int(part.quantity)) for part in PACKAGES.parts(Decimal(101))] == [(Kind.PACKAGES, 2)]


prices = st.decimals(0, 1_000_000, places=6)
quantities = st.decimals(0, 10_000_000, places=6)
discounts = st.decimals(0, 1, places=4).map(str)


@st.composite
def meters(draw: st.DrawFn, *tierings: Tiering, bounded: bool = True) -> Meter:
    tiering = draw(st.sampled_from(tierings or tuple(Tiering)))
    further = draw(st.lists(st.decimals("0.000001", 1_000_000, places=6), min_size=1, max_size=4, unique=True))
    bounds = [NOTHING, *(sorted(further) if tiering in (Tiering.GRADUATED, Tiering.VOLUME) else [])]
    minimum = draw(st.integers(0, 1_000_000)) if bounded else 0
    return Meter(
        tuple(Tier(above, draw(prices)) for above in bounds),
        tiering,
        draw(st.decimals("0.001", 10_000, places=3)) if tiering == Tiering.PACKAGE else None,
        draw(st.just(NOTHING) | st.decimals(0, 1_000_000, places=6)),
        minimum,
        draw(st.none() | st.integers(minimum, 10**9)) if bounded else None,
    )


@given(meters(), quantities, quantities, discounts)
def test_whoever_uses_more_never_pays_less(of: Meter, quantity: Decimal, more: Decimal, discount: str) -> None:
    assert 0 <= line(of, quantity, discount=discount).amount <= line(of, quantity + more, discount=discount).amount


@given(meters(), quantities, discounts)
def test_the_least_and_the_most_hold(of: Meter, quantity: Decimal, discount: str) -> None:
    amount = line(of, quantity, discount=discount).amount
    assert of.cap is None or amount <= of.cap
    assert amount >= of.minimum if quantity > of.included else amount == 0


@given(meters(Tiering.GRADUATED, Tiering.VOLUME, Tiering.FLAT, bounded=False), quantities)
def test_a_millionth_more_never_leaps(of: Meter, quantity: Decimal) -> None:
    """Continuous: a step of a millionth costs no more than a millionth of the dearest unit, but for the rounding."""
    dearest = max(Fraction(tier.unit_price) for tier in of.tiers)
    if of.tiering == Tiering.VOLUME and any(
        later.unit_price > tier.unit_price for tier, later in zip(of.tiers, of.tiers[1:], strict=False)
    ):
        return  # a volume price that rises does leap: that is what it is for
    leap = line(of, quantity + Decimal("0.000001")).amount - line(of, quantity).amount
    assert leap <= dearest / 10**6 + 1


@given(meters(), st.lists(quantities, min_size=1, max_size=6), discounts)
def test_the_lines_of_a_month_add_up_to_the_month(of: Meter, parts: list[Decimal], discount: str) -> None:
    before = [NOTHING, *accumulate(parts)]
    lines = [line(of, part, before=done, discount=discount) for part, done in zip(parts, before, strict=False)]
    whole = line(of, sum(parts, NOTHING), discount=discount)
    assert sum(one.amount for one in lines) == whole.amount
    assert all(one.amount >= 0 for one in lines)


@given(meters(), st.lists(quantities, min_size=1, max_size=6), discounts, st.booleans())
def test_so_do_their_taxes_and_totals(of: Meter, parts: list[Decimal], discount: str, includes_vat: bool) -> None:
    before = [NOTHING, *accumulate(parts)]
    lines = [
        line(of, part, before=done, discount=discount, includes_vat=includes_vat)
        for part, done in zip(parts, before, strict=False)
    ]
    whole = line(of, sum(parts, NOTHING), discount=discount, includes_vat=includes_vat)
    assert (sum(one.tax for one in lines), sum(one.total for one in lines)) == (whole.tax, whole.total)
    assert all(one.tax >= 0 for one in lines)


def test_one_unit_and_one_more_come_to_two_with_vat_on_top() -> None:
    """5 ₫ each: the first has the half đồng of VAT that is rounded up, the second none."""
    first, second = line(meter("5"), "1", includes_vat=False), line(meter("5"), "1", before="1", includes_vat=False)
    assert [(one.amount, one.tax, one.total) for one in (first, second)] == [(5, 1, 6), (5, 0, 5)]


def test_what_is_finer_than_a_millionth_is_refused_and_not_cut() -> None:
    with pytest.raises(ValueError, match="finer than a millionth"):
        line(meter("500"), "1.0000001")


@given(meters(Tiering.FLAT, bounded=False), quantities, discounts)
def test_a_flat_price_is_the_product_rounded_once(of: Meter, quantity: Decimal, discount: str) -> None:
    exact = Fraction(max(quantity - of.included, NOTHING)) * Fraction(of.tiers[0].unit_price) * (1 - Fraction(discount))
    assert abs(line(of, quantity, discount=discount).amount - exact) <= Fraction(1, 2)


@given(meters(), quantities)
def test_the_parts_hold_every_unit(of: Meter, quantity: Decimal) -> None:
    parts = of.parts(quantity)
    units = [part.quantity for part in parts if part.kind in (Kind.INCLUDED, Kind.UNITS)]
    if all(part.kind in (Kind.INCLUDED, Kind.UNITS) for part in parts):
        assert sum(units, NOTHING) == quantity
    else:
        assert sum(units, NOTHING) <= quantity
