"""What was told before a resource is stopped for lack of credit: nobody's stops without."""

from __future__ import annotations

from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from lifecycle.models.resource import Resource
from store.carried import CarriedKey
from store.personal import Because, kept
from store.triggers import frozen, never_deleted


class CreditWarningQuerySet(models.QuerySet["CreditWarning"]):
    def standing(self) -> Self:
        return self.filter(ended_at=None)

    def waiting(self) -> Self:
        """What was told has not come."""
        return self.standing().filter(came_at=None)


class CreditWarning(models.Model):
    """
    The customer was told that credit does not cover what a resource uses, and that it stops at `stops_at` (empty: it runs on).

    `came_at`: that day has come, from now on it is stopped whenever it runs. `ended_at`: its use is covered. Whose credit runs out
    again is told again, and has as much time.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    resource = models.ForeignKey(
        Resource,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="credit_warnings",
        verbose_name=_("resource"),
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_constraint=False, related_name="+", verbose_name=_("customer")
    )
    told_at = models.DateTimeField(_("told"))
    stops_at = models.DateTimeField(_("stops at"), null=True, blank=True)
    came_at = models.DateTimeField(_("its day came"), null=True, blank=True)
    ended_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    objects = CreditWarningQuerySet.as_manager()

    class Meta:
        verbose_name = _("warning of a stop")
        verbose_name_plural = _("warnings of a stop")
        constraints: ClassVar = [
            CarriedKey("resource", name="a_credit_warning_is_its_resources_customers"),
            models.UniqueConstraint(
                name="one_credit_warning_of_a_resource_stands", fields=["resource"], condition=Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(
                name="a_stop_for_credit_is_told_before_it_comes",
                condition=Q(stops_at__isnull=True) | Q(stops_at__gt=F("told_at")),
            ),
            models.CheckConstraint(
                name="no_stop_for_credit_comes_before_its_day",
                condition=Q(came_at__isnull=True) | Q(stops_at__isnull=False, came_at__gte=F("stops_at")),
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("a_warning_is_what_was_told", columns=["resource_id", "customer_id", "told_at", "stops_at"]),
            frozen("its_day_comes_once", columns=["came_at"], unless="OLD.came_at IS NULL AND OLD.ended_at IS NULL"),
            frozen("a_warning_ends_once", columns=["ended_at"], unless="OLD.ended_at IS NULL"),
            pgtrigger.Trigger(
                name="is_told_as_long_before_as_the_product_says",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.stops_at IS NOT NULL"),
                declare=[("days", "integer")],
                # a stop is at the beginning of a day, so the last of them is begun and not over
                func="""
                SELECT p.days_without_credit INTO days FROM lifecycle_resource r JOIN catalog_product p ON p.id = r.product_id
                WHERE r.id = NEW.resource_id;
                IF days IS NULL OR NEW.stops_at <= NEW.told_at + (days - 1) * interval '1 day' THEN
                    RAISE EXCEPTION 'resource % would stop without having been told as long before as its product says', NEW.resource_id
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} {self.told_at:%Y-%m-%d}"
