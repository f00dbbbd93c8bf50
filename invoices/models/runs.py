"""The month-end run: its chunks, and who is held back for staff."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from lifecycle.models import Resource
from store.carried import CarriedKey
from store.personal import Because, kept
from store.triggers import edges_only


class BillingRun(models.Model):
    """One month-end run: every postpaid customer with usage in a month, in chunks that any worker may claim."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        PARKED = "parked", _("done, something parked")

    parked_count: int
    chunk_counts: tuple[int, int]
    invoices: int
    total: int
    """Of those in the list of runs: see `invoices.admin.documents`."""

    month = models.CharField(_("month"), max_length=7, unique=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("billing run")
        verbose_name_plural = _("billing runs")

    def __str__(self) -> str:
        return self.month


class BillingChunk(models.Model):
    """A range of customers [first, last] of a run, billed in one transaction."""

    class State(models.TextChoices):
        PENDING = "pending", _("planned")
        DONE = "done", _("done")

    run = models.ForeignKey(BillingRun, on_delete=models.PROTECT, related_name="chunks", verbose_name=_("run"))
    first = models.UUIDField(_("first customer"))
    last = models.UUIDField(_("last customer"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    invoices = models.PositiveIntegerField(_("invoices"), default=0)
    total = models.BigIntegerField(_("total"), default=0)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("billing chunk")
        verbose_name_plural = _("billing chunks")
        constraints: ClassVar = [models.UniqueConstraint(name="one_chunk_per_run_and_range", fields=["run", "first"])]
        indexes: ClassVar = [models.Index(name="chunks_to_claim", fields=["run", "id"], condition=Q(state="pending"))]

    def __str__(self) -> str:
        return f"{self.run}: {self.first} .. {self.last}"


class ParkedBillingQuerySet(models.QuerySet["ParkedBilling"]):
    def holding(self, month: str) -> Self:
        """What is held back of the month of this key."""
        return self.filter(month=month, state=ParkedBilling.State.PARKED)


class ParkedBilling(models.Model):
    """
    Usage of a month that is held back until staff decide: of one resource, or (without one) all that the customer has.

    Held by a month end, or at the door by which a resource leaves: then the month's run may not exist yet.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    class State(models.TextChoices):
        PARKED = "parked", _("parked")
        RELEASED = "released", _("released")
        BILLED = "billed", _("billed")

    class Cause(models.TextChoices):
        OUTLIER = "outlier", _("far above the usual amount")
        NO_PRICE = "no-price", _("an item has no price for all of the time")
        FAILED = "failed", _("billing failed")

    OWNERS: ClassVar = {
        Cause.OUTLIER: _("finance"),
        Cause.NO_PRICE: _("catalogue"),
        Cause.FAILED: _("operators"),
    }
    """Who can do something about it."""

    run = models.ForeignKey(
        BillingRun, on_delete=models.PROTECT, null=True, blank=True, related_name="parked", verbose_name=_("run")
    )
    month = models.CharField(_("month"), max_length=7)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="parked_billings", verbose_name=_("customer")
    )
    resource = models.ForeignKey(
        Resource,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("resource"),
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PARKED)
    cause = models.CharField(_("why"), max_length=10, choices=Cause.choices)
    reason = models.TextField(_("reason"), blank=True)
    expected_total = models.BigIntegerField(_("amount held back"), null=True, blank=True)
    usual_total = models.BigIntegerField(_("usual amount"), null=True, blank=True)
    at = models.DateTimeField(_("at"))

    objects = ParkedBillingQuerySet.as_manager()

    class Meta:
        verbose_name = _("parked billing")
        verbose_name_plural = _("parked billings")
        constraints: ClassVar = [
            CarriedKey("resource", name="usage_is_held_of_the_customers_own_resource"),
            models.UniqueConstraint(
                name="what_is_held_of_a_month_is_held_once",
                fields=["customer", "month", "resource"],
                nulls_distinct=False,
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="held_back_of_a_month", fields=["month"], condition=models.Q(state="parked"))
        ]
        triggers: ClassVar = [
            edges_only(
                field="state",
                initial="parked",
                edges=frozenset(
                    {("parked", "released"), ("released", "billed"), ("released", "parked"), ("billed", "parked")}
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer} {self.month}"

    @property
    def owner(self) -> object:
        return self.OWNERS[self.Cause(self.cause)]
