"""Credit that staff give or take."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from kernel.money import MAXIMUM
from kernel.triggers import frozen, never_deleted


class AdjustmentQuerySet(models.QuerySet["CreditAdjustment"]):
    def undecided(self) -> Self:
        return self.filter(approved_at=None, closed_at=None)


class CreditAdjustment(models.Model):
    """
    A correction of a customer's credit by staff: asked for by one person, carried out with the approval of another.

    Or refused by another, withdrawn by who asked, or expired because nobody decided: then it is closed, and nothing moved.

    `amount` is signed: positive gives credit, negative takes it.
    """

    class Closed(models.TextChoices):
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="adjustments", verbose_name=_("customer")
    )
    amount = models.BigIntegerField(_("amount"), help_text=_("Positive gives credit, negative takes it."))
    reason = models.TextField(_("reason"))
    requested_by = models.CharField(_("asked for by"), max_length=200)
    requested_at = models.DateTimeField(_("asked for"))
    approved_by = models.CharField(_("approved by"), max_length=200, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)

    closed = models.CharField(_("closed"), max_length=9, choices=Closed.choices, blank=True, db_default="")
    closed_by = models.CharField(_("closed by"), max_length=200, blank=True, db_default="")
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_because = models.CharField(_("closed because"), max_length=500, blank=True, db_default="")

    objects = AdjustmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit adjustment")
        verbose_name_plural = _("credit adjustments")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="adjustment_is_sane", condition=Q(amount__gte=-MAXIMUM, amount__lte=MAXIMUM) & ~Q(amount=0)
            ),
            models.CheckConstraint(
                name="nobody_approves_their_own_adjustment", condition=~Q(approved_by=F("requested_by"))
            ),
            models.CheckConstraint(
                name="an_approval_has_a_name_and_a_time",
                condition=Q(approved_by="", approved_at__isnull=True)
                | (~Q(approved_by="") & Q(approved_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="what_is_closed_was_not_approved",
                condition=Q(closed="", closed_by="", closed_at__isnull=True)
                | (~Q(closed="") & ~Q(closed_by="") & Q(closed_at__isnull=False, approved_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="nobody_refuses_their_own_adjustment",
                condition=~Q(closed="refused", closed_by=F("requested_by")),
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen(
                "is_what_was_asked_for", columns=["customer_id", "amount", "reason", "requested_by", "requested_at"]
            ),
            frozen(
                "is_closed_once",
                columns=["closed", "closed_by", "closed_at", "closed_because"],
                unless="OLD.closed_at IS NULL AND OLD.approved_at IS NULL",
            ),
            frozen(
                "is_approved_once",
                columns=["approved_by", "approved_at"],
                unless="OLD.approved_at IS NULL AND OLD.closed_at IS NULL",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.amount:+d}"
