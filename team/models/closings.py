"""Accounts that are to be closed, and those that were."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.models.closed import opens_nothing_when_closed
from door.models import PrivacyRequest
from kernel.ids import new_id
from kernel.money import MAXIMUM
from store.carried import CarriedKey
from store.personal import Because, kept
from store.triggers import edges_only, frozen, never_deleted

LEAST = timedelta(days=3)
"""So long every owner can think better of it."""
EDGES = frozenset({("waiting", "cancelled"), ("waiting", "closed")})


class ClosingQuerySet(models.QuerySet["Closing"]):
    def lock(self, pk: UUID) -> Closing:
        """Held, for whoever holds its customer already."""
        return self.select_for_update(of=("self",), no_key=True).select_related("customer").get(pk=pk)

    def waiting(self) -> Self:
        return self.filter(state=Closing.State.WAITING)

    def due(self, at: datetime) -> Self:
        return self.waiting().filter(closes_at__lte=at)


class Closing(models.Model):
    """
    The account of a customer is to be closed at `closes_at`, or as soon after as nothing stands in the way.

        WAITING -> CANCELLED | CLOSED

    `request` is its place in the register of privacy requests. `gives_up` is the credit that the owner does without, expressly; who
    says nothing waits for its return to where it came from. `reason` is what staff say who close it. The customer's `closes_at` and
    `closed_at` follow from here, kept by the database.
    """

    AT_CLOSING: ClassVar = kept(Because.PROOF)

    class State(models.TextChoices):
        WAITING = "waiting", _("to be closed")
        CANCELLED = "cancelled", _("cancelled")
        CLOSED = "closed", _("closed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_constraint=False, related_name="closings", verbose_name=_("customer")
    )
    request = models.OneToOneField(
        PrivacyRequest,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="closing",
        verbose_name=_("privacy request"),
    )
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.WAITING)
    gives_up = models.BigIntegerField(_("credit given up"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    asked_by = models.CharField(_("asked for by"), max_length=200)
    asked_at = models.DateTimeField(_("asked for"))
    closes_at = models.DateTimeField(_("closes"))
    told_at = models.DateTimeField(_("told that something is in the way"), null=True, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=200, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = ClosingQuerySet.as_manager()

    class Meta:
        verbose_name = _("closing of an account")
        verbose_name_plural = _("closings of accounts")
        constraints: ClassVar = [
            CarriedKey("request", name="a_closing_is_its_requests_customers"),
            models.UniqueConstraint(
                name="an_account_closes_once", fields=["customer"], condition=Q(state__in=["waiting", "closed"])
            ),
            models.CheckConstraint(
                name="there_are_three_days_to_think_better_of_a_closing",
                condition=Q(closes_at__gte=F("asked_at") + LEAST),
            ),
            models.CheckConstraint(
                name="a_closing_that_ended_says_by_whom",
                condition=Q(state="waiting", ended_at__isnull=True, ended_by="")
                | ~Q(state="waiting") & Q(ended_at__isnull=False) & ~Q(ended_by=""),
            ),
            models.CheckConstraint(
                name="an_account_closes_in_its_time",
                condition=~Q(state="closed") | Q(ended_at__isnull=False, ended_at__gte=F("closes_at")),
            ),
            models.CheckConstraint(
                name="what_is_given_up_is_something",
                condition=Q(gives_up=None) | Q(gives_up__gt=0, gives_up__lte=MAXIMUM),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="closings_by_their_day", fields=["closes_at"], condition=Q(state="waiting"))
        ]
        triggers: ClassVar = [
            never_deleted(),
            opens_nothing_when_closed(),
            edges_only(field="state", initial="waiting", edges=EDGES),
            frozen(
                "stays_as_it_was_asked",
                columns=[
                    *("customer_id", "request_id", "gives_up", "reason", "asked_by", "asked_at", "closes_at"),
                ],
            ),
            frozen("ends_once", columns=["ended_by", "ended_at"], unless="OLD.ended_at IS NULL"),
            pgtrigger.Trigger(
                name="tells_its_customer",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
                func="""
                PERFORM FROM accounts_customer WHERE id = NEW.customer_id FOR UPDATE;  -- who is opening something just now is waited for
                UPDATE accounts_customer SET
                    closes_at = CASE WHEN NEW.state = 'waiting' THEN NEW.closes_at END,
                    closed_at = CASE WHEN NEW.state = 'closed' THEN NEW.ended_at END
                WHERE id = NEW.customer_id AND closed_at IS NULL;
                IF NOT FOUND THEN
                    RAISE EXCEPTION 'the account of % has closed', NEW.customer_id USING ERRCODE = 'restrict_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.get_state_display()}"

    @property
    def waits(self) -> bool:
        return self.state == self.State.WAITING
