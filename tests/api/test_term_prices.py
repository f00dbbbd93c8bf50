"""Term prices by REST: items say them, quotes say what they save and what leaving early gives back."""

from __future__ import annotations

import pytest

from catalog.models import Price
from tests.api.conftest import done
from tests.cast import LONG_AGO, MONTH, NOON, create

pytestmark = pytest.mark.django_db


@pytest.fixture
def yearly(small):
    """181,000 a month, 165,000 for whoever pays for twelve months or more ahead."""
    Price.objects.create(item=small, months=12, unit_price=165_000, valid_from=LONG_AGO)
    return small


def test_an_item_says_the_prices_of_its_terms(as_alice, yearly):
    [item] = done(as_alice.get("products/vserver/"))["items"]
    assert item["unit_price"] == "181000"
    assert item["terms"] == [{"months": 12, "unit_price": "165000", "per": "month", "includes_vat": True}]


def test_a_quote_says_what_comes_back(as_alice, yearly):
    wish = {"action": "create", "product": "vserver", "name": "web", "items": [{"item": "small"}], "months": 12}
    [item] = done(as_alice.post("quotes/", wish), 201)["items"]
    assert (item["total"], item["saved_by_term"]) == (1_980_000, 192_000)
    assert item["left_early"] == [
        {"months": 1, "refund": 1_799_000},
        {"months": 3, "refund": 1_437_000},
        {"months": 6, "refund": 894_000},
    ]
    [line] = item["lines"]
    assert (line["term_months"], line["unit_price"], line["unit_price_without_term"]) == (12, "165000", "181000")
    assert line["saved"] == 192_000


def test_a_quote_without_a_term_says_so(as_alice, yearly):
    wish = {"action": "create", "product": "vserver", "name": "web", "items": [{"item": "small"}], "months": 3}
    [item] = done(as_alice.post("quotes/", wish), 201)["items"]
    assert (item["saved_by_term"], item["left_early"]) == (0, [])
    [line] = item["lines"]
    assert (line["term_months"], line["unit_price_without_term"], line["saved"]) == (1, None, 0)


def test_a_product_that_is_not_refundable_gives_nothing_back(as_alice, yearly):
    yearly.product.is_refundable = False
    yearly.product.save()
    wish = {"action": "create", "product": "vserver", "name": "web", "items": [{"item": "small"}], "months": 12}
    [item] = done(as_alice.post("quotes/", wish), 201)["items"]
    assert (item["saved_by_term"], item["left_early"]) == (192_000, [])


def test_a_deletion_says_what_is_taken_off(alice, as_alice, yearly):
    [server] = create(alice, yearly, months=12, at=NOON - 3 * MONTH)
    preview = done(as_alice.get(f"resources/{server.pk}/deletion/"))
    assert preview["refund"] == 1_437_000
    assert [(part["amount"], part["unearned"]) for part in preview["unused"]] == [(1_437_000, 48_000)]
    [invoice] = done(as_alice.get("invoices/"))["results"]
    assert (invoice["term_months"], invoice["saved"], invoice["saved_before"]) == (12, 192_000, 0)
