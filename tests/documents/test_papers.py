"""Papers for bookkeepers: many invoices in one file, the documents of a list as a ZIP, the statement of a month, the VAT ledger."""

import csv
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from accounts.models import CustomerKey, User
from invoices.models import CreditNote, Invoice
from invoices.pdf import invoice_pdf
from invoices.services.credit import credit_invoice
from invoices.services.month_end import bill_ended_months
from invoices.vat import SumOfRate, sums_by_rate, vat_ledger
from kernel.periods import CalendarMonth
from payments.monthly import monthly_statement_pdf
from payments.services.invoices import pay_invoices_from_wallet
from tests.cast import JOB, create, fund, make_customer, owner_of
from tests.documents.reading import text_of
from tests.portal.seen import signed_in, the_time_being
from tests.refunds import topped_up

APRIL = datetime(2026, 4, 1, 17, 30, tzinfo=UTC)  # 2 April, 00:30 in Hà Nội
MONTH = CalendarMonth(2026, 4)


@pytest.fixture(autouse=True)
def _april():
    with the_time_being(APRIL):
        yield


@pytest.fixture
def superuser(db):
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_user("boss@portal.example", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def carol(db):
    return make_customer("Carol", mode="postpaid", language="en", tax_code="0101234565")


@pytest.fixture
def billed(carol, small):
    """
    Two servers of 181,000 for 30 days, tax of 10 % included, from 10 March at noon to the end of the month in Hà Nội, which are
    21 days and 12 hours: 129,717 each, of which 11,792.45 are tax.
    """
    create(carol, small, quantity=2, name="web")
    bill_ended_months(actor=JOB, at=APRIL)
    return list(Invoice.objects.filter(customer=carol).order_by("number"))


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


def test_many_invoices_are_one_file_in_which_each_counts_its_own_pages(billed):
    with override("en"):
        text = text_of(invoice_pdf(*billed, at=APRIL))
    for invoice in billed:
        assert invoice.number in text
    assert text.count("1 / 1") == 2


def test_the_documents_of_a_list_are_a_zip_with_credit_notes(carol, billed):
    note = credit_invoice(billed[0], 10_000, CreditNote.Reason.CORRECTION, at=APRIL, note="An hour of outage")
    answer = signed_in(carol).get(reverse("billing-documents"))
    with zipfile.ZipFile(BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == sorted(
            [f"{billed[0].number}.pdf", f"{billed[1].number}.pdf", f"{note.number}.pdf"]
        )
        assert all(archive.read(name).startswith(b"%PDF-") for name in archive.namelist())


def test_the_zip_has_what_the_filters_leave_and_is_refused_when_it_is_too_much(carol, billed, monkeypatch):
    client = signed_in(carol)
    answer = client.get(reverse("billing-documents"), {"q": billed[1].number})
    with zipfile.ZipFile(BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.namelist() == [f"{billed[1].number}.pdf"]
    monkeypatch.setattr("invoices.zipped.MOST_DOCUMENTS", 1)
    assert client.get(reverse("billing-documents")).status_code == 422


def test_the_statement_of_a_month_has_its_invoices_payments_and_sums(carol, billed):
    """129,717 and 129,717 are 259,434; 129,717 of it were paid."""
    fund(carol, 129_717)
    pay_invoices_from_wallet(carol.pk, [billed[0].pk], actor=owner_of(carol), at=APRIL)
    with override("en"):
        text = plain(text_of(monthly_statement_pdf(carol, MONTH, at=APRIL)))
    for words in (
        "Monthly statement", "April 2026", billed[0].number, billed[1].number, "259,434 ₫", "129,717 ₫",
    ):  # fmt: skip
        assert words in " ".join(text.split())
    assert [invoice.total for invoice in billed] == [129_717, 129_717]


def test_a_top_up_and_what_it_paid_are_not_added_up_in_the_statement(carol, billed):
    """500,000 came in, and at once paid both invoices of 129,717, 259,434: two sums, and never 759,434."""
    topped_up(carol, 500_000, at=APRIL)
    with override("en"):
        words = " ".join(plain(text_of(monthly_statement_pdf(carol, MONTH, at=APRIL))).split())
    assert "Came in from outside in this month 500,000 ₫" in words
    assert "Paid for orders and invoices in this month 259,434 ₫" in words
    assert "759,434" not in words


def test_page_and_programs_get_the_same_statement(carol, billed):
    page = signed_in(carol).get(reverse("monthly-statement"), {"month": "2026-04", "lang": "en"})
    _key, secret = CustomerKey.issue(at=APRIL, name="books", customer=carol)
    programs = Client().get(
        "/api/v1/invoices/statement/",
        {"month": "2026-04", "language": "en"},
        headers={"authorization": f"Bearer {secret}"},
    )
    assert page["Content-Type"] == programs["Content-Type"] == "application/pdf"
    assert page.content == programs.content


def test_programs_get_the_zip_too(carol, billed):
    _key, secret = CustomerKey.issue(at=APRIL, name="books", customer=carol)
    answer = Client().get(
        "/api/v1/invoices/documents/", {"month": "2026-04"}, headers={"authorization": f"Bearer {secret}"}
    )
    with zipfile.ZipFile(BytesIO(b"".join(answer.streaming_content))) as archive:
        assert len(archive.namelist()) == 2


def test_programs_are_told_when_it_is_too_much_for_one_file(carol, billed, monkeypatch):
    monkeypatch.setattr("invoices.zipped.MOST_DOCUMENTS", 1)
    monkeypatch.setattr("payments.monthly.MOST_ROWS", 1)
    _key, secret = CustomerKey.issue(at=APRIL, name="books", customer=carol)
    for place, code in (("documents", "too-many-documents"), ("statement", "month-too-long")):
        answer = Client().get(
            f"/api/v1/invoices/{place}/", {"month": "2026-04"}, headers={"authorization": f"Bearer {secret}"}
        )
        assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_the_vat_ledger_has_a_row_for_each_document_and_rate(billed):
    """10,000 credited of 129,717 with 11,792 tax take back 909 of the tax."""
    note = credit_invoice(billed[0], 10_000, CreditNote.Reason.CORRECTION, at=APRIL, note="An hour of outage")
    first, second, credit = vat_ledger(MONTH)
    rate = first.rate
    assert [(row.number, row.net, row.tax, row.total) for row in (first, second)] == [
        (invoice.number, invoice.total - invoice.tax, invoice.tax, 129_717) for invoice in billed
    ]
    assert (credit.number, credit.corrects, credit.total) == (note.number, billed[0].number, -10_000)
    assert credit.tax == -note.tax
    assert (first.buyer, first.tax_code) == ("Carol", "0101234565")
    sums = sums_by_rate([first, second, credit])
    assert sums == [SumOfRate(rate, first.net + second.net + credit.net, first.tax + second.tax + credit.tax)]
    assert isinstance(rate, Decimal)
    assert list(vat_ledger(CalendarMonth(2026, 3))) == []


def test_staff_see_the_ledger_with_its_sums_and_take_it_away(superuser, billed):
    page = plain(superuser.get(reverse("admin:vat"), {"month": "2026-04"}).content.decode())
    assert billed[0].number in page
    assert "259,434 ₫" in page
    answer = superuser.get(reverse("admin:vat_export", args=["csv"]), {"month": "2026-04"})
    rows = list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [row["Total"] for row in rows] == ["129717", "129717"]


def test_who_may_not_see_invoices_does_not_see_the_ledger(client, billed):
    client.force_login(User.objects.create_user("nobody@portal.example", is_staff=True))
    assert client.get(reverse("admin:vat")).status_code == 403
    assert client.get(reverse("admin:vat_export", args=["csv"])).status_code == 403
