"""That a cap was reached, and until when it acted."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from budgets.models.budgets import Budget
from kernel.periods import CalendarMonth
from store.carried import CarriedKey
from store.personal import Because, kept
from store.triggers import frozen, never_deleted


class HitQuerySet(models.QuerySet["Hit"]):
    def standing(self) -> Self:
        """Those that were not lifted."""
        return self.filter(lifted_at=None)

    def in_force(self, at: datetime) -> Self:
        """Those of the month of `at`: of another month they are lifted as soon as somebody looks."""
        return self.standing().filter(month=CalendarMonth.of(at).key)


class Hit(models.Model):
    """
    A cap was reached in `month`: from `at` until it was lifted, for a reason, it stopped what it is to stop.

    :ivar stopped: how many resources it found running
    """

    AT_CLOSING: ClassVar = kept(Because.PROOF)

    class Why(models.TextChoices):
        """Why a cap acts no more."""

        RAISED = "raised", _("the limit was raised")
        MONTH_OVER = "month_over", _("the month has ended")
        CHANGED = "changed", _("it does nothing any more, or was removed")
        MADE_ROOM = "made_room", _("less is spent by now")
        STAFF = "staff", _("our staff lifted it")

    budget = models.ForeignKey(
        Budget, on_delete=models.PROTECT, db_constraint=False, related_name="hits", verbose_name=_("budget")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_constraint=False, related_name="+", verbose_name=_("customer")
    )
    month = models.CharField(_("month"), max_length=7)
    monthly_limit = models.BigIntegerField(_("limit per month"))
    spent = models.BigIntegerField(_("spent"))
    stopped = models.PositiveIntegerField(_("resources stopped"), default=0)
    at = models.DateTimeField(_("reached"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    because = models.CharField(_("why it was lifted"), max_length=10, choices=Why.choices, blank=True)

    objects = HitQuerySet.as_manager()

    class Meta:
        verbose_name = _("cap that was reached")
        verbose_name_plural = _("caps that were reached")
        constraints: ClassVar = [
            CarriedKey("budget", name="a_hit_is_its_budgets_customers"),
            models.UniqueConstraint(name="a_cap_stands_once", fields=["budget"], condition=Q(lifted_at__isnull=True)),
            models.CheckConstraint(
                name="a_cap_is_reached_by_what_is_spent", condition=Q(spent__gte=F("monthly_limit"))
            ),
            models.CheckConstraint(
                name="what_is_lifted_has_a_reason",
                condition=Q(lifted_at__isnull=True, because="")
                | Q(lifted_at__isnull=False, lifted_at__gte=F("at")) & ~Q(because=""),
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen(
                "is_what_was_reached", columns=["budget_id", "customer_id", "month", "monthly_limit", "spent", "at"]
            ),
            frozen("is_lifted_once", columns=["lifted_at", "because", "stopped"], unless="OLD.lifted_at IS NULL"),
            pgtrigger.Trigger(
                name="only_a_cap_is_hit",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                IF NOT EXISTS (
                    SELECT FROM budgets_budget b WHERE b.id = NEW.budget_id AND b.removed_at IS NULL
                        AND b.monthly_limit = NEW.monthly_limit AND (b.refuses_orders OR b.stops <> '')
                ) THEN
                    RAISE EXCEPTION 'budget % does nothing, or is another one by now', NEW.budget_id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget_id} {self.month}"

    def lift(self, because: str, *, at: datetime) -> None:
        """It acts no more. Who asked before it was reached, and had to wait until it was, lifts it at once."""
        self.lifted_at, self.because = max(at, self.at), because
