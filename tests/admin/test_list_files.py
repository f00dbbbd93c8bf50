"""Every list of the staff area as a file: its columns, filters and order, and the sums of its amounts."""

import csv
import re
from io import StringIO

import pytest
from django.contrib import admin
from django.urls import reverse

from billing_portal import urls  # noqa: F401  # registers the staff area's pages
from invoices.models import Invoice
from ledger.models import Account
from tests.cast import NOON, create, make_customer, make_item, make_product
from tests.portal.seen import the_time_being


@pytest.fixture(scope="module")
def billed(standing):
    small = make_item(make_product("vserver"), "small", 181_000)
    with the_time_being(NOON):
        create(make_customer("Alice", credit=10_000_000), small, quantity=2, name="web")
        create(make_customer("Other", credit=1_000_000), small, name="elsewhere")


def lines_of(client, model: str, form: str = "csv", **query: str) -> list[dict[str, str]]:
    answer = client.get(reverse(f"admin:{model}_export", args=[form]), query)
    assert answer.status_code == 200
    return list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_invoices_as_filtered_with_their_sums(superuser, billed):
    *rows, sums = lines_of(superuser, "invoices_invoice", q="alice")
    assert [row["Number"] for row in rows] == list(
        Invoice.objects.filter(customer__name="Alice").order_by("-pk").values_list("number", flat=True)
    )
    assert {row["Customer"] for row in rows} == {"Alice"}
    assert {row["Total"] for row in rows} == {"181000"}
    assert (sums["Number"], sums["Total"]) == ("Sum", "362000")


def test_the_page_says_what_all_that_is_filtered_comes_to(superuser, billed):
    page = superuser.get(reverse("admin:invoices_invoice_changelist"), {"q": "alice"})
    assert page.context["cl"].sums == [("Total", 362_000), ("Still due", 0)]
    assert "<dt>Sum of Total</dt><dd>362,000" in re.sub(r">\s+<", "><", page.content.decode()).replace(
        '<span class="money">', ""
    )
    assert superuser.get(reverse("admin:invoices_invoice_changelist"), {"q": "nobody"}).context["cl"].sums == ()


def test_a_list_too_long_to_count_is_not_added_up(superuser, billed, monkeypatch):
    monkeypatch.setattr("accounts.admin.lists.COUNTED", 2)
    assert superuser.get(reverse("admin:invoices_invoice_changelist")).context["cl"].sums == ()


def test_limits_and_balances_are_not_added_up(superuser, billed):
    account = Account.objects.get(customer__name="Alice", kind=Account.Kind.CREDIT)
    of_it = {"account__id__exact": account.pk}
    page = superuser.get(reverse("admin:ledger_entry_changelist"), of_it)
    assert page.context["cl"].sums == [("Amount", account.balance)]
    *_rows, sums = lines_of(superuser, "ledger_entry", **of_it)
    assert sums["Balance after"] == ""


def test_a_list_without_amounts_has_no_line_of_sums(superuser, billed):
    assert sorted(row["Name"] for row in lines_of(superuser, "accounts_customer")) == ["Alice", "Other"]


@pytest.mark.parametrize(
    "model",
    [model for model, page in admin.site._registry.items() if hasattr(page, "export_view")],
    ids=lambda model: model._meta.label_lower,
)
def test_every_list_can_be_taken_away(superuser, billed, model):
    lines = lines_of(superuser, f"{model._meta.app_label}_{model._meta.model_name}")
    assert all(None not in line and None not in line.values() for line in lines), "each line has a cell for each column"


def test_as_a_workbook_too_and_in_no_other_form(superuser, billed):
    address = "admin:invoices_invoice_export"
    book = superuser.get(reverse(address, args=["xlsx"]))
    assert b"".join(book.streaming_content).startswith(b"PK")
    assert superuser.get(reverse(address, args=["pdf"])).status_code == 404
    assert superuser.get(reverse(address, args=["csv"]), {"nonsense": "1"}).status_code == 400


def test_who_may_not_look_takes_nothing_away(staff, billed):
    assert staff("catalogue").get(reverse("admin:invoices_invoice_export", args=["csv"])).status_code == 403
