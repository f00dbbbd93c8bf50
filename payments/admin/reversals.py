"""Payments that a bank or gateway took back: each is a case until staff have closed it."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin, LookOnlyInline
from accounts.admin.tasks import ReasonForm, Task
from accounts.four_eyes import ask
from kernel import display
from kernel.actors import Actor
from kernel.fields import DongField
from kernel.shapes import Cleaned, Json
from payments.acts import BookGivenBack
from payments.models import Allocation, Reversal
from payments.rights import TAKE_BACK_PAYMENT
from payments.services.given_back import give_back, is_told_by_a_statement
from payments.services.reversals import close_reversal


def another_field() -> forms.BooleanField:
    """Beside what is booked as taken back."""
    return forms.BooleanField(
        label=_("It is another time"),
        required=False,
        help_text=_(
            "Only where the same amount of this payment is on record under another reference, and this is one more."
        ),
    )


class CloseReversal(Task[Reversal]):
    name = "close"
    label = _("Close the case")
    lead = _("The customer has been talked to, and there is nothing left to do. An open debt goes on being collected.")
    button = _("Close it")
    right = TAKE_BACK_PAYMENT

    def is_open(self, subject: Reversal, at: datetime) -> bool:
        return subject.closed_at is None

    def context(self, subject: Reversal, *, at: datetime) -> dict[str, object]:
        return {
            "facts": [
                (_("Taken back"), display.money(subject.amount)),
                (_("Returned to its source"), display.money(subject.payment.to_source)),
                (_("Invoices open again"), display.money(subject.reopened)),
                (_("Debt left"), display.money(subject.debt - subject.collected)),
            ]
        }

    def carry_out(self, subject: Reversal, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        close_reversal(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("The case is closed.")


class GivenBackForm(ReasonForm):
    amount = DongField(
        label=_("Amount that was given back (₫)"),
        least=1,
        help_text=_("Less than was taken where the dispute was won in part: the rest stays away."),
    )
    field_order = ("amount", "reason")


class GiveBack(Task[Reversal]):
    name = "give-back"
    label = _("Given back by bank or gateway")
    lead = _(
        "The dispute was won. The money pays what is still owed for it, then the invoices that had been opened again; the rest is credit."
    )
    button = _("Book it")
    right = TAKE_BACK_PAYMENT
    form = GivenBackForm
    once = True

    def is_open(self, subject: Reversal, at: datetime) -> bool:
        return subject.given_back_at is None

    def form_options(self, subject: Reversal, *, at: datetime) -> Json:
        return {"initial": {"amount": subject.amount}}

    def context(self, subject: Reversal, *, at: datetime) -> dict[str, object]:
        return {
            "facts": [
                (_("Taken back"), display.money(subject.amount)),
                (_("Reference of the bank or gateway"), subject.reference),
                (_("Debt left"), display.money(subject.debt - subject.collected)),
            ]
        }

    def carry_out(self, subject: Reversal, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        waits, amount = "", data["amount"]
        if amount > subject.amount or is_told_by_a_statement(subject, amount):  # more than was taken is refused at once
            give_back(subject.pk, amount, reason=data["reason"], actor=actor, at=at)
        else:  # nobody but who presses this says so
            waits = ask_to_give_back(subject, amount, reason=data["reason"], actor=actor, at=at)
        return waits or text("%(amount)s are booked.") % {"amount": display.money(amount)}


def ask_to_give_back(reversal: Reversal, amount: int, *, reason: str, actor: Actor, at: datetime) -> str:
    """Says that it waits for somebody else; nothing where it is booked."""
    asked = ask(
        BookGivenBack,
        customer=reversal.customer,
        amount=amount,
        subject=reversal.reference,
        facts={"reversal": reversal.pk},
        reason=reason,
        actor=actor,
        at=at,
    )
    return asked.sentence


class ReopenedInline(LookOnlyInline):
    model = Allocation
    fields = ("at", "invoice", "payment", "amount")
    related_rows = ("invoice", "payment")
    ordering = ("pk",)


@admin.register(Reversal)
class ReversalAdmin(LookOnlyAdmin):
    tasks = (CloseReversal(), GiveBack())
    inlines = (ReopenedInline,)
    list_display = (
        *("at", "customer", "payment", "amount", "from_credit", "reopened", "debt", "collected"),
        *("closed_at", "given_back", "given_back_at"),
    )
    list_select_related = ("customer", "payment")
    list_filter = (("closed_at", admin.EmptyFieldListFilter),)
    search_fields = ("customer__name", "=reference", "=told_as", "=payment__reference")
    date_hierarchy = "at"
