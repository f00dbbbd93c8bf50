"""When a customer wants to be told that the wallet runs low."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.models.closed import opens_nothing_when_closed
from kernel.money import MAXIMUM
from store.personal import Because, kept
from store.triggers import frozen, never_deleted

LONGEST = 365


class BalanceAlertQuerySet(models.QuerySet["BalanceAlert"]):
    def on(self) -> Self:
        return self.exclude(below=None, days=None).filter(customer__closed_at=None)


class BalanceAlert(models.Model):
    """
    A prepaid customer is told when less than `below` is available, or what is available lasts for fewer than `days` at today's rate:
    once, until it is neither. Without both it is off.

    :ivar told_at: when it was told; nothing since there was enough
    """

    AT_CLOSING: ClassVar = kept(Because.PROOF)

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="balance_alert", verbose_name=_("customer")
    )
    below = models.BigIntegerField(_("when less is available than"), null=True, blank=True)
    days = models.PositiveSmallIntegerField(_("when it lasts for fewer days than"), null=True, blank=True)
    told_at = models.DateTimeField(_("told"), null=True, blank=True)

    objects = BalanceAlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("balance alert")
        verbose_name_plural = _("balance alerts")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_balance_alert_is_about_a_sane_amount",
                condition=Q(below__isnull=True) | Q(below__gt=0, below__lte=MAXIMUM),
            ),
            models.CheckConstraint(
                name="a_balance_alert_is_about_a_year_at_most",
                condition=Q(days__isnull=True) | Q(days__gt=0, days__lte=LONGEST),
            ),
            models.CheckConstraint(
                name="only_a_balance_alert_that_is_on_is_told",
                condition=Q(told_at__isnull=True) | Q(below__isnull=False) | Q(days__isnull=False),
            ),
        ]
        triggers: ClassVar = [
            opens_nothing_when_closed(),
            never_deleted(),
            frozen("is_of_one_customer", columns=["customer_id"], key="customer_id"),
        ]

    def __str__(self) -> str:
        return str(self.customer)

    @property
    def is_on(self) -> bool:
        return self.below is not None or self.days is not None
