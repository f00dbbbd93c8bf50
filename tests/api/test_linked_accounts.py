"""Linked accounts for programs: everything that the page can, against the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Customer
from payments.consents import VERSION
from payments.models import Consent
from payments.services.wallet import wallet_of
from tests.actions.test_bank_transfers import bills
from tests.api.conftest import Caller, caller_of, done, refused
from tests.cast import DAY, fund, make_customer
from tests.sandbox.servers import Sandbox

pytestmark = pytest.mark.django_db


def linked(caller: Caller, gateway: Sandbox) -> dict[str, Any]:
    begun = done(caller.post("linked-accounts/", {"gateway": "sandbox", "consent": VERSION}), 201)
    assert begun["state"] == "pending"
    gateway.press(begun["redirect_url"], "agree-close")
    shown: dict[str, Any] = done(caller.post(f"linked-accounts/{begun['id']}/check/"))
    return shown


def test_an_account_is_linked_with_todays_words(alice: Customer, as_alice: Caller, gateway: Sandbox) -> None:
    words = {one["scope"]: one for one in done(as_alice.get("linked-accounts/consents/"))}
    assert words["charges"]["version"] == VERSION
    problem = refused(
        as_alice.post("linked-accounts/", {"gateway": "sandbox", "consent": "old"}), 422, "consent-needed"
    )
    assert problem["details"] == {"version": VERSION}
    refused(as_alice.post("linked-accounts/", {"gateway": "sandbox"}), 400, "invalid-input")
    link = linked(as_alice, gateway)
    assert (link["state"], link["is_default"], link["redirect_url"]) == ("active", True, "")
    assert link["display"].startswith("*******")
    assert "token" not in link
    assert Consent.objects.get().text == words["charges"]["text"]
    assert [one["id"] for one in done(as_alice.get("linked-accounts/", state="active"))["results"]] == [link["id"]]


def test_limits_are_set_and_an_account_is_taken_back(as_alice: Caller, gateway: Sandbox) -> None:
    link = linked(as_alice, gateway)
    place = f"linked-accounts/{link['id']}"
    wish = {"charge_limit": 100_000, "month_limit": 150_000}
    assert done(as_alice.post(f"{place}/limits/", wish))["month_limit"] == 150_000
    top_up = {"amount": 120_000, "linked_account": link["id"]}
    assert refused(as_alice.post("top-ups/", top_up, key="k1"), 422, "account-limit")["details"]["most"] == 100_000
    assert done(as_alice.post(f"{place}/default/"))["is_default"] is True
    assert done(as_alice.post(f"{place}/unlink/"))["state"] == "unlinked"
    refused(as_alice.post(f"{place}/unlink/"), 409, "link-ended")
    refused(as_alice.post("top-ups/", top_up, key="k2"), 409, "account-not-usable")


def test_a_top_up_is_charged_once_however_often_it_is_sent(alice: Customer, as_alice: Caller, gateway: Sandbox) -> None:
    link = linked(as_alice, gateway)
    wish = {"amount": 200_000, "linked_account": link["id"]}
    first, again = (done(as_alice.post("top-ups/", wish, key="k"), 201) for _ in range(2))
    assert first["id"] == again["id"]
    assert (first["state"], first["linked_account"], first["redirect_url"]) == ("succeeded", link["id"], "")
    assert gateway.debited(first["reference"]) == (1, 200_000)
    assert wallet_of(alice.pk).available == 10_200_000
    refused(as_alice.post("top-ups/", {**wish, "gateway": "sandbox"}, key="k2"), 422, "invalid-input")


def test_a_strangers_account_pays_nothing(as_alice: Caller, gateway: Sandbox) -> None:
    link = linked(as_alice, gateway)
    stranger = caller_of(make_customer("Mallory"))
    refused(
        stranger.post("top-ups/", {"amount": 50_000, "linked_account": link["id"]}, key="k"), 404, "unknown-account"
    )
    wish = {"purpose": "invoices", "linked_account": link["id"], "consent": VERSION}
    refused(stranger.post("automatic-charges/", wish), 404, "account-needed")


def test_invoices_are_paid_with_all_credit_and_the_rest_from_the_account(
    gateway: Sandbox, small: Any, now: Any
) -> None:
    customer, invoices = bills(small, 2, pays_invoices_automatically=False)
    fund(customer, 50_000)
    caller = caller_of(customer)
    link = linked(caller, gateway)
    now.move(40 * DAY)
    wish = {"invoices": [str(one.pk) for one in invoices], "means": "linked_account", "linked_account": link["id"]}
    paid = done(caller.post("invoices/pay/", wish, key="k"), 201)
    due = sum(one.due for one in invoices)
    assert (paid["state"], paid["received"]) == ("succeeded", due - 50_000)
    assert done(caller.get("invoices/", status="unpaid"))["results"] == []
    refused(caller.post("invoices/pay/", {**wish, "means": "wallet"}, key="k2"), 422, "invalid-input")


def test_what_is_charged_by_itself_is_switched_on_and_stopped(as_alice: Caller, gateway: Sandbox) -> None:
    link = linked(as_alice, gateway)
    wish = {"purpose": "top_up", "linked_account": link["id"], "consent": VERSION, "below": 100_000, "amount": 500_000}
    refused(as_alice.post("automatic-charges/", {**wish, "consent": "old"}), 422, "consent-needed")
    refused(as_alice.post("automatic-charges/", {**wish, "amount": 5}), 422, "invalid-input")
    assert done(as_alice.post("automatic-charges/", wish), 201)["is_on"] is True
    done(
        as_alice.post("automatic-charges/", {"purpose": "invoices", "linked_account": link["id"], "consent": VERSION}),
        201,
    )
    assert len(done(as_alice.get("automatic-charges/"))["results"]) == 2
    assert [one["is_on"] for one in done(as_alice.post("automatic-charges/stop/", {}))] == [False, False]


def test_an_order_is_paid_from_the_account(as_alice: Caller, alice: Customer, gateway: Sandbox, small: Any) -> None:
    poor = make_customer("Poor", credit=1_000)
    caller = caller_of(poor)
    link = linked(caller, gateway)
    inputs = {
        "action": "create",
        "product": "vserver",
        "name": "web",
        "items": [{"item": "small", "quantity": 1}],
        "months": 1,
    }
    quote = caller.post("quotes/", inputs)
    order = done(caller.buy(quote, key="k", means="top_up_and_pay", linked_account=link["id"]), 201)
    assert order["state"] == "provisioning"
    assert order["total"] == 181_000
    assert wallet_of(poor.pk).available == 0
