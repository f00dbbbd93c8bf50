"""Bad input gets a sentence and a stable code, and changes nothing."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from accounts.models import IdempotencyKey
from kernel.ids import new_id
from ledger.models import Transaction
from lifecycle.models import ProvisioningRequest, Resource, ResourceEvent
from notifications.models import Notice
from orders.models import Order, Quote
from payments.models import Payment
from tests.api.conftest import caller_of, done, refused
from tests.cast import NOON, create, make_coupon, make_customer, order

pytestmark = pytest.mark.django_db
NEW = {"action": "create", "product": "vserver", "name": "web", "items": [{"item": "small"}], "months": 1}
WATCHED = (Quote, Order, Payment, Transaction, Resource, ResourceEvent, ProvisioningRequest, Notice)


def counts():
    return [model.objects.count() for model in WATCHED]


def new(**changes):
    return {**NEW, **changes}


@pytest.mark.parametrize(
    ("wish", "status", "code", "field"),
    [
        (new(coupon="NOBODY"), 422, "unknown-coupon", None),
        (new(coupon="OLD"), 422, "coupon-not-valid-now", None),
        (new(coupon=7), 400, "invalid-input", "coupon"),
        (new(quantity=0), 400, "invalid-input", "quantity"),
        (new(quantity=10_000), 400, "invalid-input", "quantity"),
        (new(quantity="2"), 400, "invalid-input", "quantity"),
        (new(quantity=1.0), 400, "invalid-input", "quantity"),
        (new(quantity=True), 400, "invalid-input", "quantity"),
        (new(quantity=10**30), 400, "invalid-input", "quantity"),
        (new(months=2), 400, "invalid-input", "months"),
        (new(months=None), 400, "invalid-input", "months"),
        (new(auto_renew_months=5), 400, "invalid-input", "auto_renew_months"),
        (new(name=""), 400, "invalid-input", "name"),
        (new(name="x" * 91), 400, "invalid-input", "name"),
        (new(name="nul\x00"), 400, "invalid-input", "name"),
        (new(name="two\u2028lines"), 422, "invalid-input", "name"),
        (new(name="\u202egnp.exe"), 422, "invalid-input", "name"),  # reads "exe.png"
        (new(name="zero\u200bwidth"), 422, "invalid-input", "name"),
        (new(name=["web"]), 400, "invalid-input", "name"),
        (new(product="nothing"), 422, "invalid-input", "product"),
        (new(items=[]), 400, "invalid-input", "items"),
        (new(items="small"), 400, "invalid-input", "items"),
        (new(items=[7]), 400, "invalid-input", "items.0"),
        (new(items=[{"item": "small", "quantity": 0}]), 400, "invalid-input", "items.0.quantity"),
        (new(items=[{"item": "small", "quantity": 10_000}]), 422, "invalid-input", "items"),
        (new(items=[{"item": "small"}, {"item": "large"}]), 422, "invalid-input", "items"),
        (new(items=[{"item": "small"}, {"item": "small"}]), 422, "invalid-input", "items"),
        (new(items=[{"item": "bucket"}]), 422, "invalid-input", "items"),
        (new(surprise=1), 400, "invalid-input", "surprise"),
        ({"action": "destroy"}, 400, "invalid-input", "action"),
        ({"action": ["create"]}, 400, "invalid-input", "action"),
        ({}, 400, "invalid-input", "action"),
        ([], 400, "invalid-input", ""),
        ({"action": "renew", "resources": [], "months": 1}, 400, "invalid-input", "resources"),
        ({"action": "renew", "resources": ["x"], "months": 1}, 400, "invalid-input", "resources.0"),
        (
            {"action": "renew", "resources": ["00000000-0000-4000-8000-000000000000"], "months": 1},
            404,
            "unknown-resource",
            None,
        ),
        ({"action": "renew", "resources": ["00000000-0000-4000-8000-000000000000"]}, 422, "invalid-input", "months"),
        (
            {"action": "renew", "resources": ["00000000-0000-4000-8000-000000000000"], "match_end": "soon"},
            400,
            "invalid-input",
            "match_end",
        ),
        (
            {"action": "recover", "resource": "00000000-0000-4000-8000-000000000000", "months": 1},
            404,
            "unknown-resource",
            None,
        ),
        (
            {"action": "resize", "resource": "00000000-0000-4000-8000-000000000000", "items": [{"item": "small"}]},
            404,
            "unknown-resource",
            None,
        ),
    ],
    ids=lambda value: json.dumps(value)[:70] if isinstance(value, dict | list) else str(value),
)
def test_quotes_that_are_refused(offer, bucket, as_alice, wish, status, code, field):
    make_coupon("OLD", 1_000, valid_until="2021-01-01T00:00:00Z")
    before = counts()

    problem = refused(as_alice.post("quotes/", wish), status, code)

    if field is not None:
        assert problem["errors"][0]["field"] == field, problem
    assert counts() == before


def test_a_coupon_held_by_an_unpaid_order_of_ones_own_names_that_order(offer, alice, as_alice):
    make_coupon("TET", 20_000, maximum_uses_per_customer=1)
    held = order(Quote.objects.get(pk=done(as_alice.post("quotes/", new(coupon="TET")), 201)["id"]), means="gateway")

    problem = refused(as_alice.post("quotes/", new(coupon="TET")), 422, "coupon-held")

    assert problem["details"] == {"order": str(held.pk)}


def test_nothing_is_bought_without_the_money(offer):
    caller = caller_of(make_customer(credit=100_000))
    quote = caller.post("quotes/", NEW)
    before = counts()

    problem = refused(caller.buy(quote, key="k"), 402, "insufficient-credit")

    assert problem["details"] == {"shortfall": 81_000, "available": 100_000}
    assert "81,000" in problem["detail"]
    assert counts() == before


def test_the_sentence_is_in_the_callers_language(offer):
    poor = make_customer()
    caller = caller_of(poor)
    caller.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "vi"

    problem = refused(caller.buy(caller.post("quotes/", NEW), key="k"), 402, "insufficient-credit")

    assert "181.000" in problem["detail"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"quote": "00000000-0000-4000-8000-000000000000"}, 404, "unknown-quote"),
        ({"quote": "x"}, 400, "invalid-input"),
        ({"quote": None}, 400, "invalid-input"),
        ({"means": "gold"}, 400, "invalid-input"),
        ({"means": "none"}, 400, "invalid-input"),
        ({"means": "gateway"}, 422, "gateway-needed"),
        ({"means": "gateway", "gateway": "unheard-of"}, 422, "invalid-input"),
        ({"total": 1}, 400, "invalid-input"),
    ],
    ids=str,
)
def test_orders_that_are_refused(offer, as_alice, changes, status, code):
    quote = done(as_alice.post("quotes/", NEW), 201)["id"]
    before = counts()

    refused(as_alice.post("orders/", {"quote": quote, **changes}, key="k"), status, code)

    assert counts() == before


def test_who_sends_none_of_some_values_is_told_which_there_are(offer, as_alice):
    quote = done(as_alice.post("quotes/", NEW), 201)["id"]
    problem = refused(as_alice.post("orders/", {"quote": quote, "means": "cash"}, key="k"), 400, "invalid-input")
    assert problem["errors"] == [
        {
            "field": "means",
            "code": "invalid-choice",
            "detail": '"cash" is none of these: wallet, top_up_and_pay, gateway, bank_transfer, on_behalf.',
        }
    ]


def test_a_used_and_an_expired_quote(offer, as_alice, as_bob, now):
    quote = as_alice.post("quotes/", NEW)
    other = as_alice.post("quotes/", NEW)
    done(as_alice.buy(quote, key="k"), 201)

    problem = refused(as_alice.buy(quote, key="another"), 409, "quote-used")
    assert problem["details"] == {"order": str(Order.objects.get().pk)}
    now.move(timedelta(minutes=15))
    refused(as_alice.buy(other, key="third"), 409, "quote-expired")


def test_money_moves_with_an_idempotency_key_only(as_alice):
    for place in ("orders/", "top-ups/", "invoices/pay/"):
        refused(as_alice.post(place, {}), 400, "idempotency-key-required")
        refused(as_alice.post(place, {}, key="x" * 101), 400, "idempotency-key-malformed")
        refused(as_alice.post(place, {}, key="ключ"), 400, "idempotency-key-malformed")
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"amount": 0, "gateway": "sandbox"}, "invalid-input"),
        ({"amount": -5, "gateway": "sandbox"}, "invalid-input"),
        ({"amount": 9_999, "gateway": "sandbox"}, "invalid-input"),
        ({"amount": 100_000_001, "gateway": "sandbox"}, "invalid-input"),
        ({"amount": 10**13, "gateway": "sandbox"}, "invalid-input"),
        ({"amount": "50000", "gateway": "sandbox"}, "invalid-input"),
        ({"amount": 50_000.5, "gateway": "sandbox"}, "invalid-input"),
        ({"amount": 50_000, "gateway": "x"}, "invalid-input"),
        ({"amount": 50_000}, "invalid-input"),
    ],
    ids=str,
)
def test_top_ups_that_are_refused(as_alice, gateway, wish, code):
    before = counts()

    unfit = wish["amount"] in (9_999, 100_000_001) or wish.get("gateway") in (
        "x",
        None,
    )  # settings say so, not the document
    status = 422 if unfit else 400
    refused(as_alice.post("top-ups/", wish, key="k"), status, code)

    assert counts() == before


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"invoices": []}, 400, "invalid-input"),
        ({"invoices": ["00000000-0000-4000-8000-000000000000"]}, 404, "unknown-invoice"),
        ({"amount": 0}, 400, "invalid-input"),
        ({"amount": 90_501}, 422, "amount-too-large"),
        ({"amount": 50_000}, 402, "insufficient-credit"),
        ({"means": "gateway"}, 422, "invalid-input"),
        ({"means": "gateway", "gateway": "sandbox", "amount": 5}, 422, "invalid-input"),
    ],
    ids=str,
)
def test_invoice_payments_that_are_refused(bob, as_bob, small, now, gateway, changes, status, code):
    (server,) = create(bob, small)
    now.move(timedelta(days=15))
    done(as_bob.post(f"resources/{server.pk}/delete/"))
    (invoice,) = done(as_bob.get("invoices/"))["results"]
    before = counts()

    wish = {"invoices": [invoice["id"]], "means": "wallet", **changes}
    refused(as_bob.post("invoices/pay/", wish, key="k"), status, code)

    assert counts() == before


@pytest.mark.parametrize(
    ("verb", "body", "status", "code"),
    [
        ("start", None, 409, "wrong-state"),
        ("purge", None, 409, "wrong-state"),
        ("auto-renew", {}, 400, "invalid-input"),
        ("auto-renew", {"months": 2}, 400, "invalid-input"),
        ("auto-renew", {"months": 1, "day": 3}, 400, "invalid-input"),
        ("tags", {}, 400, "invalid-input"),
        ("tags", {"tags": ["Team"]}, 400, "invalid-input"),
        ("tags", {"tags": {"Team": 3}}, 400, "invalid-input"),
        ("tags", {"tags": {"Team": ""}}, 422, "invalid-input"),
        ("tags", {"tags": {"createdBy": "me"}}, 422, "invalid-input"),
        ("tags", {"tags": {f"k{number}": "x" for number in range(21)}}, 409, "too-many-tags"),
        ("explode", None, 404, "not-found"),
    ],
)
def test_verbs_that_do_not_fit(alice, as_alice, small, verb, body, status, code):
    (server,) = create(alice, small)
    before = counts()

    refused(as_alice.post(f"resources/{server.pk}/{verb}/", body), status, code)

    assert counts() == before


def test_nobody_is_asked_about_a_payment_whose_gateway_is_not_there_any_more(alice, as_alice):
    pk = new_id()
    Payment.objects.create(
        pk=pk, customer=alice, kind="top_up", means="gateway", gateway="former", reference="T-1", payable=f"top_up:{pk}",
        description="Top-up", amount=100_000, actor=alice.email, created_at=NOON,
    )  # fmt: skip
    refused(as_alice.post(f"payments/{pk}/check/"), 409, "gateway-gone")


def test_in_the_trash_and_deleted_nothing_runs(alice, as_alice, small):
    (server,) = create(alice, small)
    done(as_alice.post(f"resources/{server.pk}/delete/"))

    for verb in ("start", "stop", "reboot", "delete"):
        refused(as_alice.post(f"resources/{server.pk}/{verb}/"), 409, "wrong-state")
    refused(as_alice.get(f"resources/{server.pk}/deletion/"), 409, "wrong-state")


def test_while_an_order_is_open_nothing_else_begins(offer, alice, as_alice, small):
    (server,) = create(alice, small)
    wish = {"action": "resize", "resource": str(server.pk), "items": [{"item": "large"}]}
    done(as_alice.buy(as_alice.post("quotes/", wish), key="k"), 201)

    refused(as_alice.post(f"resources/{server.pk}/stop/"), 409, "change-pending")
    refused(as_alice.post(f"resources/{server.pk}/delete/"), 409, "order-open")
    renewal = as_alice.post("quotes/", {"action": "renew", "resources": [str(server.pk)], "months": 1})
    refused(as_alice.buy(renewal, key="k2"), 409, "order-open")
