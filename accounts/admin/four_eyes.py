"""Acts for two: what waits for somebody else's approval, what is to be reviewed, and what became of the rest."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts import four_eyes
from accounts.access import signed_in
from accounts.admin.base import LookOnlyAdmin
from accounts.admin.shown import column, facts
from accounts.admin.tasks import Task
from accounts.four_eyes import Act
from accounts.models import StaffAct, User
from kernel.actors import Actor
from kernel.shapes import Cleaned, Wording


class YesForm(forms.Form):
    """The reason was given by who asked; approving it is a yes."""


class SecondPerson(Task[StaffAct]):
    """A task of somebody else than who asked, with the right that the act names."""

    state: ClassVar[StaffAct.State] = StaffAct.State.WAITING

    def may(self, user: User) -> bool:
        return any(user.has_perm(act.right.permission) for act in Act.known.values())

    def may_do(self, user: User, subject: StaffAct) -> bool:
        return bool(user.has_perm(Act.known[subject.act].right.permission))

    def is_open(self, subject: StaffAct, at: datetime) -> bool:
        return subject.state == self.state

    def is_for(self, user: User, subject: StaffAct) -> bool:
        return not four_eyes.is_own_act(subject, user.actor) and self.may_do(user, subject)

    def context(self, subject: StaffAct, *, at: datetime) -> dict[str, object]:
        asked = [(_("Reason"), subject.reason), (_("Asked for by"), subject.asked_by)]
        return {"facts": [(_("Act"), subject.label), *Act.known[subject.act].facts(subject), *asked]}


class Approve(SecondPerson):
    name = "approve"
    label = _("Approve")
    lead = _("Carries it out. Whoever asked for it cannot approve it.")
    button = _("Approve")
    form = YesForm

    def carry_out(self, subject: StaffAct, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        four_eyes.approve(subject.pk, actor=actor, at=at)
        return text("It is approved and carried out.")


class Refuse(SecondPerson):
    name = "refuse"
    label = _("Refuse")
    lead = _("Nothing moves. Whoever asked for it withdraws it instead.")
    button = _("Refuse")

    def carry_out(self, subject: StaffAct, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        four_eyes.refuse(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("It is refused.")


class Withdraw(SecondPerson):
    name = "withdraw"
    label = _("Withdraw")
    lead = _("Nothing moves. Only who asked for it can withdraw it.")
    button = _("Withdraw")

    def may(self, user: User) -> bool:
        return True

    def may_do(self, user: User, subject: StaffAct) -> bool:
        return self.may(user)

    def is_for(self, user: User, subject: StaffAct) -> bool:
        return four_eyes.is_own_act(subject, user.actor)

    def carry_out(self, subject: StaffAct, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        four_eyes.withdraw(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("It is withdrawn.")


class Review(SecondPerson):
    name = "review"
    label = _("Mark as reviewed")
    lead = _(
        "You have looked at what was done and why. Say what you found; what was wrong is put right on its own page."
    )
    button = _("Mark as reviewed")
    state = StaffAct.State.TO_REVIEW

    def carry_out(self, subject: StaffAct, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        four_eyes.review(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("It is reviewed.")


class ActKind(admin.SimpleListFilter):
    title = _("act")
    parameter_name = "act"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Wording]]:
        return [(code, act.label) for code, act in Act.known.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StaffAct]) -> QuerySet[StaffAct]:
        return queryset.filter(act=self.value()) if self.value() else queryset


@admin.register(StaffAct)
class StaffActAdmin(LookOnlyAdmin):
    act = column("label", _("act"), str, order="act")
    tasks = (Approve(), Refuse(), Withdraw(), Review())
    list_display = ("asked_at", act, "customer", "subject", "amount", "reason", "asked_by", "state", "decided_by")
    fields = (
        act,
        "state",
        "customer",
        "subject",
        "amount",
        "told",
        "reason",
        "asked_by",
        "asked_at",
        "decided_by",
        "decided_at",
        "decided_because",
    )
    list_select_related = ("customer",)
    list_filter = ("state", ActKind)
    search_fields = ("subject", "customer__name", "customer__buyers__tax_code", "asked_by", "decided_by", "reason")
    date_hierarchy = "asked_at"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever asked for something finds what became of it; the others' acts are for who may look at customers."""
        return True

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffAct]:
        acts = super().get_queryset(request)
        mine = acts.filter(asked_by=signed_in(request).actor.name)
        return acts if super().has_view_permission(request) else mine

    @admin.display(description=_("facts"))
    def told(self, act: StaffAct) -> SafeString:
        """What whoever decides should know, in words; of what is decided, the facts as they were kept."""
        if act.act not in Act.known or act.state not in {StaffAct.State.WAITING, StaffAct.State.TO_REVIEW}:
            return facts(act.facts)
        rows = [(capfirst(label), value) for label, value in Act.known[act.act].facts(act)]
        return format_html_join(SafeString("<br>"), "{}: {}", rows)
