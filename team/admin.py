"""Who is invited to teams, and which accounts are to be closed, as staff see it."""

from __future__ import annotations

from datetime import datetime

from django.contrib import admin
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.shown import column, money
from accounts.admin.tasks import Task
from accounts.models import Customer
from kernel import clock, display
from kernel.actors import Actor
from kernel.shapes import Cleaned
from team.models import Closing, Invitation
from team.rights import CLOSE_ACCOUNT
from team.services.closing import ask_to_close, cancel_closing, still_in_the_way


@admin.register(Invitation)
class InvitationAdmin(LookOnlyAdmin):
    """The link stands in the mail alone."""

    about = ("customer",)
    list_display = ("email", "customer", "role", "invited_by", "sent_at", "times", "accepted_at", "withdrawn_at")
    list_select_related = ("customer",)
    search_fields = ("email", "customer__name")
    date_hierarchy = "sent_at"


class CloseAccount(Task[Customer]):
    """On the page of a customer."""

    name = "close-account"
    label = _("Close the account")
    lead = _(
        "For who has asked us in writing, or has left. All owners are told and can cancel it for three days. Credit goes back to its source first."
    )
    button = _("Have it closed")
    right = CLOSE_ACCOUNT
    dangerous = asks_proof = once = True

    def is_open(self, subject: Customer, at: datetime) -> bool:
        return subject.closes_at is None and subject.closed_at is None

    def carry_out(self, subject: Customer, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        made = ask_to_close(subject, user=None, reason=data["reason"], actor=actor, at=at)
        return text("The account closes on %(day)s.") % {"day": display.instant(made.closes_at)}


class CancelClosing(Task[Closing]):
    name = "cancel"
    label = _("Keep the account")
    lead = _("All owners are told, with your reason.")
    button = _("Keep the account")
    right = CLOSE_ACCOUNT

    def is_open(self, subject: Closing, at: datetime) -> bool:
        return subject.waits

    def carry_out(self, subject: Closing, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        cancel_closing(subject, reason=data["reason"], actor=actor, at=at)
        return text("The account stays open.")


@admin.register(Closing)
class ClosingAdmin(LookOnlyAdmin):
    """Which accounts are to be closed, what keeps them open, and which are."""

    about = ("customer",)
    tasks = (CancelClosing(),)
    given_up = column("gives_up", _("credit given up"), money, order="gives_up")
    list_display = ("asked_at", "customer", "asked_by", "closes_at", "state", given_up, "told_at", "ended_at")
    list_select_related = ("customer",)
    list_filter = ("state",)
    search_fields = ("customer__name", "asked_by")
    date_hierarchy = "closes_at"
    fields = (
        *("customer", "state", "asked_by", "asked_at", "reason", given_up, "closes_at", "in_the_way", "told_at"),
        *("ended_by", "ended_at", "request"),
    )
    readonly_fields = ("in_the_way",)

    @admin.display(description=_("in the way"))
    def in_the_way(self, closing: Closing) -> str:
        found = still_in_the_way(closing, clock.now()) if closing.waits else []
        return "; ".join(one.label for one in found) or "–"
