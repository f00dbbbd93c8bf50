"""Addresses that take no mail, as the mail provider tells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from store.triggers import frozen, never_deleted


class MailTroubleQuerySet(models.QuerySet["MailTrouble"]):
    def standing(self) -> Self:
        """Nobody has mended it."""
        return self.filter(mended_at=None)

    def of(self, addresses: Iterable[str]) -> Self:
        """Of these addresses, however they are written."""
        return self.alias(address=Lower("email")).filter(address__in={address.lower() for address in addresses})


class MailTrouble(models.Model):
    """
    What a mail provider told of an address: mails to it come back, or its reader calls them unwanted.

    It stands until somebody of the customer, or staff, says that the address works again. Meanwhile recipients beside the
    customer get nothing; to the customer's own address we go on writing, for it is owed, and the portal warns. The address of
    who has gone is forgotten.
    """

    class Why(models.TextChoices):
        BOUNCED = "bounced", _("mails to it come back")
        COMPLAINED = "complained", _("its reader marked our mails as unwanted")

    email = models.EmailField(_("mail address"))
    why = models.CharField(_("why"), max_length=10, choices=Why.choices)
    detail = models.CharField(_("as the provider says"), max_length=500, blank=True)
    event = models.CharField(_("provider's event"), max_length=200)
    at = models.DateTimeField(_("at"))
    mended_at = models.DateTimeField(_("works again since"), null=True, blank=True)
    mended_by = models.CharField(_("said by"), max_length=200, blank=True)

    objects = MailTroubleQuerySet.as_manager()

    class Meta:
        verbose_name = _("undeliverable address")
        verbose_name_plural = _("undeliverable addresses")
        indexes: ClassVar = [
            models.Index(Lower("email"), name="standing_troubles_by_address", condition=Q(mended_at__isnull=True))
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(name="a_provider_tells_of_an_event_once", fields=["event"]),
            models.CheckConstraint(
                name="who_mends_an_address_is_named",
                condition=Q(mended_at__isnull=True, mended_by="") | Q(mended_at__isnull=False) & ~Q(mended_by=""),
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("stays_as_it_was_told", columns=["why", "event", "at"]),
            frozen("is_of_one_address", columns=["email", "detail"], unless="NEW.email = '' AND NEW.detail = ''"),
            frozen("is_mended_once", columns=["mended_at", "mended_by"], unless="OLD.mended_at IS NULL"),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.get_why_display()}"
