"""What is put on hold for a customer, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.tasks import ReasonForm, Task
from accounts.models import Customer
from invoices.models import Hold
from invoices.rights import HOLD
from invoices.services.holds import end_hold, place_hold
from kernel import clock, display
from kernel.actors import Actor
from kernel.periods import local_day, start_of_day
from kernel.shapes import Cleaned, Wording

USUAL = timedelta(days=7)


BY_STAFF = [choice for choice in Hold.Kind.choices if choice[0] != Hold.Kind.BOOKS_IN_DOUBT]
"""That the books are in doubt is the auditor's to say."""


class HoldForm(ReasonForm):
    kind = forms.ChoiceField(label=_("What is held"), choices=BY_STAFF)
    last_day = forms.DateField(
        label=_("Until the end of"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    field_order = ("kind", "last_day", "reason")


class PlaceHold(Task[Customer]):
    """Of a customer: on the page of the customer."""

    name = "hold"
    label = _("Hold dunning or automatic payment")
    lead = _(
        "Until the end of that day: no dunning, no automatic payment, or a promise to pay, which rests dunning too. It ends by"
        " itself; another one of its kind takes its place."
    )
    button = _("Hold")
    right = HOLD
    form = HoldForm
    once = True

    def form_options(self, subject: Customer, *, at: datetime) -> dict[str, object]:
        return {"initial": {"last_day": local_day(at) + USUAL}}

    def context(self, subject: Customer, *, at: datetime) -> dict[str, object]:
        held = Hold.objects.in_force(at).filter(customer=subject).order_by("pk")
        return {"facts": [(one.get_kind_display(), display.instant(one.until)) for one in held]}

    def carry_out(self, subject: Customer, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        until = start_of_day(data["last_day"] + timedelta(days=1))
        hold = place_hold(subject.pk, Hold.Kind(data["kind"]), until=until, reason=data["reason"], actor=actor, at=at)
        return text("Held until %(until)s: %(what)s.") % {
            "until": display.instant(hold.until),
            "what": hold.get_kind_display(),
        }


class EndHold(Task[Hold]):
    name = "end"
    label = _("End it now")
    button = _("End it now")
    right = HOLD

    def is_open(self, subject: Hold, at: datetime) -> bool:
        return subject.is_in_force(at)

    def carry_out(self, subject: Hold, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        end_hold(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("The hold has ended.")


class InForce(admin.SimpleListFilter):
    title = _("in force")
    parameter_name = "now"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Wording]]:
        return [("yes", _("in force"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        return queryset.in_force(clock.now()) if self.value() == "yes" else queryset  # type: ignore[attr-defined]


@admin.register(Hold)
class HoldAdmin(LookOnlyAdmin):
    about = ("customer",)
    tasks = (EndHold(),)
    list_display = ("customer", "kind", "until", "ended_at", "reason", "actor", "at")
    list_select_related = ("customer",)
    list_filter = (InForce, "kind")
    search_fields = ("customer__name", "reason", "actor")
    date_hierarchy = "at"
