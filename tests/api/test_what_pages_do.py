"""What a page does, a program does: documents, exports, paying again, many at once, coupons, settings, keys."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from accounts.may import Role
from notifications.models import Notice
from payments.gateways.base import Failed
from payments.models import Payment
from payments.services.outcomes import record_outcome
from tests.api.conftest import Caller, caller_of, done, refused
from tests.cast import JOB, NOON, create, fresh, make_coupon, make_customer, make_user
from tests.proof import proven

pytestmark = pytest.mark.django_db
NEW = {"action": "create", "product": "vserver", "name": "web", "items": [{"item": "small"}], "months": 1}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def rows_of(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


# --- Documents and exports ---


def test_an_invoice_and_its_credit_note_are_had_as_pdf_in_two_languages(alice, as_alice, small):
    (server,) = create(alice, small)
    done(as_alice.post(f"resources/{server.pk}/delete/"))
    (invoice,) = done(as_alice.get("invoices/"))["results"]
    (note,) = done(as_alice.get("credit-notes/"))["results"]

    for place, document in ((f"invoices/{invoice['id']}/pdf/", invoice), (f"credit-notes/{note['id']}/pdf/", note)):
        files = [as_alice.get(place, language=language) for language in ("vi", "en")]
        for answer in files:
            assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
            assert answer["Content-Disposition"] == f'attachment; filename="{document["number"]}.pdf"'
            assert answer["Cache-Control"] == "no-store"
            assert answer.content.startswith(b"%PDF-")
        assert files[0].content != files[1].content
        refused(as_alice.get(place, language="fr"), 400, "invalid-input")


def test_a_pdf_that_is_refused_is_a_problem(as_alice, as_team):
    accepts = {"accept": "application/pdf"}

    answer = as_alice.client.get(f"/api/v1/invoices/{UNKNOWN}/pdf/", headers=accepts)

    refused(answer, 404, "not-found")


def test_an_export_has_all_that_the_list_has_and_its_filters(alice, as_alice, small):
    create(alice, small, name="web")
    create(alice, small, name="=SUM(A1)")

    rows = rows_of(as_alice.get("resources/export/"))
    assert [(row["name"], row["state"], row["product"]) for row in rows] == [
        ("'=SUM(A1)", "active", "vserver"),
        ("web", "active", "vserver"),
    ]
    assert rows[1]["configuration"] == '[{"item":"small","name":"small","quantity":1}]'
    assert [row["name"] for row in rows_of(as_alice.get("resources/export/", search="web"))] == ["web"]
    refused(as_alice.get("resources/export/", serach="web"), 400, "invalid-input")


def test_exports_of_money_add_up(alice, as_alice, small):
    (server,) = create(alice, small)
    done(as_alice.post(f"resources/{server.pk}/delete/"))

    (invoice,) = rows_of(as_alice.get("invoices/export/"))
    assert (invoice["total"], invoice["status"]) == ("181000", "void")
    (note,) = rows_of(as_alice.get("credit-notes/export/"))
    assert note["amount"] == "181000"
    entries = rows_of(as_alice.get("wallet/entries/export/"))
    assert [int(entry["amount"]) for entry in entries] == [181_000, -181_000, 10_000_000]
    (paid,) = rows_of(as_alice.get("payments/export/", kind="order"))
    assert (paid["amount"], paid["state"]) == ("181000", "succeeded")


# --- Payments ---


def order_at_the_gateway(caller):
    quote = caller.post("quotes/", NEW)
    return done(caller.buy(quote, key="buy", means="gateway", gateway="sandbox"), 201)


def test_an_order_is_paid_again_after_its_payment_failed(offer, gateway):
    caller = caller_of(make_customer())
    order = order_at_the_gateway(caller)
    place, wish = f"orders/{order['id']}/pay/", {"gateway": "sandbox"}
    refused(caller.post(place, wish), 400, "idempotency-key-required")
    still_open = done(caller.post(place, wish, key="continue"))
    assert still_open["payment"]["id"] == order["payment"]["id"], "an open attempt is continued"

    record_outcome(order["payment"]["id"], Failed("declined", "no"), actor=JOB, at=NOON)
    again = done(caller.post(place, wish, key="again"))

    assert again["state"] == "awaiting_payment"
    assert again["payment"]["id"] != order["payment"]["id"]
    assert again["payment"]["redirect_url"].startswith(gateway.url)
    repeated = caller.post(place, wish, key="again")
    assert (repeated.json(), repeated["Idempotent-Replayed"]) == (again, "true")
    assert Payment.objects.count() == 2
    refused(caller.post(place, {"gateway": "unheard-of"}, key="x"), 422, "invalid-input")


def test_a_payment_is_given_up_and_another_begins(gateway):
    caller = caller_of(make_customer())
    wish = {"amount": 500_000, "gateway": "sandbox"}
    first = done(caller.post("top-ups/", wish, key="a"), 201)

    assert done(caller.post(f"payments/{first['id']}/cancel/"))["state"] == "cancelled"
    second = done(caller.post("top-ups/", wish, key="b"), 201)

    assert second["id"] != first["id"]


def test_a_payment_is_asked_about(gateway):
    caller = caller_of(make_customer())
    payment = done(caller.post("top-ups/", {"amount": 500_000, "gateway": "sandbox"}, key="a"), 201)
    assert done(caller.post(f"payments/{payment['id']}/check/"))["state"] == "processing"
    gateway.press(payment["redirect_url"], "pay")

    assert done(caller.post(f"payments/{payment['id']}/check/"))["state"] == "succeeded"
    assert done(caller.get("wallet/"))["credit"] == 500_000


# --- Many at once, and coupons ---


def test_auto_renew_of_many_changes_what_it_can_and_says_what_it_cannot(alice, bob, as_alice, small):
    kept, trashed = create(alice, small, name="kept")[0], create(alice, small, name="trashed")[0]
    (strange,) = create(bob, small)
    done(as_alice.post(f"resources/{trashed.pk}/delete/"))

    answer = done(as_alice.post("resources/auto-renew/", {"resources": [str(kept.pk), str(trashed.pk)], "months": 3}))

    assert answer["changed"] == 1
    assert [(one["name"], bool(one["detail"])) for one in answer["refused"]] == [("trashed", True)]
    assert (fresh(kept).auto_renew_months, fresh(trashed).auto_renew_months) == (3, None)
    assert done(as_alice.post("resources/auto-renew/", {"resources": [str(kept.pk)], "months": None}))["changed"] == 1
    assert fresh(kept).auto_renew_months is None
    as_alice.post("resources/auto-renew/", {"resources": [str(strange.pk)], "months": 3})
    assert fresh(strange).auto_renew_months is None
    for wrong in ({"resources": [], "months": 3}, {"resources": [str(kept.pk)], "months": 2}, {"months": 3}):
        refused(as_alice.post("resources/auto-renew/", wrong), 400, "invalid-input")


def test_a_coupon_is_asked_about_before_ordering(offer, as_alice):
    make_coupon("WELCOME", 20_000)
    question = {"code": "welcome", "product": "vserver", "amount": 181_000}

    assert done(as_alice.post("coupons/check/", question)) == {"code": "WELCOME", "reduction": 20_000}
    refused(as_alice.post("coupons/check/", {**question, "code": "NOBODY"}), 422, "unknown-coupon")
    refused(as_alice.post("coupons/check/", {**question, "product": "nothing"}), 422, "invalid-input")
    refused(as_alice.post("coupons/check/", {**question, "amount": 0}), 400, "invalid-input")


# --- Notices, settings, keys ---


def test_all_notices_are_read_at_once_and_nobody_elses(alice, bob, as_alice, small):
    create(alice, small)
    create(bob, small)
    foreign = Notice.objects.filter(customer=bob, read_at=None).count()

    assert done(as_alice.post("notices/read/")) == {"unread": 0}

    assert done(as_alice.get("notices/", unread="true"))["results"] == []
    assert Notice.objects.filter(customer=bob, read_at=None).count() == foreign > 0


def test_language_and_automatic_payment_are_set(bob, as_bob):
    assert done(as_bob.post("customer/language/", {"language": "en"}))["language"] == "en"
    assert done(as_bob.post("customer/automatic-payment/", {"is_on": True}))["pays_invoices_automatically"] is True

    shown = done(as_bob.get("customer/"))
    assert (shown["name"], shown["language"], shown["pays_invoices_automatically"]) == ("Bob", "en", True)
    refused(as_bob.post("customer/language/", {"language": "fr"}), 400, "invalid-input")
    refused(as_bob.post("customer/automatic-payment/", {"is_on": "yes"}), 400, "invalid-input")


def in_person(user):
    """Who has just shown that it is they."""
    caller = Caller(user=user)
    proven(caller.client)
    return caller


def test_an_owner_makes_a_key_sees_its_secret_once_and_revokes_it(alice):
    owner = make_user(alice)
    person = in_person(owner)

    made = done(person.post("keys/", {"name": "Terraform"}), 201)

    program = Caller(made["secret"])
    assert done(program.get("customer/"))["id"] == str(alice.pk)
    (listed,) = done(person.get("keys/"))["results"]
    assert (listed["name"], listed["keeper"], "secret" in listed) == ("Terraform", owner.email, False)
    assert done(person.post(f"keys/{made['id']}/revoke/"))["revoked_at"] is not None
    refused(program.get("customer/"), 401, "authentication-failed")


def test_a_key_and_a_viewer_make_and_revoke_no_keys(alice, as_alice):
    made = done(in_person(make_user(alice)).post("keys/", {"name": "Terraform"}), 201)

    for caller in (as_alice, Caller(user=make_user(alice, role=Role.VIEWER))):
        code = "key-lacks-right" if caller is as_alice else "right-missing"
        refused(caller.post("keys/", {"name": "another"}), 403, code)
        refused(caller.post(f"keys/{made['id']}/revoke/"), 403, code)


def test_users_are_those_of_the_customer(alice, bob, as_alice):
    owner = make_user(alice)
    make_user(bob)

    assert [row["email"] for row in done(as_alice.get("users/"))["results"]] == [owner.email]


def test_what_the_present_month_has_cost_is_told_before_its_invoice(bob, small, now):
    """Five days of a server at 181,000 for thirty: 30,167; from noon of 10 March to the end of the month 129,717."""
    create(bob, small)
    now.move(timedelta(days=5))

    running = done(caller_of(bob).get("usage/running/"))

    assert running["products"] == [{"product": "vserver", "so_far": 30_167, "expected": 129_717}]
    assert (running["month"], running["so_far"], running["expected"], running["unpriced"]) == (
        "2026-03",
        30_167,
        129_717,
        0,
    )


def test_usage_of_a_month_is_listed_line_by_line(alice, as_alice, small, now):
    create(alice, small)
    now.move(timedelta(days=1))

    (line,) = done(as_alice.get("usage/", month="2026-03"))["results"]

    assert (line["resource_name"], line["product"]) == ("web", "vserver")
    assert done(as_alice.get("usage/", month="2026-01"))["results"] == []
    refused(as_alice.get("usage/", month="2026-13"), 400, "invalid-input")
