"""Bank transfers for programs, as `docs/api.md` tells of them."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Item
from orders.models import Action
from tests.actions.test_bank_transfers import bills
from tests.actions.test_transfers_by_reference import comes
from tests.api.conftest import caller_of, done, refused
from tests.cast import DAY, NOON, chosen, make_customer, quote

pytestmark = pytest.mark.django_db
LATER = NOON + 11 * DAY


@pytest.fixture(autouse=True)
def our_account(settings: Any) -> None:
    settings.SELLER_BANK, settings.SELLER_BANK_ACCOUNT, settings.SELLER_BANK_BIN = "Vietcombank", "1017595600", "970436"
    settings.SELLER_BANK_HOLDER = "CONG TY ABC"


def test_one_invoice_is_named_in_the_text_behind_the_reference_and_paid_by_it(small: Item) -> None:
    customer, [bill] = bills(small, 1)
    caller = caller_of(customer)
    asked = done(caller.post("bank-transfers/", {"invoices": [str(bill.pk)]}, key="k"), 201)
    assert (asked["kind"], asked["state"], asked["amount"], asked["received"]) == ("invoice", "waiting", 60_333, 0)
    assert asked["note"] == f"{asked['reference']} {bill.number}"
    assert f"08{len(asked['note'])}{asked['note']}" in asked["qr"]
    assert asked["account"] == {"bin": "970436", "bank": "Vietcombank", "number": "1017595600", "holder": "CONG TY ABC"}
    cut = asked["note"].replace(" ", "").replace("-", "")[:25]  # as a strict bank hands it on
    comes(20_000, f"CT DEN {cut}", "A1", at=LATER)
    half = done(caller.get(f"bank-transfers/{asked['id']}/"))
    assert (half["state"], half["received"]) == ("waiting", 20_000)
    comes(40_333, asked["note"].lower(), "A2", at=LATER)
    assert done(caller.get(f"bank-transfers/{asked['id']}/"))["state"] == "met"
    assert done(caller.get(f"invoices/{bill.pk}/"))["status"] == "paid"


def test_several_invoices_and_top_ups_have_the_reference_alone(small: Item) -> None:
    customer, invoices = bills(small, 2)
    caller = caller_of(customer)
    several = done(caller.post("bank-transfers/", {"invoices": [str(one.pk) for one in invoices]}, key="a"), 201)
    top_up = done(caller.post("bank-transfers/", {"amount": 50_000}, key="b"), 201)
    for asked in (several, top_up):
        assert asked["note"] == asked["reference"]
    assert [one["id"] for one in done(caller.get("bank-transfers/", kind="top_up"))["results"]] == [top_up["id"]]
    refused(caller.post("bank-transfers/", {}, key="c"), 422, "invalid-input")


def test_an_order_by_bank_transfer_has_one_of_its_own(small: Item) -> None:
    customer = make_customer()
    caller = caller_of(customer)
    offer = quote(
        customer, Action.CREATE, product=str(small.product_id), name="w", items=chosen(small), quantity=1, months=1
    )
    order = done(caller.post("orders/", {"quote": str(offer.pk), "means": "bank_transfer"}, key="o"), 201)
    [asked] = done(caller.get("bank-transfers/", order=order["id"]))["results"]
    assert (asked["order"], asked["amount"], asked["note"]) == (order["id"], 181_000, asked["reference"])
    comes(181_000, asked["note"], "A1", at=NOON)
    assert done(caller.get(f"orders/{order['id']}/"))["state"] == "provisioning"
