"""How the product teams' systems take what they are sent."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Product

SLOW_MS = 3000
"""A call that takes so long is worth a word with the team."""


class DeliveryChannelQuerySet(models.QuerySet["DeliveryChannel"]):
    def failing(self) -> Self:
        return self.filter(failures__gt=0)

    def unwell(self) -> Self:
        """Whoever fails or is slow."""
        return self.filter(Q(failures__gt=0) | Q(slowest_call_ms__gte=SLOW_MS))


class DeliveryChannel(models.Model):
    """
    How a product's webhook has been lately; there is none as long as all went well.

    Whoever cannot be reached is left alone for a while, longer each time: `rests_until`.
    """

    product = models.OneToOneField(
        Product, primary_key=True, on_delete=models.PROTECT, related_name="channel", verbose_name=_("product")
    )
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    rests_until = models.DateTimeField(_("left alone until"), null=True, blank=True)
    slowest_call_ms = models.PositiveIntegerField(_("slowest of the last calls, in milliseconds"), default=0)
    error = models.TextField(_("last failure"), blank=True)

    objects = DeliveryChannelQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery channel")
        verbose_name_plural = _("delivery channels")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="who_fails_has_failed_since_and_rests",
                condition=Q(failures=0, failing_since=None, rests_until=None)
                | Q(failures__gt=0, failing_since__isnull=False, rests_until__isnull=False)
                & Q(rests_until__gte=F("failing_since")),
            )
        ]

    def __str__(self) -> str:
        return str(self.product)

    def rests(self, at: datetime) -> bool:
        return self.rests_until is not None and self.rests_until > at
