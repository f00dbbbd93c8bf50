"""
A customer questions a line: only that amount leaves dunning and automatic payment until staff answer.

April: a server for 181,000 and 100 GB for 200,000 VND, one invoice of 381,000, due on 16 May.
"""

from __future__ import annotations

from datetime import datetime

import pytest

from accounts.models import AuditEntry
from invoices.models import Act, Invoice, Question
from invoices.models.dunning import is_in_force
from invoices.services.ladder import climb
from invoices.services.questions import (
    AnsweredBefore,
    NothingToQuestion,
    QuestionAnswered,
    QuestionedAlready,
    UnknownLine,
    explain_to_customer,
    question_is_justified,
    question_line,
)
from kernel.errors import InvalidInput
from notifications.models import Notice
from payments.services.correct import correct_invoice
from payments.services.invoices import pay_invoices_from_wallet
from payments.services.owed import settle_what_is_owed
from payments.services.wallet import wallet_of
from tests.actions.books import refused
from tests.cast import JOB, STAFF, fund, owner_of
from tests.debts import morning, usage_invoice

JUNE = 6


@pytest.fixture
def invoice(bob, small, disk) -> Invoice:
    return usage_invoice(bob, small, (disk, 100))


def position_of(invoice: Invoice, total: int) -> int:
    return invoice.lines.get(total=total).position


def ask(invoice: Invoice, total: int = 200_000, *, at: datetime | None = None) -> Question:
    return question_line(
        invoice.customer_id, invoice.pk, position_of(invoice, total), text="We had 50 GB", actor=owner_of(invoice.customer), at=at or morning(12)
    )  # fmt: skip


def justify(question: Question, amount: int, at: datetime) -> None:
    """As `CreditInvoice` does, which may take two."""
    note = correct_invoice(question.invoice_id, amount, note="it was 50 GB", actor=STAFF, at=at)
    question_is_justified(question.pk, note, actor=STAFF, at=at)


def test_all_but_the_questioned_line_is_paid_automatically(bob, invoice):
    ask(invoice)
    fund(bob, 1_000_000)
    settle_what_is_owed(bob.pk, actor=JOB, at=morning(13))
    invoice.refresh_from_db()
    assert (invoice.paid, invoice.due) == (181_000, 200_000)
    assert settle_what_is_owed(bob.pk, actor=JOB, at=morning(14)) is None


def test_the_customer_may_pay_all_of_it_all_the_same(bob, invoice):
    ask(invoice)
    fund(bob, 381_000)
    pay_invoices_from_wallet(bob.pk, [invoice.pk], actor=owner_of(bob), at=morning(13))
    invoice.refresh_from_db()
    assert invoice.due == 0


def test_an_invoice_of_which_only_the_questioned_line_is_due_is_not_dunned(bob, invoice):
    ask(invoice)
    fund(bob, 181_000)
    settle_what_is_owed(bob.pk, actor=JOB, at=morning(13))
    assert climb(at=morning(17)) == 0
    assert not Notice.objects.filter(kind=Notice.Kind.INVOICE_OVERDUE).exists()


def test_the_rest_of_the_invoice_climbs_on_and_only_the_rest_is_named(invoice):
    ask(invoice)
    climb(at=morning(3, JUNE))
    assert Notice.objects.get(kind=Notice.Kind.DUNNING_ANNOUNCED).facts["amount"] == 181_000
    assert Notice.objects.get(kind=Notice.Kind.INVOICE_OVERDUE).facts["due"] == 181_000


def test_questioning_the_last_of_a_debt_lifts_what_it_had_caused(bob, invoice):
    for day in (3, 6):
        climb(at=morning(day, JUNE))
    fund(bob, 181_000)
    pay_invoices_from_wallet(bob.pk, [invoice.pk], amount=181_000, actor=owner_of(bob), at=morning(6, JUNE))
    assert is_in_force(Act.BLOCK, bob.pk)
    ask(invoice, at=morning(7, JUNE))
    assert not is_in_force(Act.BLOCK, bob.pk)


def test_an_explained_line_is_dunned_again_and_the_customer_reads_why(bob, invoice):
    question = ask(invoice)
    fund(bob, 1_000_000)
    explain_to_customer(question.pk, "It was 100 GB from the first on.", actor=STAFF, at=morning(13))
    settle_what_is_owed(bob.pk, actor=JOB, at=morning(13))
    invoice.refresh_from_db()
    assert invoice.due == 0
    told = Notice.objects.get(kind=Notice.Kind.QUESTION_ANSWERED)
    assert told.facts["answer"] == "It was 100 GB from the first on."
    assert AuditEntry.objects.get().verb == "explain questioned line"


@pytest.mark.parametrize("justified", [True, False])
def test_a_line_that_was_answered_is_not_questioned_again_to_keep_it_from_being_dunned(invoice, justified):
    question = ask(invoice)
    if justified:
        justify(question, 100_000, morning(13))
    else:
        explain_to_customer(question.pk, "It was 100 GB from the first on.", actor=STAFF, at=morning(13))
    with refused(AnsweredBefore):
        ask(invoice, at=morning(14))
    ask(invoice, 181_000, at=morning(14))  # the other line


def test_a_justified_question_is_answered_by_a_credit_note(bob, invoice):
    question = ask(invoice)
    justify(question, 100_000, morning(13))
    question.refresh_from_db()
    invoice.refresh_from_db()
    assert (question.state, question.answer, question.credit_note.amount) == ("justified", "it was 50 GB", 100_000)
    assert invoice.due == 281_000
    assert Notice.objects.get(kind=Notice.Kind.QUESTION_ANSWERED).facts["credited"] == 100_000


def test_what_was_paid_of_a_justified_line_is_credit_again(bob, invoice):
    fund(bob, 381_000)
    pay_invoices_from_wallet(bob.pk, [invoice.pk], actor=owner_of(bob), at=morning(11))
    justify(ask(invoice), 100_000, morning(13))
    assert wallet_of(bob.pk).available == 100_000


def test_a_question_is_answered_once(bob, invoice):
    question = ask(invoice)
    explain_to_customer(question.pk, "right", actor=STAFF, at=morning(13))
    with pytest.raises(QuestionAnswered):
        explain_to_customer(question.pk, "wrong", actor=STAFF, at=morning(14))


def test_refusals_say_which_rule_and_leave_nothing_behind(bob, alice, invoice):
    with pytest.raises(UnknownLine):
        question_line(alice.pk, invoice.pk, 1, text="not mine", actor=owner_of(alice), at=morning(12))
    with pytest.raises(UnknownLine):
        question_line(bob.pk, invoice.pk, 9, text="which?", actor=owner_of(bob), at=morning(12))
    for text in ("  ", "x" * 1001):
        with pytest.raises(InvalidInput):
            question_line(bob.pk, invoice.pk, 1, text=text, actor=owner_of(bob), at=morning(12))
    assert not Question.objects.exists()
    ask(invoice)
    with pytest.raises(QuestionedAlready):
        ask(invoice)
    correct_invoice(invoice.pk, 381_000, note="all of it", actor=STAFF, at=morning(13))
    with pytest.raises(NothingToQuestion):
        ask(invoice, 181_000)
