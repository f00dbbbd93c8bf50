"""Invoices and credit notes in the staff area: corrected, questioned, printed."""

from __future__ import annotations

from django.urls import reverse

from invoices.models import CreditNote, Invoice
from invoices.services.month_end import run_month_end
from invoices.services.questions import question_line
from kernel.periods import CalendarMonth
from payments.services.wallet import wallet_of
from tests.admin.conftest import days_after
from tests.admin.doing import do, last_audit, page_of, sentences
from tests.cast import JOB, NOON, create, owner_of


def test_a_credit_note_gives_back_what_was_paid(staff, alice, small):
    invoice = create(alice, small)[0].invoices.get()  # 181,000, paid from the wallet

    answer = staff("finance").post(
        page_of(invoice, "credit-note"), {"amount": 81_000, "note": "Two days without network", "key": "k"}
    )

    assert answer.status_code == 302
    note = CreditNote.objects.get()
    assert (note.amount, note.refunded, note.tax, note.reason) == (81_000, 81_000, 7_364, "correction")
    assert wallet_of(alice.pk).credit == 10_000_000 - 181_000 + 81_000
    assert last_audit().verb == "correct invoice"


def test_a_credit_note_first_reduces_what_is_due(staff, bob, small):
    create(bob, small)
    run_month_end(CalendarMonth(2026, 3), actor=JOB, at=days_after(30))
    invoice = Invoice.objects.get()
    staff("finance").post(page_of(invoice, "credit-note"), {"amount": 29_717, "note": "Goodwill", "key": "k"})
    invoice.refresh_from_db()
    assert (invoice.due, CreditNote.objects.get().refunded, wallet_of(bob.pk).credit) == (100_000, 0, 0)


def test_more_than_the_invoice_is_refused_and_nothing_is_issued(staff, alice, small):
    invoice = create(alice, small)[0].invoices.get()
    answer = staff("finance").post(page_of(invoice, "credit-note"), {"amount": 181_001, "note": "x", "key": "k"})
    assert "Only 181,000 ₫" in sentences(answer)
    assert not CreditNote.objects.exists()


def test_a_questioned_line_is_explained_or_credited(staff, alice, small, at):
    one, other = (server.invoices.get() for server in create(alice, small, quantity=2))
    client = staff("finance")
    first = question_line(alice.pk, one.pk, 1, text="why?", actor=owner_of(alice), at=NOON)
    do(client, first, "explain", answer="It ran all of the month.")
    second = question_line(alice.pk, other.pk, 1, text="it was down", actor=owner_of(alice), at=NOON)
    do(client, second, "justify", key="k2", amount="1.000", note="An hour of outage")
    assert [of.questions.get().state for of in (one, other)] == ["explained", "justified"]
    assert CreditNote.objects.get().amount == 1_000


def test_invoices_and_credit_notes_are_printed_for_staff_only(staff, client, alice, small):
    invoice = create(alice, small)[0].invoices.get()
    auditor = staff("auditor")
    address = reverse("admin:invoices_invoice_pdf", args=[invoice.pk])
    answer = auditor.get(address)
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert staff("catalogue").get(address).status_code == 403
    assert client.get(address).status_code == 302
