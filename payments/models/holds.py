"""What credit is kept for: the use of prepaid resources. And where it does not suffice for that."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.models import Product
from kernel.ids import new_id
from kernel.money import MAXIMUM
from ledger.models import CreditHold
from lifecycle.models import Resource
from store.carried import CarriedKey
from store.personal import Because, kept
from store.triggers import append_only, frozen, never_deleted


class UsageHoldQuerySet(models.QuerySet["UsageHold"]):
    def open(self) -> Self:
        return self.filter(hold__ended_at=None)


class UsageHold(models.Model):
    """
    Why credit is held: for what a prepaid resource uses in a month.

    What it costs so far and is not paid, and the days ahead. Less is held where the wallet had less. When that changes, the hold is
    released and there is another with its own row; the bill of the month captures what pays it, and what is open on it stays held.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    hold = models.OneToOneField(
        CreditHold,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="use",
        verbose_name=_("credit hold"),
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="usage_holds",
        verbose_name=_("customer"),
    )
    resource = models.ForeignKey(
        Resource, on_delete=models.PROTECT, db_constraint=False, related_name="holds", verbose_name=_("resource")
    )
    month = models.CharField(_("month"), max_length=7)
    so_far = models.BigIntegerField(_("cost so far"))
    ahead = models.BigIntegerField(_("days ahead"))

    objects = UsageHoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("hold for use")
        verbose_name_plural = _("holds for use")
        constraints: ClassVar = [
            CarriedKey("hold", name="a_hold_for_use_is_its_holds_customers"),
            CarriedKey("resource", name="a_hold_for_use_is_its_resources_customers"),
            models.CheckConstraint(
                name="a_hold_is_for_what_was_used_and_what_is_ahead",
                condition=Q(so_far__gte=0, so_far__lte=MAXIMUM, ahead__gte=0, ahead__lte=MAXIMUM),
            ),
        ]
        triggers: ClassVar = [
            append_only(),
            pgtrigger.Trigger(
                name="says_what_its_hold_is_for",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_uses"),
                declare=[("broken", "text")],
                func="""
                SELECT h.source INTO broken FROM new_uses u JOIN ledger_credithold h ON h.id = u.hold_id
                WHERE h.source <> concat('use:', u.resource_id, ':', u.month) OR h.amount > u.so_far + u.ahead LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'the hold of % is for something else, or keeps more than that', broken USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.resource_id}"

    @property
    def amount(self) -> int:
        """What is held of it."""
        return self.hold.amount

    @property
    def lacking(self) -> int:
        """What is not: the credit did not suffice."""
        return self.so_far + self.ahead - self.hold.amount

    @property
    def held_at(self) -> datetime:
        return self.hold.at

    @property
    def ended_at(self) -> datetime | None:
        return self.hold.ended_at

    @property
    def first_day(self) -> date:
        """Of the month."""
        return date.fromisoformat(f"{self.month}-01")

    @staticmethod
    def source_of(resource_id: object, month: str) -> str:
        """As the trigger writes it."""
        return f"use:{resource_id}:{month}"


class ShortageQuerySet(models.QuerySet["Shortage"]):
    def standing(self) -> Self:
        return self.filter(lifted_at=None)


class Shortage(models.Model):
    """
    Credit does not cover what resources of a product use, with the days ahead: so much was missing when the customer was told, and so much
    when it was looked at last.

    Nothing stops before `stops_at` (empty: all run on), and each resource not before what was told of it (`CreditWarning`). They start
    when it is lifted: credit came in, or less is needed. `done_at`: the first of them was stopped.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="shortages", verbose_name=_("customer")
    )
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, db_index=False, related_name="+", verbose_name=_("product")
    )
    missing = models.BigIntegerField(_("missing when it was told"))
    missing_now = models.BigIntegerField(_("missing now"))
    at = models.DateTimeField(_("told"))
    stops_at = models.DateTimeField(_("stops at"), null=True, blank=True)
    done_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    objects = ShortageQuerySet.as_manager()

    class Meta:
        verbose_name = _("shortage of credit")
        verbose_name_plural = _("shortages of credit")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_shortage_of_a_product_stands",
                fields=["customer", "product"],
                condition=Q(lifted_at__isnull=True),
            ),
            models.CheckConstraint(name="a_shortage_lacks_something", condition=Q(missing__gt=0, missing_now__gt=0)),
            models.CheckConstraint(
                name="a_stop_is_told_before_it_comes",
                condition=Q(stops_at__isnull=True) | Q(stops_at__gt=F("at")),
            ),
            models.CheckConstraint(
                name="nothing_stops_before_the_day_that_was_told",
                condition=Q(done_at__isnull=True) | Q(stops_at__isnull=False, done_at__gte=F("stops_at")),
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("is_what_was_told", columns=["customer_id", "product_id", "missing", "at", "stops_at"]),
            frozen("stops_once", columns=["done_at"], unless="OLD.done_at IS NULL AND OLD.lifted_at IS NULL"),
            frozen("is_lifted_once", columns=["lifted_at"], unless="OLD.lifted_at IS NULL"),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.at:%Y-%m-%d}"

    def is_due(self, at: datetime) -> bool:
        """The day that was told has come."""
        return self.stops_at is not None and self.stops_at <= at
