"""The wallet, payments, every movement of credit, and the way to a gateway and back."""

import csv
import io
import json
from datetime import timedelta
from html import unescape
from uuid import uuid4

import httpx
import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from pytest_django.asserts import assertNumQueries

from accounts.may import Role
from accounts.models import AuditEntry, Customer
from invoices.models import Invoice
from invoices.services.month_end import bill_ended_months
from ledger.services import Fact, Kind, spend
from orders.services.delete import delete_resource
from payments.gateways.base import MAX_NOTICE, BadSignature, Caps, Failed, Pending, Redirect, Report, Succeeded, Unknown
from payments.models import GatewayNotice, Payment
from payments.queries import gateway_name, promotional_by_expiry
from payments.services.credit import grant_promotional_credit
from payments.services.transfers import record_bank_transfer
from payments.services.wallet import wallet_of
from tests.cast import DAY, JOB, NOON, STAFF, create, fund, make_customer
from tests.documents.reading import text_of
from tests.markup import markup, one_line
from tests.portal.seen import said, signed_in, the_time_being

HOSTED = "https://gateway.example/pay/1"


class FakeGateway:
    """A gateway that answers what the test says: `outcome` to questions, `answer` to a start."""

    code = "sandbox"
    caps = Caps(1_000, 50_000_000, timedelta(minutes=15), timedelta(days=2))

    def __init__(self):
        self.answer, self.outcome, self.asked, self.count = Redirect(HOSTED), Pending(), 0, 0

    def new_reference(self, now):
        self.count += 1
        return f"{now:%y%m%d}_{self.count:09}"

    def start(self, **order):
        self.order = order
        return self.answer

    def query(self, *, reference, at):
        self.asked += 1
        return self.outcome

    def parse_notice(self, body, headers):
        try:
            told = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise BadSignature("unreadable") from error
        if told.get("mac") != "right":
            raise BadSignature("wrong mac")
        return Report(told["reference"], Succeeded("txn-1", told["amount"], NOON))

    def reply(self, verdict):
        return 200, "application/json", json.dumps({"verdict": verdict.value}).encode()


@pytest.fixture(autouse=True)
def gateway(monkeypatch):
    fake = FakeGateway()
    from payments.gateways import UnknownGateway

    def named(code):
        if code != "sandbox":
            raise UnknownGateway(code)
        return fake

    monkeypatch.setattr("payments.queries.gateway_named", named)
    monkeypatch.setattr("payments.gateways.gateway", named)
    with the_time_being(NOON):
        yield fake


def top_up(client, **data):
    return client.post(reverse("top-up"), {"gateway": "sandbox", **data})


def came_back(client, payment, **query):
    return client.get(reverse("payment-return", args=[payment.pk]), query)


# --- The wallet ---


def test_the_wallet_shows_its_parts(alice):
    grant_promotional_credit(alice, 300_000, expires_at=NOON + 5 * DAY, reason="Tết", actor=STAFF, at=NOON - DAY)
    page = signed_in(alice).get(reverse("wallet"))
    assert [figure["amount"] for figure in page.context["figures"]] == [10_300_000, 10_000_000, 300_000, 0]
    assert "5 days left" in page.content.decode()


def test_what_ends_first_is_spent_first_and_the_page_shows_what_is_left_of_each(alice):
    for amount, days in ((300_000, 5), (200_000, 45)):
        grant_promotional_credit(alice, amount, expires_at=NOON + days * DAY, reason="x", actor=STAFF, at=NOON - DAY)
    spend(alice.pk, 250_000, into=Kind.ADJUSTMENTS, kind=Fact.ADJUSTMENT, source="opening:x", at=NOON)
    parts = promotional_by_expiry(alice.pk, at=NOON)
    assert [(part.amount, part.expires_at) for part in parts] == [
        (50_000, NOON + 5 * DAY),
        (200_000, NOON + 45 * DAY),
    ]


def test_topping_up_leads_to_the_gateway(alice, gateway):
    answer = top_up(signed_in(alice), preset="500000")
    assert (answer.status_code, answer["Location"]) == (303, HOSTED)
    payment = Payment.objects.get(customer=alice)
    assert (payment.amount, payment.state, payment.kind) == (500_000, "processing", "top_up")
    assert gateway.order["return_url"].endswith(f"/payments/{payment.pk}/return/")
    assert wallet_of(alice.pk).available == 10_000_000


def test_one_page_is_one_top_up_for_each_way_and_amount(alice, gateway, monkeypatch):
    """Pressed twice it is one; back from the gateway's page, another amount or another way is another one."""
    monkeypatch.setattr("payments.gateways.gateway", lambda code: gateway)
    monkeypatch.setattr("payments.queries.gateway_named", lambda code: gateway)
    monkeypatch.setattr("payments.queries.open_codes", lambda: ["sandbox", "sandbox-momo"])
    client, once = signed_in(alice), str(uuid4())
    for way, amount in [("sandbox", 500_000), ("sandbox-momo", 500_000), ("sandbox", 200_000)]:
        for _twice in range(2):
            assert top_up(client, gateway=way, preset=str(amount), once=once).status_code == 303
    begun = Payment.objects.filter(customer=alice).order_by("pk").values_list("gateway", "amount")
    assert list(begun) == [("sandbox", 500_000), ("sandbox-momo", 500_000), ("sandbox", 200_000)]


@pytest.mark.parametrize(("typed", "amount"), [("1.250.000", 1_250_000), ("1,250,000 ₫", 1_250_000), ("20000", 20_000)])
def test_an_amount_of_ones_own_wins_over_the_preset(alice, typed, amount):
    top_up(signed_in(alice), preset="500000", amount=typed)
    assert Payment.objects.get().amount == amount


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"amount": "9999"},
        {"amount": "50.000.001"},
        {"amount": "-20000"},
        {"amount": "2e6"},
        {"amount": "many"},
        {"amount": "9" * 30},
        {"preset": "123"},
        {"preset": "500000", "gateway": "other"},
    ],
)
def test_top_ups_that_cannot_be_are_refused_on_the_page(alice, data):
    answer = top_up(signed_in(alice), **data)
    assert answer.status_code == 400
    assert not Payment.objects.exists()


def test_viewers_cannot_top_up(alice):
    client = signed_in(alice, role=Role.VIEWER)
    assert top_up(client, preset="500000").status_code == 403
    assert "Only users with the role owner or billing can top up." in client.get(reverse("wallet")).content.decode()
    assert not Payment.objects.exists()


def test_a_gateway_that_says_nothing_leaves_an_open_question(alice, gateway):
    gateway.answer = gateway.outcome = Unknown("time-out")
    answer = top_up(signed_in(alice), preset="500000")
    payment = Payment.objects.get()
    assert answer["Location"] == reverse("payment-return", args=[payment.pk])
    assert "Please do not pay again" in came_back(signed_in(alice), payment).content.decode()


def test_automatic_payment_is_switched_and_written_down(alice):
    client = signed_in(alice)
    client.post(reverse("automatic-payment"), {"automatic": "off"})
    assert not Customer.objects.get(pk=alice.pk).pays_invoices_automatically
    client.post(reverse("automatic-payment"), {"automatic": "off"})
    assert AuditEntry.objects.get(customer=alice).verb == "switch automatic payment"
    assert signed_in(alice, role=Role.VIEWER).post(reverse("automatic-payment")).status_code == 403


# --- Back from the gateway ---


@pytest.fixture
def started(alice):
    top_up(signed_in(alice), preset="500000")
    return Payment.objects.get(customer=alice)


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
    kept = '<span class="sub sub--kept sub--phone">'
    assert f"{kept}{gateway_name(started.gateway)}</span>" in markup(client.get(reverse("payment-history")))
    [bought] = [row for row in client.get(reverse("credit-history")).context["page"].rows if row.paid_with]
    paid_with = one_line(f'<span class="sub sub--kept">{bought.paid_with}</span>')
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


# --- Histories ---


def test_the_payment_history_names_the_invoices_that_were_paid(alice, small):
    (server,) = create(alice, small)
    page = signed_in(alice).get(reverse("payment-history"))
    (payment,) = page.context["page"].rows
    assert [part.invoice.number for part in payment.paid_invoices] == [server.invoices.get().number]
    assert page.context["sums"] == (0, 181_000)


def test_a_top_up_and_what_it_was_spent_on_are_not_added_up(bob, small):
    """100,000 came in by transfer, of which 60,333 paid an invoice and 39,667 are credit: 100,000 in, 60,333 spent."""
    [server] = create(bob, small)
    delete_resource(server.pk, actor=STAFF, at=NOON + 10 * DAY)
    bill = server.invoices.get()
    record_bank_transfer(
        bob.pk, 100_000, [bill.pk], reference="FT1", reason="statement", actor=STAFF, at=NOON + 10 * DAY
    )
    page = signed_in(bob).get(reverse("payment-history"))
    assert page.context["sums"] == (100_000, 60_333)


@pytest.mark.parametrize(
    ("wishes", "count"),
    [
        ({"means": "wallet"}, 1),
        ({"means": "gateway"}, 1),
        ({"kind": "top_up"}, 1),
        ({"state": "processing"}, 1),
        ({"q": "web"}, 1),
        ({"since": "2026-03-10"}, 2),
        ({"since": "2026-03-11"}, 0),
        ({"until": "2026-03-10"}, 2),
        ({"until": "2026-03-09"}, 0),
        ({"since": "yesterday"}, 2),
        ({"since": "0001-01-01"}, 2),
        ({"until": "9999-12-31"}, 2),
        ({"since": "2026-03-20", "until": "2026-03-10"}, 2),
        ({"means": "gold"}, 2),
    ],
)
def test_payments_are_filtered(alice, small, started, wishes, count):
    create(alice, small)
    page = signed_in(alice).get(reverse("payment-history"), wishes)
    assert len(page.context["page"].rows) == count


def test_payments_as_csv(alice, small):
    (server,) = create(alice, small)
    text = signed_in(alice).get(reverse("payment-export", args=["csv"])).getvalue().decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["Amount"], row["Status"], row["Means"]) == ("181000", "succeeded", "wallet")
    assert row["Invoices paid"] == server.invoices.get().number


def test_the_credit_history_shows_every_movement_with_the_balance_after_it(alice, small):
    create(alice, small)
    page = signed_in(alice).get(reverse("credit-history"))
    assert [(entry.amount, entry.balance_after) for entry in page.context["page"].rows] == [
        (-181_000, 9_819_000),
        (10_000_000, 10_000_000),
    ]
    assert (page.context["came"], page.context["went"]) == (10_000_000, -181_000)
    assert "−181,000" in page.content.decode()


@pytest.mark.parametrize(
    ("wishes", "count"),
    [
        ({"action": "purchase"}, 1),
        ({"action": "adjustment"}, 1),
        ({"action": "grant"}, 0),
        ({"bucket": "promotional"}, 0),
        ({"q": "web"}, 1),
        ({"since": "2026-03-01"}, 1),
        ({"action": "no"}, 2),
    ],
)
def test_movements_are_filtered(alice, small, wishes, count):
    create(alice, small)
    client = signed_in(alice)
    assert len(client.get(reverse("credit-history"), wishes).context["page"].rows) == count
    text = client.get(reverse("credit-export", args=["csv"]), wishes).getvalue().decode("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(text)))) == count


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("name", ["payment-history", "credit-history", "wallet"])
def test_lists_cost_the_same_number_of_queries(alice, small, count, name):
    for number in range(count):
        create(alice, small, name=f"web-{number}")
    client = signed_in(alice)
    expected = {"payment-history": 9, "credit-history": 9, "wallet": 11}[name]
    with assertNumQueries(expected):
        client.get(reverse(name))


def test_empty_histories_teach(bob):
    client = signed_in(bob)
    assert "No payments yet" in client.get(reverse("payment-history")).content.decode()
    assert "Nothing has moved yet" in client.get(reverse("credit-history")).content.decode()
    assert client.get(reverse("wallet")).status_code == 200


def test_others_see_none_of_it(alice, bob, small):
    create(alice, small)
    client = signed_in(bob)
    assert client.get(reverse("payment", args=[Payment.objects.get().pk])).status_code == 404
    assert client.get(reverse("payment-history")).context["page"].rows == []
    assert client.get(reverse("credit-history")).context["page"].rows == []


def test_movements_lead_to_what_caused_them(alice, small):
    create(alice, small)
    fund(alice, 5)
    page = signed_in(alice).get(reverse("credit-history"))
    causes = [entry.cause for entry in page.context["page"].rows]
    assert causes == ["", reverse("order", args=[Payment.objects.get().order_id]), ""]


def test_paying_says_so_once(bob, small):
    carol = make_customer("Carol", credit=1_000_000, mode="postpaid", pays_invoices_automatically=False)
    create(carol, small)
    april = NOON + 25 * DAY
    bill_ended_months(actor=JOB, at=april)
    client = signed_in(carol)
    with the_time_being(april):
        answer = client.post(reverse("pay-invoices"), {"invoice": Invoice.objects.get().pk, "means": "wallet"})
    assert said(answer) == ["129,717\u00a0₫ were paid from your wallet."]
    assert isinstance(answer.status_code, int)
    assert httpx.codes.is_redirect(answer.status_code)


def test_the_balance_after_a_movement_is_that_of_all_credit(alice):
    """10,000,000 bought, 50,000 granted, 7,000 bought: 10,000,000, then 10,050,000, then 10,057,000, also when filtered."""
    grant_promotional_credit(alice, 50_000, expires_at=NOON + 9 * DAY, reason="welcome", actor=STAFF, at=NOON)
    fund(alice, 7_000, at=NOON)
    client = signed_in(alice)
    rows = client.get(reverse("credit-history")).context["page"].rows
    assert [(row.balance_after, row.total_after) for row in rows] == [
        (10_007_000, 10_057_000),
        (50_000, 10_050_000),
        (10_000_000, 10_000_000),
    ]
    granted = client.get(reverse("credit-history"), {"bucket": "promotional"}).context["page"].rows
    assert [(row.balance_after, row.total_after) for row in granted] == [(50_000, 10_050_000)]


def test_the_download_of_movements_has_all_credit_after_each_also_when_filtered(alice):
    """10,000,000 bought, 50,000 granted, 7,000 bought."""
    grant_promotional_credit(alice, 50_000, expires_at=NOON + 9 * DAY, reason="welcome", actor=STAFF, at=NOON)
    fund(alice, 7_000, at=NOON)
    client = signed_in(alice)

    def totals(**wishes):
        text = client.get(reverse("credit-export", args=["csv"]), wishes).getvalue().decode("utf-8-sig")
        return [(row["Balance after"], row["All credit after"]) for row in csv.DictReader(io.StringIO(text))]

    assert totals() == [("10007000", "10057000"), ("50000", "10050000"), ("10000000", "10000000")]
    assert totals(bucket="promotional") == [("50000", "10050000")]


def test_a_statement_leads_from_its_opening_to_its_closing_balance(alice):
    """10,000,000 before the month; on its days 50,000 granted and 181,000 spent, though 7,000 more came after them."""
    grant_promotional_credit(alice, 50_000, expires_at=NOON + 9 * DAY, reason="welcome", actor=STAFF, at=NOON + DAY)
    spend(
        alice.pk,
        181_000,
        into=Kind.ADJUSTMENTS,
        kind=Fact.ADJUSTMENT,
        reference="web",
        source="opening:1",
        at=NOON + 2 * DAY,
    )
    fund(alice, 7_000, at=NOON + 9 * DAY)
    client = signed_in(alice)
    first, last = ((NOON + days * DAY).date().isoformat() for days in (1, 3))
    with the_time_being(NOON + 10 * DAY):
        answer = client.get(reverse("credit-statement"), {"since": first, "until": last, "lang": "en"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    words = text_of(answer.content)
    for line in (
        "Opening balance 10,000,000 ₫ Came in 50,000 ₫ Went out −181,000 ₫ Closing balance 9,869,000 ₫",
        "+50,000 ₫ 10,050,000 ₫",
    ):
        assert line.replace(" ₫", "\u00a0₫") in words or line in words
    assert "7,000 ₫" not in words.replace("\u00a0", " ").replace("10,007,000", "")


def test_a_statement_of_all_time_opens_with_nothing(alice):
    words = text_of(signed_in(alice).get(reverse("credit-statement"), {"lang": "en"}).content).replace("\u00a0", " ")
    assert "Opening balance 0 ₫ Came in 10,000,000 ₫ Went out 0 ₫ Closing balance 10,000,000 ₫" in words
