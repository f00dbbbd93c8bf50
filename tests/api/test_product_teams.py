"""What product teams rely on: the contract that the demo shops keep to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lifecycle.models import ProvisioningRequest
from lifecycle.services.delivery import payload_of
from lifecycle.services.running import stop_resource
from orders.models import Action, CheckoutSession
from orders.services.checkout import place_order
from orders.services.fulfil import answer_provisioning
from orders.services.quotes import make_quote
from tests.api.conftest import done, refused, visit_of
from tests.cast import JOB, NOON, answer, chosen, create, fresh, owner_of

pytestmark = pytest.mark.django_db
RETURN = "https://vserver.example/return"
WISH = {
    "product": "vserver",
    "name": "web-01",
    "items": [{"item": "small", "quantity": 1}, {"item": "ssd", "quantity": 40}],
    "return_url": RETURN,
}


@pytest.fixture(autouse=True)
def _return_address(vserver):
    vserver.return_urls = [RETURN]
    vserver.save()


def test_the_offer_of_the_own_product(offer, as_team):
    body = done(as_team.get("products/vserver/"))

    assert (body["code"], body["name"]) == ("vserver", "vserver")
    assert {item["code"] for item in body["items"]} == {"small", "large", "ssd"}
    item = next(item for item in body["items"] if item["code"] == "ssd")
    expected = {"unit_price": "2000", "per": "month", "includes_vat": True, "maximum": 1000, "kind": "volume"}
    assert expected.items() <= item.items()


def test_a_checkout_session_from_opening_to_the_servers(offer, alice, as_team, settings):
    session = done(as_team.post("checkout-sessions/", WISH, key="once"), 201)
    again = as_team.post("checkout-sessions/", WISH, key="once")

    assert session["url"] == f"{settings.PUBLIC_URL}/checkout/{session['id']}/"
    assert session["expires_at"] == "2026-03-11T05:00:00Z"
    assert (again.json(), again["Idempotent-Replayed"]) == (session, "true")
    assert (session["status"], session["order"], session["resources"]) == ("open", None, [])

    kept = CheckoutSession.objects.get()
    inputs = {
        "product": str(kept.product_id),
        "name": kept.name,
        "items": kept.configuration,
        "quantity": 1,
        "months": 1,
    }
    quote = make_quote(alice, Action.CREATE, inputs, at=kept.created_at, session_id=kept.pk)
    order = place_order(alice.pk, quote.pk, means="wallet", key="k", actor=owner_of(alice), at=kept.created_at)
    waiting = done(as_team.get(f"checkout-sessions/{session['id']}/"))
    assert (waiting["status"], waiting["order"]) == ("provisioning", str(order.pk))
    assert [(row["name"], row["state"]) for row in waiting["resources"]] == [("web-01", "new")]
    (asked,) = done(as_team.get("provisioning-requests/"))["results"]
    assert (asked["order"], asked["checkout_session"]) == (str(order.pk), session["id"])
    told = payload_of(ProvisioningRequest.objects.get(pk=asked["id"]))
    assert (told["order"], told["checkout_session"]) == (str(order.pk), session["id"])
    answer(order)
    ready = done(as_team.get(f"checkout-sessions/{session['id']}/"))
    assert (ready["status"], ready["resources"][0]["state"]) == ("completed", "active")


def test_a_session_expires(offer, as_team, now):
    session = done(as_team.post("checkout-sessions/", WISH), 201)
    now.move(timedelta(hours=24))

    assert done(as_team.get(f"checkout-sessions/{session['id']}/"))["status"] == "expired"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"product": "vstorage"}, 422, "invalid-input"),
        ({"return_url": "https://evil.example/"}, 422, "return-address-refused"),
        ({"return_url": "javascript:alert(1)"}, 422, "return-address-refused"),
        ({"return_url": "https://vserver.example/a\r\nb"}, 422, "return-address-refused"),
        ({"items": []}, 400, "invalid-input"),
        ({"items": [{"item": "nothing"}]}, 422, "invalid-input"),
        ({"items": [{"item": "ssd"}]}, 422, "invalid-input"),
        ({"items": [{"item": "small"}, {"item": "ssd", "quantity": 0}]}, 400, "invalid-input"),
        ({"items": [{"item": "small"}, {"item": "ssd", "quantity": 10_000}]}, 422, "invalid-input"),
        ({"name": ""}, 400, "invalid-input"),
        ({"name": "two\nlines"}, 422, "invalid-input"),
        ({"surprise": 1}, 400, "invalid-input"),
    ],
    ids=str,
)
def test_sessions_that_are_refused(offer, vstorage, as_team, change, status, code):
    refused(as_team.post("checkout-sessions/", {**WISH, **change}), status, code)

    assert not CheckoutSession.objects.exists()


def test_resources_of_the_own_product(alice, as_team, small, bucket):
    (server,) = create(alice, small)
    (store,) = create(alice, bucket)

    (row,) = done(as_team.get("resources/", product="vserver"))["results"]

    assert (row["id"], row["customer"], row["actions"]) == (
        str(server.pk), str(alice.pk), ["resize", "renew", "delete"],
    )  # fmt: skip
    assert done(as_team.get(f"resources/{server.pk}/"))["configuration"][0]["item"] == "small"
    refused(as_team.get(f"resources/{store.pk}/"), 404, "not-found")
    assert done(as_team.get("resources/", product="vstorage"))["results"] == []


def test_polling_and_answering(offer, alice, as_alice, as_team, settings):
    quote = as_alice.post(
        "quotes/", {"action": "create", "product": "vserver", "name": "w", "items": [{"item": "small"}]}
    )
    done(as_alice.buy(quote, key="k"), 201)

    (request,) = done(as_team.get("provisioning-requests/"))["results"]

    assert (request["type"], request["answer_expected"]) == ("provision", True)
    assert request["deadline"] == "2026-03-10T05:15:00Z"
    assert request["resource"]["configuration"] == [{"item": "small", "name": "small", "quantity": 1}]
    assert request["answer_url"] == f"{settings.PUBLIC_URL}/api/v1/provisioning-requests/{request['id']}/answer/"
    place = f"provisioning-requests/{request['id']}/answer/"
    refused(as_team.post(place, {"outcome": "failed", "reason": 0}), 400, "invalid-input")
    assert done(as_team.post(place, {"outcome": "succeeded", "reason": ""}))["state"] == "succeeded"
    assert done(as_team.post(place, {"outcome": "succeeded"}))["state"] == "succeeded"
    refused(as_team.post(place, {"outcome": "failed"}), 409, "already-answered")
    assert done(as_team.get("provisioning-requests/"))["results"] == []


def test_polling_for_what_takes_no_answer(alice, as_team, small, now):
    (server,) = create(alice, small)
    now.move(timedelta(hours=1))
    stop_resource(server.pk, actor=owner_of(alice), at=now.at)

    assert done(as_team.get("provisioning-requests/"))["results"] == []
    (request,) = done(as_team.get("provisioning-requests/", since="2026-03-10T06:00:00Z"))["results"]
    assert (request["type"], request["answer_expected"]) == ("stop", False)
    refused(
        as_team.post(f"provisioning-requests/{request['id']}/answer/", {"outcome": "succeeded"}),
        422,
        "no-answer-expected",
    )


def test_an_answer_after_the_time_out_comes_too_late(alice, as_team, small, offer):
    inputs = {"product": str(offer.pk), "name": "w", "items": chosen(small), "quantity": 1, "months": 1}
    offered = make_quote(alice, Action.CREATE, inputs, at=NOON)
    place_order(alice.pk, offered.pk, means="wallet", key="k", actor=owner_of(alice), at=NOON)
    request = ProvisioningRequest.objects.get()
    answer_provisioning(request.pk, ProvisioningRequest.State.TIMED_OUT, actor=JOB, at=NOON)

    late = as_team.post(f"provisioning-requests/{request.pk}/answer/", {"outcome": "succeeded"})

    refused(late, 409, "already-answered")
    assert fresh(request.resource_id).state == "deleted"


def test_a_team_reports_a_lost_server_and_only_its_own(offer, alice, small, as_team, as_other_team, as_alice):
    [server] = create(alice, small)
    address = f"resources/{server.pk}/gone/"
    refused(as_other_team.post(address, {"reason": "lost"}), 404, "not-found")
    refused(as_alice.post(address, {"reason": "lost"}), 404, "not-found")
    refused(as_team.post(address, {}), 400, "invalid-input")
    body = done(as_team.post(address, {"reason": "disk failure"}, key="gone-1"))
    assert body["state"] == "deleted"
    again = as_team.post(address, {"reason": "disk failure"}, key="gone-1")
    assert (again.json(), again["Idempotent-Replayed"]) == (body, "true")


@pytest.fixture
def waiting(offer, as_alice, as_team):
    """Where a request that waits for an answer is answered."""
    wish = {"action": "create", "product": "vserver", "name": "w", "items": [{"item": "small"}]}
    done(as_alice.buy(as_alice.post("quotes/", wish), key="k"), 201)
    (request,) = done(as_team.get("provisioning-requests/"))["results"]
    return f"provisioning-requests/{request['id']}/answer/"


def test_a_team_says_by_code_why_it_failed(as_team, as_alice, waiting):
    body = {"outcome": "failed", "reason_code": "no-capacity", "reason": "HAN-1"}
    answered = done(as_team.post(waiting, body))
    assert (answered["state"], answered["reason_code"], answered["reason"]) == ("failed", "no-capacity", "HAN-1")
    [item] = done(as_alice.get("orders/"))["results"][0]["items"]
    assert item["reason_code"] == "no-capacity"
    assert item["reason"] == "There is no capacity left for it. “HAN-1”"


def test_without_a_code_the_customer_reads_that_it_could_not_be_done_and_what_was_written(as_team, as_alice, waiting):
    done(as_team.post(waiting, {"outcome": "failed", "reason": "no idea"}))
    [item] = done(as_alice.get("orders/"))["results"][0]["items"]
    assert item["reason"] == "The product team could not carry it out. “no idea”"


@pytest.mark.parametrize("code", ["timed-out", "given-up", "because", 7])
def test_what_only_we_say_or_nobody_knows_is_no_reason_of_a_team(as_team, waiting, code):
    refused(as_team.post(waiting, {"outcome": "failed", "reason_code": code}), 400, "invalid-input")


def test_what_succeeded_has_no_reason(as_team, waiting):
    answer = as_team.post(waiting, {"outcome": "succeeded", "reason_code": "no-capacity"})
    assert "reason_code" in str(refused(answer, 422, "invalid-input"))


def test_a_session_is_for_whom_the_product_page_knows_to_be_there(offer, alice, bob, as_team):
    visitor = visit_of(alice, offer).customer
    bound = done(as_team.post("checkout-sessions/", WISH | {"customer": str(visitor.pk)}), 201)
    assert bound["customer"] == str(alice.pk)
    refused(as_team.post("checkout-sessions/", WISH | {"customer": str(bob.pk)}), 422, "not-visiting")
