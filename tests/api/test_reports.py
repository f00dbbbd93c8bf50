"""A column of a report is declared once: its file and the API's list have it, in words and in codes."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from invoices.api.shapes import InvoiceShape
from invoices.api.usage import UsageShape
from invoices.columns import Column, Form, cells_of
from invoices.reports import INVOICES, USAGE
from ledger.models import Account, Transaction
from lifecycle.api import ResourceShape
from orders.reports import RESOURCES, TRASH
from payments.api.payments import PaymentShape
from payments.api.wallet import EntryShape
from payments.reports import MOVEMENTS, PAYMENTS
from tests.cast import fund
from tests.portal.seen import signed_in

REPORTS = {
    "billing-export": (INVOICES, InvoiceShape),
    "usage-export": (USAGE, UsageShape),
    "payment-export": (PAYMENTS, PaymentShape),
    "credit-export": (MOVEMENTS, EntryShape),
    "resources-export": (RESOURCES, ResourceShape),
    "trash-export": (TRASH, ResourceShape),
}


def file_of(customer, page, language="en"):
    client = signed_in(customer)
    answer = client.get(reverse(page, args=["csv"]), headers={"accept-language": language})
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


@pytest.mark.parametrize("page", REPORTS)
def test_a_file_has_the_columns_that_are_declared(alice, page):
    columns, _shape = REPORTS[page]
    with override("en"):
        assert file_of(alice, page)[0] == [str(column.title) for column in columns]


@pytest.mark.parametrize("page", REPORTS)
def test_the_api_has_each_column_that_it_does_not_say_by_other_members(page):
    columns, shape = REPORTS[page]
    assert {column.name for column in columns if column.in_api} <= set(shape().fields)


@pytest.mark.parametrize("page", REPORTS)
def test_every_title_is_said_in_both_languages(page):
    for column in REPORTS[page][0]:
        with override("en"):
            english = str(column.title)
        with override("vi"):
            assert str(column.title) != english or english == "VAT" or column.name == "id", english


def test_codes_are_words_in_a_file_and_codes_in_the_api(alice, as_alice):
    fund(alice, 5_000)
    moved = as_alice.get("wallet/entries/").json()["results"][0]
    assert (moved["kind"], moved["bucket"], moved["amount"]) == ("adjustment", "credit", 5_000)
    with override("en"):
        words = [str(Transaction.Kind.ADJUSTMENT.label), str(Account.Kind.CREDIT.label)]
    _at, action, _reference, credit, amount, *_rest = file_of(alice, "credit-export")[1]
    assert [action, credit, amount] == [*words, "5000"]


def test_a_new_column_is_one_line(alice):
    fund(alice, 5_000)
    MOVEMENTS.append(Column("source", _("Details"), Form.TEXT, 30, source="transaction.source"))
    try:
        rows = file_of(alice, "credit-export")
        assert "source" in EntryShape().fields
    finally:
        MOVEMENTS.pop()
    assert rows[0][-1] == "Details"
    assert rows[1][-1] != ""


def test_a_value_that_lies_elsewhere_is_found_there_in_files_as_on_pages():
    column = Column("of_product", _("Product"), Form.TEXT, 28, source="product.code")
    row = SimpleNamespace(product=SimpleNamespace(code="vserver"))
    assert column.reader()(row) == "vserver"
    assert list(cells_of([column], [row])) == [["vserver"]]
