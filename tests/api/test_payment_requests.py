"""Payment on behalf for programs: asking, looking, withdrawing."""

from __future__ import annotations

import pytest

from catalog.models import Item
from orders.models import Action
from payments.models import PaymentRequest
from tests.actions.test_bank_transfers import bills
from tests.api.conftest import caller_of, done, refused
from tests.cast import NOON, chosen, make_customer, quote

pytestmark = pytest.mark.django_db
WHO = {"email": "father@family.example", "name": "Lan", "language": "vi"}


def test_invoices_are_shared_listed_and_withdrawn(small: Item) -> None:
    customer, [bill] = bills(small, 1)
    caller = caller_of(customer)
    wish = {"invoices": [str(bill.pk)], **WHO}
    made = done(caller.post("payment-requests/", wish, key="k1"), 201)
    assert (made["amount"], made["state"], made["invoices"], made["order"]) == (60_333, "open", [str(bill.pk)], None)
    assert not {"digest", "token", "url"} & set(made)
    assert done(caller.post("payment-requests/", wish, key="k1"), 201)["id"] == made["id"]
    assert PaymentRequest.objects.count() == 1
    assert [one["id"] for one in done(caller.get("payment-requests/", state="open"))["results"]] == [made["id"]]
    assert done(caller.post(f"payment-requests/{made['id']}/withdraw/"))["state"] == "withdrawn"
    refused(caller.post(f"payment-requests/{made['id']}/withdraw/"), 409, "not-asked-any-more")


def test_an_order_that_awaits_its_payment_is_shared(small: Item) -> None:
    customer = make_customer()
    caller = caller_of(customer)
    offer = quote(
        customer,
        Action.CREATE,
        NOON,
        product=str(small.product_id),
        name="w",
        items=chosen(small),
        quantity=1,
        months=1,
    )
    order = done(caller.post("orders/", {"quote": str(offer.pk), "means": "on_behalf"}, key="o"), 201)
    assert (order["state"], order["payment"]) == ("awaiting_payment", None)
    made = done(caller.post("payment-requests/", {"order": order["id"], **WHO}, key="k"), 201)
    assert (made["kind"], made["order"], made["amount"]) == ("order", order["id"], 181_000)
    assert done(caller.get(f"orders/{order['id']}/"))["expires_at"] == made["expires_at"]


@pytest.mark.parametrize(
    ("wish", "status", "field"),
    [
        ({"email": "nobody"}, 422, "email"),
        ({"name": "https://evil.example"}, 422, "name"),
        ({"language": "fr"}, 400, "language"),
        ({"invoices": None}, 400, "invoices"),
    ],
)
def test_what_is_wrong_is_named(small: Item, wish: dict[str, object], status: int, field: str) -> None:
    customer, [bill] = bills(small, 1)
    sent = {"invoices": [str(bill.pk)], **WHO} | wish
    problem = refused(caller_of(customer).post("payment-requests/", sent, key="k"), status, "invalid-input")
    assert field in str(problem)


def test_exactly_one_thing_is_shared(small: Item) -> None:
    customer, [bill] = bills(small, 1)
    both = {"invoices": [str(bill.pk)], "order": str(bill.pk), **WHO}
    caller = caller_of(customer)
    refused(caller.post("payment-requests/", both, key="a"), 422, "invalid-input")
    refused(caller.post("payment-requests/", WHO, key="b"), 422, "invalid-input")
    refused(
        caller_of(make_customer()).post("payment-requests/", {"invoices": [str(bill.pk)], **WHO}, key="c"),
        404,
        "unknown-invoice",
    )
