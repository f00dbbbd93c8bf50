"""A month in FOCUS 1.2: what its rows say, that they come to the documents, and that files of both kinds hold the same."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pyarrow import parquet

from accounts.may import Role
from accounts.models import Customer
from catalog.models import Discount, Item, Price, Product
from catalog.service_categories import CATEGORY_OF
from invoices.focus import files
from invoices.focus.charges import charges_of
from invoices.focus.columns import COLUMNS
from invoices.focus.files import csv_file, metadata, parquet_file
from invoices.focus.units import consumed_in, priced_in
from invoices.models import CreditNote, Invoice
from invoices.services.month_end import bill_ended_months
from kernel.periods import CalendarMonth
from lifecycle.services.tags import change_tags
from orders.services.delete import delete_resource
from payments.services.correct import correct_invoice
from tests.actions.test_usage_intake import take, use
from tests.api.conftest import caller_of, done, refused
from tests.cast import (
    DAY,
    JOB,
    LONG_AGO,
    NOON,
    STAFF,
    create,
    enter,
    make_coupon,
    make_item,
    make_metered,
    owner_of,
    renew,
    taxed_at,
)
from tests.focus.books import file_of, wrong_in_focus
from tests.focus.checker import COLUMNS as SAID
from tests.focus.checker import PARENTS, Row, mistakes
from tests.portal.seen import signed_in, the_time_being

pytestmark = pytest.mark.django_db
MARCH = CalendarMonth.of(NOON)
APRIL = MARCH.following


@pytest.fixture(autouse=True)
def _sold_as_compute(vserver: Product) -> None:
    vserver.service_subcategory = "Virtual Machines"
    vserver.save()


def rows_of(month: CalendarMonth, customer: Customer | None = None) -> list[Row]:
    names, rows = file_of(month, customer)
    assert mistakes(names, rows) == []
    return rows


def some(row: Row, *names: str) -> dict[str, str | None]:
    return {name: row.get(name) for name in names}


COSTS = ("BilledCost", "ListCost", "ContractedCost", "EffectiveCost")


def costs(row: Row) -> list[str]:
    return [row[name] for name in COSTS]


def test_what_is_bought_is_a_purchase_net_of_its_coupon_and_its_vat_a_tax(alice: Customer, small: Item) -> None:
    """181,000 with 10 % in it: 164,545 and 16,455; the coupon of 20,000 comes off the former."""
    make_coupon("TET", 20_000)
    [server] = create(alice, small, coupon="TET")
    change_tags(server.pk, {"Environment": "test"}, actor=owner_of(alice), at=NOON)
    bought, tax = rows_of(MARCH)
    invoice = Invoice.objects.get()
    assert bought == {
        "BilledCost": "144545", "EffectiveCost": "144545", "ContractedCost": "164545.454545", "ListCost": "164545.454545",
        "ContractedUnitPrice": "164545.454545454545", "ListUnitPrice": "164545.454545454545",
        "PricingQuantity": "1", "PricingUnit": "Unit-Months", "PricingCategory": "Standard",
        "BillingAccountId": str(alice.pk), "BillingAccountName": "Alice", "BillingCurrency": "VND",
        "BillingPeriodStart": "2026-02-28T17:00:00Z", "BillingPeriodEnd": "2026-03-31T17:00:00Z",
        "ChargePeriodStart": "2026-03-10T05:00:00Z", "ChargePeriodEnd": "2026-04-09T05:00:00Z",
        "ChargeCategory": "Purchase", "ChargeFrequency": "One-Time", "ChargeDescription": "small",
        "InvoiceId": invoice.number, "InvoiceIssuerName": invoice.seller["name"], "ProviderName": invoice.seller["name"],
        "PublisherName": invoice.seller["name"], "ResourceId": str(server.pk), "ResourceName": "web", "ResourceType": "vserver",
        "ServiceCategory": "Compute", "ServiceSubcategory": "Virtual Machines", "ServiceName": "vserver",
        "SkuId": "vserver/small", "SkuMeter": "small", "SkuPriceId": str(small.prices.get().pk),
        "SkuPriceDetails": '{"x_PerMinutes": 43200}', "Tags": f'{{"provider/createdBy":"{alice.email}"}}',
        "x_CouponCode": "TET", "x_CouponAmount": "20000",
    }  # fmt: skip
    assert some(tax, "ChargeCategory", "ChargeDescription", "BilledCost", "ContractedCost", "PricingQuantity", "SkuId") == {
        "ChargeCategory": "Tax", "ChargeDescription": "VAT 10%: small", "BilledCost": "16455", "ContractedCost": "16454.545455",
        "PricingQuantity": None, "SkuId": None,
    }  # fmt: skip
    assert tax["Tags"] == bought["Tags"], "VAT is told apart like what it is on; the tag came after the invoice"
    assert Decimal(bought["BilledCost"]) + Decimal(tax["BilledCost"]) == invoice.total == 161_000


def test_usage_says_the_list_price_beside_the_negotiated_one(bob: Customer, vserver: Product) -> None:
    """165,000 without VAT, at half price all of March, 31 days: list 170,500, contracted 85,250."""
    item = make_item(vserver, "plain", 165_000, includes_vat=False)
    Discount.objects.create(customer=bob, product=vserver, share=Decimal("0.5"), valid_from=LONG_AGO)
    create(bob, item, at=MARCH.period.starts_at)
    bill_ended_months(actor=JOB, at=APRIL.period.starts_at)
    used, tax = rows_of(APRIL)
    assert costs(used) == ["85250", "170500", "85250", "85250"]
    assert costs(tax) == ["8525", "17050", "8525", "8525"]
    assert some(used, "ChargeCategory", "ChargeFrequency", "ConsumedQuantity", "ConsumedUnit", "PricingQuantity") == {
        "ChargeCategory": "Usage", "ChargeFrequency": "Usage-Based", "ConsumedQuantity": "744", "ConsumedUnit": "Unit-Hours",
        "PricingQuantity": "1.033333333333",
    }  # fmt: skip


def test_a_customers_own_price_stands_beside_that_of_the_list(bob: Customer, vserver: Product) -> None:
    item = make_item(vserver, "plain", 200_000, includes_vat=False)
    listed = item.prices.get()
    Price.objects.create(item=item, customer=bob, unit_price=Decimal(110_000), includes_vat=True, valid_from=LONG_AGO)
    create(bob, item, at=MARCH.period.ends_at - 3 * DAY)
    bill_ended_months(actor=JOB, at=APRIL.period.starts_at)
    used, _tax = rows_of(APRIL)
    assert (used["ContractedUnitPrice"], used["ListUnitPrice"], used["SkuPriceId"]) == (
        "100000",
        "200000",
        str(listed.pk),
    )
    assert costs(used) == ["10000", "20000", "10000", "10000"]


def test_what_is_metered_in_tiers_is_at_its_average_price(bob: Customer, small: Item, vserver: Product) -> None:
    """Ten included, 10 at 500: 20 units for 5,000 with VAT, 4,545 without."""
    make_metered(vserver, "traffic", 500, included=Decimal(10))
    [server] = create(bob, small, at=MARCH.period.ends_at - 3 * DAY)
    assert take(server, use(server, "a", 20, used_at=MARCH.period.ends_at - DAY), at=MARCH.period.ends_at - DAY) == [
        "accepted"
    ]
    bill_ended_months(actor=JOB, at=APRIL.period.starts_at)
    [used] = [row for row in rows_of(APRIL) if row.get("SkuId") == "vserver/traffic"]
    assert some(used, "BilledCost", "PricingQuantity", "PricingUnit", "ContractedUnitPrice", "ConsumedQuantity") == {
        "BilledCost": "4545", "PricingQuantity": "20", "PricingUnit": "GB", "ContractedUnitPrice": "227.25", "ConsumedQuantity": "20",
    }  # fmt: skip


def test_a_credit_note_of_a_later_month_is_a_correction(alice: Customer, small: Item, disk: Item) -> None:
    """Deleted in April with 10 of 30 days left: 60,333 and 26,667 come back, each with its VAT."""
    [server] = create(alice, small, (disk, 40), at=MARCH.period.ends_at - 10 * DAY)
    delete_resource(server.pk, actor=owner_of(alice), at=APRIL.period.starts_at + 10 * DAY)
    rows, note = rows_of(APRIL), CreditNote.objects.get()
    assert {row["ChargeClass"] for row in rows} == {"Correction"}
    assert {(row["InvoiceId"], row["x_CorrectedInvoiceId"]) for row in rows} == {
        (note.number, Invoice.objects.get().number)
    }
    assert sum(Decimal(row["BilledCost"]) for row in rows) == -note.amount == -87_000
    assert [row["ChargeCategory"] for row in rows] == ["Purchase", "Tax", "Purchase", "Tax"]
    assert sum(Decimal(row["BilledCost"]) for row in rows if row["ChargeCategory"] == "Tax") == -note.tax


def test_within_the_month_it_is_none_and_says_of_how_much_it_is(alice: Customer, small: Item) -> None:
    """A third of the time comes back: a third of a month, below zero."""
    [server] = create(alice, small, at=MARCH.period.starts_at)
    delete_resource(server.pk, actor=owner_of(alice), at=MARCH.period.starts_at + 20 * DAY)
    [back] = [
        row for row in rows_of(MARCH) if row["ChargeCategory"] == "Purchase" and row["BilledCost"].startswith("-")
    ]
    assert "ChargeClass" not in back
    assert (back["BilledCost"], back["PricingQuantity"][:8]) == ("-54848", "-0.33333")


def test_what_staff_give_afterwards_is_a_credit_for_no_quantity(alice: Customer, small: Item) -> None:
    create(alice, small)
    correct_invoice(Invoice.objects.get().pk, 11_000, note="goodwill", actor=STAFF, at=NOON + DAY)
    [credit] = [row for row in rows_of(MARCH) if row["ChargeCategory"] == "Credit"]
    assert costs(credit) == ["-10000"] * 4
    assert "PricingQuantity" not in credit


def test_every_document_of_every_month_is_billed_to_the_dong(
    alice: Customer, bob: Customer, small: Item, disk: Item, vserver: Product
) -> None:
    make_coupon("ALL", 10_000_000)
    odd = make_item(vserver, "odd", "33333.333333", includes_vat=False, tax_category=taxed_at("0.08"))
    first, second = create(alice, small, (disk, 7), quantity=2, months=3, coupon="ALL")
    create(bob, odd, (disk, 3), at=NOON - DAY)
    renew(first, at=NOON + 5 * DAY)
    delete_resource(second.pk, actor=owner_of(alice), at=NOON + timedelta(days=33, minutes=7))
    bill_ended_months(actor=JOB, at=APRIL.period.ends_at)
    assert wrong_in_focus() == []
    assert len(rows_of(MARCH, alice)) + len(rows_of(MARCH, bob)) == len(rows_of(MARCH))
    assert rows_of(CalendarMonth(2020, 1)) == []


def test_a_credit_note_is_of_the_rates_and_the_line_that_it_says(bob: Customer, vserver: Product) -> None:
    """
    80 GB before the rate changes, 20 after it, 165,000 for time; of the 20 all were none, and 11,000 are given for the first line.
    """
    enter("standard", "2026-03-16", "0.08")
    make_metered(vserver, "traffic", 1_000, includes_vat=False)
    [server] = create(bob, make_item(vserver, "plain", 165_000, includes_vat=False), at=MARCH.period.starts_at)
    first, later = (MARCH.period.starts_at + days * DAY for days in (9, 19))
    assert take(server, use(server, "a", 80, used_at=first), use(server, "b", 20, used_at=later), at=later) == [
        "accepted",
        "accepted",
    ]
    bill_ended_months(actor=JOB, at=APRIL.period.starts_at)
    invoice = Invoice.objects.get()
    time = invoice.lines.get(vat_rate="0.1", per_minutes__gt=0)
    correct_invoice(invoice.pk, 11_000, note="so", line=time, actor=STAFF, at=APRIL.period.starts_at)
    late = use(server, "c", 0, used_at=later, corrects="b")
    assert take(server, late, at=APRIL.period.starts_at + DAY) == ["late"]
    bill_ended_months(actor=JOB, at=APRIL.period.ends_at)
    assert wrong_in_focus() == []
    rows = [row for month in (APRIL, APRIL.following) for row in rows_of(month) if row.get("x_CorrectedInvoiceId")]
    assert [(row["ChargeDescription"], row["BilledCost"]) for row in rows] == [
        (f"{invoice.number}: plain", "-10000"),
        ("VAT 10%: plain", "-1000"),
        (f"{invoice.number}: traffic", "-20000"),
        ("VAT 8%: traffic", "-1600"),
    ]


def test_parquet_holds_what_csv_holds_group_by_group(
    alice: Customer, small: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(alice, small, quantity=5)
    monkeypatch.setattr(files, "GROUP", 4)
    parts = list(parquet_file(charges_of(MARCH)))
    assert len([part for part in parts if part]) == 4, (
        "ten rows in three groups, each handed on when it is full, and the end"
    )
    read = parquet.ParquetFile(io.BytesIO(b"".join(parts)))
    assert read.num_row_groups == 3
    assert read.schema_arrow.metadata[b"FocusVersion"] == b"1.2"
    assert [field.name for field in read.schema_arrow if not field.nullable] == [
        one.name for one in COLUMNS if not one.nulls
    ]
    table = read.read().to_pylist()
    again = "".join(part.decode() for part in csv_file(table))
    assert again == "".join(part.decode() for part in csv_file(charges_of(MARCH)))
    assert parquet.read_table(io.BytesIO(b"".join(parquet_file(charges_of(CalendarMonth(2020, 1)))))).num_rows == 0


def test_a_larger_month_takes_no_more_queries(alice: Customer, small: Item) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            list(charges_of(MARCH))
        return len(found)

    make_coupon("TET", 1_000, maximum_uses_per_customer=9)
    create(alice, small, coupon="TET")
    few = queries()
    create(alice, small, quantity=8, coupon="TET")
    assert queries() == few


def test_a_product_is_of_a_kind_that_focus_knows(vserver: Product) -> None:
    with pytest.raises(IntegrityError, match="a_product_is_of_a_kind_that_focus_knows"), transaction.atomic():
        Product.objects.filter(pk=vserver.pk).update(service_subcategory="Gardening")
    assert {*CATEGORY_OF.items()} == {*PARENTS.items()}


def test_columns_are_those_of_the_specification_in_its_types() -> None:
    for column in COLUMNS:
        if column.name in SAID:
            said = SAID[column.name]
            assert column.kind.data_type == said["type"], column.name
            assert not column.nulls or said["nulls"], column.name
            assert set(column.allowed) <= set(said.get("allowed", column.allowed)), column.name
    told: Any = metadata()["Schema"]
    assert [one["ColumnName"] for one in told["ColumnDefinition"]] == [column.name for column in COLUMNS]
    assert next(one for one in told["ColumnDefinition"] if one["ColumnName"] == "Tags")["ProviderTagPrefixes"] == [
        "provider/"
    ]


@pytest.mark.parametrize(
    ("unit", "per_minutes", "priced", "consumed"),
    [
        ("server", 43_200, "Server-Months", "Server-Hours"), ("GB", 43_200, "GB-Months", "GB-Hours"),
        ("GB-hour", 60, "GB-Hours", "GB-Hours"), ("GB", 0, "GB", "GB"), ("GB-hour", 0, "GB-Hours", "GB-Hours"),
        ("address", 43_200, "Address-Months", "Address-Hours"), ("package", 0, "Packages", "Packages"), ("gói", 0, "Gói", "Gói"),
    ],
)  # fmt: skip
def test_units_are_in_the_format_of_the_specification(unit: str, per_minutes: int, priced: str, consumed: str) -> None:
    assert (priced_in(unit, per_minutes), consumed_in(unit, per_minutes)) == (priced, consumed)


def test_names_are_quoted_in_csv_where_a_spreadsheet_would_run_them(alice: Customer, small: Item) -> None:
    create(alice, small, name="=1+1")
    assert rows_of(MARCH)[0]["ResourceName"] == "'=1+1"
    table = parquet.read_table(io.BytesIO(b"".join(parquet_file(charges_of(MARCH)))))
    assert table["ResourceName"][0].as_py() == "=1+1"


def test_who_sees_bills_and_exports_takes_the_month_away(alice: Customer, bob: Customer, small: Item) -> None:
    create(alice, small)
    with the_time_being(NOON + 30 * DAY):
        for role, status in ((Role.VIEWER, 200), (Role.BILLING, 200), (Role.TECHNICAL, 403)):
            asked = signed_in(alice, role).get(reverse("focus-export", args=["csv"]), {"month": "2026-03"})
            assert asked.status_code == status
        client: Any = signed_in(alice)
        answer = client.get(reverse("focus-export", args=["parquet"]), {"month": "2026-03"})
        assert answer["Content-Disposition"] == 'attachment; filename="focus-1.2-2026-03.parquet"'
        assert answer["Link"].startswith(f"<{reverse('focus-schema')}>")
        assert parquet.read_table(io.BytesIO(b"".join(answer.streaming_content))).num_rows == 2
        assert client.get(reverse("focus-export", args=["xlsx"])).status_code == 404
        assert client.get(reverse("focus-schema")).json()["Schema"]["FocusVersion"] == "1.2"
        assert "focus.parquet?month=2026-03" in client.get(reverse("billing-history")).content.decode()

        caller = caller_of(alice)
        found = caller.get("invoices/focus/", month="2026-03")
        assert b"".join(found.streaming_content).decode().count("\r\n") == 3
        found = caller.get("invoices/focus/", month="2026-03", file="parquet")
        assert found["Content-Type"] == "application/vnd.apache.parquet"
        assert done(caller.get("invoices/focus-schema/"))["Schema"]["SchemaId"]
        refused(caller.get("invoices/focus/"), 400, "invalid-input")
        stranger = caller_of(bob).get("invoices/focus/", month="2026-03")
        assert b"".join(stranger.streaming_content).decode().count("\r\n") == 1
