"""Lines of what is metered, what is taken back of them, and months that are closed: what the database refuses of them."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from django.db import connection

from accounts.models import Customer
from catalog.models import Item, Price, Product
from invoices.models import CreditNote, Invoice, InvoiceLine, UseTakenBack
from invoices.services.credit import credit_invoice
from invoices.services.month_end import run_month_end
from kernel.periods import CalendarMonth
from tests.actions.test_usage_intake import take, use
from tests.cast import DAY, JOB, NOON, create, make_metered
from tests.table.attack import MARKS, refuse, refused, run

pytestmark = MARKS
MARCH = CalendarMonth.of(NOON)
OVER = MARCH.period.ends_at


@pytest.fixture
def line(bob: Customer, small: Item, vserver: Product) -> InvoiceLine:
    """3 GB at 500: 1,500, of it 136 VAT."""
    make_metered(vserver, "traffic", 500)
    [server] = create(bob, small)
    assert take(server, use(server, "a", 3)) == ["accepted"]
    run_month_end(MARCH, actor=JOB, at=OVER)
    run("SET CONSTRAINTS ALL IMMEDIATE")  # what stands is committed, as it were
    run("SET CONSTRAINTS ALL DEFERRED")
    return InvoiceLine.objects.select_related("invoice").get(per_minutes=0)


METERS = [
    {},
    {"included": Decimal("1.5"), "minimum": 700, "cap": 90_000},
    {"tiering": "package", "package_size": Decimal("0.3")},
    *(
        {"tiering": tiering, "tier_from": [Decimal("2.5"), Decimal(100)], "tier_prices": [Decimal("450.5"), Decimal(9)]}
        for tiering in ("graduated", "volume")
    ),
    {"tiering": "volume", "tier_from": [Decimal(10)], "tier_prices": [Decimal(800)], "included": Decimal(1)},
]
QUANTITIES = ["0", "0.000001", "1.5", "2.4", "2.5", "2.500001", "99.999999", "100", "101", "12345.678901"]


def test_the_database_prices_a_month_of_use_as_the_portal_does(vserver: Product) -> None:
    for number, terms in enumerate(METERS):
        price = make_metered(vserver, f"item-{number}", "500.123457", **terms).prices.get()
        for quantity, discount in product(QUANTITIES, ("0", "0.3333", "1")):
            with connection.cursor() as cursor:
                cursor.execute("SELECT metered_amount(%s, %s, %s)", [price.pk, quantity, discount])
                found = cursor.fetchone()[0]
            assert price.meter
            assert found == price.meter.amount(Decimal(quantity), Decimal(discount)), (terms, quantity, discount)


def test_a_price_by_time_has_no_amount_for_use(small: Item) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT metered_amount(%s, 5, 0)", [Price.objects.get(item=small).pk])
        assert cursor.fetchone()[0] is None


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        ("quantity = 0", "only_use_goes_on_from_what_was_billed_before"),
        ("quantity_before = -1", "only_use_goes_on_from_what_was_billed_before"),
        ("amount_before = -1", "only_use_goes_on_from_what_was_billed_before|line_tax_follows"),
        ("per_minutes = 60, quantity_before = 1", "only_use_goes_on|line_amount_follows"),
        ("tax = tax + 1", "line_tax_follows_from_its_rate"),
        ("amount_before = 5", "line_tax_follows_from_its_rate"),
    ],
)
def test_a_line_of_use_that_does_not_follow_from_its_columns(line: InvoiceLine, change: str, claim: str) -> None:
    run("ALTER TABLE invoices_invoiceline DISABLE TRIGGER USER")
    refuse(f"UPDATE invoices_invoiceline SET {change} WHERE id = %s", line.pk, match=claim)


def test_a_line_of_time_has_nothing_before_it(line: InvoiceLine) -> None:
    run("ALTER TABLE invoices_invoiceline DISABLE TRIGGER USER")
    refuse(
        "UPDATE invoices_invoiceline SET quantity_before = 1 WHERE per_minutes > 0",
        match="only_use_goes_on_from_what_was_billed_before",
    )


INVOICE = """
INSERT INTO invoices_invoice (id, number, customer_id, resource_id, product_id, kind, period_key, is_late, resource_name, buyer, seller,
    period_start, period_end, covered_until, issued_at, due_at, subtotal, tax, coupon, coupon_code, total, paid, credited, refunded)
SELECT '00000000-0000-4000-8000-000000000042', 'U2026-0000042', customer_id, resource_id, product_id, {kind}, 'again', {is_late},
    resource_name, buyer, seller, period_start, period_end, covered_until, issued_at, due_at, {total}, {tax}, 0, '', {total}, 0, 0, 0
FROM invoices_invoice
"""
LINE = """
INSERT INTO invoices_invoiceline (invoice_id, customer_id, position, item_id, price_id, name, unit, starts_at, ends_at, minutes, quantity,
    unit_price, per_minutes, discount, includes_vat, vat_rate, taxed_at, quantity_before, amount_before, amount, tax, total)
SELECT '00000000-0000-4000-8000-000000000042', customer_id, 1, item_id, {price}, name, unit, starts_at, ends_at, minutes, {quantity},
    {unit_price}, per_minutes, discount, includes_vat, vat_rate, taxed_at, {before}, {amount_before}, {amount}, {tax}, {amount}
FROM invoices_invoiceline WHERE per_minutes = 0
"""


def late(**columns: str) -> None:
    """Two more GB that were reported late, but for these columns."""
    facts = {
        "quantity": "2", "before": "3", "amount_before": "1500", "amount": "1000", "tax": "91", "price": "price_id",
        "unit_price": "unit_price",
    } | columns  # fmt: skip
    run(INVOICE.format(kind="'usage'", is_late="TRUE", total=facts["amount"], tax=facts["tax"]))
    run(LINE.format(**facts))


@pytest.mark.usefixtures("line")
def test_what_is_attacked_below_is_possible_as_it_is() -> None:
    late()
    assert InvoiceLine.objects.get(quantity_before=3).amount == 1_000


@pytest.mark.usefixtures("line")
@pytest.mark.parametrize(
    "columns",
    [
        {"amount": "1001"},
        {"quantity": "3"},
        {"before": "4"},
        {"amount_before": "1000", "tax": "91"},
        {"price": "(SELECT price_id FROM invoices_invoiceline WHERE per_minutes > 0)"},
    ],
)
def test_use_costs_what_its_price_says(columns: dict[str, str]) -> None:
    with refused("at another amount than its price says"):
        late(**columns)


@pytest.mark.usefixtures("line")
def test_use_is_billed_at_the_unit_price_that_its_price_says() -> None:
    with refused("says another item or price"):
        late(unit_price="unit_price + 1")


@pytest.mark.usefixtures("line")
@pytest.mark.parametrize(
    "columns",
    [
        {"before": "2", "amount_before": "1000"},
        {"before": "0", "amount_before": "0"},
        {"before": "4", "amount_before": "2000"},
    ],
)
def test_use_goes_on_from_what_was_billed_of_its_month(columns: dict[str, str]) -> None:
    """3 GB were: a line that begins elsewhere would be in a tier that is used up, or bill what is included twice."""
    with refused("does not follow what was billed"):
        late(**columns)


@pytest.mark.usefixtures("line")
@pytest.mark.parametrize(
    ("kind", "is_late", "claim"),
    [
        ("'prepaid'", "TRUE", "only_use_is_reported_late"),
        ("'usage'", "FALSE", "no_minute_of_a_resource_is_billed_twice"),
    ],
)
def test_time_is_billed_once_and_only_use_is_late(kind: str, is_late: str, claim: str) -> None:
    refuse(INVOICE.format(kind=kind, is_late=is_late, total="1000", tax="91"), match=claim)


def take_back(line: InvoiceLine, quantity: object, note: CreditNote | None = None) -> None:
    UseTakenBack.objects.create(line=line, credit_note=note, quantity=quantity, at=OVER)


def test_no_more_is_taken_back_than_a_line_billed(line: InvoiceLine) -> None:
    take_back(line, 2)
    with refused("did not bill so much use"):
        take_back(line, Decimal("1.000001"))
    with refused("something_is_taken_back"):
        take_back(line, 0)
    take_back(line, 1)


def test_only_use_is_taken_back(line: InvoiceLine) -> None:
    with refused("did not bill so much use"):
        take_back(InvoiceLine.objects.get(per_minutes__gt=0), 1)


def test_the_credit_note_is_on_the_invoice_of_the_line(line: InvoiceLine, alice: Customer, small: Item) -> None:
    other: Invoice = create(alice, small)[0].invoices.get()
    with refused("of another invoice than the credit note"):
        take_back(line, 1, credit_invoice(other, 5, CreditNote.Reason.USED_LESS, at=OVER))
    take_back(line, 1, credit_invoice(line.invoice, 5, CreditNote.Reason.USED_LESS, at=OVER))


@pytest.mark.parametrize("verb", ["UPDATE invoices_usetakenback SET quantity = 1", "DELETE FROM invoices_usetakenback"])
def test_what_was_taken_back_stays_so(line: InvoiceLine, verb: str) -> None:
    take_back(line, 2)
    refuse(verb, match="append-only")


@pytest.mark.usefixtures("line")
@pytest.mark.parametrize(
    ("sql", "match"),
    [
        ("DELETE FROM usage_closedmonth", "keeps its rows"),
        ("TRUNCATE usage_closedmonth", "keeps its rows"),
        ("UPDATE usage_closedmonth SET through = through - 1", "these facts are frozen"),
        ("UPDATE usage_closedmonth SET month = '2099-01'", "these facts are frozen"),
        ("UPDATE usage_closedmonth SET before = before + 1", "these facts are frozen"),
        ("UPDATE usage_closedmonth SET before = through - 1, through = through + 1", "these facts are frozen"),
    ],
)
def test_a_month_is_not_opened_again(sql: str, match: str) -> None:
    refuse(sql, match=match)


def test_what_is_taken_after_a_month_was_closed_has_a_higher_number(line: InvoiceLine) -> None:
    server = line.invoice.resource
    assert take(server, use(server, "b"), at=OVER + DAY) == ["late"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, id > (SELECT through FROM usage_closedmonth) FROM usage_record ORDER BY key")
        assert cursor.fetchall() == [("a", False), ("b", True)]
