"""By which address somebody signs in, and how that changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.models.closed import OF_FORGOTTEN
from kernel.ids import new_id
from store.personal import blanked
from store.triggers import frozen, never_deleted

CONFIRMED_WITHIN = timedelta(days=3)


class AddressChangeQuerySet(models.QuerySet["AddressChange"]):
    def under_way(self) -> Self:
        return self.filter(done_at=None, ended_at=None)

    def lock(self, pk: UUID) -> AddressChange:
        return self.select_for_update(of=("self",), no_key=True).select_related("user").get(pk=pk)


class AddressChange(models.Model):
    """
    A user wants to sign in by another mail address: it changes when whoever reads the present one has confirmed it, and whoever
    reads the new one. So neither a stolen session nor a mistyped letter takes an account away.
    """

    AT_CLOSING: ClassVar = blanked("former", "address", of="user")

    class Side(models.TextChoices):
        FORMER = "former", _("present address")
        NEW = "new", _("new address")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="address_changes", verbose_name=_("user"))
    former = models.EmailField(_("present address"))
    address = models.EmailField(_("new address"))
    asked_at = models.DateTimeField(_("asked"))
    former_at = models.DateTimeField(_("confirmed by the present address"), null=True, blank=True)
    new_at = models.DateTimeField(_("confirmed by the new address"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended without it"), null=True, blank=True)

    objects = AddressChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of mail address")
        verbose_name_plural = _("changes of mail addresses")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_change_of_address_at_a_time", fields=["user"], condition=Q(done_at=None, ended_at=None)
            ),
            models.CheckConstraint(
                name="an_address_changes_when_both_have_confirmed",
                condition=Q(done_at=None) | Q(former_at__isnull=False, new_at__isnull=False, ended_at=None),
                violation_error_message=_("Both addresses confirm a change."),
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("stays_as_it_was_asked", columns=["user_id", "asked_at"]),
            frozen(
                "leads_where_it_was_said",
                columns=["former", "address"],
                unless=f"NEW.former = '' AND NEW.address = '' AND {OF_FORGOTTEN}",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.former} -> {self.address}"

    def is_open(self, at: datetime) -> bool:
        return self.done_at is None and self.ended_at is None and at < self.asked_at + CONFIRMED_WITHIN

    def confirmed_at(self, side: Side) -> datetime | None:
        return self.former_at if side == self.Side.FORMER else self.new_at
