"""The lists of payments and of every movement of credit, as pages, files and statements."""

import csv
import io

import httpx
import pytest
from django.urls import reverse
from pytest_django.asserts import assertNumQueries

from invoices.models import Invoice
from invoices.services.month_end import bill_ended_months
from ledger.services import Fact, Kind, spend
from orders.services.delete import delete_resource
from payments.models import Payment
from payments.services.credit import grant_promotional_credit
from payments.services.transfers import record_bank_transfer
from tests.cast import DAY, JOB, NOON, STAFF, create, fund, make_customer
from tests.documents.reading import text_of
from tests.portal.seen import said, signed_in, the_time_being

pytestmark = pytest.mark.usefixtures("gateway")


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
    expected = {"payment-history": 9, "credit-history": 9, "wallet": 13}[name]
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
