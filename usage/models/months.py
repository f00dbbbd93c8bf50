"""Months whose uses are on bills."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from store.triggers import frozen, never_deleted


class ClosedMonth(models.Model):
    """
    A month whose bills are written, or were: what has come `through` the record of this number is on them.

    What comes later is late. When that is billed, the number moves on: what came after the one `before` is looked at then.
    """

    month = models.CharField(_("month"), max_length=7, primary_key=True)
    through = models.BigIntegerField(_("through the record"))
    before = models.BigIntegerField(_("billed before through the record"), default=0, db_default=0)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("closed month")
        verbose_name_plural = _("closed months")
        triggers: ClassVar = [
            never_deleted(),
            frozen(
                "only_goes_on",
                columns=["through", "before"],
                unless="NEW.through > OLD.through AND NEW.before IN (OLD.before, OLD.through)",
                key="month",
            ),
            frozen("is_of_its_month", columns=["month"], key="month"),
        ]

    def __str__(self) -> str:
        return self.month
