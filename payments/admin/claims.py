"""Transfers that customers say they have made: staff find them among those that are nobody's, or say why not."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.tasks import ReasonForm, Task
from kernel import display
from kernel.actors import Actor
from kernel.fields import field_of
from kernel.shapes import Cleaned, FormOptions, Sent, Uploads, Wording
from payments.admin.bank import ask_to_give, owner_named
from payments.admin.transfer import told
from payments.models import BankTransfer, ExpectedTransfer, TransferClaim
from payments.rights import RECORD_BANK_TRANSFER
from payments.services.claims import candidates, refuse_claim

State = TransferClaim.State


class TransferChoice(forms.ModelChoiceField):
    """Nobody's transfers, each with what tells it from the others."""

    def label_from_instance(self, obj: BankTransfer) -> str:
        day = display.day(obj.value_date) if obj.value_date else display.instant(obj.at)
        parts = (display.money(obj.rest), day, obj.payer, obj.note, obj.reference)
        return " · ".join(part for part in parts if part)


class FoundForm(ReasonForm):
    transfer = TransferChoice(BankTransfer.objects.none(), label=_("Bank transfer"))
    field_order = ("transfer", "reason")

    def __init__(
        self, data: Sent = None, files: Uploads = None, *, claim: TransferClaim, **options: Unpack[FormOptions]
    ) -> None:
        super().__init__(data, files, **options)
        choice, found = field_of(self, TransferChoice, "transfer"), candidates(claim)
        choice.queryset = found
        if not found.exists():
            choice.empty_label = _("None of about that day has so much left")
            choice.help_text = _("Read the bank's statement of those days first, under Bank transfers; then come back.")


def facts_of(claim: TransferClaim) -> list[tuple[Wording, str]]:
    return [
        (_("Customer"), str(claim.customer)),
        (_("Amount"), display.money(claim.amount)),
        (_("Day of the transfer"), display.day(claim.day)),
        (_("Text of the transfer"), claim.note or "–"),
    ]


class Find(Task[TransferClaim]):
    name = "found"
    label = _("It is found")
    lead = _(
        "Choose it among the transfers that are nobody's and have enough left: all of the claimed amount is given."
    )
    button = _("Give it to the customer")
    right = RECORD_BANK_TRANSFER
    form = FoundForm
    once = True

    def is_open(self, subject: TransferClaim, at: datetime) -> bool:
        return subject.state == State.OPEN

    def form_options(self, subject: TransferClaim, *, at: datetime) -> dict[str, object]:
        return {"claim": subject}

    def context(self, subject: TransferClaim, *, at: datetime) -> dict[str, object]:
        return {"facts": facts_of(subject)}

    def carry_out(self, subject: TransferClaim, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        named = owner_named(subject.note)
        own = isinstance(named, ExpectedTransfer) and named.customer_id == subject.customer_id
        asked = ask_to_give(
            data["transfer"],
            named if own and named else subject.customer,
            subject.amount,
            claim=subject.pk,
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        return asked.told(told)


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=_("Answer to the customer"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class Refuse(Task[TransferClaim]):
    name = "refuse"
    label = _("It is not found")
    lead = _("The customer reads your answer.")
    button = _("Answer")
    right = RECORD_BANK_TRANSFER
    form = AnswerForm
    dangerous = True

    def is_open(self, subject: TransferClaim, at: datetime) -> bool:
        return subject.state == State.OPEN

    def context(self, subject: TransferClaim, *, at: datetime) -> dict[str, object]:
        return {"facts": facts_of(subject)}

    def carry_out(self, subject: TransferClaim, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        refuse_claim(subject.pk, data["answer"], actor=actor, at=at)
        return text("The customer is told.")


@admin.register(TransferClaim)
class TransferClaimAdmin(LookOnlyAdmin):
    tasks = (Find(), Refuse())
    list_display = ("at", "customer", "amount", "day", "note", "state", "transfer")
    list_select_related = ("customer", "transfer")
    list_filter = ("state",)
    search_fields = ("customer__name", "note")
    date_hierarchy = "at"
