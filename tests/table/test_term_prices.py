"""Term prices: what the database refuses."""

from __future__ import annotations

import pytest

from catalog.models import Item, Price, Product
from tests.cast import LONG_AGO, NOON, make_customer, make_metered
from tests.table.attack import MARKS, refused

pytestmark = MARKS


@pytest.mark.parametrize("months", [0, 37])
def test_a_term_is_one_to_thirty_six_months(small: Item, months: int) -> None:
    with refused("a_term_is_one_to_thirty_six_months"):
        Price.objects.create(item=small, months=months, unit_price=1, valid_from=NOON)


def test_what_is_used_by_the_unit_has_no_term(vserver: Product) -> None:
    traffic = make_metered(vserver, "traffic", 500)
    with refused("only_time_is_priced_by_term"):
        Price.objects.create(item=traffic, months=12, unit_price=1, per_minutes=0, valid_from=LONG_AGO)


def test_each_term_has_one_price_at_a_time(small: Item) -> None:
    """Beside each other, and beside the price of any time; of one term they follow each other."""
    alice = make_customer()
    for months in (6, 12):
        for customer, rule in ((None, "list_prices"), (alice, "negotiated_prices")):
            terms = {"item": small, "customer": customer, "months": months, "unit_price": 1}
            Price.objects.create(**terms, valid_from=LONG_AGO)
            with refused(f"{rule}_of_an_item_never_overlap"):
                Price.objects.create(**terms, valid_from=NOON)
