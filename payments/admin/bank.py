"""The bank's statement: its lines, whose they are, files of them, and what customers were asked to transfer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django import forms
from django.contrib import admin
from django.db.models import F, Model, QuerySet
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin, LookOnlyInline
from accounts.admin.tasks import ReasonForm, Task
from accounts.four_eyes import Asked, ask
from accounts.models import Customer
from kernel import clock, display
from kernel.actors import Actor
from kernel.fields import DongField
from kernel.identity import tax_code_of
from kernel.keys import transfer_key
from kernel.periods import local_day
from kernel.references import references_in
from kernel.shapes import Cleaned, Wording
from payments import acts
from payments.admin.transfer import told
from payments.models import BankTransfer, ExpectedTransfer, Payment, SentBack
from payments.rights import RECORD_BANK_TRANSFER
from payments.services.statements import Format, read_file

MOST_BYTES = 5_000_000


class GiveForm(ReasonForm):
    whose = forms.CharField(
        label=_("Whose it is"),
        max_length=200,
        help_text=_(
            "The text that the customer was to write, the mail address of the customer or of somebody of theirs, or their tax code."
        ),
    )
    amount = DongField(label=_("Amount for this customer (₫)"), least=1)
    field_order = ("whose", "amount", "reason")

    def clean_whose(self) -> ExpectedTransfer | Customer:
        typed = str(self.cleaned_data["whose"]).strip()
        found = owners_named(typed)
        if not found:
            raise forms.ValidationError(
                text(
                    "Nobody is known by this. Search for the customer, and type the mail address that their page shows."
                )
            )
        if len(found) > 1:
            raise forms.ValidationError(
                text(
                    "More than one customer is known by this. Type a mail address or tax code that only one of them has."
                )
            )
        return found[0]


def owner_named(typed: str) -> ExpectedTransfer | Customer | None:
    """As `owners_named`, where it is one."""
    found = owners_named(typed)
    return found[0] if len(found) == 1 else None


def owners_named(typed: str) -> Sequence[ExpectedTransfer | Customer]:
    """
    What was asked for under this reference, or the customers with this mail address or tax code: two at most. Of a mail address those
    whose it is come before those for whom its user works.
    """
    expected = ExpectedTransfer.objects.filter(reference__in=references_in(typed)).select_related("customer").first()
    if expected:
        return [expected]
    if "@" not in typed:
        return list(Customer.objects.filter(buyers__tax_code=tax_code_of(typed) or typed).distinct()[:2])
    their_own = list(Customer.objects.filter(email__iexact=typed)[:2])
    return their_own or list(Customer.objects.filter(memberships__user__email__iexact=typed).distinct()[:2])


class OfRest(Task[BankTransfer]):
    """What is done with money that is nobody's yet."""

    right = RECORD_BANK_TRANSFER
    once = True

    def is_open(self, subject: BankTransfer, at: datetime) -> bool:
        return subject.rest > 0

    def form_options(self, subject: BankTransfer, *, at: datetime) -> dict[str, object]:
        return {"initial": {"amount": subject.rest}}

    def context(self, subject: BankTransfer, *, at: datetime) -> dict[str, object]:
        return {"facts": facts_of(subject)}


class GiveTransfer(OfRest):
    name = "give"
    label = _("Give it to a customer")
    lead = _(
        "Money that arrived on our bank account and is nobody's yet. What the customer was asked for goes on with it."
    )
    button = _("Give it")
    form = GiveForm

    def carry_out(self, subject: BankTransfer, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        asked = ask_to_give(subject, data["whose"], data["amount"], reason=data["reason"], actor=actor, at=at)
        return asked.told(told)


def ask_to_give(
    transfer: BankTransfer,
    whose: ExpectedTransfer | Customer,
    amount: int,
    *,
    reason: str,
    actor: Actor,
    at: datetime,
    claim: int | None = None,
) -> Asked[Payment]:
    """Above the limit of one person it waits for a second one, as every transfer that staff record."""
    expected = whose if isinstance(whose, ExpectedTransfer) else None
    customer = whose.customer if isinstance(whose, ExpectedTransfer) else whose
    return ask(
        acts.RecordTransfer,
        customer=customer,
        amount=amount,
        subject=transfer.reference,
        facts={
            "invoices": [],
            "whole": transfer.amount,
            "reference": transfer.reference,
            "value_date": (transfer.value_date or local_day(at)).isoformat(),
            "account": transfer.account,
            "expected": str(expected.pk) if expected else "",
            "claim": claim,
        },
        reason=reason,
        actor=actor,
        at=at,
    )


def facts_of(transfer: BankTransfer) -> list[tuple[Wording, str]]:
    return [
        (_("Amount that arrived"), display.money(transfer.amount)),
        (_("Nobody's yet"), display.money(transfer.rest)),
        (_("Value date"), display.day(transfer.value_date) if transfer.value_date else "–"),
        (_("Payer"), transfer.payer or "–"),
        (_("Text of the transfer"), transfer.note or "–"),
    ]


class SendBackForm(ReasonForm):
    amount = DongField(label=_("Amount (₫)"), least=1)
    number = forms.CharField(
        label=_("Number of what went out"),
        max_length=60,
        help_text=_("The bank's own number of your transfer. Its statement is compared by it."),
    )
    field_order = ("amount", "number", "reason")

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"]
        if not transfer_key(number):
            raise forms.ValidationError(text("A reference has letters or digits."))
        return number


class SendBack(OfRest):
    name = "send-back"
    label = _("Record that it was sent back")
    lead = _("Somebody paid us by mistake, and you have sent the money back at the bank. It leaves suspense.")
    button = _("Record it")
    form = SendBackForm
    dangerous = True

    def carry_out(self, subject: BankTransfer, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        asked = ask(
            acts.SendBack,
            customer=None,
            amount=data["amount"],
            subject=subject.reference,
            facts={"transfer": subject.pk, "number": data["number"]},
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        return asked.sentence or text("It is recorded as sent back.")


class StatementForm(forms.Form):
    form = forms.ChoiceField(label=_("Format"), choices=Format.choices)
    file = forms.FileField(label=_("File of the bank"))
    day = forms.DateField(
        label=_("Day of the statement"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Only for a file whose lines do not name their day: one day, one file."),
    )

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(text("This file is too large."))
        content: bytes = file.read()
        return content


class ReadStatement(Task[None]):
    name = "statement"
    label = _("Read a bank statement")
    lead = _("Lines that are known already change nothing: a file can be read again, and days may overlap.")
    button = _("Read it")
    right = RECORD_BANK_TRANSFER
    form = StatementForm

    def carry_out(self, subject: None, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        reading = read_file(data["file"], data["form"], day=data["day"], actor=actor, at=at)
        said = text(
            "%(new)d new transfers: %(given)d given to customers, %(waiting)d wait for staff; %(known)d were known already."
        ) % {"new": reading.new, "given": reading.given, "waiting": reading.waiting, "known": reading.known}
        if reading.outgoing:
            said += " " + text("%(count)d lines of money that went out are compared with what was sent back.") % {
                "count": reading.outgoing
            }
        if reading.differing:
            said += " " + text("On record with another amount: %(numbers)s. Ask the bank.") % {
                "numbers": ", ".join(reading.differing[:20])
            }
        return said


class SentBackInline(LookOnlyInline):
    model = SentBack
    fields = ("at", "amount", "number")
    ordering = ("pk",)


class PartsInline(LookOnlyInline):
    model = Payment
    fields = ("created_at", "customer", "reference", "expected", "amount", "allocated", "refunded")
    related_rows = ("customer", "expected")
    ordering = ("pk",)


class WithRest(admin.SimpleListFilter):
    title = _("what is left")
    parameter_name = "rest"

    def lookups(self, request: object, model_admin: object) -> list[tuple[str, Wording]]:
        return [("some", _("not given to a customer yet"))]

    def queryset(self, request: object, queryset: QuerySet[Model]) -> QuerySet[Model]:
        return queryset.filter(amount__gt=F("assigned") + F("returned")) if self.value() == "some" else queryset


@admin.register(BankTransfer)
class BankTransferAdmin(LookOnlyAdmin):
    tasks = (GiveTransfer(), SendBack())
    list_tasks = (ReadStatement(),)
    inlines = (PartsInline, SentBackInline)
    list_display = ("at", "value_date", "reference", "amount", "assigned", "returned", "payer", "note", "channel")
    list_filter = (WithRest, "channel")
    search_fields = ("key", "reference", "note", "payer")
    date_hierarchy = "at"


class Waiting(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "waits"

    def lookups(self, request: object, model_admin: object) -> list[tuple[str, Wording]]:
        return [("now", _("waiting for the transfer"))]

    def queryset(self, request: object, queryset: QuerySet[Model]) -> QuerySet[Model]:
        if self.value() != "now":
            return queryset
        return queryset.filter(met_at=None, closed_at=None, expires_at__gt=clock.now())


class ReceivedInline(LookOnlyInline):
    model = Payment
    fields = ("created_at", "transfer", "reference", "amount", "allocated", "refunded")
    related_rows = ("transfer",)
    ordering = ("pk",)


@admin.register(ExpectedTransfer)
class ExpectedTransferAdmin(LookOnlyAdmin):
    inlines = (ReceivedInline,)
    list_display = ("created_at", "customer", "reference", "kind", "amount", "expires_at", "met_at", "closed_at")
    list_select_related = ("customer",)
    list_filter = (Waiting, "kind")
    search_fields = ("=reference", "customer__name", "description")
    date_hierarchy = "created_at"
