"""The month-end run: its chunks, and who is held back for staff."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from kernel.triggers import edges_only


class BillingRun(models.Model):
    """One month-end run: every postpaid customer with usage in a month, in chunks that any worker may claim."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        PARKED = "parked", _("done, something parked")

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


class ParkedBilling(models.Model):
    """A customer whose bill for a month is held back: it failed, or it is far above the usual amount. Staff decide."""

    class State(models.TextChoices):
        PARKED = "parked", _("parked")
        RELEASED = "released", _("released")
        BILLED = "billed", _("billed")

    run = models.ForeignKey(BillingRun, on_delete=models.PROTECT, related_name="parked", verbose_name=_("run"))
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="parked_billings", verbose_name=_("customer")
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PARKED)
    reason = models.TextField(_("reason"))
    expected_total = models.BigIntegerField(_("amount held back"), null=True, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("parked billing")
        verbose_name_plural = _("parked billings")
        constraints: ClassVar = [
            models.UniqueConstraint(name="a_customer_is_parked_once_per_run", fields=["run", "customer"])
        ]
        triggers: ClassVar = [
            edges_only(
                field="state",
                initial="parked",
                edges=frozenset({("parked", "released"), ("released", "billed"), ("released", "parked")}),
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer} {self.run}"
