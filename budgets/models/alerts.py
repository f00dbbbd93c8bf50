"""What was told of a budget in a month: each mark once."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from budgets.models.budgets import Budget
from store.carried import CarriedKey
from store.personal import Because, kept
from store.triggers import append_only


class Alert(models.Model):
    """
    A budget has reached a mark of its limit in `month`, or is expected to pass it.

    `raised` is the budget's when it was told: after its limit was raised the same mark is told again when it is reached again.
    """

    AT_CLOSING: ClassVar = kept(Because.PROOF)

    class Mark(models.TextChoices):
        HALF = "50", _("half of it is spent")
        MOST = "80", _("80 % of it are spent")
        ALL = "100", _("all of it is spent")
        FORECAST = "forecast", _("expected to be passed")

    budget = models.ForeignKey(
        Budget, on_delete=models.PROTECT, db_constraint=False, related_name="alerts", verbose_name=_("budget")
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="+",
        verbose_name=_("customer"),
    )
    month = models.CharField(_("month"), max_length=7)
    raised = models.PositiveIntegerField(_("raised"))
    mark = models.CharField(_("mark"), max_length=8, choices=Mark.choices)
    monthly_limit = models.BigIntegerField(_("limit per month"))
    spent = models.BigIntegerField(_("spent"))
    expected = models.BigIntegerField(_("expected by the end of the month"), null=True, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("alert of a budget")
        verbose_name_plural = _("alerts of budgets")
        constraints: ClassVar = [
            CarriedKey("budget", name="an_alert_is_its_budgets_customers"),
            models.UniqueConstraint(name="a_mark_is_told_once_a_month", fields=["budget", "month", "raised", "mark"]),
            models.CheckConstraint(
                name="an_alert_tells_what_is_so",
                condition=Q(mark="50", monthly_limit__lte=F("spent") * 2)
                | Q(mark="80", monthly_limit__lte=F("spent") * 5 / 4)
                | Q(mark="100", monthly_limit__lte=F("spent"))
                | Q(
                    mark="forecast",
                    spent__lt=F("monthly_limit"),
                    expected__isnull=False,
                    expected__gt=F("monthly_limit"),
                ),
            ),
        ]
        triggers: ClassVar = [
            append_only(),
            pgtrigger.Trigger(
                name="tells_of_its_budget_as_it_is",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                IF NOT EXISTS (
                    SELECT FROM budgets_budget b WHERE b.id = NEW.budget_id AND b.removed_at IS NULL
                        AND b.monthly_limit = NEW.monthly_limit AND b.raised = NEW.raised
                ) THEN
                    RAISE EXCEPTION 'budget % is another one by now', NEW.budget_id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget_id} {self.month} {self.mark}"
