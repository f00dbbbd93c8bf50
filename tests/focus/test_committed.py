"""A month with a commitment in FOCUS 1.2: what used it, what was unused, and that both come to the documents."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.models import Customer
from catalog.commitments import take_offer
from catalog.models import CommitmentOffer, Discount, Item, Product
from invoices.models import CommittedMonth, Invoice
from invoices.services.month_end import bill_ended_months
from kernel.periods import CalendarMonth
from payments.services.correct import correct_invoice
from tests.actions.test_commitments import committed
from tests.actions.test_usage_intake import take, use
from tests.cast import DAY, JOB, LONG_AGO, NOON, STAFF, create, make_metered, owner_of
from tests.focus.books import file_of, wrong_in_focus
from tests.focus.checker import Row

pytestmark = pytest.mark.django_db
APRIL = CalendarMonth(2026, 4)
MAY = APRIL.following


def bill() -> None:
    """March in April, April in May."""
    for month in (APRIL.previous, APRIL):
        bill_ended_months(actor=JOB, at=month.period.ends_at)


def billed(bob: Customer, small: Item) -> None:
    create(bob, small)
    bill()


def rows_of(month: CalendarMonth) -> list[Row]:
    return file_of(month)[1]


def commitment_of(row: Row) -> dict[str, str]:
    cells = {name.removeprefix("CommitmentDiscount"): cell for name, cell in row.items() if "Commitment" in name}
    return {**cells, "Pricing": row.get("PricingCategory", "")}


def costs(row: Row) -> list[str]:
    return [row[f"{kind}Cost"] for kind in ("Contracted", "List", "Billed", "Effective")]


def test_use_has_the_commitment_and_what_lacked_is_unused(bob: Customer, small: Item) -> None:
    """
    A server at 181,000, 164,545.45 without VAT, for 30 days at 10 % less: 162,900, of which 14,809 are VAT. 837,100 lack, 76,100 of
    them VAT.
    """
    made = committed(bob)
    billed(bob, small)
    used, vat, unused, unused_vat = sorted(
        rows_of(MAY), key=lambda row: (row["InvoiceId"], row["ChargeCategory"] == "Tax")
    )
    shared = {"Category": "Spend", "Id": str(made.pk), "Type": "Monthly Spend"}
    whole = {**shared, "Unit": "VND", "Pricing": "Committed"}
    assert commitment_of(used) == {**whole, "Status": "Used", "Quantity": "162900"}
    assert commitment_of(vat) == {**shared, "Status": "Used", "Pricing": ""}
    assert commitment_of(unused) == {**whole, "Status": "Unused", "Quantity": "837100"}
    assert commitment_of(unused_vat) == {**shared, "Status": "Unused", "Pricing": ""}
    assert costs(used) == ["164545.454545", "164545.454545", "148091", "148091"]
    assert costs(unused) == ["761000", "761000", "761000", "761000"]
    assert (vat["BilledCost"], unused_vat["BilledCost"]) == ("14809", "76100")
    assert (unused["ResourceId"], unused["ResourceType"]) == (str(made.pk), "Spend commitment")
    assert (unused["ChargeCategory"], unused["ChargePeriodStart"]) == ("Usage", "2026-03-31T17:00:00Z")
    assert "ConsumedQuantity" not in unused
    assert wrong_in_focus() == []


def test_without_a_commitment_nothing_is_said_of_one(bob: Customer, small: Item) -> None:
    billed(bob, small)
    for row in rows_of(MAY):
        assert not [name for name in row if "Commitment" in name]
        assert row.get("PricingCategory") in {"Standard", None}


def test_an_offer_gives_the_commitment_its_name(bob: Customer, small: Item) -> None:
    offer = CommitmentOffer.objects.create(
        name="Một", name_en="A tenth", amount=1_000_000, share="0.1", months=12, valid_from=LONG_AGO
    )
    take_offer(bob.pk, offer.pk, renews=False, actor=owner_of(bob), at=NOON)
    billed(bob, small)
    assert {row["CommitmentDiscountName"] for row in rows_of(MAY)} == {"A tenth"}


def test_the_contracted_price_has_the_negotiated_discount_alone(bob: Customer, small: Item, vserver: Product) -> None:
    """25 % negotiated and 10 % of the commitment: contracted 135,750 with VAT, 123,409.09 without; billed 117,650, 106,955 without."""
    Discount.objects.create(customer=bob, product=vserver, share=Decimal("0.25"), valid_from=LONG_AGO)
    committed(bob)
    billed(bob, small)
    [used] = [row for row in rows_of(MAY) if row.get("CommitmentDiscountStatus") == "Used" and "SkuId" in row]
    assert costs(used) == ["123409.090909", "164545.454545", "106955", "106955"]


def test_what_is_metered_is_contracted_at_its_full_price(bob: Customer, small: Item, vserver: Product) -> None:
    """100 GB at 500, 10 % off: 45,000 with VAT are 40,909 without, of 45,454.55."""
    make_metered(vserver, "traffic", 500)
    [server] = create(bob, small)
    committed(bob)
    at = APRIL.period.starts_at + 5 * DAY
    assert take(server, use(server, "a", 100, used_at=at), at=at) == ["accepted"]
    bill()
    [used] = [row for row in rows_of(MAY) if row.get("SkuId") == "vserver/traffic"]
    assert costs(used) == ["45454.545455", "45454.545455", "40909", "40909"]
    assert used["CommitmentDiscountQuantity"] == "45000"
    assert wrong_in_focus() == []


def test_what_is_taken_back_of_it_names_the_commitment(bob: Customer, small: Item) -> None:
    made = committed(bob)
    billed(bob, small)
    unused = CommittedMonth.objects.get().invoice
    assert unused is not None
    for invoice in (unused, Invoice.objects.get(customer=bob, period_key="2026-04")):
        correct_invoice(invoice.pk, 11_000, note="goodwill", actor=STAFF, at=APRIL.period.ends_at + DAY)
    back = [row for row in rows_of(MAY) if row["BilledCost"].startswith("-")]
    assert {(row["CommitmentDiscountId"], row["CommitmentDiscountStatus"]) for row in back} == {
        (str(made.pk), "Used"),
        (str(made.pk), "Unused"),
    }
    assert wrong_in_focus() == []


def test_many_commitments_take_as_many_questions_as_one(
    bob: Customer, small: Item, django_assert_max_num_queries
) -> None:
    committed(bob)
    create(bob, small, quantity=3)
    bill()
    with django_assert_max_num_queries(10):
        assert len(rows_of(MAY)) == 8
