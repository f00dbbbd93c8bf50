"""Whom else a customer lets us write to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.models.closed import OF_CLOSED, opens_nothing_when_closed
from kernel.ids import new_id
from store.personal import blanked
from store.triggers import frozen, never_deleted

CONFIRMED_WITHIN = timedelta(days=3)


class RecipientQuerySet(models.QuerySet["Recipient"]):
    def in_use(self) -> Self:
        """Those that were not removed, confirmed or not."""
        return self.filter(removed_at=None)

    def lock(self, pk: UUID) -> Recipient:
        return self.select_for_update(of=("self",), no_key=True).select_related("customer").get(pk=pk)


class Recipient(models.Model):
    """
    An address that also gets some kinds of a customer's notices, in its own language, once its reader has confirmed it.

    The link that confirms it is good for three days, and once; only its digest is kept. What a confirmed recipient is sent is a
    notice of its own, made by the database beside the customer's (`Notice.copy_to`). It is removed, never deleted: what was sent
    to it names it.
    """

    AT_CLOSING: ClassVar = blanked("email", "digest", "asked_by")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="recipients", verbose_name=_("customer")
    )
    email = models.EmailField(_("mail address"))
    language = models.CharField(_("language"), max_length=5, choices=[("vi", "Tiếng Việt"), ("en", "English")])
    kinds = ArrayField(models.CharField(max_length=30), verbose_name=_("kinds of notices"))
    digest = models.CharField(max_length=64, blank=True, editable=False)
    asked_by = models.CharField(_("asked for by"), max_length=200)
    asked_at = models.DateTimeField(_("asked for"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    objects = RecipientQuerySet.as_manager()

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"), "customer", name="an_address_is_one_recipient", condition=Q(removed_at__isnull=True)
            ),
            models.CheckConstraint(name="a_link_confirms_once", condition=Q(confirmed_at__isnull=True) | Q(digest="")),
        ]
        triggers: ClassVar = [
            never_deleted(),
            opens_nothing_when_closed(),
            frozen("is_whose_it_is", columns=["customer_id"]),
            frozen("is_who_it_is", columns=["email"], unless=f"NEW.email = '' AND {OF_CLOSED}"),
            frozen("is_confirmed_once", columns=["confirmed_at"], unless="OLD.confirmed_at IS NULL"),
            frozen("is_removed_once", columns=["removed_at"], unless="OLD.removed_at IS NULL"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_sent(self) -> bool:
        """Confirmed, and not removed since."""
        return self.confirmed_at is not None and self.removed_at is None

    def wants(self, kind: str) -> bool:
        """Whether it is still sent notices of a kind."""
        return self.is_sent and kind in self.kinds

    def waits(self, at: datetime) -> bool:
        """Its link can still be followed."""
        return bool(self.digest) and self.removed_at is None and at < self.asked_at + CONFIRMED_WITHIN
