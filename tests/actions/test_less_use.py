"""Less was used than was billed: it is credited, at the rate and to no more than is left of its line."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils.translation import override

from accounts.models import Customer
from billing_portal.auditor import violations
from catalog.models import Item, Product
from invoices.models import CreditNote, Invoice, InvoiceLine, ParkedBilling, UseTakenBack
from invoices.pdf import credit_note_pdf
from invoices.services.issue import next_numbers
from invoices.services.month_end import run_month_end
from invoices.services.questions import question_is_justified, question_line
from invoices.services.release import release
from invoices.usage import lines_of_month
from invoices.vat import vat_ledger
from ledger.services import wallet_of
from lifecycle.models import Resource
from notifications.models import Notice
from payments.services.correct import correct_invoice
from payments.services.invoices import pay_invoices_from_wallet
from tests.actions.books import nothing_changes
from tests.actions.used import APRIL, BEGIN, MARCH, MAY, OVER, bill, report, server, traffic, uses
from tests.cast import (
    DAY,
    JOB,
    STAFF,
    create,
    fund,
    make_customer,
    make_metered,
    owner_of,
    taxed_at,
)
from tests.documents.reading import text_of
from tests.owner import as_owner

__all__ = ["server", "traffic"]
pytestmark = pytest.mark.django_db


def test_less_than_was_billed_is_credited(server: Resource, bob: Customer) -> None:
    """10 GB were billed at 5,000, and 6 were used. What was not paid is due no more."""
    report(server, "a", 10)
    bill()
    report(server, "b", 6, corrects="a", at=OVER + DAY)
    bill(APRIL)
    note = CreditNote.objects.get()
    assert (note.amount, note.refunded, note.reason, note.invoice.period_key) == (2_000, 0, "used_less", "2026-03")
    assert UseTakenBack.objects.get().quantity == 4
    with override("en"):
        assert "traffic: −4 GB" in text_of(credit_note_pdf(note)).replace("\xa0", " ")
    assert Invoice.objects.get(period_key="2026-03").due == 187_033 + 3_000
    assert Notice.objects.get(kind=Notice.Kind.INVOICE_CORRECTED).facts["month"] == "2026-03"
    with nothing_changes():
        run_month_end(MARCH, actor=JOB, at=APRIL.period.ends_at + DAY)


def test_the_usage_report_has_what_is_left_of_the_item(server: Resource) -> None:
    """187,033 for the time with 17,003 of VAT; of 5,000 for 10 GB with 455 are 3,000 with 273 left, and then nothing."""
    report(server, "a", 10)
    bill()
    report(server, "b", 6, corrects="a", at=OVER + DAY)
    bill(APRIL)
    found = lines_of_month(InvoiceLine.objects.order_by("position"), MARCH).values_list("month_total", "month_tax")
    assert list(found) == [(187_033, 17_003), (3_000, 273)]
    report(server, "c", None, corrects="b", at=APRIL.period.ends_at + DAY)
    bill(MAY)
    assert list(found.all()) == [(187_033, 17_003), (0, 0)]
    invoice = server.invoices.get(period_key="2026-03")
    correct_invoice(invoice.pk, 87_033, note="goodwill", actor=STAFF, at=MAY.period.ends_at + DAY)
    assert list(found.all()) == [(100_000, 9_091), (0, 0)]


def test_after_a_failure_all_are_billed_before_anybody_is_credited(
    bob: Customer, small: Item, traffic: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers of invoices before those of credit notes, as in every chunk: who works on another one waits, and no two for each other."""
    less, more = (create(customer, small, at=BEGIN)[0] for customer in (bob, make_customer("Bo", mode="postpaid")))
    for one in (less, more):
        report(one, "a", 10)
    bill()
    report(less, "b", 6, corrects="a", at=OVER + DAY)
    report(more, "b", 6, at=OVER + DAY)
    taken: list[str] = []

    def numbers(series: str, count: int, **when: Any) -> list[str]:
        taken.append(series)
        if len(taken) == 1:
            raise RuntimeError("the chunk as a whole")
        return next_numbers(series, count, **when)

    for module in ("issue", "credit"):
        monkeypatch.setattr(f"invoices.services.{module}.next_numbers", numbers)
    bill(APRIL)
    assert taken == ["U", "U", "C", "U"]
    assert CreditNote.objects.get().amount == 2_000


def test_what_was_paid_of_it_is_credit_again(server: Resource, bob: Customer) -> None:
    report(server, "a", 10)
    bill()
    fund(bob, 192_033)
    pay_invoices_from_wallet(bob.pk, [server.invoices.get().pk], actor=owner_of(bob), at=OVER)
    report(server, "b", None, corrects="a", at=OVER + DAY)
    bill(APRIL)
    assert (CreditNote.objects.get().refunded, wallet_of(bob.pk).credit) == (5_000, 5_000)


def test_less_is_taken_from_the_latest_bill_first_and_more_goes_on_from_what_is_left(server: Resource) -> None:
    """10, then 4 more; then the 10 were 3 only: 7 go off, 4 from the second bill and 3 from the first. Then 2 more."""
    report(server, "a", 10)
    bill()
    report(server, "b", 4, at=OVER + DAY)
    bill(APRIL)
    report(server, "c", 3, corrects="a", at=APRIL.period.ends_at + DAY)
    bill(MAY)
    assert list(CreditNote.objects.order_by("number").values_list("amount", flat=True)) == [2_000, 1_500]
    assert list(UseTakenBack.objects.order_by("pk").values_list("quantity", flat=True)) == [4, 3]
    report(server, "d", 2, day=31, at=MAY.period.ends_at + DAY / 24)
    run_month_end(MARCH, actor=JOB, at=MAY.period.ends_at + DAY)
    assert [line[1:5] for line in uses()] == [(0, 10, 0, 5_000), (10, 4, 5_000, 2_000), (7, 2, 3_500, 1_000)]


def test_what_was_not_used_is_credited_at_its_own_rate_of_vat(bob: Customer, small: Item, vserver: Product) -> None:
    """
    187,033 for the time have 17,003 of VAT, 10,000 for the traffic none. 4,000 of that go off without any.

    Then staff credit half of the other 193,033: of 187,033 and 6,000 there, 96,516.5 have 8,502 of VAT; and then all that is left.
    """
    make_metered(vserver, "traffic", 500, tax_category=taxed_at("0"))
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", 20)
    bill()
    report(server, "b", 12, corrects="a", at=OVER + DAY)
    bill(APRIL)
    invoice = server.invoices.get(period_key="2026-03")
    for amount in (96_517, 96_516):
        correct_invoice(invoice.pk, amount, note="goodwill", actor=STAFF, at=APRIL.period.ends_at + DAY)
    notes = CreditNote.objects.order_by("number").values_list("amount", "tax")
    assert list(notes) == [(4_000, 0), (96_517, 8_502), (96_516, 8_501)]
    credited = [row for row in vat_ledger(MAY) if row.corrects]
    assert [(row.rate, row.tax) for row in credited] == [
        (0, 0),
        (0, 0),
        (Decimal("0.1"), -8_502),
        (0, 0),
        (Decimal("0.1"), -8_501),
    ]
    assert -sum(row.total for row in credited if not row.rate) == 10_000
    assert -sum(row.total for row in credited if row.rate) == 187_033


def test_no_more_is_credited_than_is_left_of_the_bill(server: Resource) -> None:
    report(server, "a", 10)
    bill()
    invoice = server.invoices.get()
    correct_invoice(invoice.pk, invoice.total - 700, note="goodwill", actor=STAFF, at=OVER)
    report(server, "b", None, corrects="a", at=OVER + DAY)
    bill(APRIL)
    assert CreditNote.objects.get(reason="used_less").amount == 700


@pytest.mark.breaks_the_books
def test_no_more_is_credited_than_is_left_of_the_line(server: Resource, bob: Customer) -> None:
    """5,000 for 10 GB. Staff have credited 4,000 of it for the customer's question, when the team takes all of it back."""
    report(server, "a", 10)
    bill()
    invoice = server.invoices.get()
    question = question_line(bob.pk, invoice.pk, 2, text="10 GB?", actor=owner_of(bob), at=OVER)
    note = correct_invoice(invoice.pk, 4_000, note="it was 2 GB", line=question.line, actor=STAFF, at=OVER)
    question_is_justified(question.pk, note, actor=STAFF, at=OVER)
    report(server, "b", None, corrects="a", at=OVER + DAY)
    bill(APRIL)
    assert CreditNote.objects.get(reason="used_less").amount == 1_000
    assert violations() == []


@pytest.mark.breaks_the_books
def test_of_a_month_whose_records_were_detached_the_bills_stand(server: Resource, bob: Customer) -> None:
    """As the documentation says it: nobody takes what is not there for what was taken back, neither a release nor the auditor."""
    report(server, "a", 10)
    bill()
    held = ParkedBilling.objects.create(customer=bob, month=MARCH.key, cause="failed", at=OVER)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE usage_record DETACH PARTITION usage_record_202603")
    release(held.pk, reason="looked at", actor=STAFF, at=OVER + DAY)
    assert (CreditNote.objects.exists(), UseTakenBack.objects.exists(), violations()) == (False, False, [])


def test_what_staff_credited_of_a_line_is_not_credited_again(server: Resource) -> None:
    """10 GB for 5,000. Staff credit 2,000 of that line; then the team says that it was 6 GB, and then 5: 500 more."""
    report(server, "a", 10)
    bill()
    invoice = server.invoices.get()
    correct_invoice(invoice.pk, 2_000, note="it was 6 GB", line=invoice.lines.get(per_minutes=0), actor=STAFF, at=OVER)
    report(server, "b", 6, corrects="a", at=OVER + DAY)
    bill(APRIL)
    assert UseTakenBack.objects.get().quantity == 4
    assert not CreditNote.objects.filter(reason="used_less").exists()
    report(server, "c", 5, corrects="b", at=APRIL.period.ends_at + DAY)
    bill(MAY)
    assert CreditNote.objects.get(reason="used_less").amount == 500
