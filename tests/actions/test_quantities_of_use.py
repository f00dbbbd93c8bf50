"""How what was reported of a month becomes its quantity on the bill."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Customer
from billing_portal.auditor import violations
from catalog.models import Item, Product
from lifecycle.models import Resource
from tests.actions.test_usage_intake import take, use
from tests.actions.used import APRIL, BEGIN, OVER, bill, leave, on, report, server, traffic, uses
from tests.cast import (
    DAY,
    create,
    fresh,
    make_metered,
)

__all__ = ["server", "traffic"]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("aggregation", "quantity"),
    [("sum", 17), ("max", 10), ("last", 2), ("unique", 2), ("time_weighted", 10 * 24 + 5 * 24 + (12 + 19 * 24) * 2)],
)
def test_uses_become_the_quantity_that_the_item_says(
    bob: Customer, small: Item, vserver: Product, aggregation: str, quantity: int
) -> None:
    """10 from noon of the tenth, 5 from the eleventh, 2 from the twelfth to the end: 10 and 5 for a day each, 2 for 468 hours."""
    make_metered(vserver, "traffic", 500, aggregation=aggregation)
    [server] = create(bob, small, at=BEGIN)
    for day, level in ((12, 2), (10, 10), (11, 5)):
        more = {"subject": "lan" if day > 10 else "minh"} if aggregation == "unique" else {}
        report(server, f"d{day}", level, day=day, **more)
    bill()
    assert [line[2] for line in uses()] == [quantity]


def test_a_level_lasts_no_longer_than_its_resource(bob: Customer, small: Item, vserver: Product) -> None:
    """100 GB at 7.7 an hour from noon of the tenth to noon of the eleventh: 18,480."""
    make_metered(vserver, "traffic", "7.7", aggregation="time_weighted", unit="GB-hour")
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", 100, at=on(10, 13))
    leave(server, on(11))
    bill()
    assert [(line[2], line[4]) for line in uses()] == [(2_400, 18_480)]


@pytest.mark.parametrize("aggregation", ["last", "time_weighted"])
def test_a_correction_stands_in_the_place_of_what_it_corrects(
    bob: Customer, small: Item, vserver: Product, aggregation: str
) -> None:
    """Within a minute a level of 5 and then none; and at one instant too. The 5 were 6, and then 7, whenever that is said."""
    make_metered(vserver, "traffic", 500, aggregation=aggregation)
    for begin, end in ((10, 50), (20, 20)):
        [server] = create(bob, small, at=BEGIN)
        first, last = (on(10) + timedelta(seconds=second) for second in (begin, end))
        for key, level, at, corrects in (
            ("a", 5, first, ""),
            ("b", 0, last, ""),
            ("c", 6, first, "a"),
            ("d", 7, first, "c"),
        ):
            assert take(server, use(server, key, level, used_at=at, corrects=corrects), at=OVER - DAY) == ["accepted"]
    bill()
    assert uses() == []


def test_what_is_sent_later_is_in_its_place(bob: Customer, small: Item, vserver: Product) -> None:
    make_metered(vserver, "traffic", 500, aggregation="last")
    [server] = create(bob, small, at=BEGIN)
    for key, level, second in (("b", 9, 50), ("a", 5, 10)):
        take(server, use(server, key, level, used_at=on(10) + timedelta(seconds=second)), at=OVER - DAY)
    bill()
    assert [line[2] for line in uses()] == [9]


def test_what_was_corrected_in_time_is_billed_as_corrected(server: Resource) -> None:
    for key, quantity, corrects in (("a", 5, ""), ("b", 3, "a"), ("c", 9, ""), ("d", None, "c")):
        report(server, key, quantity, corrects=corrects)
    bill()
    assert [line[2] for line in uses()] == [3]


@pytest.mark.breaks_the_books
def test_who_leaves_with_the_month_has_used_nothing_of_the_next(server: Resource) -> None:
    """Service ends with the minute, and March with it. What is stamped ten seconds later lies in April: bills and auditor leave it out."""
    leave(server, OVER + timedelta(seconds=30))
    within = OVER + timedelta(seconds=10)
    assert take(fresh(server), use(server, "a", 1, used_at=within), at=OVER + DAY) == ["accepted"]
    bill()
    bill(APRIL)
    assert (uses(), violations()) == ([], [])


def test_what_is_used_in_the_trash_is_not_billed(server: Resource) -> None:
    leave(server, on(11))
    report(fresh(server), "a", 5, day=12)
    bill()
    assert uses() == []
