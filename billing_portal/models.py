"""Rows of the project itself: the clock that staff may move in a demo, and what the jobs did."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.models.seals import sealed
from billing_portal.totals import TOTALS
from kernel import display
from store.personal import Because, kept
from store.triggers import append_only, frozen, never_deleted


class Clock(models.Model):
    """How far the business clock is ahead of the machine's: one row, which only grows. Without it: not at all."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    ahead_by = models.DurationField(_("ahead by"), default=timedelta)

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clock")
        constraints: ClassVar = [
            models.CheckConstraint(name="there_is_one_clock", condition=Q(id=1)),
            models.CheckConstraint(name="the_clock_is_never_behind", condition=Q(ahead_by__gte=timedelta())),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("time_never_moves_backward", columns=["ahead_by"], unless="NEW.ahead_by > OLD.ahead_by"),
        ]

    def __str__(self) -> str:
        return f"+{self.ahead_by}"


class ClockMove(models.Model):
    """Staff move the clock of a demo forward: carried out by a worker, which notes here how far it has come."""

    class State(models.TextChoices):
        RUNNING = "running", _("under way")
        DONE = "done", _("done")
        FAILED = "failed", _("given up after repeated failures")

    from_instant = models.DateTimeField(_("from"))
    to_instant = models.DateTimeField(_("to"))
    reached = models.DateTimeField(_("reached"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.RUNNING)
    reason = models.TextField(_("reason"))
    actor = models.CharField(_("by"), max_length=200)
    jobs = models.PositiveIntegerField(_("jobs run"), default=0)
    waits_for_answers = models.PositiveIntegerField(_("answers awaited"), default=0)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.TextField(_("last error"), blank=True)

    class Meta:
        verbose_name = _("move of the clock")
        verbose_name_plural = _("moves of the clock")
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_move_at_a_time", fields=["state"], condition=Q(state="running")),
            models.CheckConstraint(name="a_move_goes_forward", condition=Q(to_instant__gt=F("from_instant"))),
        ]

    def __str__(self) -> str:
        return f"{display.instant(self.from_instant)} -> {display.instant(self.to_instant)}"

    @property
    def share_done(self) -> float:
        """0 at the start, 1 at the end."""
        return (self.reached - self.from_instant) / (self.to_instant - self.from_instant)


class JobRunQuerySet(models.QuerySet["JobRun"]):
    def latest_of_each(self) -> Self:
        return self.order_by("job", "-id").distinct("job")

    def failed_since(self, instant: datetime) -> Self:
        return self.filter(started_at__gte=instant, outcome__in=[JobRun.Outcome.FAILED, JobRun.Outcome.PARTLY])


class JobRun(models.Model):
    """One run of a job, noted when it begins and when it ends; one that was killed stays "running"."""

    MAY_BE_DELETED: ClassVar = True

    class Outcome(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        PARTLY = "partly", _("done, some items failed")
        FAILED = "failed", _("failed")

    job = models.CharField(_("job"), max_length=40)
    due_at = models.DateTimeField(_("due"))
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=7, choices=Outcome.choices, default=Outcome.RUNNING)
    count = models.PositiveIntegerField(_("items done"), default=0)
    failures = models.PositiveIntegerField(_("items failed"), default=0)
    error = models.TextField(_("error"), blank=True)

    objects = JobRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("job run")
        verbose_name_plural = _("job runs")
        indexes: ClassVar = [
            models.Index(name="latest_runs_of_a_job", fields=["job", "-id"]),
            models.Index(name="runs_of_a_job_by_due_time", fields=["job", "due_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.job} {display.instant(self.due_at)}"

    @property
    def is_good(self) -> bool:
        """It came to its end, even if some of its items failed."""
        return self.outcome in {self.Outcome.DONE, self.Outcome.PARTLY}


class FindingQuerySet(models.QuerySet["Finding"]):
    def open(self) -> Self:
        return self.filter(gone_at=None)


class Finding(models.Model):
    """
    What the auditor found: a row that contradicts a claim about the books, for as long as it does.

    `label` is how people know the row: an invoice's number, a payment's reference, an id.
    """

    AT_CLOSING: ClassVar = kept(Because.TRAIL)

    claim = models.CharField(_("not true"), max_length=200)
    label = models.CharField(_("row"), max_length=300)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    found_at = models.DateTimeField(_("found"))
    seen_at = models.DateTimeField(_("last seen"))
    gone_at = models.DateTimeField(_("not there any more"), null=True, blank=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = _("finding of the auditor")
        verbose_name_plural = _("findings of the auditor")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="a_finding_is_open_once", fields=["claim", "label"], condition=Q(gone_at__isnull=True)
            ),
            models.CheckConstraint(
                name="a_finding_was_seen_since_it_was_found", condition=Q(seen_at__gte=F("found_at"))
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("is_what_was_found", columns=["claim", "label", "customer_id", "found_at"]),
            frozen("is_gone_once", columns=["gone_at"], unless="OLD.gone_at IS NULL"),
        ]

    def __str__(self) -> str:
        return f"{self.claim}: {self.label}"

    @classmethod
    def note(cls, claim: str, label: str, customer: UUID | None, *, at: datetime) -> None:
        """That it is there, now."""
        row = {"claim": claim[:200], "label": label[:300]}
        if not cls.objects.open().filter(**row).update(seen_at=at):
            cls.objects.create(**row, customer_id=customer, found_at=at, seen_at=at)


class AuditLook(models.Model):
    """One look of the auditor at the customers with whom something had happened; `reached`: how far each table had come."""

    reached = models.JSONField(_("reached"))
    customers = models.PositiveIntegerField(_("customers"))
    found = models.PositiveIntegerField(_("violations"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("look of the auditor")
        verbose_name_plural = _("looks of the auditor")
        triggers: ClassVar = [append_only()]

    def __str__(self) -> str:
        return f"{display.instant(self.at)}: {self.customers}"


CLOSE = ("close", ("at",), ("at", "claims", "found", "figures"))
"""What of a close is sealed, see `accounts.models.seals`."""


class Close(models.Model):
    """The books as of one night: how many claims were looked at, what was found, and what all there is adds up to. Sealed for good."""

    claims = models.PositiveIntegerField(_("claims"))
    found = models.PositiveIntegerField(_("violations"))
    figures = models.JSONField(_("figures"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("close of the books")
        verbose_name_plural = _("closes of the books")
        triggers: ClassVar = [append_only(), sealed(*CLOSE)]

    def __str__(self) -> str:
        return display.instant(self.at)


class Recount(models.Model):
    """
    A kept total of `totals` that was wrong and was counted anew: adding the row mends it, and notes what it said.

    The trigger counts by itself: nobody can write here what a total shall be. Of a total that is right no row is added.
    """

    total = models.CharField(_("total"), max_length=40)
    key = models.JSONField(_("of which row"))
    kept = models.JSONField(_("kept until then"), default=dict)
    counted = models.JSONField(_("counted"), default=dict)
    actor = models.CharField(_("by"), max_length=200)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("recount")
        verbose_name_plural = _("recounts")
        triggers: ClassVar = [
            append_only(),
            pgtrigger.Trigger(
                name="counts_anew",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=f"""
                CASE NEW.total
                {"".join(f"WHEN '{total.name}' THEN {total.counts_anew}" for total in TOTALS if total.mended)}
                ELSE RAISE EXCEPTION '% is no total that is mended', NEW.total USING ERRCODE = 'check_violation';
                END CASE;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.total} {self.key}"
