"""Metered items in the catalogue: in words of both languages, offered, priced, and chosen by nobody."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

import pytest
from django.utils.translation import override

from catalog.api.products import offers
from catalog.configuration import check_configuration
from catalog.models import Item, Product
from catalog.price_words import how_it_came, meter_words
from catalog.pricing import Component
from catalog.queries import PriceBook
from kernel.display import NBSP
from kernel.errors import InvalidInput
from kernel.periods import CalendarMonth
from kernel.shapes import Json
from lifecycle.queries import running_with
from tests.cast import NOON, create, make_metered

MARCH = CalendarMonth.parse("2026-03").period
TRAFFIC = {
    "tiering": "graduated", "tier_from": [Decimal(1000), Decimal(10_000)], "tier_prices": [Decimal(450), Decimal(400)],
    "included": Decimal(100), "minimum": 20_000, "cap": 3_000_000,
}  # fmt: skip


@pytest.fixture
def traffic(vserver: Product) -> Item:
    return make_metered(vserver, "traffic", 500, **TRAFFIC)


@pytest.fixture(autouse=True)
def _in_english():
    with override("en"):
        yield


def said(pairs):
    return [tuple(str(part).replace(NBSP, " ") for part in pair) for pair in pairs]


def phrases(item: Item) -> list[str]:
    return [phrase.replace(NBSP, " ") for phrase in meter_words(item.prices.get().meter, item.unit)]


def used(item: Item, quantity: str, *, before: str = "0", discount: str = "0") -> Component:
    rate = PriceBook([], [item.pk]).component(item.pk, Decimal(quantity), item.pk, NOON, "en").rate
    return Component(item.pk, item.name, item.unit, Decimal(quantity), rate, Decimal(discount), Decimal(before))


def test_a_price_by_use_is_said_in_phrases_of_both_languages(traffic: Item) -> None:
    assert phrases(traffic) == [
        "100 GB included each month",
        "0 to 1,000 GB: 500 ₫ per GB",
        "1,000 to 10,000 GB: 450 ₫ per GB",
        "above 10,000 GB: 400 ₫ per GB",
        "at least 20,000 ₫ in a month with more than that",
        "at most 3,000,000 ₫ a month",
    ]
    with override("vi"):
        assert phrases(traffic) == [
            "mỗi tháng đã gồm 100 GB",
            "0 đến 1.000 GB: 500 ₫ mỗi GB",
            "1.000 đến 10.000 GB: 450 ₫ mỗi GB",
            "trên 10.000 GB: 400 ₫ mỗi GB",
            "ít nhất 20.000 ₫ trong tháng dùng quá mức đó",
            "nhiều nhất 3.000.000 ₫ một tháng",
        ]


def test_flat_prices_packages_and_volumes_have_phrases_of_their_own(vserver: Product) -> None:
    assert phrases(make_metered(vserver, "storage", "7.7", unit="GB-hour")) == ["7.7 ₫ per GB-hour"]
    packages = make_metered(
        vserver, "mails", 30_000, unit="mail", tiering="package", package_size=Decimal(1000), minimum=5
    )
    assert phrases(packages) == ["30,000 ₫ for each begun package of 1,000 mail", "at least 5 ₫ in a month of use"]
    volume = make_metered(
        vserver, "calls", 5, tiering="volume", tier_from=[Decimal(9)], tier_prices=[Decimal(4)], unit="call"
    )
    assert phrases(volume)[-1] == "the tier that a month reaches is the price of all its units"


def test_an_amount_is_explained_tier_by_tier(traffic: Item) -> None:
    """1,234.567: 100 included, 1,000 at 500, 134.567 at 450 = 560,555.15; less a tenth 504,499.635; billed before: 300 = 90,000."""
    assert said(how_it_came(used(traffic, "934.567", before="300", discount="0.1"), MARCH)) == [
        ("Included", "100 GB at no charge"),
        ("0 to 1,000 GB", "1,000 GB × 500 ₫ = 500,000 ₫"),
        ("1,000 to 10,000 GB", "134.567 GB × 450 ₫ = 60,555.15 ₫"),
        ("Negotiated discount", "10 %: 504,499.635 ₫ is left"),
        ("Rounding", "504,499.635 ₫, half up to 504,500 ₫"),
        ("Billed before", "300 GB of the same month: less 90,000 ₫"),
    ]


def test_the_least_and_the_most_are_explained(traffic: Item) -> None:
    assert said(how_it_came(used(traffic, "110"), MARCH))[-1] == ("Least of a month", "20,000 ₫ instead of 5,000 ₫")
    assert said(how_it_came(used(traffic, "9100"), MARCH))[-1] == (
        "Most of a month",
        "3,000,000 ₫ instead of 4,100,000 ₫",
    )
    with override("vi"):
        assert said(how_it_came(used(traffic, "110"), MARCH))[-1] == (
            "Mức thấp nhất của tháng",
            "20.000 ₫ thay cho 5.000 ₫",
        )


def test_what_is_metered_is_offered_with_its_price_and_chosen_by_nobody(
    traffic: Item, small: Item, vserver: Product
) -> None:
    offered = {offer["code"]: offer for offer in offers([vserver], customer_id=small.pk, at=NOON)[vserver.pk]}
    assert offered["small"]["meter"] is None
    assert offered["traffic"]["per"] == "unit"
    meter = cast(Json, offered["traffic"]["meter"])
    assert meter["in_words"][0].replace(NBSP, " ") == "100 GB included each month"
    with pytest.raises(InvalidInput) as refusal:
        check_configuration(vserver, [{"item": "small"}, {"item": "traffic", "quantity": 1}])
    assert str(refusal.value) == "traffic is billed by use: it is not chosen."


def test_a_price_by_use_is_for_all_running_resources_of_its_product(traffic: Item, small: Item, alice) -> None:
    create(alice, small, quantity=2)
    assert running_with(traffic.prices.get()) == 2
