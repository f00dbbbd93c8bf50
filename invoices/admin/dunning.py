"""The dunning ladder, and what was done on it; customers to call."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Unpack

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.tasks import ReasonForm, Task
from catalog.admin.validity import InForce, ValidityAdmin, ValidityForm
from invoices.models import Act, DunningStep, Rung
from invoices.models.dunning import HARMFUL
from invoices.rights import CALL
from invoices.services.calls import record_call
from invoices.services.standing import Standing, standing_of
from kernel import display
from kernel.actors import Actor
from kernel.periods import start_of_day
from kernel.shapes import Cleaned, FormOptions, Sent, Uploads, Wording

Outcome = DunningStep.Outcome


class RungForm(ValidityForm):
    ALONE = ("group", "act", "days")


@admin.register(Rung)
class RungAdmin(ValidityAdmin):
    form = RungForm
    ordering = ("group", "days", "pk")
    list_display = ("act", "days", "announced_days", "group", "valid_from", "valid_until")
    list_select_related = ("group",)
    list_filter = (InForce, "act", "group")
    search_fields = ("group__name",)
    fields = ("group", "act", "days", "announced_days", "valid_from", "valid_until")


class CallForm(ReasonForm):
    outcome = forms.ChoiceField(label=_("Outcome"), choices=Outcome.choices)
    last_day = forms.DateField(
        label=_("Promised until the end of"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Until then dunning rests."),
    )
    field_order = ("outcome", "last_day", "reason")

    def __init__(self, data: Sent = None, files: Uploads = None, **options: Unpack[FormOptions]) -> None:
        super().__init__(data, files, **options)
        self.fields["reason"].label = _("What was said")


def standing_facts(found: Standing) -> list[tuple[Wording, str]]:
    """What staff see of a customer's debts."""
    facts: list[tuple[Wording, str]] = [(_("Overdue"), display.money(found.overdue))]
    if found.rests:
        facts.append((found.rests.get_kind_display(), display.instant(found.rests.until)))
    if found.is_blocked:
        facts.append((_("New orders"), text("blocked")))
    if found.is_stopped:
        facts.append((_("Resources"), text("stopped for debt")))
    facts += [(one.act.label, display.day(one.day)) for one in found.ahead]
    return facts


class RecordCall(Task):
    name = "call"
    label = _("Write down a call")
    lead = _("Without an answer the customer stays in the list. A promise rests dunning until the end of its day.")
    button = _("Write down")
    right = CALL
    form = CallForm
    once = True

    def is_open(self, subject: DunningStep, at: datetime) -> bool:
        return subject.act == Act.CALL and subject.done_at is None and subject.lifted_at is None

    def context(self, subject: DunningStep, *, at: datetime) -> dict[str, object]:
        customer = subject.customer
        return {
            "facts": [
                (_("Customer"), str(customer)),
                (_("mail address for documents"), customer.email),
                (_("Calls so far"), str(subject.tries)),
                *standing_facts(standing_of(customer, at=at)),
            ]
        }

    def carry_out(self, subject: DunningStep, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        until = start_of_day(data["last_day"] + timedelta(days=1)) if data["last_day"] else None
        record_call(subject.pk, Outcome(data["outcome"]), note=data["reason"], until=until, actor=actor, at=at)
        return text("The call is written down.")


class StandFilter(admin.SimpleListFilter):
    title = _("stand")
    parameter_name = "stand"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Wording]]:
        return [("calls", _("to call")), ("announced", _("announced")), ("force", _("in force"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DunningStep]) -> QuerySet[DunningStep]:
        match self.value():
            case "calls":
                return queryset.filter(act=Act.CALL, done_at=None, lifted_at=None)
            case "announced":
                return queryset.filter(act__in=HARMFUL, done_at=None, lifted_at=None)
            case "force":
                return queryset.filter(act__in=HARMFUL, done_at__isnull=False, lifted_at=None)
        return queryset


@admin.register(DunningStep)
class DunningStepAdmin(LookOnlyAdmin):
    about = ("customer", "invoice")
    tasks = (RecordCall(),)
    ordering = ("-at", "-pk")
    list_display = (
        "at",
        "customer",
        "act",
        "invoice",
        "happens_at",
        "done_at",
        "lifted_at",
        "tries",
        "outcome",
        "note",
    )
    list_select_related = ("customer", "invoice")
    list_filter = (StandFilter, "act", "outcome")
    search_fields = ("customer__name", "=invoice__number")
    date_hierarchy = "at"
