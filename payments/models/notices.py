"""What gateways tell us."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.attempts import Payment
from payments.models.links import LinkedAccount
from store.triggers import frozen, never_deleted


class GatewayNotice(models.Model):
    """What a gateway told us, stored before it is judged, and judged once; the same words are kept once."""

    gateway = models.CharField(_("gateway"), max_length=20)
    digest = models.CharField(max_length=64)
    body = models.TextField(_("as received"))
    is_genuine = models.BooleanField(_("signature verified"))
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="notices", verbose_name=_("payment")
    )
    linked = models.ForeignKey(
        LinkedAccount,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name=_("linked account"),
    )
    verdict = models.CharField(_("verdict"), max_length=20, blank=True)
    received_at = models.DateTimeField(_("received"))

    class Meta:
        verbose_name = _("gateway notice")
        verbose_name_plural = _("gateway notices")
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_row_per_gateway_and_words", fields=["gateway", "digest"])
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen(
                "is_what_was_told",
                columns=["gateway", "digest", "body", "is_genuine", "payment_id", "linked_id", "received_at"],
            ),
            frozen("is_judged_once", columns=["verdict"], unless="OLD.verdict = ''"),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.digest[:8]} {self.verdict}"
