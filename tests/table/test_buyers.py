"""Buyer profiles, attacked by plain SQL: one default, the number of its kind, nothing deleted, and an order's own choice."""

from __future__ import annotations

import pytest

from accounts.models import BuyerProfile, Customer
from catalog.models import Item
from orders.models import Action
from tests.cast import NOON, answer, chosen, make_buyer, order, quote
from tests.table.attack import MARKS, refuse, refused, run

pytestmark = MARKS
LAN = "079190123456"


@pytest.fixture
def first(alice: Customer) -> BuyerProfile:
    return make_buyer(alice, "Công ty Alice", tax_code="0100109106")


@pytest.fixture
def second(alice: Customer, first: BuyerProfile) -> BuyerProfile:
    return make_buyer(first.customer, "Lan", personal_id=LAN)


def test_there_are_no_two_defaults(second: BuyerProfile) -> None:
    refuse(
        "UPDATE accounts_buyerprofile SET is_default = TRUE WHERE id = %s",
        second.pk,
        match="a_customer_has_one_default_buyer",
    )


def test_who_has_buyers_has_a_default(first: BuyerProfile) -> None:
    with refused("none of them is the default"):
        run("UPDATE accounts_buyerprofile SET is_default = FALSE WHERE id = %s", first.pk)
        run("SET CONSTRAINTS ALL IMMEDIATE")


def test_what_is_archived_is_no_default_and_stays_archived(first: BuyerProfile, second: BuyerProfile) -> None:
    archive = "UPDATE accounts_buyerprofile SET archived_at = %s WHERE id = %s"
    refuse(archive, NOON, first.pk, match="what_is_archived_is_no_default")
    run(archive, NOON, second.pk)
    refuse(archive, None, second.pk, match="frozen")


@pytest.mark.parametrize(
    "said",
    [
        "kind = 'company', tax_code = '', personal_id = ''",
        "kind = 'company', tax_code = '0100109106', personal_id = '079190123456'",
        "kind = 'person', tax_code = '', personal_id = ''",
        "kind = 'person', tax_code = '', personal_id = '07919012345x'",
        "kind = 'person', tax_code = '0100109106', personal_id = '079190123456'",
        "kind = 'consumer', tax_code = '0100109106', personal_id = ''",
        "kind = 'robot', tax_code = '', personal_id = ''",
    ],
)
def test_a_buyer_has_the_number_of_its_kind(first: BuyerProfile, said: str) -> None:
    refuse(f"UPDATE accounts_buyerprofile SET {said}", match="a_buyer_has_the_number_of_its_kind")


def test_a_buyer_has_a_name_and_stays_its_customers(first: BuyerProfile, bob: Customer) -> None:
    refuse("UPDATE accounts_buyerprofile SET name = ''", match="a_buyer_has_a_name")
    refuse("UPDATE accounts_buyerprofile SET customer_id = %s", bob.pk, match="frozen")
    refuse("UPDATE accounts_buyerprofile SET created_at = created_at - interval '1 day'", match="frozen")


def test_a_buyer_is_never_deleted(first: BuyerProfile) -> None:
    refuse("DELETE FROM accounts_buyerprofile", match="keeps its rows")


def test_an_order_names_a_buyer_of_its_customer_and_no_other_one_after_its_end(
    first: BuyerProfile, bob: Customer, small: Item
) -> None:
    wish = {"product": str(small.product_id), "name": "w", "items": chosen(small), "quantity": 1, "months": 1}
    found = order(quote(first.customer, Action.CREATE, **wish))
    strange = make_buyer(bob)
    choose = "UPDATE orders_order SET buyer_id = %s WHERE id = %s"
    refuse(choose, strange.pk, found.pk, match="an_order_is_invoiced_to_its_customers_buyer")
    run(choose, first.pk, found.pk)
    answer(found)
    refuse(choose, None, found.pk, match="frozen")
