"""Lines that customers question: staff explain them, or credit what was not right."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.tasks import Task
from accounts.four_eyes import ask
from invoices.models import Question
from invoices.rights import ANSWER_QUESTION
from invoices.services.questions import LONGEST, explain_to_customer
from kernel import display
from kernel.actors import Actor
from kernel.shapes import Cleaned, Wording
from payments.acts import CreditInvoice
from payments.admin.documents import CreditNoteForm
from payments.rights import CORRECT_INVOICE


def facts_of(question: Question) -> list[tuple[Wording, str]]:
    invoice = question.invoice
    return [
        (_("Customer"), str(question.customer)),
        (_("Invoice"), invoice.number),
        (_("Line"), question.line.name),
        (_("Question"), question.text),
        (_("Questioned"), display.money(question.amount)),
        (_("Still due"), display.money(invoice.due)),
        (_("Can still be credited"), display.money(invoice.total - invoice.credited)),
    ]


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=_("Answer to the customer"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4})
    )


class Explain(Task):
    name = "explain"
    label = _("It is right: explain it")
    lead = _("The customer reads your answer. What was questioned is dunned and paid automatically again.")
    button = _("Answer")
    right = ANSWER_QUESTION
    form = AnswerForm

    def is_open(self, subject: Question, at: datetime) -> bool:
        return subject.state == Question.State.OPEN

    def context(self, subject: Question, *, at: datetime) -> dict[str, object]:
        return {"facts": facts_of(subject)}

    def carry_out(self, subject: Question, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        explain_to_customer(subject.pk, data["answer"], actor=actor, at=at)
        return text("The customer is told.")


class Justify(Task):
    name = "justify"
    label = _("It is justified: credit it")
    lead = _("A credit note is the answer. It first reduces what is due; what was paid of it goes back to the wallet.")
    button = _("Issue the credit note")
    right = CORRECT_INVOICE
    form = CreditNoteForm
    once = True
    dangerous = True

    def is_open(self, subject: Question, at: datetime) -> bool:
        return subject.state == Question.State.OPEN

    def form_options(self, subject: Question, *, at: datetime) -> dict[str, object]:
        return {"initial": {"amount": subject.amount}}

    def context(self, subject: Question, *, at: datetime) -> dict[str, object]:
        return {"facts": facts_of(subject)}

    def carry_out(self, subject: Question, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        asked = ask(
            CreditInvoice,
            customer=subject.customer,
            amount=data["amount"],
            subject=subject.invoice.number,
            facts={"invoice": str(subject.invoice_id), "question": str(subject.pk)},
            reason=data["note"],
            actor=actor,
            at=at,
        )
        return asked.told(
            lambda note: text("Credit note %(number)s is issued, and the customer is told.") % {"number": note.number}
        )


@admin.register(Question)
class QuestionAdmin(LookOnlyAdmin):
    about = ("customer", "invoice")
    tasks = (Explain(), Justify())
    list_display = ("at", "customer", "invoice", "line", "amount", "text", "state", "answered_at", "credit_note")
    list_select_related = ("customer", "invoice", "line", "credit_note")
    list_filter = ("state",)
    search_fields = ("customer__name", "=invoice__number", "text")
    date_hierarchy = "at"
