"""Why months differ: each cause by an example that was computed by hand, and all of them together always the difference."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.meters import Meter, Tier, Tiering
from catalog.pricing import Component, Rate, price_line
from foresight.causes import CAUSES, causes_of, together
from foresight.compared import Charged, Pair, Side
from kernel.periods import CalendarMonth, Period, start_of_day

DISK, SERVER, TRAFFIC = UUID(int=1), UUID(int=2), UUID(int=3)
MONTHS = {name: CalendarMonth(2026, number) for number, name in enumerate(("feb", "mar", "apr", "may", "jun"), start=2)}
FLAT = {price: Meter((Tier(Decimal(0), Decimal(price)),)) for price in (500, 600)}


def days(month: str, first: int = 1, last: int = 31) -> Period:
    """Days of a month, both included."""
    whole = MONTHS[month].period
    start = start_of_day(date(2026, MONTHS[month].month, first))
    return Period(start, min(start + timedelta(days=last - first + 1), whole.ends_at))


def by_time(
    period: Period, price: int = 30_000, quantity: int = 1, *, item: UUID = SERVER, total: int | None = None, **more
) -> Charged:
    rate = Rate(uuid4(), Decimal(price), 43_200, more.pop("included", True), Decimal(more.pop("vat", "0.1")))
    component = Component(item, "server", "unit", Decimal(quantity), rate, Decimal(more.pop("discount", 0)))
    return Charged(component, period, price_line(component, period).total if total is None else total)


def by_use(month: str, quantity: str, price: int = 500, *, meter: Meter | None = None) -> Charged:
    rate = Rate(uuid4(), Decimal(price), 0, meter=meter or FLAT[price])
    component = Component(TRAFFIC, "traffic", "GB", Decimal(quantity), rate)
    return Charged(component, MONTHS[month].period, price_line(component, MONTHS[month].period).total)


def found(
    before: str, old: list[Charged], after: str, new: list[Charged], *, coupons: tuple[int, int] = (0, 0)
) -> dict[str, int]:
    """The causes that there are; 30,000 for 30 days are 1,000 a day."""
    sides = (
        Side(MONTHS[name], lines, coupon)
        for name, lines, coupon in zip((before, after), (old, new), coupons, strict=True)
    )
    pair = Pair(uuid4(), "web", *sides)
    shares = causes_of(pair)
    assert sum(share.amount for share in shares) == pair.difference
    return {share.cause.code: share.amount for share in shares if share.amount}


def test_a_longer_month_costs_more() -> None:
    assert found("feb", [by_time(days("feb"))], "mar", [by_time(days("mar"))]) == {"days": 3_000}


def test_what_was_not_there_is_new() -> None:
    assert found("mar", [], "apr", [by_time(days("apr", 11)), by_use("apr", "10")]) == {"new": 25_000}


def test_what_began_in_the_month_before_is_new_for_the_days_that_it_was_not_there() -> None:
    """16 of 31 days, then 30 of 30: 15/31 of 30,000 more in service, and 16/31 of a day less."""
    assert found("mar", [by_time(days("mar", 16))], "apr", [by_time(days("apr"))]) == {"new": 14_516, "days": -516}


def test_what_came_back_is_new_for_the_days_that_it_was_away() -> None:
    old = [by_time(days("apr", 1, 10)), by_time(days("apr", 21))]
    assert found("apr", old, "jun", [by_time(days("jun"))]) == {"new": 10_000}


def test_what_is_not_there_any_more_is_deleted() -> None:
    assert found("apr", [by_time(days("apr")), by_use("apr", "10")], "may", []) == {"deleted": -35_000}


def test_what_ended_in_the_month_is_deleted_for_the_days_after_it() -> None:
    """May has a day more, of which 10 of 31 were served."""
    assert found("apr", [by_time(days("apr"))], "may", [by_time(days("may", 1, 10))]) == {
        "days": 1_000,
        "deleted": -21_000,
    }


def test_a_larger_size_counts_from_the_day_on_which_it_was_chosen() -> None:
    new = [by_time(days("jun", 1, 15), 3_000, 10), by_time(days("jun", 16), 3_000, 20)]
    assert found("apr", [by_time(days("apr"), 3_000, 10)], "jun", new) == {"resized": 15_000}


def test_another_item_in_place_of_one_is_a_resize() -> None:
    new = [by_time(days("jun"), 60_000, item=DISK)]
    assert found("apr", [by_time(days("apr"))], "jun", new) == {"resized": 30_000}


def test_more_use_costs_more_at_the_price_of_before_and_then_the_price_rises() -> None:
    """30 GB more at 500, and 130 GB that cost 100 more."""
    time = by_time(days("apr")), by_time(days("jun"))
    old, new = [time[0], by_use("apr", "100")], [time[1], by_use("jun", "130", 600)]
    assert found("apr", old, "jun", new) == {"usage": 15_000, "price": 13_000}


def test_use_that_was_none_before_is_more_use() -> None:
    assert found("apr", [by_time(days("apr"))], "jun", [by_time(days("jun")), by_use("jun", "2")]) == {"usage": 1_000}
    assert found("apr", [by_time(days("apr")), by_use("apr", "2")], "jun", [by_time(days("jun"))]) == {"usage": -1_000}


@pytest.mark.parametrize(
    ("terms", "amount"),
    [({"price": 33_000}, 3_000), ({"discount": "0.1"}, -3_000), ({"included": False, "vat": "0.08"}, 2_400)],
)
def test_another_price_discount_or_vat_for_the_same_is_its_price(terms: dict[str, object], amount: int) -> None:
    assert found("apr", [by_time(days("apr"))], "jun", [by_time(days("jun"), **terms)]) == {"price": amount}


def test_a_price_that_rises_on_a_size_that_grows_is_told_apart() -> None:
    """10 GB cost 300 more each, and 10 GB more cost 3,300 each."""
    new = [by_time(days("jun"), 3_300, 20)]
    assert found("apr", [by_time(days("apr"), 3_000, 10)], "jun", new) == {"price": 3_000, "resized": 33_000}


def test_a_coupon_that_is_over_costs_what_it_had_taken_off() -> None:
    lines = [by_time(days("apr"))], [by_time(days("jun"))]
    assert found("apr", lines[0], "jun", lines[1], coupons=(10_000, 2_000)) == {"coupon": 8_000}


def test_what_a_credit_note_took_back_is_no_rounding() -> None:
    assert found("apr", [by_time(days("apr"))], "jun", [by_time(days("jun"), total=25_000)]) == {"otherwise": -5_000}


def test_two_halves_of_a_month_may_be_rounded_up_each() -> None:
    """22.5 twice are 23 twice, and 45 at once are 45."""
    halves = [by_time(days("jun", 1, 15), 45), by_time(days("jun", 16), 45)]
    assert found("apr", [by_time(days("apr"), 45)], "jun", halves) == {"rounding": 1}


def test_the_causes_of_many_are_added_up() -> None:
    pair = Pair(
        uuid4(), "web", Side(MONTHS["feb"], [by_time(days("feb"))]), Side(MONTHS["mar"], [by_time(days("mar"))])
    )
    sums = together([causes_of(pair), causes_of(pair)])
    assert [(share.cause.code, share.amount) for share in sums if share.amount] == [("days", 6_000)]
    assert [share.cause for share in sums] == list(CAUSES)


METERS = st.sampled_from(
    [
        *FLAT.values(),
        Meter(
            (Tier(Decimal(0), Decimal(500)), Tier(Decimal(100), Decimal("450.5"))),
            Tiering.GRADUATED,
            included=Decimal(20),
        ),
        Meter((Tier(Decimal(0), Decimal(500)), Tier(Decimal(100), Decimal(300))), Tiering.VOLUME, minimum=9_000),
        Meter((Tier(Decimal(0), Decimal(90_000)),), Tiering.PACKAGE, package=Decimal(50), cap=100_000),
    ]
)


@st.composite
def sides(draw: st.DrawFn, name: str) -> Side:
    """Any service in a month: cut where it likes, at any price, some of it credited, with use and a coupon."""
    month = MONTHS[name]
    edges = sorted(draw(st.sets(st.integers(0, month.period.minutes), max_size=5)))
    lines = []
    for start, end in pairwise(edges):
        period = Period(*(month.period.starts_at + timedelta(minutes=at) for at in (start, end)))
        for item in draw(st.sets(st.sampled_from([DISK, SERVER]), max_size=2)):
            line = by_time(
                period,
                draw(st.integers(0, 2_000_000)),
                draw(st.integers(0, 40)),
                item=item,
                included=draw(st.booleans()),
                vat=draw(st.sampled_from(["0.1", "0.08"])),
                discount=draw(st.sampled_from(["0", "0.125"])),
            )
            kept = draw(st.sampled_from([Decimal(1), Decimal(1), Decimal("0.7")]))
            lines.append(Charged(line.component, period, int(line.total * kept)))
    if draw(st.booleans()):
        lines.append(by_use(name, str(draw(st.decimals(0, 500, places=3))), meter=draw(METERS)))
    return Side(month, lines, draw(st.integers(0, 50_000)))


@given(sides("feb"), sides("mar"))
def test_the_causes_always_make_the_difference_and_rounding_is_small(before: Side, after: Side) -> None:
    pair = Pair(uuid4(), "web", before, after)
    shares = causes_of(pair)
    assert sum(share.amount for share in shares) == pair.difference
    [rounding] = [share.amount for share in shares if share.cause.code == "rounding"]
    assert abs(rounding) <= 3 * (len(before.charged) + len(after.charged)) + len(CAUSES)
    for share in shares:
        assert all(isinstance(fact, str) and fact for fact in share.cause.facts(pair))
