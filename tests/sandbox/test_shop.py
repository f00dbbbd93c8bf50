"""The demo products against a portal that keeps the published contract."""

import contextlib
import hashlib
import hmac
import json
import sqlite3
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from flask import Flask, jsonify, request

from .servers import running_sandbox, serving, until

SECRET = "webhook-secret"
ITEMS = [
    {"code": "s1-2x4", "name": "S1 2x4", "kind": "flavour", "unit": "server", "unit_price": "90000", "per": "month"},
    {"code": "ssd", "name": "SSD", "kind": "volume", "unit": "GB", "unit_price": "875.5", "per": "month"},
    {"code": "gb-hour", "name": "Usage", "kind": "metered", "unit": "GB", "unit_price": "7.7", "per": "hour"},
    {
        "code": "traffic",
        "name": "Traffic",
        "kind": "metered",
        "unit": "GB",
        "unit_price": "500",
        "per": "unit",
        "meter": {"in_words": ["100 GB included each month", "500 ₫ per GB"]},
    },
]


VISIT = {
    "id": "v1", "customer": {"id": "c1", "name": "Hoa Sen", "billing_mode": "prepaid"}, "user": "lan@hoasen.example",
    "may_order": True, "language": "vi", "as_of": "2026-03-10T05:00:00Z",
}  # fmt: skip


class Portal:
    def __init__(self):
        self.sessions, self.answers, self.statuses = [], [], []
        self.resources = []
        self.status, self.action, self.owner = "open", "create", None
        self.refusal = None
        self.asked_for, self.languages = [], []
        self.visits = {}

    def app(self, url):
        self.url, app = url, Flask("portal")

        @app.before_request
        def authenticate():
            if request.headers.get("Authorization") != "Bearer key-of-vserver":
                return jsonify(detail="This key is not valid."), 401
            self.languages.append(request.headers.get("Accept-Language"))

        @app.get("/api/v1/products/vserver/")
        def product():
            coming = {"vat_changes": [{"since": "2027-01-01", "rate": "0.08"}]}
            items = [{**item, "includes_vat": True, "vat_rate": "0.1", **coming} for item in ITEMS]
            keeps = {"grace_days": 0, "days_in_trash_after_expiry": 3, "days_in_trash_after_deletion": 7}
            return jsonify(code="vserver", name="vServer", items=items, **keeps)

        @app.get("/api/v1/resources/")
        def resources():
            self.asked_for.append(request.args.get("customer"))
            own = [row for row in self.resources if row.get("customer", "c1") == request.args.get("customer")]
            return jsonify(results=own, next=None)

        @app.post("/api/v1/visits/")
        def take_up():
            wish = request.get_json()
            if wish != {"code": "good", "return_url": self.back}:
                return jsonify(detail="no", code="code-refused"), 400
            self.visits["v1"] = VISIT
            return jsonify(VISIT), 201

        @app.get("/api/v1/visits/<number>/")
        def visit(number):
            return jsonify(self.visits[number]) if number in self.visits else (jsonify(detail="no"), 404)

        @app.post("/api/v1/visits/<number>/end/")
        def end(number):
            return jsonify(self.visits.pop(number))

        @app.post("/api/v1/checkout-sessions/")
        def checkout():
            if self.refusal:
                return jsonify(detail=self.refusal), 422
            self.sessions.append((request.headers["Idempotency-Key"], request.get_json()))
            return jsonify(id="cs1", url=f"{url}/checkout/cs1", expires_at="2026-01-01T00:00:00Z"), 201

        @app.get("/api/v1/checkout-sessions/cs1/")
        def session():
            facts = {"action": self.action, "customer": self.owner}
            return jsonify(id="cs1", status=self.status, order="o1", resources=self.resources, **facts)

        @app.post("/api/v1/provisioning-requests/<number>/answer/")
        def answer(number):
            self.answers.append((number, request.get_json()))
            status, code = self.statuses.pop(0) if self.statuses else (200, "")
            return jsonify(code=code), status

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
    with running_sandbox(
        tmp_path, portal_url=portal.url, portal_public_url=portal.url, shop_keys_file=str(keys)
    ) as sandbox:
        sandbox.http.cookies.set("sandbox_lang", "en")
        portal.back = f"{sandbox.url}/shop/vserver/signed-in"
        yield sandbox


def signed_in(shop, portal, *, session=""):
    """Through the portal and back; gives where that leads."""
    place = f"return?checkout_session={session}" if session else "sign-in"
    away = shop.http.request("GET" if session else "POST", f"/shop/vserver/{place}")
    assert away.status_code == 303
    address = urlsplit(away.headers["location"])
    query = parse_qs(address.query)
    assert address._replace(query="").geturl() == f"{portal.url}/visit/vserver/"
    assert query["return_url"] == [portal.back]
    back = shop.http.get(f"/shop/vserver/signed-in?code=good&state={query['state'][0]}")
    assert back.status_code == 303, back.text
    return back.headers["location"]


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
    assert "VAT included (VAT 10 %, 8 % from 1 Jan 2027)" in " ".join(text.split())
    assert 'value="s1-2x4"' in text
    assert 'name="quantity-ssd"' in text
    assert "Traffic (100 GB included each month; 500 ₫ per GB)" in text
    assert 'value="gb-hour"' not in text  # measured, not chosen
    assert 'value="traffic"' not in text


def test_buying_leads_to_the_portals_checkout(shop, portal):
    answer = shop.http.post("/shop/vserver/", data=CHOICE)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"{portal.url}/checkout/cs1"
    ((_, wish),) = portal.sessions
    assert wish == {
        "action": "create",
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


# --- Who is there -----------------------------------------------------------------------------------------------------

RUNNING = {
    "id": "a", "name": "alive", "state": "active", "configuration": [{"item": "s1-2x4", "name": "S1 2x4", "quantity": 1},
    {"item": "ssd", "name": "SSD", "quantity": 40}], "paid_until": "2026-04-09T05:00:00Z", "actions": ["resize", "renew", "delete"],
}  # fmt: skip
THROWN = {
    "id": "b", "name": "gone", "state": "suspense", "suspense_reason": "deleted", "purge_at": "2026-03-12T08:30:00Z",
    "actions": ["recover"],
}  # fmt: skip
FOREIGN = {**RUNNING, "id": "f", "name": "foreign", "customer": "c2"}


def test_without_sign_in_nobodys_resources_are_shown(shop, portal):
    portal.resources = [RUNNING, THROWN]

    text = shop.http.get("/shop/vserver/").text

    assert "alive" not in text
    assert "gone" not in text
    assert "Sign in with the portal" in text
    assert portal.asked_for == []


def test_the_signed_in_customer_sees_their_own_list_and_trash(shop, portal):
    portal.resources = [RUNNING, THROWN, FOREIGN]
    assert signed_in(shop, portal) == "/shop/vserver/#resources"

    text = shop.http.get("/shop/vserver/").text

    assert portal.asked_for == ["c1"]
    assert text.index("alive") < text.index("In trash") < text.index("gone")
    assert "foreign" not in text
    assert "Signed in as lan@hoasen.example (Hoa Sen)" in text
    assert "S1 2x4 + SSD × 40" in text
    assert "paid until 9 Apr 2026 12:00 · 30 d 0 h left" in text
    assert "deleted by you" in text
    assert "deleted for good on 12 Mar 2026 15:30 · <strong>2 d 3 h left</strong>" in text
    assert "stays in the trash for 7 days, what expires for 3 days" in text


def test_what_is_offered_is_what_the_portal_offers(shop, portal):
    portal.resources = [RUNNING, THROWN]
    signed_in(shop, portal)

    text = shop.http.get("/shop/vserver/").text

    for action in ("a/resize", "a/renew", "a/delete", "b/recover"):
        assert f'action="/shop/vserver/resources/{action}"' in text
    for action in ("a/recover", "b/renew", "b/delete"):
        assert f"resources/{action}" not in text


def test_one_who_only_looks_gets_no_buttons(shop, portal, monkeypatch):
    monkeypatch.setitem(VISIT, "may_order", False)
    portal.resources = [RUNNING]
    signed_in(shop, portal)

    text = shop.http.get("/shop/vserver/").text

    assert "alive" in text
    assert "resources/a/" not in text
    assert "You can look" in text


def test_whoever_signs_out_of_the_portal_is_nobody_here(shop, portal):
    portal.resources = [RUNNING]
    signed_in(shop, portal)
    portal.visits.clear()

    assert "alive" not in shop.http.get("/shop/vserver/").text


def test_signing_out_here_ends_the_visit(shop, portal):
    portal.resources = [RUNNING]
    signed_in(shop, portal)

    assert shop.http.post("/shop/vserver/sign-out").status_code == 303

    assert portal.visits == {}
    assert "alive" not in shop.http.get("/shop/vserver/").text


def test_a_sign_in_that_was_begun_elsewhere_is_refused(shop, portal):
    shop.http.post("/shop/vserver/sign-in")

    for query in ("code=good&state=another", "code=good", "state=x"):
        assert shop.http.get(f"/shop/vserver/signed-in?{query}").status_code == 400

    assert portal.visits == {}


def test_another_products_page_does_not_know_the_customer(shop, portal):
    portal.resources = [RUNNING]
    signed_in(shop, portal)
    assert not [
        cookie for cookie in shop.http.cookies.jar if cookie.name == "visit" and cookie.path != "/shop/vserver/"
    ]


# --- Every action, and back -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["resize", "renew", "recover", "delete"])
def test_every_action_leads_to_the_portal_with_the_resource_chosen(shop, portal, action):
    answer = shop.http.post(f"/shop/vserver/resources/a/{action}", data={"key": "k"})

    assert (answer.status_code, answer.headers["location"]) == (303, f"{portal.url}/checkout/cs1")
    ((_, wish),) = portal.sessions
    assert wish == {"action": action, "resource": "a", "return_url": f"{shop.url}/shop/vserver/return"}


def test_what_the_portal_does_not_allow_is_said_in_its_words(shop, portal):
    portal.refusal = "It has changed."
    answer = shop.http.post("/shop/vserver/resources/a/renew")
    assert answer.status_code == 400
    assert "It has changed." in answer.text
    assert shop.http.post("/shop/vserver/resources/a/explode").status_code == 404


@pytest.mark.parametrize(
    ("status", "refreshes", "says"),
    [
        ("awaiting_payment", True, "not confirmed yet"),
        ("paid", True, "at work"),
        ("provisioning", True, "at work"),
        ("refunded", False, "could not provision it"),
        ("partly_refunded", False, "could not provision it"),
        ("open", False, "Nothing was done"),
        ("expired", False, "Nothing was done"),
        ("cancelled", False, "Nothing was done"),
    ],
    ids=str,
)
def test_the_return_page_goes_on_by_itself_while_something_goes_on(shop, portal, status, refreshes, says):
    portal.status, portal.owner, portal.resources = status, "c1", [RUNNING]
    assert signed_in(shop, portal, session="cs1") == "/shop/vserver/return?checkout_session=cs1&signed_in=1"

    text = shop.http.get("/shop/vserver/return?checkout_session=cs1&status=paid").text

    assert says in text
    assert ('http-equiv="refresh"' in text) is refreshes


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("create", "It is ready."),
        ("resize", "new configuration"),
        ("renew", "It is renewed."),
        ("recover", "back from the trash"),
        ("delete", "It is deleted."),
    ],
)
def test_what_is_done_leads_on_to_the_list(shop, portal, action, says):
    portal.status, portal.action, portal.owner = "completed", action, "c1"
    signed_in(shop, portal, session="cs1")

    on = shop.http.get("/shop/vserver/return?checkout_session=cs1")

    assert (on.status_code, on.headers["location"]) == (303, f"/shop/vserver/?did={action}#resources")
    assert says in shop.http.get(on.headers["location"]).text


def test_somebody_elses_checkout_is_not_shown(shop, portal):
    portal.status, portal.owner, portal.resources = "provisioning", "c2", [FOREIGN]
    signed_in(shop, portal)

    text = shop.http.get("/shop/vserver/return?checkout_session=cs1").text

    assert "belongs to another customer" in text
    assert "foreign" not in text


def test_names_and_words_follow_the_visitors_language(shop, portal):
    portal.resources = [RUNNING, THROWN]
    signed_in(shop, portal)
    assert set(portal.languages) == {"en"}

    text = shop.http.get("/shop/vserver/?lang=vi").text

    assert portal.languages[-1] == "vi"
    for words in (
        "Đang chạy",
        "Đổi cấu hình",
        "Gia hạn",
        "Khôi phục",
        "còn 2 ngày 3 giờ",
        "bạn đã xóa",
        "12/03/2026 15:30",
    ):
        assert words in text, words
    for words in ("Active", "Suspense", "Running", "left"):
        assert words not in text, words


# --- Playing the product team -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        ("succeed", {"outcome": "succeeded"}),
        ("fail", {"outcome": "failed", "reason_code": "no-capacity", "reason": "HAN-1"}),
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

    portal.statuses = [(409, "already-answered")]
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


@pytest.mark.parametrize("stumble", [(503, "not-ready"), (409, "still-running"), (409, "concurrent-change")])
def test_a_portal_that_stumbles_is_answered_again(shop, portal, stumble):
    """Nothing was done with the answer, say these: a web process may have died with it half-way."""
    switch(shop, "succeed")
    portal.statuses = [stumble, (200, "")]

    deliver(shop, portal)

    until(lambda: len(portal.answers) == 2)
    assert portal.answers[0] == portal.answers[1], "the same is said again"


def test_an_answer_is_told_for_a_day_before_it_is_given_up(shop, portal):
    switch(shop, "succeed")
    portal.statuses = [(503, "")] * 3

    def row(change=""):
        with contextlib.closing(sqlite3.connect(shop.config.db, isolation_level=None)) as db:
            if change:
                db.execute(f"UPDATE shop_requests SET next_at = 0, {change}")
            return db.execute("SELECT state, next_at - strftime('%s', 'now') FROM shop_requests").fetchone()

    deliver(shop, portal)
    until(lambda: len(portal.answers) == 1)
    until(lambda: 0 < row()[1] < 60)
    row("tries = 2000")
    until(lambda: len(portal.answers) == 2)
    until(lambda: row()[0] == "due" and 50 < row()[1] <= 61)
    row("received_at = received_at - 86400")

    assert until(lambda: row()[0] == "given up")


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
