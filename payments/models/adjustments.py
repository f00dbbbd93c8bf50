"""Credit that staff give or take."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from kernel.money import MAXIMUM
from kernel.triggers import frozen, never_deleted


class CreditAdjustment(models.Model):
    """
    A correction of a customer's credit by staff: asked for by one person, carried out with the approval of another.

    `amount` is signed: positive gives credit, negative takes it.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="adjustments", verbose_name=_("customer")
    )
    amount = models.BigIntegerField(_("amount"), help_text=_("Positive gives credit, negative takes it."))
    reason = models.TextField(_("reason"))
    requested_by = models.CharField(_("asked for by"), max_length=200)
    requested_at = models.DateTimeField(_("asked for"))
    approved_by = models.CharField(_("approved by"), max_length=200, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)

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
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen(
                "is_what_was_asked_for", columns=["customer_id", "amount", "reason", "requested_by", "requested_at"]
            ),
            frozen("is_approved_once", columns=["approved_by", "approved_at"], unless="OLD.approved_at IS NULL"),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.amount:+d}"
