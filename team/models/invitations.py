"""Who is asked to belong to a team."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.may import Role
from accounts.models import Customer, User
from accounts.models.closed import OF_CLOSED, opens_nothing_when_closed
from kernel.ids import new_id
from store.personal import blanked
from store.triggers import frozen, never_deleted

GOOD_FOR = timedelta(days=7)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def undecided(self) -> Self:
        """Neither accepted nor withdrawn, though it may be too old."""
        return self.filter(accepted_at=None, withdrawn_at=None)

    def lock(self, pk: UUID) -> Invitation:
        """Held, for whoever holds its customer already."""
        return self.select_for_update(of=("self",), no_key=True).select_related("customer").get(pk=pk)


class Invitation(models.Model):
    """
    Whoever reads `email` may become a member of the customer's team, as `role`, within seven days of `sent_at`.

    The link is signed and names the invitation and how often it was sent: nothing that opens it is kept here, and sending it
    again ends the links of before.
    """

    AT_CLOSING: ClassVar = blanked("email", "invited_by")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="invitations", verbose_name=_("customer")
    )
    email = models.EmailField(_("mail address"))
    role = models.CharField(_("role"), max_length=9, choices=Role.choices)
    invited_by = models.CharField(_("invited by"), max_length=200)
    asked_at = models.DateTimeField(_("invited"))
    sent_at = models.DateTimeField(_("last sent"))
    times = models.PositiveSmallIntegerField(_("times sent"), default=1)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("accepted by")
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints: ClassVar = [
            models.UniqueConstraint(
                "customer",
                Lower("email"),
                name="one_undecided_invitation_per_customer_and_address",
                condition=Q(accepted_at=None, withdrawn_at=None),
            ),
            models.CheckConstraint(
                name="an_invitation_is_accepted_by_somebody_or_withdrawn",
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False, withdrawn_at=None),
            ),
            models.CheckConstraint(
                name="an_invitation_is_sent_after_it_was_asked_for",
                condition=Q(sent_at__gte=F("asked_at"), times__gte=1),
            ),
            models.CheckConstraint(
                name="an_invitation_is_accepted_in_time",
                condition=Q(accepted_at=None) | Q(accepted_at__lt=F("sent_at") + GOOD_FOR),
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            opens_nothing_when_closed(),
            frozen("stays_as_it_was_asked", columns=["customer_id", "role", "asked_at"]),
            frozen(
                "names_who_it_was",
                columns=["email", "invited_by"],
                unless=f"NEW.email = '' AND NEW.invited_by = '' AND {OF_CLOSED}",
            ),
            frozen(
                "is_decided_once",
                columns=["accepted_at", "accepted_by_id", "withdrawn_at", "sent_at", "times"],
                unless="OLD.accepted_at IS NULL AND OLD.withdrawn_at IS NULL",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.customer}, {self.get_role_display()}"

    @property
    def ends_at(self) -> datetime:
        return self.sent_at + GOOD_FOR

    def is_open(self, at: datetime) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None and at < self.ends_at
