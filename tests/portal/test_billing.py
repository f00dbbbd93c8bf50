"""Billing history, invoices and the usage report, as customers see them."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from zipfile import ZipFile

import pytest
from django.urls import reverse
from pytest_django.asserts import assertNumQueries

from accounts.may import Role
from catalog.models import Discount, Item
from invoices.models import CreditNote, Invoice
from invoices.ranges import between, named_range
from invoices.services.credit import credit_invoice
from invoices.services.month_end import bill_ended_months
from kernel.cells import quoted
from kernel.periods import CalendarMonth
from payments.models import Payment
from payments.services.wallet import wallet_of
from tests.cast import DAY, JOB, MONTH, NOON, create, fund, make_coupon, make_customer, make_item, make_product
from tests.portal.seen import said, signed_in, the_time_being

APRIL = datetime(2026, 4, 2, 3, 0, tzinfo=UTC)
"""After March has been billed."""


@pytest.fixture(autouse=True)
def _spring():
    with the_time_being(APRIL):
        yield


@pytest.fixture
def billed(bob, small):
    """Bob's two servers from 10 March, noon, to the end of the month: 21 d 12 h at 181,000 = 129,717 VND each."""
    create(bob, small, quantity=2)
    bill_ended_months(actor=JOB, at=APRIL)
    return list(Invoice.objects.filter(customer=bob).order_by("number"))


def history(client, **wishes):
    return client.get(reverse("billing-history"), wishes)


# --- Billing history ---


def test_the_history_adds_up(bob, billed):
    page = history(signed_in(bob))
    assert [invoice.number for invoice in page.context["page"].rows] == ["U2026-0000002", "U2026-0000001"]
    summary = page.context["summary"]
    assert (summary.count, summary.charged, summary.paid, summary.due) == (2, 259_434, 0, 259_434)
    assert summary.months == {CalendarMonth(2026, 4): (0, 259_434)}
    assert "129,717" in page.content.decode()


def test_the_empty_history_teaches(bob):
    page = history(signed_in(bob))
    assert page.status_code == 200
    assert "No invoices yet" in page.content.decode()


@pytest.mark.parametrize(
    ("wishes", "count"),
    [
        ({"months": "this"}, 2),
        ({"months": "last"}, 0),
        ({"months": "ago", "oldest": "3", "newest": "0"}, 2),
        ({"months": "ago", "oldest": "3", "newest": "1"}, 0),
        ({"months": "between", "first": "2026-04", "last": "2026-04"}, 2),
        ({"months": "between", "first": "2026-05"}, 2),
        ({"months": "between", "first": "2025-01", "last": "2026-03"}, 0),
        ({"status": "open"}, 2),
        ({"status": "unpaid"}, 2),
        ({"status": "paid"}, 0),
        ({"status": "overdue"}, 0),
        ({"product": "vserver"}, 2),
        ({"q": "web-2"}, 1),
        ({"q": "u2026-0000001"}, 1),
        ({"q": "%"}, 0),
        ({"product": "no-such"}, 2),
        ({"months": "ago", "oldest": "-1"}, 2),
        ({"months": "between", "first": "soon"}, 2),
        ({"status": "' OR 1=1 --"}, 2),
        ({"months": "between", "first": "0001-01"}, 2),
        ({"months": "between", "last": "9999-12"}, 2),
        ({"q": "\x00"}, 2),
        ({"before": "garbage", "after": "eyJ"}, 2),
        ({"after": "W1sidiIsImEiXSxbInYiLFtdXV0"}, 2),
    ],
)
def test_filters_narrow_the_history_and_nonsense_does_not_break_it(bob, billed, wishes, count):
    page = history(signed_in(bob), **wishes)
    assert page.status_code == 200
    assert page.context["summary"].count == count


def test_others_see_nothing_of_it(alice, billed):
    page = history(signed_in(alice))
    assert page.context["summary"].count == 0
    client = signed_in(alice)
    for name in ("invoice", "invoice-pdf"):
        assert client.get(reverse(name, args=[billed[0].pk])).status_code == 404


@pytest.mark.parametrize("name", ["billing-history", "usage-report", "pay-invoices"])
def test_strangers_sign_in_first(client, db, name):
    answer = client.get(reverse(name))
    assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={reverse(name)}")


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("name", ["billing-history", "pay-invoices", "usage-report"])
def test_lists_cost_the_same_number_of_queries(bob, small, count, name):
    create(bob, small, quantity=count)
    bill_ended_months(actor=JOB, at=APRIL)
    client = signed_in(bob)
    expected = {"billing-history": 9, "pay-invoices": 13, "usage-report": 9}[name]
    with assertNumQueries(expected):
        page = client.get(reverse(name))
    assert page.status_code == 200


def test_older_pages_continue_where_the_last_one_ended(bob, small):
    create(bob, small, quantity=30)
    bill_ended_months(actor=JOB, at=APRIL)
    client = signed_in(bob)
    first = history(client).context["page"]
    second = history(client, after=first.older).context["page"]
    assert (len(first.rows), len(second.rows), second.older) == (25, 5, "")
    assert len({invoice.number for invoice in first.rows + second.rows}) == 30


# --- Downloads ---


def test_csv_holds_exactly_what_is_filtered(bob, billed):
    client = signed_in(bob)
    answer = client.get(reverse("billing-export", args=["csv"]), {"q": "web-2"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = answer.getvalue().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["Number"], row["Resource"], row["Total"], row["To pay"], row["Status"]) for row in rows] == [
        (billed[1].number, "web-2", "129717", "129717", "unpaid")
    ]
    assert rows[0]["From"] == "2026-03-10 12:00"


def test_names_do_not_become_formulas(bob, small):
    create(bob, small, name="=HYPERLINK(1)")
    bill_ended_months(actor=JOB, at=APRIL)
    client = signed_in(bob)
    text = client.get(reverse("billing-export", args=["csv"])).getvalue().decode()
    assert ",'=HYPERLINK(1)," in text
    with ZipFile(io.BytesIO(client.get(reverse("billing-export", args=["xlsx"])).getvalue())) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "=HYPERLINK(1)" in sheet
    assert "<f>" not in sheet


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", " =", "\u3000＝", "\ufeff="])
def test_whatever_a_spreadsheet_takes_for_a_formula_is_quoted(start):
    assert quoted(f"{start}1+1") == f"'{start}1+1"


def test_other_words_stand_as_they_are():
    for word in ("web-01", "1=1", "Máy chủ", "", " web"):
        assert quoted(word) == word


def test_each_invoice_of_the_list_has_its_document_beside_it(bob, billed):
    page = signed_in(bob).get(reverse("billing-history")).content.decode()
    for invoice in billed:
        assert reverse("invoice-pdf", args=[invoice.pk]) in page


def test_other_formats_do_not_exist(bob):
    assert signed_in(bob).get(reverse("billing-export", args=["exe"])).status_code == 404


# --- The invoice ---


def test_an_invoice_explains_its_lines(bob, billed):
    page = signed_in(bob).get(reverse("invoice", args=[billed[0].pk]))
    (line,) = page.context["lines"]
    assert line.explained.is_confirmed
    assert line.explained.formula == "181,000 × 1 × 30,960 / 43,200 = 129,716.6667"
    facts = {fact.label: fact.value for fact in line.explained.facts}
    assert facts["Rounding"] == "129,716.6667, half up to 129,717\u00a0₫"
    assert facts["VAT"] == "10\u00a0%, the rate of 31 Mar 2026, included: 11,792\u00a0₫ of 129,717\u00a0₫"
    assert "the same to the đồng" in page.content.decode()


def test_discount_vat_on_top_and_coupon_are_part_of_the_explanation(alice, vserver):
    extra = make_item(vserver, "extra", 165_000, includes_vat=False)
    disk = make_item(vserver, "gb", "7.7", kind=Item.Kind.VOLUME)
    Discount.objects.create(customer=alice, product=vserver, share=Decimal("0.5"), valid_from=NOON - DAY)
    make_coupon("TET", 20_000)
    (server,) = create(alice, extra, (disk, 1000), coupon="TET")
    page = signed_in(alice).get(reverse("invoice", args=[server.invoices.get().pk]))
    first, second = page.context["lines"]
    facts = {fact.label: fact.value for fact in first.explained.facts}
    assert first.explained.formula == "165,000 × 1 × (1 − 50\u00a0%) × 43,200 / 43,200 = 82,500"
    assert facts["VAT"] == "10\u00a0%, the rate of 10 Mar 2026, added: 8,250\u00a0₫, together 90,750\u00a0₫"
    shares = [
        next(fact.value for fact in line.explained.facts if fact.label == "Share of the coupon")
        for line in (first, second)
    ]
    assert shares == ["−19,186\u00a0₫", "−814\u00a0₫"]


@pytest.mark.parametrize("lines", [1, 3])
def test_an_invoice_costs_the_same_number_of_queries_however_long(alice, vserver, small, lines):
    disks = [(make_item(vserver, f"disk-{number}", 1000 + number, kind=Item.Kind.VOLUME), 1) for number in range(lines)]
    (server,) = create(alice, small, *disks)
    client, address = signed_in(alice), reverse("invoice", args=[server.invoices.get().pk])
    with assertNumQueries(9):
        page = client.get(address)
        assert len(page.context["lines"]) == lines + 1


# --- Paying ---


def pay(client, invoices, **data):
    return client.post(reverse("pay-invoices"), {"invoice": [one.pk for one in invoices], "means": "wallet", **data})


def test_paying_chosen_invoices_from_the_wallet(bob, billed):
    fund(bob, 300_000)
    answer = pay(signed_in(bob), billed)
    payment = Payment.objects.get(customer=bob)
    assert answer["Location"] == reverse("payment", args=[payment.pk])
    assert payment.amount == 259_434
    assert {invoice.status for invoice in Invoice.objects.filter(customer=bob)} == {"paid"}
    assert wallet_of(bob.pk).available == 40_566


def test_paying_a_part_settles_the_earlier_number_first(bob, billed):
    fund(bob, 300_000)
    answer = pay(signed_in(bob), billed, amount="150.000 ₫")
    assert said(answer) == ["150,000\u00a0₫ were paid from your wallet."]
    assert [(one.status, one.due) for one in Invoice.objects.order_by("number")] == [
        ("paid", 0),
        ("partially_paid", 109_434),
    ]


@pytest.mark.parametrize("amount", ["0", "-5", "1e9", "12.5", "1,23", "٣٤٥x", "9" * 29])
def test_amounts_that_are_none_are_refused_beside_the_field(bob, billed, amount):
    fund(bob, 300_000)
    answer = pay(signed_in(bob), billed, amount=amount)
    assert answer.status_code == 400
    assert 'id="id_amount_error"' in answer.content.decode()
    assert not Payment.objects.exists()
    assert wallet_of(bob.pk).available == 300_000


@pytest.mark.parametrize("amount", ["259.435", "300000"])
def test_more_than_is_due_changes_nothing(bob, billed, amount):
    fund(bob, 300_000)
    answer = pay(signed_in(bob), billed, amount=amount)
    assert answer.status_code == 422
    assert not Payment.objects.exists()


def test_without_enough_credit_nothing_is_paid(bob, billed):
    fund(bob, 1_000)
    answer = pay(signed_in(bob), billed)
    assert answer.status_code == 402
    assert "258,434" in answer.content.decode()
    assert not Payment.objects.exists()
    assert wallet_of(bob.pk).available == 1_000


def test_an_invoice_of_somebody_else_cannot_be_paid(alice, bob, billed):
    answer = pay(signed_in(alice), billed)
    assert answer.status_code == 404
    assert not Payment.objects.exists()
    assert wallet_of(alice.pk).available == 10_000_000


def test_no_choice_pays_nothing(bob, billed):
    fund(bob, 300_000)
    assert pay(signed_in(bob), []).status_code == 409
    assert not Payment.objects.exists()


def test_viewers_look_and_do_not_pay(bob, billed):
    fund(bob, 300_000)
    client = signed_in(bob, role=Role.VIEWER)
    page = history(client).content.decode()
    assert 'name="invoice"' not in page
    assert "chosen" not in client.get(reverse("invoice", args=[billed[0].pk])).context
    assert pay(client, billed).status_code == 403
    assert not Payment.objects.exists()


def test_the_role_billing_pays(bob, billed):
    fund(bob, 300_000)
    pay(signed_in(bob, role=Role.BILLING), billed)
    assert Payment.objects.get().amount == 259_434


def test_the_payment_page_names_what_is_open_the_oldest_first(bob, billed):
    page = signed_in(bob).get(reverse("pay-invoices"), {"invoice": [billed[1].pk, "rubbish"]})
    assert [one.pk for one in page.context["chosen"]] == [billed[1].pk]
    page = signed_in(bob).get(reverse("pay-invoices"))
    assert [one.pk for one in page.context["chosen"]] == [billed[0].pk, billed[1].pk]
    assert page.context["due"] == 259_434


def test_a_void_invoice_shows_its_credit_note(bob, billed):
    credit_invoice(billed[0], 129_717, CreditNote.Reason.CORRECTION, at=APRIL, note="outage")
    page = signed_in(bob).get(reverse("invoice", args=[billed[0].pk]))
    text = page.content.decode()
    assert "C2026-0000001" in text
    assert "outage" in text
    assert "Void" in text
    assert "chosen" not in page.context


# --- Ranges of months ---


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("this", "2026-04", "2026-04"),
        ("last", "2026-03", "2026-03"),
        ("last-2", "2026-02", "2026-03"),
        ("last-6", "2025-10", "2026-03"),
        ("last-12", "2025-04", "2026-03"),
    ],
)
def test_named_ranges_are_whole_months_before_this_one(name, first, last):
    found = named_range(name, at=APRIL)
    assert (found.first.key, found.last.key) == (first, last)


def test_ranges_are_of_the_billing_zone():
    """The evening of 31 March in London is April in Hà Nội."""
    evening = datetime(2026, 3, 31, 17, 30, tzinfo=UTC)
    assert named_range("this", at=evening).first.key == "2026-04"
    assert between(1, 3, at=evening) == between(3, 1, at=evening)


def test_products_share_what_was_charged(bob, small):
    storage = make_product("vstorage")
    pack = make_item(storage, "pack", 43_200, kind=Item.Kind.PACKAGE)
    create(bob, small, at=NOON)
    create(bob, pack, at=NOON)
    bill_ended_months(actor=JOB, at=APRIL)
    page = history(signed_in(bob))
    assert {part["label"]: part["amount"] for part in page.context["shares"]} == {
        "vserver": 129_717,
        "vstorage": 30_960,
    }


def test_unit_prices_keep_their_fractions(alice, small):
    customer = make_customer("Carol", credit=MONTH.days * 1_000_000)
    disk = make_item(small.product, "gb", "2150.5", kind=Item.Kind.VOLUME)
    (server,) = create(customer, small, (disk, 3))
    page = signed_in(customer).get(reverse("invoice", args=[server.invoices.get().pk])).content.decode()
    assert "2,150.5" in page
