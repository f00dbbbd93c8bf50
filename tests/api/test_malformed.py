"""Requests that are no requests: bodies, parameters, methods and places that make no sense are refused by name."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import pytest
from django.db import IntegrityError, OperationalError
from django_fsm import ConcurrentTransition, TransitionNotAllowed

from accounts.models import IdempotencyKey
from invoices.models import Invoice
from orders.models import Quote
from tests.actions.books import nothing_changes
from tests.api.conftest import Caller, done, refused
from tests.api.test_refusals import NEW, new
from tests.cast import create

pytestmark = pytest.mark.django_db


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
