"""Payments and refunds of which the gateway said nothing, or too late: asked again, booked, closed, returned, taken back."""

from __future__ import annotations

from unittest.mock import patch

from django.urls import reverse

from accounts.models import StaffAct
from payments import gateways
from payments.gateways.base import Succeeded
from payments.models import Payment, Refund, Reversal
from payments.services.wallet import wallet_of
from tests.actions.conftest import Gate
from tests.admin.doing import do, last_audit, page_of, sentences
from tests.cast import NOON
from tests.markup import markup
from tests.refunds import returned, topped_up


def test_the_gateway_is_asked_again_and_what_it_says_is_folded_in(staff, alice, monkeypatch):
    payment = Payment.objects.create(
        customer=alice, kind=Payment.Kind.TOP_UP, means=Payment.Means.GATEWAY, gateway="sandbox", reference="T-1",
        payable="top_up:1", description="top-up", amount=100_000, actor="x", created_at=NOON,
    )  # fmt: skip
    client = staff("support")
    gone = do(client, payment, "check")
    assert "not set up here" in sentences(gone)  # no gateway of this name in this portal
    monkeypatch.setattr("payments.services.asking.ask_gateway", lambda payment, at: Succeeded("G-1", 100_000, at))

    assert do(client, payment, "check").status_code == 302
    assert do(client, payment, "check").status_code == 302

    payment.refresh_from_db()
    assert payment.state == Payment.State.SUCCEEDED
    assert wallet_of(alice.pk).credit == 10_100_000
    assert last_audit().verb == "ask gateway"


def held_payment(customer):
    payment = Payment.objects.create(
        customer=customer, kind=Payment.Kind.TOP_UP, means=Payment.Means.GATEWAY, gateway="sandbox", reference="T-1",
        payable="top_up:1", description="top-up", amount=100_000, actor="x", created_at=NOON,
    )  # fmt: skip
    payment.fail(reason="held: used_before", at=NOON)
    payment.held, payment.held_amount, payment.held_txn_id = Payment.Held.USED_BEFORE, 90_000, "G-9"
    payment.save()
    return payment


def test_a_held_payment_needs_attention_until_staff_book_what_came(staff, alice):
    payment = held_payment(alice)
    client = staff("finance")
    assert "Payments that are held for staff" in client.get(reverse("admin:index")).content.decode()
    page = client.get(page_of(payment, "book")).content.decode()
    assert "90,000" in page
    assert "G-9" in page

    assert do(client, payment, "book", amount=90_000, gateway_txn_id="G-9").status_code == 302

    payment.refresh_from_db()
    assert (payment.state, payment.captured, payment.held) == ("succeeded", 90_000, "")
    assert wallet_of(alice.pk).credit == 10_090_000
    assert last_audit().verb == "book what was received"
    assert "Payments that are held for staff" not in client.get(reverse("admin:index")).content.decode()


def test_a_held_payment_that_brought_nothing_is_closed(staff, alice):
    payment = held_payment(alice)
    assert do(staff("finance"), payment, "close").status_code == 302
    payment.refresh_from_db()
    assert (payment.state, payment.held) == ("failed", "")
    assert do(staff("support"), payment, "book", amount=1, gateway_txn_id="x").status_code == 403


def test_a_top_up_is_returned_by_two_people_and_staff_ask_what_became_of_it(staff, alice):
    payment = topped_up(alice, 90_000)
    before = wallet_of(alice.pk).credit
    finance, second, support = staff("finance"), staff("finance"), staff("support")
    page = markup(finance.get(page_of(payment, "return"))).replace("\xa0", " ")
    assert "Can be returned" in page
    assert "90,000 ₫" in page
    assert support.get(page_of(payment, "return")).status_code == 403
    with patch.object(gateways, "gateway", lambda code: Gate(refund_answer=Succeeded("R-1", 50_000, NOON))):
        refused = do(finance, payment, "return", amount="90.001")
        assert (refused.status_code, "90,000" in sentences(refused)) == (422, True)
        assert do(finance, payment, "return", key="k2", amount="50.000").status_code == 302
        act = StaffAct.objects.waiting().get()
        assert "Can be returned" in markup(second.get(page_of(act, "approve")))
        assert Refund.objects.count() == 0
        second.post(page_of(act, "approve"), {"key": "k3"})
        refund = Refund.objects.get()
        assert wallet_of(alice.pk).credit == before - 50_000
        refused = do(finance, refund, "decide", gateway_txn_id="R-1", key="k4")
        assert (refused.status_code, "Its answer comes first" in sentences(refused)) == (422, True)
        assert do(support, refund, "check", key="k5").status_code == 302
    refund.refresh_from_db()
    assert (refund.state, last_audit().verb) == ("done", "ask gateway")


def test_two_people_decide_what_the_gateway_never_said(staff, alice):
    refund = returned(topped_up(alice, 90_000), 50_000)
    Refund.objects.filter(pk=refund.pk).update(state="under_way", sent_at=NOON, check_at=None)
    first, second = staff("finance"), staff("finance")
    assert "Refunds of which the gateway never said" in markup(first.get(reverse("admin:index")))
    assert refund.reference in markup(first.get(reverse("admin:payments_refund_changelist"), {"waits": "stuck"}))
    assert do(first, refund, "decide", gateway_txn_id="R-7").status_code == 302
    act = StaffAct.objects.waiting().get()
    assert "R-7" in markup(second.get(page_of(act, "approve")))
    second.post(page_of(act, "approve"), {"key": "k3"})
    refund.refresh_from_db()
    assert (refund.state, refund.gateway_txn_id) == ("done", "R-7")


def test_a_payment_that_was_taken_back_is_a_case_until_staff_close_it(staff, alice):
    payment = held_payment(alice)
    client = staff("finance")
    do(client, payment, "book", amount=90_000, gateway_txn_id="G-9")

    assert do(client, payment, "take-back", key="k2", amount=90_001, reference="CB-1").status_code == 422
    assert do(client, payment, "take-back", key="k3", amount=90_000, reference="CB-1").status_code == 302

    assert wallet_of(alice.pk).credit == 10_000_000
    reversal = Reversal.objects.get()
    assert "Payments that a bank or gateway took back" in client.get(reverse("admin:index")).content.decode()
    assert do(client, reversal, "close", key="k4").status_code == 302
    assert "Payments that a bank or gateway took back" not in client.get(reverse("admin:index")).content.decode()
