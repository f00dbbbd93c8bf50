"""Linked accounts with what their customers agreed to, and what is charged by itself: for staff to look at."""

from __future__ import annotations

from datetime import datetime

from django.contrib import admin
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin, LookOnlyInline
from accounts.admin.tasks import Task
from kernel import display
from kernel.actors import Actor
from kernel.shapes import Cleaned
from payments.models import AutomaticCharge, Consent, LinkedAccount
from payments.queries import account_words
from payments.rights import DECIDE_PAYMENT
from payments.services.link_acts import ask_to_end_again, is_ended_there


class StuckTask(Task[LinkedAccount]):
    """What staff do with a link that has ended here, and that the gateway never ended."""

    right = DECIDE_PAYMENT

    def is_open(self, subject: LinkedAccount, at: datetime) -> bool:
        return subject.stuck_at is not None

    def context(self, subject: LinkedAccount, *, at: datetime) -> dict[str, object]:
        return {
            "facts": [
                (_("Linked account"), account_words(subject.known_as)),
                (_("Reference"), subject.reference),
                (_("Ended here"), display.instant(subject.ended_at) if subject.ended_at else "–"),
            ]
        }


class AskToEndAgain(StuckTask):
    name = "ask-again"
    label = _("Ask the gateway again to end it")
    lead = _("It is asked once more. If it does not answer again, the link stands here again.")
    button = _("Ask again")

    def carry_out(self, subject: LinkedAccount, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        ask_to_end_again(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("The gateway is asked again.")


class IsEndedThere(StuckTask):
    name = "ended-there"
    label = _("It is ended at the gateway")
    lead = _("You have ended the agreement in the gateway's own merchant portal, or seen that it has ended.")
    button = _("It is ended there")

    def carry_out(self, subject: LinkedAccount, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        is_ended_there(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("The link does not wait for anything any more.")


class ConsentInline(LookOnlyInline):
    model = Consent
    fields = ("at", "scope", "text", "version", "language", "actor", "address")
    ordering = ("at",)


class AutomaticInline(LookOnlyInline):
    model = AutomaticCharge
    fields = ("purpose", "is_on", "below", "amount", "tries", "next_at", "failure")
    ordering = ("pk",)


@admin.register(LinkedAccount)
class LinkedAccountAdmin(LookOnlyAdmin):
    """Neither the token nor the page to confirm on: they are the customer's and the gateway's."""

    exclude = ("token", "proof", "redirect_url")
    tasks = (AskToEndAgain(), IsEndedThere())
    not_summed = ("charge_limit", "month_limit")
    inlines = (ConsentInline, AutomaticInline)
    list_display = ("created_at", "customer", "gateway", "display", "state", "charge_limit", "month_limit", "ask_at")
    list_select_related = ("customer",)
    list_filter = ("state", "gateway", ("stuck_at", admin.EmptyFieldListFilter))
    search_fields = ("customer__name", "=reference")
    date_hierarchy = "created_at"
