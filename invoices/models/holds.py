"""What staff put on hold for a customer: dunning, or automatic payment, until an instant."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.models import InstantRange
from store.personal import Because, kept
from store.triggers import frozen, never_deleted


class HoldQuerySet(models.QuerySet["Hold"]):
    def in_force(self, at: datetime) -> Self:
        return self.filter(at__lte=at, until__gt=at, ended_at=None)

    def stopping_dunning(self) -> Self:
        return self.filter(kind__in=[Hold.Kind.NO_DUNNING, Hold.Kind.PROMISE])

    def stopping_charges(self) -> Self:
        return self.filter(kind__in=[Hold.Kind.NO_AUTOMATIC_PAYMENT, Hold.Kind.BOOKS_IN_DOUBT])


class Hold(models.Model):
    """
    Something that does not happen to a customer from `at` on, and not before `until`: then it ends by itself.

    A promise to pay stops dunning as "no dunning" does; what the customer reads differs.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    class Kind(models.TextChoices):
        NO_DUNNING = "no_dunning", _("no dunning")
        NO_AUTOMATIC_PAYMENT = "no_auto_pay", _("no automatic payment")
        PROMISE = "promise", _("promised to pay")
        BOOKS_IN_DOUBT = "in_doubt", _("the auditor has found something")

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_index=False, related_name="holds", verbose_name=_("customer")
    )
    kind = models.CharField(_("what is held"), max_length=11, choices=Kind.choices)
    reason = models.CharField(_("reason"), max_length=500)
    actor = models.CharField(_("by"), max_length=200)
    at = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("ended early"), null=True, blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_hold_is_of_a_known_kind",
                condition=Q(kind__in=["no_dunning", "no_auto_pay", "promise", "in_doubt"]),
            ),
            models.CheckConstraint(name="a_hold_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(name="a_hold_ends_after_it_begins", condition=Q(until__gt=F("at"))),
            models.CheckConstraint(
                name="a_hold_ends_early_or_by_itself",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("at"), ended_at__lt=F("until")),
            ),
            ExclusionConstraint(
                name="one_hold_of_a_kind_at_a_time",
                expressions=[
                    ("customer", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    (InstantRange("at", Coalesce("ended_at", "until")), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("says_what_was_decided", columns=["customer_id", "kind", "reason", "actor", "at", "until"]),
            frozen("is_ended_once", columns=["ended_at"], unless="OLD.ended_at IS NULL"),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.get_kind_display()}"

    def is_in_force(self, at: datetime) -> bool:
        return self.ended_at is None and self.at <= at < self.until


def stops_dunning_sql(customer: str) -> str:
    """Of the SQL expression of a customer's id: whether a hold keeps them from being dunned at `%(at)s`."""
    return f"""EXISTS (
        SELECT FROM invoices_hold h WHERE h.customer_id = {customer} AND h.kind IN ('no_dunning', 'promise')
        AND h.at <= %(at)s AND h.until > %(at)s AND h.ended_at IS NULL)"""
