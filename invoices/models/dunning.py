"""The ladder of steps that debts climb, and what was done on it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, CustomerGroup
from catalog.models import InstantRange
from invoices.models.documents import Invoice
from kernel.ids import new_id
from store.personal import Because, kept
from store.triggers import frozen, never_deleted


class Act(models.TextChoices):
    REMIND = "remind", _("remind by mail")
    CALL = "call", _("call by staff")
    BLOCK = "block", _("block new orders")
    STOP = "stop", _("stop resources")


HARMFUL = (Act.BLOCK, Act.STOP)


class RungQuerySet(models.QuerySet["Rung"]):
    def in_force(self, at: datetime) -> Self:
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=at), valid_from__lte=at)


class Rung(models.Model):
    """
    What is done with a debt so many days after its due date (before it: below zero).

    A group of customers climbs its own ladder while it has one; everybody else climbs the rungs without a group. What does harm is
    announced so many days before. Only the end of a rung can be changed.
    """

    group = models.ForeignKey(
        CustomerGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rungs",
        verbose_name=_("customer group"),
        help_text=_("None: all whose group has no ladder of its own."),
    )
    days = models.SmallIntegerField(
        _("days after the due date"), help_text=_("0 is the due date itself; below zero: so many days before it.")
    )
    act = models.CharField(_("what is done"), max_length=6, choices=Act.choices)
    announced_days = models.PositiveSmallIntegerField(
        _("announced days before"), default=0, help_text=_("At least 1 of what blocks or stops, 0 of the rest.")
    )
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    objects = RungQuerySet.as_manager()

    class Meta:
        verbose_name = _("step of the dunning ladder")
        verbose_name_plural = _("dunning ladder")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="what_does_harm_is_announced_and_comes_after_the_due_date",
                violation_error_message=_(
                    "What blocks or stops comes a day or more after the due date, and is announced 1 to 60 days before."
                ),
                condition=Q(act__in=["remind", "call"], announced_days=0)
                | Q(act__in=["block", "stop"], announced_days__gte=1, announced_days__lte=60, days__gte=1),
            ),
            models.CheckConstraint(
                name="a_rung_is_near_the_due_date",
                violation_error_message=_("Between 60 days before and 366 days after the due date."),
                condition=Q(days__gte=-60, days__lte=366),
            ),
            models.CheckConstraint(
                name="a_rung_starts_before_it_ends",
                violation_error_message=_("The end must lie after the beginning."),
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
            ExclusionConstraint(
                name="a_ladder_does_the_same_once_on_a_day",
                violation_error_message=_("This ladder does that on this day already."),
                expressions=[
                    (Coalesce("group", -1), RangeOperators.EQUAL),
                    ("act", RangeOperators.EQUAL),
                    ("days", RangeOperators.EQUAL),
                    (InstantRange("valid_from", "valid_until"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("only_its_end_changes", columns=["group_id", "days", "act", "announced_days", "valid_from"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()} ({self.days:+d})"


class DunningStepQuerySet(models.QuerySet["DunningStep"]):
    def standing(self) -> Self:
        """Not lifted."""
        return self.filter(lifted_at=None)

    def in_force(self, act: Act) -> Self:
        """What blocks or stops now."""
        return self.filter(act=act, done_at__isnull=False, lifted_at=None)

    def calls(self) -> Self:
        """Customers whom staff are to call."""
        return self.filter(act=Act.CALL, done_at=None, lifted_at=None)


class DunningStep(models.Model):
    """
    A rung that a debt has reached: one row for an invoice that is mentioned, one for a customer who is called, blocked or stopped.

    What does harm is announced first (`announced_at`), and not done before `happens_at`. It is lifted when what caused it is paid,
    questioned or on hold; a new debt then begins a new row.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    class Outcome(models.TextChoices):
        CALLED = "called", _("talked to")
        PROMISED = "promised", _("promised to pay")
        NO_ANSWER = "no_answer", _("no answer")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_index=False, related_name="dunning", verbose_name=_("customer")
    )
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, db_index=False, related_name="dunning", verbose_name=_("invoice")
    )
    rung = models.ForeignKey(Rung, on_delete=models.PROTECT, related_name="steps", verbose_name=_("step"))
    act = models.CharField(_("what is done"), max_length=6, choices=Act.choices)
    at = models.DateTimeField(_("reached"))
    happens_at = models.DateTimeField(_("announced for"), null=True)
    done_at = models.DateTimeField(_("done"), null=True)
    lifted_at = models.DateTimeField(_("lifted"), null=True)
    outcome = models.CharField(_("outcome"), max_length=9, choices=Outcome.choices, blank=True, db_default="")
    tries = models.PositiveSmallIntegerField(_("calls"), default=0, db_default=0)
    note = models.CharField(_("note"), max_length=500, blank=True, db_default="")

    objects = DunningStepQuerySet.as_manager()

    class Meta:
        verbose_name = _("dunning step")
        verbose_name_plural = _("dunning steps")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="an_invoice_is_mentioned_once_per_rung", fields=["invoice", "rung"], condition=Q(act="remind")
            ),
            models.UniqueConstraint(
                name="a_customer_stands_once_on_a_rung",
                fields=["customer", "rung"],
                condition=Q(lifted_at=None) & ~Q(act="remind"),
            ),
            models.CheckConstraint(
                name="reminders_are_about_invoices_the_rest_about_customers",
                condition=Q(act="remind", invoice__isnull=False, done_at__isnull=False, lifted_at__isnull=True)
                | Q(act__in=["call", "block", "stop"], invoice__isnull=True),
            ),
            models.CheckConstraint(
                name="what_does_harm_was_announced_and_waits_for_its_day",
                condition=Q(act__in=["remind", "call"], happens_at__isnull=True)
                | Q(act__in=["block", "stop"], happens_at__isnull=False, happens_at__gt=F("at"))
                & (Q(done_at__isnull=True) | Q(done_at__gte=F("happens_at"))),
            ),
            models.CheckConstraint(
                name="only_a_call_has_an_outcome", condition=Q(act="call") | Q(outcome="", tries=0, note="")
            ),
            models.CheckConstraint(
                name="a_call_that_is_done_was_answered",
                condition=~Q(act="call") | Q(done_at__isnull=True) | Q(outcome__in=["called", "promised"]),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="dunning_steps_of_a_customer", fields=["customer", "-at"]),
            models.Index(
                name="dunning_steps_that_wait", fields=["happens_at"], condition=Q(done_at=None, lifted_at=None)
            ),
            models.Index(
                name="what_dunning_keeps_down",
                fields=["act", "customer"],
                condition=Q(act__in=["block", "stop"], done_at__isnull=False, lifted_at=None),
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("is_what_was_reached", columns=["customer_id", "invoice_id", "rung_id", "act", "at", "happens_at"]),
            frozen("is_done_once", columns=["done_at"], unless="OLD.done_at IS NULL AND OLD.lifted_at IS NULL"),
            frozen("is_lifted_once", columns=["lifted_at"], unless="OLD.lifted_at IS NULL"),
            pgtrigger.Trigger(
                name="is_about_its_own",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                IF NEW.act IS DISTINCT FROM (SELECT act FROM invoices_rung WHERE id = NEW.rung_id)
                    OR NEW.invoice_id IS NOT NULL AND NEW.customer_id IS DISTINCT FROM
                        (SELECT customer_id FROM invoices_invoice WHERE id = NEW.invoice_id) THEN
                    RAISE EXCEPTION 'a dunning step is of its rung, and of the invoice''s customer' USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.get_act_display()}"


def is_in_force(act: Act, customer_id: UUID) -> bool:
    return DunningStep.objects.in_force(act).filter(customer=customer_id).exists()
