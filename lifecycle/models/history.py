"""The time that resources were in use, and what happened to them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import BillingMode, Customer
from catalog.models import InstantRange
from kernel import display
from kernel.actors import ActorKind
from kernel.periods import Period
from kernel.reasons import in_words
from lifecycle.models.resource import Resource, State
from store.carried import CarriedKey
from store.personal import Because, kept
from store.triggers import append_only, frozen, never_deleted


class ServicePeriodQuerySet(models.QuerySet["ServicePeriod"]):
    def reaching_past(self, instant: datetime) -> Self:
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=instant))

    def overlapping(self, window: Period) -> Self:
        """At least a minute of them lies in `window`: not of those that were cut before they began."""
        used = Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at"))
        return self.reaching_past(window.starts_at).filter(used, starts_at__lt=window.ends_at)


class ServicePeriod(models.Model):
    """
    A configuration in use over [starts_at, ends_at), in whole minutes; open while postpaid usage goes on.

    Prepaid time is billed when it is bought, postpaid time by calendar month. Cutting a period short moves its end; one
    that was cut before it began is empty.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    resource = models.ForeignKey(
        Resource,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="periods",
        verbose_name=_("resource"),
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_constraint=False, related_name="+", verbose_name=_("customer")
    )
    billing_mode = models.CharField(_("billing mode"), max_length=8, choices=BillingMode.choices)
    configuration = models.JSONField(_("configuration"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)

    objects = ServicePeriodQuerySet.as_manager()

    class Meta:
        verbose_name = _("service period")
        verbose_name_plural = _("service periods")
        constraints: ClassVar = [
            CarriedKey("resource", name="a_service_period_is_its_resources_customers"),
            models.CheckConstraint(
                name="service_period_starts_before_it_ends",
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
            ),
            models.CheckConstraint(
                name="only_postpaid_usage_is_open",
                condition=Q(ends_at__isnull=False) | Q(billing_mode=BillingMode.POSTPAID),
            ),
            ExclusionConstraint(
                name="service_periods_of_a_resource_never_overlap",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    (InstantRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen(
                "only_its_end_changes",
                columns=["resource_id", "customer_id", "billing_mode", "configuration", "starts_at"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id}: {display.instant(self.starts_at)} .. {display.instant(self.ends_at) if self.ends_at else ''}"


class ResourceEvent(models.Model):
    """Something that happened to a resource: who or what did it, why, and by which order."""

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    class Kind(models.TextChoices):
        ORDERED = "ordered", _("ordered")
        PROVISIONED = "provisioned", _("provisioned")
        PROVISIONING_FAILED = "provisioning_failed", _("provisioning failed")
        STOPPED = "stopped", _("stopped")
        STARTED = "started", _("started")
        REBOOTED = "rebooted", _("rebooted")
        RENEWED = "renewed", _("renewed")
        RESIZED = "resized", _("resized")
        RESIZE_FAILED = "resize_failed", _("resize failed")
        EXPIRED = "expired", _("moved to the trash at the end of paid time")
        TRASHED = "trashed", _("deleted into the trash")
        RECOVERED = "recovered", _("recovered")
        RESTORED = "restored", _("restored by staff")
        DELETED = "deleted", _("deleted at once")
        PURGED = "purged", _("deleted for good")
        GONE = "gone", _("lost at the product team")
        SHORTENED = "shortened", _("paid time ends earlier")
        AUTO_RENEW_CHANGED = "auto_renew_changed", _("auto-renew changed")
        CONVERTED = "converted", _("billing mode converted")
        ROLLED_OVER = "rolled_over", _("rolled over into postpaid usage")
        TAGGED = "tagged", _("tags changed")

    resource = models.ForeignKey(
        Resource,
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="events",
        verbose_name=_("resource"),
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="+",
        verbose_name=_("customer"),
    )
    kind = models.CharField(_("what"), max_length=20, choices=Kind.choices)
    from_state = models.CharField(_("from"), max_length=8, choices=State.choices, blank=True)
    to_state = models.CharField(_("to"), max_length=8, choices=State.choices)
    at = models.DateTimeField(_("at"))
    actor_kind = models.CharField(_("by"), max_length=12, choices=ActorKind.choices)
    actor = models.CharField(_("who"), max_length=200)
    reason = models.TextField(_("why"), blank=True)
    order_id = models.UUIDField(_("order"), null=True, blank=True)

    class Meta:
        verbose_name = _("resource event")
        verbose_name_plural = _("resource events")
        constraints: ClassVar = [CarriedKey("resource", name="an_event_is_its_resources_customers")]
        indexes: ClassVar = [models.Index(name="events_of_a_resource", fields=["resource", "-id"])]
        triggers: ClassVar = [append_only()]

    def __str__(self) -> str:
        return f"{display.instant(self.at)} {self.get_kind_display()}"

    @property
    def why(self) -> str:
        """The reason in the reader's language."""
        return in_words(self.reason)
