"""What a credit note takes back of each rate of VAT: what the database refuses of it."""

from __future__ import annotations

import pytest

from accounts.models import Customer
from catalog.models import Item, Product
from invoices.models import CreditNote, Invoice
from payments.services.correct import correct_invoice
from tests.cast import NOON, STAFF, create, make_item, taxed_at
from tests.table.attack import MARKS, refuse, refused, run

pytestmark = MARKS
COPY = "00000000-0000-4000-8000-000000000042"
NOTE = f"""
INSERT INTO invoices_creditnote (id, number, invoice_id, customer_id, reason, note, amount, tax, refunded, minutes_unused, issued_at)
SELECT '{COPY}', 'C2026-0000042', id, customer_id, 'correction', 'x', %s, %s, %s, NULL, issued_at FROM invoices_invoice
"""
PARTS = f"INSERT INTO invoices_creditedpart (credit_note_id, vat_rate, net, tax) VALUES ('{COPY}', %s, %s, %s)"


@pytest.fixture
def invoice(alice: Customer, vserver: Product) -> Invoice:
    """110,000 of which 10,000 is VAT, and 100,000 without any."""
    items = (
        make_item(vserver, "with", 110_000),
        make_item(vserver, "without", 100_000, kind=Item.Kind.VOLUME, tax_category=taxed_at("0")),
    )
    found = create(alice, *items)[0].invoices.get()
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("SET CONSTRAINTS ALL DEFERRED")
    return found


@pytest.mark.usefixtures("invoice")
@pytest.mark.parametrize(
    ("rate", "net", "tax", "match"),
    [
        ("0.08", 5, 0, "more is taken back than invoice"),
        ("0", 4, 0, "do not add up"),
        ("0", 6, -1, "a_part_takes_something_back"),
        ("0", 4, 1, "do not add up"),
    ],
)
def test_a_note_says_rates_that_its_invoice_has_and_all_of_itself(rate: str, net: int, tax: int, match: str) -> None:
    with refused(match):
        run(NOTE, 5, 0, 5)
        run(PARTS, rate, net, tax)


@pytest.mark.usefixtures("invoice")
def test_what_is_attacked_above_is_possible_as_it_is() -> None:
    run(NOTE, 5, 0, 5)
    assert run(PARTS, "0", 5, 0) == 1


@pytest.mark.usefixtures("invoice")
def test_a_note_that_says_no_rates_is_not_committed() -> None:
    with refused("does not say of which rates"):
        run(NOTE, 5, 0, 5)
        run("SET CONSTRAINTS ALL IMMEDIATE")


def test_of_no_rate_more_goes_than_is_there(invoice: Invoice) -> None:
    """60,000 of the 100,000 without VAT are gone, in proportion with the rest; 50,000 more are refused."""
    correct_invoice(invoice.pk, 126_000, note="x", actor=STAFF, at=NOON)
    with refused("more is taken back than invoice"):
        run(NOTE, 50_000, 0, 50_000)
        run(PARTS, "0", 50_000, 0)
    with refused("more is taken back than invoice"):
        run(NOTE, 5_000, 4_999, 5_000)
        run(PARTS, "0.1", 1, 4_999)


def test_no_part_is_added_to_a_note_and_none_is_changed(invoice: Invoice) -> None:
    note: CreditNote = correct_invoice(invoice.pk, 1_000, note="x", actor=STAFF, at=NOON)
    into = "INSERT INTO invoices_creditedpart (credit_note_id, vat_rate, net, tax) VALUES (%s, 0.05, 1, 0)"
    refuse(into, note.pk, match="do not add up")
    for verb in ("UPDATE invoices_creditedpart SET tax = tax", "DELETE FROM invoices_creditedpart"):
        refuse(verb, match="append-only")


def test_a_note_is_not_about_a_line_of_another_invoice(invoice: Invoice, alice: Customer) -> None:
    other = create(alice, Item.objects.get(code="with"))[0].invoices.get().lines.get()
    with refused("about a line of another invoice"):
        correct_invoice(invoice.pk, 1_000, note="x", line=other, actor=STAFF, at=NOON)
