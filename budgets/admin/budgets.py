"""Budgets of customers and what was told of them: to be looked at, and a cap to be lifted."""

from __future__ import annotations

from datetime import datetime

from django.contrib import admin
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin, LookOnlyInline
from accounts.admin.tasks import Task
from budgets.models import Alert, BalanceAlert, Budget, Hit
from budgets.rights import LIFT_CAP
from budgets.services.setting import lift_cap
from kernel import display
from kernel.actors import Actor
from kernel.shapes import Cleaned


class LiftCap(Task[Budget]):
    name = "lift"
    label = _("Lift the cap until the month ends")
    lead = _(
        "It refuses and stops nothing until then; what it stopped starts again where its customer chose so. The customer is told."
    )
    button = _("Lift it")
    right = LIFT_CAP

    def is_open(self, subject: Budget, at: datetime) -> bool:
        return subject.is_acting(at)

    def carry_out(self, subject: Budget, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        budget = lift_cap(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("Lifted until %(until)s.") % {"until": display.instant(budget.lifted_until or at)}


class AlertInline(LookOnlyInline):
    model = Alert
    fields = ("month", "mark", "spent", "monthly_limit", "expected", "at")


class HitInline(LookOnlyInline):
    model = Hit
    fields = ("month", "spent", "monthly_limit", "stopped", "at", "lifted_at", "because")


@admin.register(Budget)
class BudgetAdmin(LookOnlyAdmin):
    about = ("customer", "product")
    tasks = (LiftCap(),)
    not_summed = ("monthly_limit",)
    inlines = (HitInline, AlertInline)
    list_display = (
        "customer", "scope", "product", "key", "tag", "monthly_limit", "refuses_orders", "stops", "lifted_until", "created_at", "removed_at",
    )  # fmt: skip
    list_select_related = ("customer", "product", "key")
    list_filter = ("scope", "refuses_orders", "stops", ("removed_at", admin.EmptyFieldListFilter))
    search_fields = ("customer__name", "key__name", "tag_key", "tag_value")
    date_hierarchy = "created_at"

    @admin.display(description=_("tag"), ordering="tag_key")
    def tag(self, budget: Budget) -> str:
        return str(budget.tag or "")


@admin.register(BalanceAlert)
class BalanceAlertAdmin(LookOnlyAdmin):
    about = ("customer",)
    not_summed = ("below", "days")
    list_display = ("customer", "below", "days", "told_at")
    list_select_related = ("customer",)
    list_filter = (("told_at", admin.EmptyFieldListFilter),)
    search_fields = ("customer__name",)
