"""Money that arrived on a bank account of ours."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kernel.money import MAXIMUM
from store.triggers import frozen, never_deleted


class BankTransfer(models.Model):
    """
    One line of a bank statement, known by the bank's reference in the form in which such keys are compared.

    Staff give it to customers in parts, each a payment; `assigned` is their sum, and what is left waits for staff.
    """

    account = models.CharField(_("account of ours"), max_length=40)
    key = models.CharField(_("reference as compared"), max_length=60)
    reference = models.CharField(_("reference of the bank"), max_length=60)
    amount = models.BigIntegerField(_("amount"))
    assigned = models.BigIntegerField(_("given to customers"), default=0)
    actor = models.CharField(_("by"), max_length=200)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("bank transfer")
        verbose_name_plural = _("bank transfers")
        constraints: ClassVar = [
            models.UniqueConstraint(name="a_transfer_is_known_once_per_account", fields=["account", "key"]),
            models.CheckConstraint(
                name="no_more_of_a_transfer_is_given_than_arrived",
                condition=Q(amount__gt=0, amount__lte=MAXIMUM, assigned__gte=0, assigned__lte=F("amount")),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="transfers_with_a_rest", fields=["at"], condition=Q(amount__gt=F("assigned")))
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("is_what_arrived", columns=["account", "key", "reference", "amount", "actor", "at"]),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def rest(self) -> int:
        """What nobody has been given yet."""
        return self.amount - self.assigned
