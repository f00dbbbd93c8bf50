"""Prices by use: what the database refuses of tiers, packages, bounds, and of items that change how they are measured."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.models import Item, Price, Product
from tests.cast import LONG_AGO, make_metered
from tests.table.attack import MARKS, refuse, refused, run

pytestmark = MARKS

GRADUATED = {"tiering": "graduated", "tier_from": [Decimal(100)], "tier_prices": [Decimal(450)]}


@pytest.fixture
def traffic(vserver: Product) -> Item:
    return make_metered(vserver, "traffic", 500, **GRADUATED)


def price_of(item: Item, **terms: object) -> Price:
    ended: dict[str, object] = {"valid_from": LONG_AGO.replace(year=2010), "valid_until": LONG_AGO.replace(year=2011)}
    return Price.objects.create(item=item, unit_price=500, **{"per_minutes": 0, **ended, **terms})


def test_what_is_asked_of_a_price_by_use_is_possible(traffic: Item) -> None:
    made = price_of(traffic, **GRADUATED, included=Decimal("0.5"), minimum=1, cap=1)
    made.refresh_from_db()
    assert (made.tier_prices, made.included, made.minimum, made.cap) == ([Decimal(450)], Decimal("0.5"), 1, 1)


@pytest.mark.parametrize("per", [43_200, 60])
def test_a_metered_item_has_no_price_by_time(traffic: Item, per: int) -> None:
    with refused("metered items are priced by the unit used"):
        price_of(traffic, per_minutes=per)


def test_an_item_that_is_chosen_has_no_price_by_use(small: Item) -> None:
    with refused("all others by time"):
        price_of(small)


@pytest.mark.parametrize(
    "terms",
    [{"included": Decimal(1)}, {"minimum": 1}, {"cap": 1}, GRADUATED, {"tiering": "package", "package_size": Decimal(1)}],
)  # fmt: skip
def test_a_price_by_time_has_none_of_it(small: Item, terms: dict[str, object]) -> None:
    with refused("only_prices_per_unit_used_have_tiers_and_bounds"):
        price_of(small, per_minutes=43_200, **terms)


@pytest.mark.parametrize(
    "terms",
    [
        {"tiering": "graduated"},
        {"tiering": "volume"},
        {"tiering": "package"},
        {"tiering": "package", "package_size": Decimal(0)},
        {"tiering": "secret"},
        {"tier_from": [Decimal(1)], "tier_prices": [Decimal(1)]},
        {**GRADUATED, "package_size": Decimal(1)},
        {"package_size": Decimal(1)},
    ],
)
def test_a_price_has_the_tiers_or_the_package_that_it_says(traffic: Item, terms: dict[str, object]) -> None:
    with refused("a_price_has_the_tiers_or_the_package_that_it_says"):
        price_of(traffic, **terms)


@pytest.mark.parametrize(
    ("above", "prices"), [([100, 100], [4, 3]), ([200, 100], [4, 3]), ([0], [4]), ([-1], [4]), ([100], [-4])]
)
def test_each_tier_begins_above_the_one_before(traffic: Item, above: list[int], prices: list[int]) -> None:
    with refused("each tier begins above the one before"):
        price_of(traffic, tiering="graduated", tier_from=above, tier_prices=prices)


def test_a_tier_without_a_price_or_within_another_is_none(traffic: Item) -> None:
    with refused("each_tier_has_its_price|each tier begins"):
        price_of(traffic, tiering="graduated", tier_from=[1, 2], tier_prices=[1])
    columns = "id, item_id, unit_price, per_minutes, includes_vat, tax_category_id, valid_from, valid_until, tiering, tier_from, tier_prices"
    for lists in ("'{{1},{2}}', '{{1},{2}}'", "'{1,NULL}', '{1,1}'"):
        refuse(
            f"INSERT INTO catalog_price ({columns}) SELECT gen_random_uuid(), item_id, unit_price, per_minutes, includes_vat, tax_category_id,"
            f" '2010-01-01', '2011-01-01', tiering, {lists} FROM catalog_price WHERE tiering = 'graduated'",
            match="each tier begins",
        )


@pytest.mark.parametrize("terms", [{"included": -1}, {"minimum": -1}, {"minimum": 2, "cap": 1}, {"cap": 10**12 + 1}])
def test_bounds_of_a_month_are_sane(traffic: Item, terms: dict[str, object]) -> None:
    with refused("what_is_included_and_the_least_and_the_most_are_sane"):
        price_of(traffic, **terms)


@pytest.mark.parametrize(
    "change",
    ["tiering = 'volume'", "tier_from = '{200}'", "tier_prices = '{1}'", "included = 5", "minimum = 5", "cap = 5"],
)
def test_a_price_by_use_is_frozen_like_any_other(traffic: Item, change: str) -> None:
    refuse(f"UPDATE catalog_price SET {change} WHERE item_id = %s", traffic.pk, match="frozen")


@pytest.mark.parametrize("change", ["aggregation = 'max'", "kind = 'volume', aggregation = ''"])
def test_what_is_metered_stays_metered_as_it_was(traffic: Item, change: str) -> None:
    refuse(f"UPDATE catalog_item SET {change} WHERE id = %s", traffic.pk, match="frozen")


def test_nothing_becomes_metered_later(small: Item) -> None:
    refuse("UPDATE catalog_item SET kind = 'metered', aggregation = 'sum' WHERE id = %s", small.pk, match="frozen")
    run("UPDATE catalog_item SET kind = 'package' WHERE id = %s", small.pk)


@pytest.mark.parametrize(("kind", "aggregation"), [("metered", ""), ("metered", "average"), ("volume", "sum")])
def test_metered_items_and_no_others_say_how_use_adds_up(vserver: Product, kind: str, aggregation: str) -> None:
    with refused("metered_items_and_no_others_say_how_use_adds_up"):
        Item.objects.create(
            product=vserver, code="odd", name="odd", name_en="odd", kind=kind, aggregation=aggregation, unit="GB"
        )
