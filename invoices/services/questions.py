"""Customers question a line of an invoice: its amount is neither dunned nor paid automatically until staff answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from invoices.audit import Did
from invoices.models import CreditNote, Invoice, InvoiceLine, Question
from invoices.queries import coupon_shares
from invoices.services.ladder import lift_what_is_settled
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from notifications.models import Notice
from notifications.services import tell

LONGEST = 1000


class QuestionedAlready(DomainError):
    code = "questioned-already"
    message = _("This line is being looked into already. Please wait for our answer.")


class AnsweredBefore(DomainError):
    code = "answered-before"
    message = _("We have answered your question about this line. If the answer is not right, please write to us.")


class NothingToQuestion(DomainError):
    code = "nothing-to-question"
    message = _("This line costs nothing, or was credited already.")


class UnknownLine(DomainError):
    code = "unknown-line"
    status = 404
    message = _("There is no such line on your invoices.")


class QuestionAnswered(DomainError):
    code = "question-answered"
    message = _("This question has been answered already.")


@transaction.atomic
def question_line(
    customer_id: UUID, invoice_id: UUID, position: int, *, text: str, actor: Actor, at: datetime
) -> Question:
    """
    From now on what the line costs, net of the coupon, waits for the answer: a customer may pay it all the same.

    :raises UnknownLine: not on an invoice of this customer
    :raises QuestionedAlready: staff have not answered yet
    :raises AnsweredBefore: they have: asking again and again would keep a debt from being dunned for ever
    :raises NothingToQuestion: it costs nothing, or all of the invoice was credited
    """
    if not 0 < len(text.strip()) <= LONGEST:
        raise InvalidInput(_("Say what is not right, in at most 1,000 characters."), field="text")
    customer = Customer.objects.lock(customer_id)
    line = InvoiceLine.objects.filter(invoice=invoice_id, invoice__customer=customer, position=position).first()
    if line is None:
        raise UnknownLine
    invoice = Invoice.objects.lock_all([invoice_id])[0]
    if Question.objects.open().filter(line=line).exists():
        raise QuestionedAlready
    if Question.objects.filter(line=line).exists():
        raise AnsweredBefore
    shares = coupon_shares({invoice.pk: invoice.coupon} if invoice.coupon else {})
    amount = min(line.total - shares.get(line.pk, 0), invoice.total - invoice.credited)
    if amount <= 0:
        raise NothingToQuestion
    question = Question.objects.create(
        customer=customer, invoice=invoice, line=line, amount=amount, text=text.strip(), actor=actor.name, at=at
    )
    lift_what_is_settled(customer.pk, at=at)
    _tell(question, customer, Notice.Kind.LINE_QUESTIONED, at=at, question=question.text, asked=str(question.pk))
    return question


@transaction.atomic
def explain_to_customer(question_id: UUID, answer: str, *, actor: Actor, at: datetime) -> Question:
    """
    It is right as it is, and the customer reads why. What was questioned is dunned and paid automatically again.

    :raises QuestionAnswered: it was answered before
    """
    if not 0 < len(answer.strip()) <= LONGEST:
        raise InvalidInput(_("Say why the line is right, in at most 1,000 characters."), field="answer")
    question = _hold(question_id)
    question.state, question.answer = Question.State.EXPLAINED, answer.strip()
    _close(question, actor=actor, at=at)
    _tell(question, question.customer, Notice.Kind.QUESTION_ANSWERED, at=at, answer=question.answer)
    record_audit(Did.EXPLAIN_LINE, question.invoice, actor=actor, at=at, reason=answer, customer=question.customer)
    return question


def _hold(question_id: UUID) -> Question:
    """:raises QuestionAnswered: it was answered before"""
    customer = Customer.objects.lock(Question.objects.values_list("customer", flat=True).get(pk=question_id))
    found = Question.objects.select_for_update(of=("self",), no_key=True).select_related("invoice", "line")
    question = found.get(pk=question_id)
    if question.state != Question.State.OPEN:
        raise QuestionAnswered
    question.customer = customer
    return question


def _close(question: Question, *, actor: Actor, at: datetime) -> None:
    question.answered_by, question.answered_at = actor.name, at
    question.save(update_fields=["state", "answer", "credit_note", "answered_by", "answered_at"])


@transaction.atomic
def question_is_justified(question_id: UUID, credit_note: CreditNote, *, actor: Actor, at: datetime) -> Question:
    """
    The credit note that staff have issued is the answer.

    :raises QuestionAnswered: it was answered before
    """
    question = _hold(question_id)
    question.state, question.answer, question.credit_note = Question.State.JUSTIFIED, credit_note.note, credit_note
    _close(question, actor=actor, at=at)
    _tell(
        question,
        question.customer,
        Notice.Kind.QUESTION_ANSWERED,
        at=at,
        credited=credit_note.amount,
        credit_note=credit_note.number,
        answer=question.answer,
    )
    return question


def chargeable(invoices: Sequence[Invoice]) -> dict[UUID, int]:
    """Invoice -> what of it may be charged automatically, and is dunned: what is due, less what is questioned."""
    questioned = Question.objects.filter(invoice__in=invoices).amounts()
    return {invoice.pk: max(invoice.due - questioned.get(invoice.pk, 0), 0) for invoice in invoices}


def _tell(question: Question, customer: Customer, kind: Notice.Kind, /, *, at: datetime, **facts: object) -> None:
    tell(
        customer,
        kind,
        question.invoice_id,
        question.pk,
        at=at,
        number=question.invoice.number,
        line={"item": str(question.line.item_id), "name": question.line.name},
        amount=question.amount,
        **facts,
    )
