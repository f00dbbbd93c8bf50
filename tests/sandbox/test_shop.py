"""The demo products against a portal that keeps the published contract."""

import hashlib
import hmac
import json
import time

import httpx
import pytest
from flask import Flask, jsonify, request

from .servers import running_sandbox, serving, until

SECRET = "webhook-secret"
ITEMS = [
    {"code": "s1-2x4", "name": "S1 2x4", "kind": "flavour", "unit": "server", "unit_price": "90000", "per": "month"},
    {"code": "ssd", "name": "SSD", "kind": "volume", "unit": "GB", "unit_price": "875.5", "per": "month"},
    {"code": "gb-hour", "name": "Usage", "kind": "metered", "unit": "GB", "unit_price": "7.7", "per": "hour"},
]


class Portal:
    def __init__(self):
        self.sessions, self.answers, self.statuses = [], [], []
        self.resources = []
        self.status = "open"
        self.refusal = None

    def app(self, url):
        self.url, app = url, Flask("portal")

        @app.before_request
        def authenticate():
            if request.headers.get("Authorization") != "Bearer key-of-vserver":
                return jsonify(detail="This key is not valid."), 401

        @app.get("/api/v1/products/vserver/")
        def product():
            return jsonify(code="vserver", name="vServer", items=[{**item, "includes_vat": True} for item in ITEMS])

        @app.get("/api/v1/resources/")
        def resources():
            return jsonify(results=self.resources)

        @app.post("/api/v1/checkout-sessions/")
        def checkout():
            if self.refusal:
                return jsonify(detail=self.refusal), 422
            self.sessions.append((request.headers["Idempotency-Key"], request.get_json()))
            return jsonify(id="cs1", url=f"{url}/checkout/cs1", expires_at="2026-01-01T00:00:00Z"), 201

        @app.get("/api/v1/checkout-sessions/cs1/")
        def session():
            return jsonify(id="cs1", status=self.status, order="o1", resources=self.resources)

        @app.post("/api/v1/provisioning-requests/<number>/answer/")
        def answer(number):
            self.answers.append((number, request.get_json()))
            return "", self.statuses.pop(0) if self.statuses else 200

        return app


@pytest.fixture
def portal():
    played = Portal()
    with serving(played.app):
        yield played


@pytest.fixture
def shop(portal, tmp_path):
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"vserver": {"api_key": "key-of-vserver", "webhook_secret": SECRET}}))
    with running_sandbox(tmp_path, portal_url=portal.url, shop_keys_file=str(keys)) as sandbox:
        sandbox.http.cookies.set("sandbox_lang", "en")
        yield sandbox


def deliver(shop, portal, number="r1", *, expected=True, secret=SECRET, at=None, **changes):
    body = json.dumps(
        {
            "id": number,
            "type": "provision",
            "resource": {"id": "res1", "name": "web-01", "product": "vserver", "customer": "c1", "configuration": []},
            "answer_url": f"{portal.url}/api/v1/provisioning-requests/{number}/answer/",
            "answer_expected": expected,
            **changes,
        }
    ).encode()
    stamp = str(int(at or time.time()))
    signature = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return shop.http.post(
        "/shop/vserver/webhook", content=body, headers={"Portal-Signature": f"t={stamp},v1={signature}"}
    )


def switch(shop, behaviour, delay_s=0):
    answer = shop.http.post("/shop/vserver/switch", data={"behaviour": behaviour, "delay_s": delay_s})
    assert answer.status_code == 303


CHOICE = {"key": "k", "choice": "s1-2x4", "quantity-ssd": "40", "name": "web-01"}


# --- Buying -----------------------------------------------------------------------------------------------------------


def test_the_page_shows_the_portals_prices(shop):
    text = shop.http.get("/shop/vserver/").text

    assert "90,000 ₫" in text
    assert "875.5 ₫" in text
    assert "7.7 ₫" in text
    assert 'value="s1-2x4"' in text
    assert 'name="quantity-ssd"' in text
    assert 'value="gb-hour"' not in text  # measured, not chosen


def test_buying_leads_to_the_portals_checkout(shop, portal):
    answer = shop.http.post("/shop/vserver/", data=CHOICE)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"{portal.url}/checkout/cs1"
    ((_, wish),) = portal.sessions
    assert wish == {
        "product": "vserver",
        "name": "web-01",
        "items": [{"item": "s1-2x4", "quantity": 1}, {"item": "ssd", "quantity": 40}],
        "return_url": f"{shop.url}/shop/vserver/return",
    }


def test_a_double_press_is_one_wish_and_a_changed_form_another(shop, portal):
    for form in (CHOICE, CHOICE, {**CHOICE, "quantity-ssd": "50"}):
        shop.http.post("/shop/vserver/", data=form)

    keys = [key for key, _ in portal.sessions]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    "change",
    [{"choice": ""}, {"name": " "}, {"quantity-ssd": "-1"}, {"quantity-ssd": "1.5"}, {"quantity-ssd": "999999"}],
    ids=str,
)
def test_bad_choices_are_explained_and_sent_nowhere(shop, portal, change):
    answer = shop.http.post("/shop/vserver/", data={**CHOICE, **change})

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert not portal.sessions


def test_the_portals_refusal_is_shown_in_its_words(shop, portal):
    portal.refusal = "The name is taken <b>."

    answer = shop.http.post("/shop/vserver/", data=CHOICE)

    assert answer.status_code == 400
    assert "The name is taken &lt;b&gt;." in answer.text
    assert 'value="web-01"' in answer.text


def test_pages_work_without_a_portal_and_without_keys(tmp_path):
    with running_sandbox(tmp_path, portal_url="http://127.0.0.1:9", shop_keys='{"vserver": {}}') as sandbox:
        for product in ("vserver", "vstorage", "vmonitor"):
            assert sandbox.http.get(f"/shop/{product}/").status_code == 200
        assert sandbox.http.post("/shop/vserver/", data=CHOICE).status_code == 503
        assert sandbox.http.get("/shop/elsewhere/").status_code == 404
        assert sandbox.http.get("/shop/vserver/return?checkout_session=cs1").status_code == 200


@pytest.mark.parametrize(
    ("status", "states", "refreshes", "says"),
    [
        ("open", [], True, "not confirmed yet"),
        ("paid", ["New"], True, "at work"),
        ("paid", ["Active", "New"], True, "at work"),
        ("completed", ["Active"], False, "All done"),
        ("refunded", ["Deleted"], False, "could not provision it"),
        ("refunded", [], False, "Nothing was bought"),
        ("cancelled", [], False, "Nothing was bought"),
    ],
    ids=str,
)
def test_the_return_page_waits_until_the_resources_are_there(shop, portal, status, states, refreshes, says):
    portal.status = status
    portal.resources = [{"id": f"res{n}", "name": f"web-0{n}", "state": state} for n, state in enumerate(states)]

    text = shop.http.get("/shop/vserver/return?checkout_session=cs1&status=paid").text

    assert says in text
    assert ('http-equiv="refresh"' in text) is refreshes


def test_trash_is_shown_apart(shop, portal):
    portal.resources = [
        {"id": "a", "name": "alive", "state": "Active"},
        {"id": "b", "name": "gone", "state": "Suspense"},
    ]

    text = shop.http.get("/shop/vserver/").text

    assert text.index("alive") < text.index("In trash") < text.index("gone")


# --- Playing the product team -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        ("succeed", {"outcome": "succeeded"}),
        ("fail", {"outcome": "failed", "reason": "No capacity in zone HAN-1"}),
    ],
)
def test_the_team_answers_as_its_switch_says(shop, portal, behaviour, outcome):
    switch(shop, behaviour)

    assert deliver(shop, portal).status_code == 204

    assert until(lambda: portal.answers) == [("r1", outcome)]


def test_the_team_can_stay_silent_and_answer_too_late(shop, portal):
    switch(shop, "never")
    deliver(shop, portal)
    time.sleep(0.5)
    assert not portal.answers

    portal.statuses = [409]
    shop.http.post("/shop/vserver/requests/r1/answer", data={"behaviour": "succeed"})

    until(lambda: portal.answers)
    until(lambda: "answered too late" in shop.http.get("/shop/vserver/").text)


def test_the_answer_comes_after_the_delay(shop, portal):
    switch(shop, "succeed", delay_s=1)
    deliver(shop, portal)

    time.sleep(0.5)
    assert not portal.answers
    until(lambda: portal.answers)


def test_a_request_delivered_thrice_is_answered_once(shop, portal):
    switch(shop, "succeed")

    assert [deliver(shop, portal).status_code for _ in range(3)] == [204] * 3

    until(lambda: portal.answers)
    time.sleep(0.5)
    assert len(portal.answers) == 1


def test_a_portal_that_stumbles_is_answered_again(shop, portal):
    switch(shop, "succeed")
    portal.statuses = [503, 200]

    deliver(shop, portal)

    until(lambda: len(portal.answers) == 2)


def test_requests_that_want_no_answer_get_none(shop, portal):
    switch(shop, "succeed")

    assert deliver(shop, portal, expected=False, type="stop").status_code == 204

    time.sleep(0.5)
    assert not portal.answers
    assert "noted, no answer wanted" in shop.http.get("/shop/vserver/").text


def test_the_key_is_sent_to_the_portal_only(shop, portal):
    switch(shop, "succeed")

    deliver(shop, portal, answer_url="http://127.0.0.1:9/api/v1/provisioning-requests/elsewhere/answer/")

    assert until(lambda: portal.answers)[0][0] == "elsewhere"


@pytest.mark.parametrize("header", ["", "t=1", "v1=00", "t=x,v1=00", "t=²,v1=00", "t=99999999999999,v1=00", "t=1,v1=é"])
def test_unsigned_requests_are_refused(shop, portal, header):
    answer = httpx.post(
        f"{shop.url}/shop/vserver/webhook",
        content=b"{}",
        headers={"Portal-Signature": header.encode()},
        trust_env=False,
    )

    assert answer.status_code == 401


def test_wrongly_signed_and_old_requests_are_refused(shop, portal):
    assert deliver(shop, portal, secret="other").status_code == 401
    assert deliver(shop, portal, secret="").status_code == 401
    assert deliver(shop, portal, at=time.time() - 1000).status_code == 401
    assert deliver(shop, portal, resource=None).status_code == 400
    assert not portal.answers
