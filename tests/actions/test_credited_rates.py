"""Credit notes take back VAT of the rate of what they are about, and of the others in proportion: in full, all of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils.translation import override

from accounts import four_eyes
from accounts.models import Customer
from catalog.models import Item, Product
from catalog.pricing import AtRate, owed_at_rates, taken_back
from invoices.models import CreditedPart, CreditNote, Invoice
from invoices.pdf import credit_note_pdf
from invoices.services.questions import question_line
from invoices.vat import vat_ledger
from orders.services.delete import delete_resource
from payments.acts import CreditInvoice
from payments.services.correct import correct_invoice
from tests.actions.used import APRIL, BEGIN, MAY, OVER, bill, report
from tests.cast import (
    DAY,
    NOON,
    STAFF,
    create,
    enter,
    make_colleague,
    make_coupon,
    make_item,
    make_metered,
    owner_of,
    taxed_at,
)  # fmt: skip
from tests.documents.reading import text_of

pytestmark = pytest.mark.django_db
TEN, EIGHT, NONE = Decimal("0.1"), Decimal("0.08"), Decimal(0)


def parts(note: CreditNote) -> list[tuple[Decimal, int, int]]:
    return list(note.parts.order_by("vat_rate").values_list("vat_rate", "net", "tax"))


def test_what_is_credited_of_one_line_takes_back_its_rate_alone(bob: Customer, vserver: Product) -> None:
    """
    82,500 with 10 % until the 15th, 88,000 with 8 % after it, and traffic of 100,000 with 8 %. Half of that was none: 50,000 and 4,000.
    """
    enter("standard", "2026-03-16", "0.08")
    make_metered(vserver, "traffic", 1_000, includes_vat=False)
    [server] = create(bob, make_item(vserver, "plain", 165_000, includes_vat=False), at=BEGIN)
    report(server, "a", 100, day=20)
    bill()
    report(server, "b", 50, day=20, corrects="a", at=OVER + DAY)
    bill(APRIL)
    note = CreditNote.objects.get()
    assert (note.amount, note.tax, parts(note)) == (54_000, 4_000, [(EIGHT, 50_000, 4_000)])
    credited = [row for row in vat_ledger(MAY) if row.corrects]
    assert [(row.rate, row.net, row.tax, row.total) for row in credited] == [(EIGHT, -50_000, -4_000, -54_000)]


@pytest.fixture
def mixed(alice: Customer, vserver: Product) -> Invoice:
    """For 30 days: 110,000 of which 10,000 is VAT, and 100,000 without any."""
    with_vat = make_item(vserver, "with", 110_000)
    without = make_item(vserver, "without", 100_000, kind=Item.Kind.VOLUME, tax_category=taxed_at("0"))
    return create(alice, with_vat, without)[0].invoices.get()


def test_unused_time_takes_back_of_each_rate_in_proportion(alice: Customer, mixed: Invoice) -> None:
    """15 of 30 days: half of each, 55,000 of which 5,000 is VAT, and 50,000."""
    delete_resource(mixed.resource_id, actor=owner_of(alice), at=NOON + 15 * DAY)
    assert parts(CreditNote.objects.get()) == [(NONE, 50_000, 0), (TEN, 50_000, 5_000)]


def test_what_answers_a_question_is_of_the_rate_of_its_line(alice: Customer, mixed: Invoice) -> None:
    """30,000 of the line without VAT; what goes off afterwards is of what is left: 70,000 and 110,000."""
    position = mixed.lines.get(vat_rate=0).position
    question = question_line(alice.pk, mixed.pk, position, text="why?", actor=owner_of(alice), at=NOON)
    facts = {"invoice": str(mixed.pk), "question": str(question.pk)}
    asked = four_eyes.ask(
        CreditInvoice,
        customer=alice,
        amount=30_000,
        subject=mixed.number,
        facts=facts,
        reason="so",
        actor=make_colleague(),
        at=NOON,
    )
    four_eyes.approve(asked.act.pk, actor=make_colleague("second@portal.example"), at=NOON)
    correct_invoice(mixed.pk, 18_000, note="goodwill", actor=STAFF, at=NOON)
    assert [parts(note) for note in CreditNote.objects.order_by("number")] == [
        [(NONE, 30_000, 0)],
        [(NONE, 7_000, 0), (TEN, 10_000, 1_000)],
    ]


def test_an_invoice_that_is_credited_in_full_is_credited_all_of_its_vat(alice: Customer, vserver: Product) -> None:
    """Of 110,000 and 100,000 a coupon takes 50,000, which lowers no VAT: 83,810 and 76,190 are left to be credited, and 10,000 of VAT."""
    make_coupon("LESS", 50_000)
    items = (
        make_item(vserver, "with", 110_000),
        make_item(vserver, "without", 100_000, kind=Item.Kind.VOLUME, tax_category=taxed_at("0")),
    )
    invoice = create(alice, *items, coupon="LESS")[0].invoices.get()
    for amount in (1, 52_345, 160_000 - 52_346):
        correct_invoice(invoice.pk, amount, note="step by step", actor=STAFF, at=NOON)
    sums = CreditedPart.objects.values_list("vat_rate").annotate(Sum("net"), Sum("tax")).order_by("vat_rate")
    assert list(sums) == [(NONE, 76_190, 0), (TEN, 73_810, 10_000)]


def test_by_rate_credit_notes_add_up_to_their_invoice() -> None:
    """1 ₫ at 8 % and 1 ₫ at 10 %: credited one after the other, one of each is gone."""
    owed = owed_at_rates([AtRate(TEN, 1, 0), AtRate(EIGHT, 1, 0)], 2)
    first = taken_back(owed, [], 1)
    assert (first, taken_back(owed, first, 1)) == ([AtRate(EIGHT, 1, 0)], [AtRate(TEN, 1, 0)])


def test_what_exceeds_its_own_rate_is_taken_of_the_others() -> None:
    """100 without VAT are left, and 220 with 20: 150 that are about what has none."""
    owed = owed_at_rates([AtRate(NONE, 100, 0), AtRate(TEN, 220, 20)], 320)
    assert taken_back(owed, [], 150, of=NONE) == [AtRate(NONE, 100, 0), AtRate(TEN, 50, 5)]


def test_of_a_rate_of_which_too_much_was_taken_once_nothing_more_is_taken() -> None:
    """Notes before the parts were kept took 120 of the 100 without VAT. What is left, 180 of 220, is of the rest alone."""
    owed = owed_at_rates([AtRate(NONE, 100, 0), AtRate(TEN, 220, 20)], 320)
    assert taken_back(owed, [AtRate(NONE, 120, 0), AtRate(TEN, 20, 3)], 180) == [AtRate(TEN, 180, 15)]
    assert taken_back(owed, [AtRate(NONE, 120, 0), AtRate(TEN, 20, 3)], 1) == [AtRate(TEN, 1, 0)]


def test_the_document_says_the_rates(alice: Customer, mixed: Invoice) -> None:
    note = correct_invoice(mixed.pk, 105_000, note="goodwill", actor=STAFF, at=NOON)
    with override("en"):
        text = text_of(credit_note_pdf(note)).replace("\xa0", " ")
    for words in ("VAT 0 % 0 ₫", "VAT 10 % 5,000 ₫", "10 % · 5,000 ₫", "0 % · 0 ₫", "Net total 100,000 ₫"):
        assert words in text
