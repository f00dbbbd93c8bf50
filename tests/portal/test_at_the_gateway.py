"""Back from the gateway, and what it tells us by itself."""

import json
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from invoices.models import Invoice
from invoices.services.month_end import bill_ended_months
from payments.gateways.base import MAX_NOTICE, Failed, Succeeded
from payments.models import GatewayNotice, Payment
from payments.queries import gateway_name
from payments.services.wallet import wallet_of
from tests.cast import DAY, JOB, NOON, create, fund
from tests.markup import markup, one_line
from tests.portal.at_the_gateway import HOSTED, came_back, top_up
from tests.portal.seen import signed_in, the_time_being

pytestmark = pytest.mark.usefixtures("gateway")


# --- Back from the gateway ---


def test_the_address_is_not_believed(alice, started, gateway):
    page = came_back(signed_in(alice), started, status="1", amount="500000", result="success")
    assert "Waiting for the gateway" in page.content.decode()
    assert wallet_of(alice.pk).available == 10_000_000


def test_success_is_what_the_gateway_says(alice, started, gateway):
    gateway.outcome = Succeeded("txn-9", 500_000, NOON)
    client = signed_in(alice)
    page = came_back(client, started)
    assert "Payment received" in page.content.decode()
    assert reverse("wallet") in page.content.decode()
    assert wallet_of(alice.pk).available == 10_500_000
    came_back(client, started)
    assert (gateway.asked, wallet_of(alice.pk).available) == (1, 10_500_000)


def test_among_the_latest_movements_a_top_up_says_who_took_the_money(alice, started, gateway):
    gateway.outcome = Succeeded("txn-9", 500_000, NOON)
    client = signed_in(alice)
    came_back(client, started)

    page = client.get(reverse("wallet"))

    assert next(words for _entry, words in page.context["latest"]) == gateway_name(started.gateway)
    assert started.reference not in page.content.decode()
    history = client.get(reverse("credit-history"))
    assert history.context["page"].rows[0].said == gateway_name(started.gateway)
    assert started.reference not in history.content.decode()


def test_on_a_phone_the_lists_say_how_it_was_paid(alice, small, started, gateway):
    gateway.outcome = Succeeded("txn-9", 500_000, NOON)
    client = signed_in(alice)
    came_back(client, started)
    create(alice, small)
    kept = '<span class="sub sub--kept sub--phone">· '
    assert f"{kept}{gateway_name(started.gateway)}</span>" in markup(client.get(reverse("payment-history")))
    [bought] = [row for row in client.get(reverse("credit-history")).context["page"].rows if row.paid_with]
    paid_with = one_line(f'<span class="sub sub--kept sub--below">{bought.paid_with}</span>')
    assert paid_with in markup(client.get(reverse("credit-history")))


def test_one_transaction_of_the_gateway_pays_once_whatever_the_gateway_says(alice, bob, started, gateway):
    gateway.outcome = Succeeded("txn-1", 500_000, NOON)
    came_back(signed_in(alice), started)
    top_up(signed_in(bob), preset="500000")
    second = Payment.objects.get(customer=bob)

    assert tell(reference=second.reference, amount=500_000, mac="right").json() == {"verdict": "duplicate"}
    page = came_back(signed_in(bob), second)

    assert page.status_code == 200
    second.refresh_from_db()
    assert (second.state, second.held, second.held_txn_id) == ("failed", "used_before", "txn-1")
    assert (wallet_of(alice.pk).available, wallet_of(bob.pk).available) == (10_500_000, 0)


def test_what_a_gateway_says_about_a_failure_can_be_kept(alice, started, gateway):
    gateway.outcome = Failed("declined", "No\x00 \ud800" + "x" * 300)
    came_back(signed_in(alice), started)
    started.refresh_from_db()
    assert started.state == "failed"
    assert started.failure.startswith("declined: No ?xxx")


def test_failure_leads_to_another_try(alice, started, gateway):
    gateway.outcome = Failed("declined", "The card was declined.")
    page = came_back(signed_in(alice), started).content.decode()
    assert "did not go through" in page
    assert "The bank refused the payment." in page
    assert "hx-get" not in page
    assert wallet_of(alice.pk).available == 10_000_000


def test_a_failed_top_up_says_why_in_the_readers_language_and_leads_on(alice, started, gateway):
    gateway.outcome = Failed("insufficient_funds", "Balance too small")
    client = signed_in(alice)
    came_back(client, started)
    shown = markup(client.get(reverse("payment", args=[started.pk]), headers={"accept-language": "vi"}))
    assert "Tài khoản ngân hàng hoặc ví điện tử không đủ tiền." in shown
    assert "Balance too small" not in shown
    assert f'href="{reverse("wallet")}">Nạp lại</a>' in shown


def test_waiting_asks_a_few_times_and_then_leaves_it_to_the_job(alice, started, gateway):
    client = signed_in(alice)
    for _look in range(20):
        page = came_back(client, started, part="")
    assert gateway.asked == 5
    text = page.content.decode()
    assert text.lstrip().startswith("<section")
    assert "hx-get" in text
    client.post(reverse("payment-check", args=[started.pk]))
    assert gateway.asked == 6


def test_the_payment_of_somebody_else_does_not_exist(bob, started):
    client = signed_in(bob)
    for name in ("payment", "payment-return"):
        assert client.get(reverse(name, args=[started.pk])).status_code == 404
    for name in ("payment-check", "payment-cancel"):
        assert client.post(reverse(name, args=[started.pk])).status_code == 404


def test_giving_up_an_attempt_makes_room_and_late_money_still_counts(alice, started, gateway):
    client = signed_in(alice)
    client.post(reverse("payment-cancel", args=[started.pk]))
    started = Payment.objects.get(pk=started.pk)
    assert started.state == "cancelled"
    assert client.post(reverse("payment-cancel", args=[started.pk])).status_code == 409
    gateway.outcome = Succeeded("txn-9", 500_000, NOON)
    client.post(reverse("payment-check", args=[started.pk]))
    assert wallet_of(alice.pk).available == 10_500_000


def test_paying_invoices_through_the_gateway(bob, small, gateway):
    create(bob, small)
    april = NOON + 25 * DAY
    bill_ended_months(actor=JOB, at=april)
    client = signed_in(bob)
    with the_time_being(april):
        answer = client.post(reverse("pay-invoices"), {"invoice": Invoice.objects.get().pk, "means": "gateway:sandbox"})
        assert answer["Location"] == HOSTED
        payment = Payment.objects.get()
        again = client.get(reverse("pay-invoices"))
        assert again.context["open_attempt"] == payment
        refused = client.post(
            reverse("pay-invoices"), {"invoice": Invoice.objects.get().pk, "means": "gateway:sandbox"}
        )
        assert refused.status_code == 409
        gateway.outcome = Succeeded("txn-3", payment.amount, april)
        came_back(client, payment)
    assert Invoice.objects.get().status == "paid"
    assert wallet_of(bob.pk).available == 0


def test_invoices_take_all_credit_first_and_the_rest_through_the_gateway_and_the_page_says_both(bob, small, gateway):
    for name in ("a", "b"):
        create(bob, small, name=name)
    april = NOON + 25 * DAY
    bill_ended_months(actor=JOB, at=april)
    due = sum(one.due for one in Invoice.objects.all())
    fund(bob, due - 60_000)
    client = signed_in(bob)
    with the_time_being(april):
        page = client.get(reverse("pay-invoices"))
        offered = {way.value: way for way in page.context["means"]}
        note = offered["top_up_and_pay:sandbox"].note.replace("\xa0", " ")
        assert note == f"{due - 60_000:,} ₫ from the wallet, 60,000 ₫ by Sandbox gateway"
        assert offered["top_up_and_pay:sandbox"].is_first
        wish = {"invoice": [one.pk for one in Invoice.objects.all()], "means": "top_up_and_pay:sandbox"}
        client.post(reverse("pay-invoices"), wish)
        payment = Payment.objects.get()
        assert (payment.kind, payment.amount) == ("top_up", 60_000)
        gateway.outcome = Succeeded("txn-3", 60_000, april)
        shown = " ".join(unescape(strip_tags(markup(came_back(client, payment)))).split())
    assert f"{due - 60_000:,} ₫ from your wallet, 60,000 ₫ from Sandbox gateway." in shown
    assert {one.status for one in Invoice.objects.all()} == {"paid"}
    assert wallet_of(bob.pk).available == 0


def test_credit_that_came_meanwhile_pays_without_the_gateway(bob, small, gateway):
    create(bob, small)
    april = NOON + 25 * DAY
    bill_ended_months(actor=JOB, at=april)
    fund(bob, 500_000)
    with the_time_being(april):
        wish = {"invoice": [Invoice.objects.get().pk], "means": "top_up_and_pay:sandbox"}
        signed_in(bob).post(reverse("pay-invoices"), wish)
    assert (Payment.objects.get().means, Invoice.objects.get().status) == ("wallet", "paid")


# --- What the gateway tells us by itself ---


def tell(code="sandbox", **told):
    address = reverse("gateway-notice", args=[code])
    return Client(enforce_csrf_checks=True).post(address, json.dumps(told), content_type="application/json")


def test_a_notice_is_answered_in_the_gateways_words(alice, started):
    answer = tell(reference=started.reference, amount=500_000, mac="right")
    assert (answer.status_code, answer.json()) == (200, {"verdict": "accepted"})
    assert wallet_of(alice.pk).available == 10_500_000
    assert tell(reference=started.reference, amount=500_000, mac="right").json() == {"verdict": "duplicate"}
    assert wallet_of(alice.pk).available == 10_500_000


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"mac": "wrong"}, "bad_signature"),
        ({"amount": 500_000_000}, "wrong_amount"),
        ({"reference": "x"}, "unknown_reference"),
    ],
)
def test_notices_that_cannot_be_believed_move_nothing(alice, started, change, verdict):
    told = {"reference": started.reference, "amount": 500_000, "mac": "right", **change}
    assert tell(**told).json() == {"verdict": verdict}
    assert wallet_of(alice.pk).available == 10_000_000


def test_a_signed_notice_is_heard_however_much_was_forged_from_the_same_address(alice, started):
    for number in range(30):
        tell(reference=started.reference, amount=number, mac="wrong")

    assert tell(reference=started.reference, amount=500_000, mac="right").json() == {"verdict": "accepted"}


@pytest.mark.parametrize("body", [b"", b"\x00\xff", b"{", b"[" * 5000, "ổ".encode() * 6000])
def test_any_body_is_answered(db, body):
    answer = Client().post(reverse("gateway-notice", args=["sandbox"]), body, content_type="text/plain")
    assert answer.status_code in {200, 413}


def test_notices_are_read_up_to_a_limit(db):
    answer = Client().post(
        reverse("gateway-notice", args=["sandbox"]), b"x" * (MAX_NOTICE + 1), content_type="text/plain"
    )
    assert answer.status_code == 413
    assert not GatewayNotice.objects.exists()


def test_unknown_gateways_and_other_methods_are_not_answered(db):
    assert tell("nobody", mac="right").status_code == 404
    assert Client().get(reverse("gateway-notice", args=["sandbox"])).status_code == 405
