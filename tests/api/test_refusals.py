"""Bad input gets a sentence and a stable code, and changes nothing."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError
from django_fsm import ConcurrentTransition, TransitionNotAllowed

from accounts.models import IdempotencyKey
from invoices.models import Invoice
from kernel.ids import new_id
from ledger.models import Transaction
from lifecycle.models import ProvisioningRequest, Resource, ResourceEvent
from notifications.models import Notice
from orders.models import Order, Quote
from payments.models import Payment
from tests.actions.books import nothing_changes
from tests.api.conftest import Caller, caller_of, done, refused
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


# --- HTTP itself ------------------------------------------------------------------------------------------------------


def raw(caller, body, content_type="application/json", path="/api/v1/quotes/", **headers):
    return caller.client.post(path, body, content_type=content_type, headers=headers)


@pytest.mark.parametrize(
    "body",
    ['{"action": ', "not json", "NaN", "", "[" * 5_000 + "]" * 5_000, "9" * 5_000, b"\xff\xfe", '{"a": NaN}'],
)
def test_malformed_json(as_alice, body):
    problem = raw(as_alice, body).json()

    assert problem["code"] in {"parse-error", "invalid-input"}, problem
    assert problem["status"] == 400


def test_a_member_that_is_there_twice_is_refused(as_alice):
    twice = '{"quote": "a", "means": {"x": 1, "x": 2}}'

    problem = refused(raw(as_alice, twice, path="/api/v1/orders/", idempotency_key="k"), 400, "parse-error")

    assert '"x"' in problem["detail"]


def test_a_body_in_chunks_is_not_taken_for_an_empty_one(alice, as_alice, small):
    (server,) = create(alice, small)

    answer = as_alice.client.generic(
        "POST", f"/api/v1/resources/{server.pk}/stop/", headers={"transfer-encoding": "chunked"}
    )

    refused(answer, 411, "length-required")
    assert done(as_alice.get(f"resources/{server.pk}/"))["state"] == "active"


def test_a_list_is_refused_by_its_length_before_its_members_are_looked_at(
    offer, as_alice, django_assert_max_num_queries
):
    """Every member is wrong as well, of which not a word is said."""
    items = [{"quantity": "many"}] * 20_000
    renewal = {"action": "renew", "resources": ["x"] * 20_000, "months": 1}

    for wish, field in ((new(items=items), "items"), (renewal, "resources")):
        with django_assert_max_num_queries(3):
            problem = refused(as_alice.post("quotes/", wish), 400, "invalid-input")
        assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize(
    "body",
    [r'{"\ud800": 1}', r'{"quote": "\udfff", "means": "wallet"}', r'{"means": "\ud83d"}', r'["\uDC00\ud800"]'],
)
def test_half_a_character_is_no_text(as_alice, body):
    problem = refused(raw(as_alice, body, path="/api/v1/orders/", idempotency_key="k"), 400, "parse-error")

    assert "half a character" in problem["detail"]
    assert not IdempotencyKey.objects.exists()


def test_a_whole_character_in_two_escapes_is_text(as_alice, offer):
    body = json.dumps(new(name="web 😀 👩\u200d💻"))
    assert r"\ud83d\ude00" in body

    quoted = done(raw(as_alice, body, path="/api/v1/quotes/"), 201)

    assert Quote.objects.get(pk=quoted["id"]).inputs["name"] == "web 😀 👩\u200d💻"


def test_a_problem_is_short_however_long_the_request_was(as_alice):
    many = raw(as_alice, json.dumps({"action": "create"} | {f"member{number}": 1 for number in range(5_000)}))
    long = raw(
        as_alice,
        json.dumps({"quote": "x" * 100_000, "means": "y" * 100_000}),
        path="/api/v1/orders/",
        idempotency_key="k",
    )
    media = raw(as_alice, "{}", "z" * 5_000)

    assert len(refused(many, 400, "invalid-input")["errors"]) == 50
    for answer in (many, long, media):
        assert len(answer.content) < 10_000


def test_other_media_types_methods_and_places(as_alice):
    refused(raw(as_alice, "a=b", "application/x-www-form-urlencoded"), 415, "unsupported-media-type")
    refused(as_alice.client.get("/api/v1/wallet/", headers={"accept": "text/html"}), 406, "not-acceptable")
    refused(as_alice.client.delete("/api/v1/wallet/"), 405, "method-not-allowed")
    refused(as_alice.client.options("/api/v1/wallet/"), 405, "method-not-allowed")
    refused(as_alice.client.put("/api/v1/quotes/", {}, content_type="application/json"), 405, "method-not-allowed")
    refused(as_alice.get("nowhere/"), 404, "not-found")
    refused(as_alice.get("resources/no-uuid/"), 404, "not-found")
    refused(as_alice.post("orders"), 404, "not-found")
    refused(Caller().get("nowhere/"), 404, "not-found")


def test_a_body_that_is_too_large(as_alice):
    refused(raw(as_alice, json.dumps({"action": "x" * 1_000_001})), 413, "too-large")


@pytest.mark.parametrize(
    "query",
    [
        {"state": "melted"},
        {"health": "ill"},
        {"renewal": "never"},
        {"page_size": 0},
        {"page_size": 101},
        {"page_size": "ten"},
        {"page_size": "٣"},
        {"search": "\x00"},
        {"after": ""},
        {"stauts": "active"},
        {"state": ["active", "molten"]},
        {"health": ["good", "alert"]},
        {"format": "json"},
    ],
    ids=str,
)
def test_parameters_that_make_no_sense_are_refused_by_name(alice, as_alice, small, query):
    create(alice, small)

    problem = refused(as_alice.get("resources/", **query), 400, "invalid-input")

    (error,) = problem["errors"]
    assert error["field"].split(".")[0] in query


def key_of(*values):
    return urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize("place", ["resources/", "invoices/", "payments/", "wallet/entries/", "notices/"])
def test_page_keys_that_nobody_gave_out_are_refused(alice, as_alice, small, place):
    create(alice, small, quantity=2)
    real = done(as_alice.get(place, page_size=1))["next"]
    keys = [
        "x",
        "W1sidSIsIDFdXQ",
        key_of(["v", "x"]),
        key_of(["t", "0001-01-01T00:00:00+14:00"], ["u", str(alice.pk)]),
        key_of(["t", "9999-12-31T23:59:59-14:00"], ["v", 1]),
        key_of(["v", "2026-01-01T00:00:00+16:00"], ["u", "x"]),
        key_of(["v", None]),
        key_of(["v", "nul\x00"]),
    ]
    if real:
        keys.append(real.rpartition("after=")[2][:-3])  # cut
    for key in keys:
        for direction in ("after", "before"):
            problem = refused(as_alice.get(place, **{direction: key}), 422, "no-such-page")
            assert problem["errors"][0]["field"] == direction


def test_an_instant_with_the_strangest_offset_is_an_instant(alice, as_team, small):
    create(alice, small)

    for since in ("2026-01-01T00:00:00+16:00", "0001-01-01T00:00:00+23:59", "0000-01-01T00:00:00Z"):
        assert len(done(as_team.get("provisioning-requests/", since=since))["results"]) == 1
    for since in ("9999-12-31T23:59:60-23:59", "2026-06-30T23:59:60Z"):
        assert done(as_team.get("provisioning-requests/", since=since))["results"] == []
    for since in ("soon", "2026-01-01", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00+24:00"):
        refused(as_team.get("provisioning-requests/", since=since), 400, "invalid-input")


@pytest.mark.parametrize("verb", ["delete", "stop", "purge"])
def test_a_write_without_a_body_refuses_members(alice, as_alice, small, verb):
    """Nobody rehearses a deletion and finds it done."""
    (server,) = create(alice, small)
    done(as_alice.get("wallet/"))  # notes the use of the key

    with nothing_changes():
        problem = refused(as_alice.post(f"resources/{server.pk}/{verb}/", {"dry_run": True}), 400, "invalid-input")

    assert problem["errors"][0]["field"] == "dry_run"


@pytest.mark.parametrize("path", ["wallet/?stauts=unpaid", "invoices/{}/?expand=lines", "quotes/?dry_run=1"])
def test_unknown_parameters_are_refused_on_every_address(alice, as_alice, small, path):
    create(alice, small)
    path = path.format(Invoice.objects.get().pk)
    answer = as_alice.post(path, NEW) if path.startswith("quotes") else as_alice.get(path)

    refused(answer, 400, "invalid-input")


@pytest.mark.parametrize("month", ["2026-13", "2026", "26-01", "2026-1", "x", "9999-12", "0001-01"])
def test_months_that_make_no_sense(as_alice, month):
    refused(as_alice.get("invoices/", month=month), 400, "invalid-input")


class Named(Exception):
    class diag:
        constraint_name = "one_open_order_per_resource"


def raced():
    error = IntegrityError("duplicate key")
    error.__cause__ = Named()
    return error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (raced(), 409, "order-open"),
        (TransitionNotAllowed(), 409, "wrong-state"),
        (ConcurrentTransition(), 409, "concurrent-change"),
        (OperationalError("canceling statement due to lock timeout"), 503, "busy"),
        (IntegrityError("something else"), 500, "internal-error"),
        (ZeroDivisionError(), 500, "internal-error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_what_the_portal_did_not_see_coming(as_alice, monkeypatch, error, status, code):
    def fail(*_args):
        raise error

    monkeypatch.setattr("payments.api.wallet.wallet_of", fail)

    problem = refused(as_alice.get("wallet/"), status, code)

    assert "duplicate" not in str(problem)
    assert "something else" not in str(problem)
