"""A customer's program does by HTTP what the portal does by pages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_portal.auditor import violations
from lifecycle.models import ProvisioningRequest, Resource
from notifications.models import Notice
from payments.models import Payment
from payments.services.asking import check_payment
from payments.services.wallet import wallet_of
from tests.api.conftest import caller_of, done, refused
from tests.cast import JOB, create, fund, make_coupon, make_customer

pytestmark = pytest.mark.django_db
NEW = {"action": "create", "product": "vserver", "name": "web", "items": [{"item": "small"}], "months": 1}


def provisioned(team):
    """The product team answers everything that it was asked."""
    waiting = done(team.get("provisioning-requests/"))["results"]
    for request in waiting:
        done(team.post(f"provisioning-requests/{request['id']}/answer/", {"outcome": "succeeded"}))
    return waiting


# --- Prepaid ----------------------------------------------------------------------------------------------------------


def test_create_from_quote_to_active(offer, alice, as_alice, as_team):
    quote = as_alice.post(
        "quotes/", {**NEW, "items": [{"item": "small"}, {"item": "ssd", "quantity": 40}], "quantity": 2}
    )

    body = done(quote, 201)
    assert body["total"] == 2 * (181_000 + 80_000)
    assert body["expires_at"] == "2026-03-10T05:15:00Z"
    assert [item["name"] for item in body["items"]] == ["web-1", "web-2"]
    assert body["items"][0]["configuration"][1] == {"item": "ssd", "name": "ssd", "quantity": 40}
    assert body["items"][0]["lines"][0]["unit_price"] == "181000"

    order = done(as_alice.buy(quote, key="k1"), 201)
    assert order["state"] == "provisioning"
    assert order["payment"]["state"] == "succeeded"
    assert wallet_of(alice.pk).available == 10_000_000 - 522_000

    asked = provisioned(as_team)
    assert {request["type"] for request in asked} == {"provision"}
    order = done(as_alice.get(f"orders/{order['id']}/"))
    assert order["state"] == "completed"
    resource = done(as_alice.get(f"resources/{order['items'][0]['resource']}/"))
    assert (resource["state"], resource["health"], resource["days_left"]) == ("active", "good", 30)
    assert resource["paid_until"] == "2026-04-09T05:00:00Z"
    assert resource["actions"] == ["stop", "reboot", "resize", "renew", "auto_renew", "delete"]
    invoices = done(as_alice.get("invoices/"))["results"]
    assert [(invoice["status"], invoice["total"]) for invoice in invoices] == [("paid", 261_000)] * 2


def test_resize_renew_delete_and_recover(offer, alice, as_alice, as_team, small, now):
    (server,) = create(alice, small)

    quote = as_alice.post("quotes/", {"action": "resize", "resource": str(server.pk), "items": [{"item": "large"}]})
    assert done(quote, 201)["total"] == 520_000 - 181_000
    done(as_alice.buy(quote, key="resize"), 201)
    assert done(as_alice.get(f"resources/{server.pk}/"))["actions"] == []
    provisioned(as_team)
    assert done(as_alice.get(f"resources/{server.pk}/"))["configuration"][0]["item"] == "large"

    quote = as_alice.post("quotes/", {"action": "renew", "resources": [str(server.pk)], "months": 3})
    assert done(as_alice.buy(quote, key="renew"), 201)["state"] == "completed"
    assert done(as_alice.get(f"resources/{server.pk}/"))["paid_until"] == "2026-07-08T05:00:00Z"

    preview = done(as_alice.get(f"resources/{server.pk}/deletion/"))
    assert preview["refund"] == 4 * 520_000
    assert preview["undoable_until"] == "2026-03-17T05:00:00Z"
    assert [part["amount"] for part in preview["unused"]] == [520_000, 1_560_000]
    before = wallet_of(alice.pk).available
    assert done(as_alice.post(f"resources/{server.pk}/delete/"))["state"] == "suspense"
    assert wallet_of(alice.pk).available == before + preview["refund"]

    quote = as_alice.post("quotes/", {"action": "recover", "resource": str(server.pk), "months": 1})
    assert done(as_alice.buy(quote, key="recover"), 201)["state"] == "completed"
    assert done(as_alice.get(f"resources/{server.pk}/"))["state"] == "active"
    kinds = [event["kind"] for event in done(as_alice.get(f"resources/{server.pk}/events/"))["results"]]
    assert kinds == ["recovered", "trashed", "renewed", "resized", "provisioned", "ordered"]
    periods = done(as_alice.get(f"resources/{server.pk}/periods/"))["results"]
    assert periods[0]["configuration"][0]["item"] == "large"


def test_renewing_to_a_common_end(offer, alice, as_alice, small):
    servers = create(alice, small, quantity=2)
    wish = {"action": "renew", "resources": [str(s.pk) for s in servers], "match_end": "2026-05-09T12:00:00+07:00"}

    order = done(as_alice.buy(as_alice.post("quotes/", wish), key="k"), 201)

    assert order["total"] == 2 * 181_000
    assert {done(as_alice.get(f"resources/{s.pk}/"))["paid_until"] for s in servers} == {"2026-05-09T05:00:00Z"}


def test_stop_start_reboot_and_purge(alice, as_alice, small):
    (server,) = create(alice, small)
    place = f"resources/{server.pk}"

    assert done(as_alice.post(f"{place}/stop/"))["state"] == "stop"
    assert done(as_alice.post(f"{place}/start/"))["state"] == "active"
    assert done(as_alice.post(f"{place}/reboot/"))["state"] == "active"
    done(as_alice.post(f"{place}/delete/"))
    assert done(as_alice.post(f"{place}/purge/"))["state"] == "deleted"

    assert done(as_alice.get("resources/"))["results"] == []
    assert len(done(as_alice.get("resources/", state="deleted"))["results"]) == 1


def test_auto_renew_is_switched_on_and_off(alice, as_alice, small):
    (server,) = create(alice, small)

    assert done(as_alice.post(f"resources/{server.pk}/auto-renew/", {"months": 6}))["auto_renew_months"] == 6
    assert len(done(as_alice.get("resources/", renewal="auto"))["results"]) == 1
    assert done(as_alice.post(f"resources/{server.pk}/auto-renew/", {"months": None}))["auto_renew_months"] is None
    assert len(done(as_alice.get("resources/", renewal="manual"))["results"]) == 1


def test_a_coupon_in_a_quote(offer, as_alice):
    make_coupon("WELCOME", 20_000)

    quote = done(as_alice.post("quotes/", {**NEW, "coupon": "welcome"}), 201)

    assert (quote["total"], quote["coupon_code"]) == (161_000, "WELCOME")
    assert quote["items"][0]["coupon"] == 20_000


def test_a_stale_quote_is_refused_with_a_fresh_one(offer, as_alice, now):
    quote = as_alice.post("quotes/", NEW)
    now.move(timedelta(minutes=15))

    problem = refused(as_alice.buy(quote, key="k"), 409, "quote-expired")

    fresh = done(as_alice.get(f"quotes/{problem['details']['quote']}/"))
    assert fresh["total"] == 181_000
    done(as_alice.post("orders/", {"quote": fresh["id"]}, key="another"), 201)


# --- Through a gateway ------------------------------------------------------------------------------------------------


def pay(gateway, payment_id):
    payment = Payment.objects.get(pk=payment_id)
    gateway.press(payment.redirect_url, "pay")
    return check_payment(payment.pk, actor=JOB, at=payment.created_at)


def test_an_order_paid_at_the_gateway(offer, gateway, as_team):
    poor = make_customer()
    caller = caller_of(poor)

    order = done(caller.buy(caller.post("quotes/", NEW), key="k", means="gateway", gateway="sandbox"), 201)

    assert order["state"] == "awaiting_payment"
    assert order["payment"]["redirect_url"].startswith(gateway.url)
    assert pay(gateway, order["payment"]["id"]).state == "succeeded"
    order = done(caller.get(f"orders/{order['id']}/"))
    assert (order["state"], order["payment"]["redirect_url"]) == ("provisioning", "")
    provisioned(as_team)


def test_credit_first_and_the_rest_at_the_gateway(offer, gateway, as_team):
    caller = caller_of(make_customer(credit=100_000))

    order = done(caller.buy(caller.post("quotes/", NEW), key="k", means="top_up_and_pay", gateway="sandbox"), 201)

    assert (order["total"], order["payment"]["amount"]) == (181_000, 81_000)
    pay(gateway, order["payment"]["id"])
    assert done(caller.get(f"orders/{order['id']}/"))["state"] == "provisioning"
    provisioned(as_team)


def test_an_order_that_is_not_paid_can_be_cancelled(offer, gateway):
    caller = caller_of(make_customer())
    order = done(caller.buy(caller.post("quotes/", NEW), key="k", means="gateway", gateway="sandbox"), 201)

    assert done(caller.post(f"orders/{order['id']}/cancel/"))["state"] == "cancelled"
    refused(caller.post(f"orders/{order['id']}/cancel/"), 409, "not-cancellable")


def test_a_top_up_and_the_history_of_the_wallet(gateway):
    caller = caller_of(make_customer())

    payment = done(caller.post("top-ups/", {"amount": 500_000, "gateway": "sandbox"}, key="k"), 201)

    assert payment["state"] == "processing"
    pay(gateway, payment["id"])
    assert done(caller.get("wallet/")) == {
        "currency": "VND",
        "available": 500_000,
        "credit": 500_000,
        "promotional": 0,
        "held": 0,
        "poc": 0,
        "credit_kinds": [{"kind": "bought", "amount": 500_000}],
        "shortages": [],
    }
    (entry,) = done(caller.get("wallet/entries/"))["results"]
    assert (entry["kind"], entry["bucket"], entry["amount"], entry["balance_after"]) == (
        "top_up",
        "credit",
        500_000,
        500_000,
    )
    assert done(caller.get(f"payments/{payment['id']}/"))["state"] == "succeeded"
    assert done(caller.get("payments/", kind="top_up", state="succeeded"))["results"][0]["redirect_url"] == ""


# --- Postpaid ---------------------------------------------------------------------------------------------------------


def used_and_billed(bob, as_bob, small, now):
    """Bob's server ran for 15 days and was deleted: one open invoice of 90,500."""
    (server,) = create(bob, small)
    now.move(timedelta(days=15))
    done(as_bob.post(f"resources/{server.pk}/delete/"))
    (invoice,) = done(as_bob.get("invoices/", status="unpaid"))["results"]
    return invoice


def test_postpaid_creates_without_paying(offer, bob, as_bob, as_team):
    quote = as_bob.post("quotes/", {**NEW, "quantity": 2})
    assert done(quote, 201)["total"] == 0
    assert done(quote, 201)["items"][0]["postpaid"] is True

    order = done(as_bob.buy(quote, key="k"), 201)

    assert (order["means"], order["payment"]) == ("none", None)
    provisioned(as_team)
    (first, second) = done(as_bob.get("resources/"))["results"]
    assert first["actions"] == ["stop", "reboot", "resize", "delete"]
    assert (first["paid_until"], first["health"], first["days_left"]) == (None, "good", None)
    quote = as_bob.post("quotes/", {"action": "resize", "resource": second["id"], "items": [{"item": "large"}]})
    done(as_bob.buy(quote, key="k2"), 201)
    provisioned(as_team)
    refused(as_bob.post("quotes/", {"action": "renew", "resources": [first["id"]], "months": 1}), 409, "prepaid-only")
    refused(as_bob.post(f"resources/{first['id']}/auto-renew/", {"months": 1}), 409, "wrong-state")


def test_a_postpaid_invoice_is_explained_and_paid_from_the_wallet(bob, as_bob, small, now):
    invoice = used_and_billed(bob, as_bob, small, now)
    fund(bob, 100_000)
    wish = {"invoices": [invoice["id"]], "means": "wallet"}

    (line,) = done(as_bob.get(f"invoices/{invoice['id']}/"))["lines"]
    assert (line["total"], line["explanation"]["minutes"]) == (90_500, 21_600)
    assert (line["explanation"]["unit_price"], line["explanation"]["per_minutes"]) == ("181000", 43_200)

    part = done(as_bob.post("invoices/pay/", {**wish, "amount": 40_500}, key="a"), 201)
    assert part["invoices"] == [{"invoice": invoice["id"], "number": invoice["number"], "amount": 40_500}]
    assert done(as_bob.get(f"invoices/{invoice['id']}/"))["status"] == "partially_paid"
    done(as_bob.post("invoices/pay/", wish, key="b"), 201)
    assert done(as_bob.get("invoices/", status="paid"))["results"][0]["due"] == 0
    refused(as_bob.post("invoices/pay/", wish, key="c"), 409, "nothing-due")
    assert wallet_of(bob.pk).available == 9_500


def test_what_is_wrong_with_a_payment_says_what_is_right(bob, as_bob, small, now, gateway):
    invoice = used_and_billed(bob, as_bob, small, now)

    def told(**wish):
        answer = as_bob.post("invoices/pay/", {"invoices": [invoice["id"]], **wish}, key=str(wish))
        return refused(answer, 422, "invalid-input")["errors"][0]["detail"]

    assert told(means="gateway", gateway="nobody") == "There is no such gateway. Choose one of: sandbox."
    assert told(means="gateway", gateway="sandbox", amount=1) == (
        "A gateway is paid all that is due: leave the amount out, or pay a part from the wallet."
    )
    assert told(means="linked_account") == 'Name the linked account, with "linked_account" as the means.'


def test_a_postpaid_invoice_is_paid_at_the_gateway(bob, as_bob, small, now, gateway):
    invoice = used_and_billed(bob, as_bob, small, now)
    wish = {"invoices": [invoice["id"]], "means": "gateway", "gateway": "sandbox"}

    payment = done(as_bob.post("invoices/pay/", wish, key="a"), 201)
    problem = refused(as_bob.post("invoices/pay/", wish, key="b"), 409, "payment-open")

    assert problem["details"] == {"payment": payment["id"]}
    assert (payment["kind"], payment["amount"], payment["received"]) == ("invoice", 90_500, 0)
    pay(gateway, payment["id"])
    assert done(as_bob.get(f"payments/{payment['id']}/"))["received"] == 90_500
    assert done(as_bob.get(f"invoices/{invoice['id']}/"))["status"] == "paid"


# --- Notices and credit notes -----------------------------------------------------------------------------------------


def test_notices_are_read(alice, as_alice, small):
    create(alice, small)
    unread = done(as_alice.get("notices/", unread="true"))["results"]
    assert [notice["kind"] for notice in unread] == ["resource_created"]

    read = done(as_alice.post(f"notices/{unread[0]['id']}/read/"))

    assert read["read_at"] == "2026-03-10T05:00:00Z"
    assert done(as_alice.get("notices/", unread="true"))["results"] == []
    assert Notice.objects.count() == 1


def test_credit_notes_of_a_deletion(alice, as_alice, small):
    (server,) = create(alice, small)
    done(as_alice.post(f"resources/{server.pk}/delete/"))

    (note,) = done(as_alice.get("credit-notes/"))["results"]

    assert (note["amount"], note["refunded"], note["reason"]) == (181_000, 181_000, "deleted")
    assert done(as_alice.get(f"credit-notes/{note['id']}/")) == note
    detail = done(as_alice.get(f"invoices/{note['invoice']}/"))
    assert detail["credit_notes"] == [note]
    assert violations() == []


def test_a_failed_provisioning_returns_the_money(offer, alice, as_alice, as_team):
    order = done(as_alice.buy(as_alice.post("quotes/", NEW), key="k"), 201)
    request = ProvisioningRequest.objects.get()

    done(as_team.post(f"provisioning-requests/{request.pk}/answer/", {"outcome": "failed", "reason": "full"}))

    order = done(as_alice.get(f"orders/{order['id']}/"))
    assert (order["state"], order["items"][0]["reason"]) == (
        "refunded",
        "The product team could not carry it out. “full”",
    )
    assert wallet_of(alice.pk).available == 10_000_000
    assert Resource.objects.get().state == "deleted"
