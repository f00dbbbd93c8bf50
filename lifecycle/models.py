"""What is rented: resources and their states, the time they were in use, their history, and what product teams were asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from accounts.models import BillingMode, Customer
from catalog.models import InstantRange, Product
from kernel.actors import ActorKind
from kernel.ids import new_id
from kernel.machine import StateMachine
from kernel.triggers import append_only, edges_only, frozen, never_deleted


class State(models.TextChoices):
    NEW = "new", _("New")
    ACTIVE = "active", _("Active")
    STOP = "stop", _("Stop")
    SUSPENSE = "suspense", _("In trash")
    DELETED = "deleted", _("Deleted")


RUNNING = frozenset({State.ACTIVE, State.STOP})
"""States in which a resource holds capacity and can expire, be renewed, resized or deleted."""

EDGES: frozenset[tuple[str, str]] = frozenset(
    {
        (State.NEW.value, State.ACTIVE.value),
        (State.NEW.value, State.DELETED.value),
        (State.ACTIVE.value, State.STOP.value),
        (State.STOP.value, State.ACTIVE.value),
        (State.ACTIVE.value, State.SUSPENSE.value),
        (State.STOP.value, State.SUSPENSE.value),
        (State.SUSPENSE.value, State.ACTIVE.value),
        (State.ACTIVE.value, State.DELETED.value),
        (State.STOP.value, State.DELETED.value),
        (State.SUSPENSE.value, State.DELETED.value),
    }
)
"""The whole machine. The transitions below, the database trigger and the lifecycle page in the docs all agree with it."""


class Health(models.TextChoices):
    GOOD = "good", _("good")
    WARNING = "warning", _("warning")
    ALERT = "alert", _("alert")
    EXPIRED = "expired", _("expired")


class ResourceQuerySet(models.QuerySet["Resource"]):
    def lock(self, pk: UUID) -> Resource:
        """The resource, held until the transaction ends; its customer must be held before."""
        return self.select_for_update(of=("self",), no_key=True).select_related("product").get(pk=pk)

    def lock_all(self, pks: list[UUID]) -> list[Resource]:
        """Several resources, held in the order of their ids."""
        return list(
            self.select_for_update(of=("self",), no_key=True)
            .select_related("product")
            .filter(pk__in=pks)
            .order_by("pk")
        )

    def running(self) -> Self:
        return self.filter(state__in=RUNNING)

    def in_trash(self) -> Self:
        return self.filter(state=State.SUSPENSE)

    def not_deleted(self) -> Self:
        return self.exclude(state=State.DELETED)

    def due_for_expiry(self, at: datetime) -> Self:
        """Prepaid resources whose paid time and grace are over, or which roll over into postpaid usage."""
        return self.running().filter(billing_mode=BillingMode.PREPAID, suspend_at__lte=at)

    def due_for_purge(self, at: datetime) -> Self:
        return self.in_trash().filter(purge_at__lte=at)

    def due_for_auto_renew(self, at: datetime, *, within: timedelta) -> Self:
        """Prepaid resources with auto-renew whose paid time ends in the time ahead; expired ones are not renewed."""
        return self.running().filter(
            billing_mode=BillingMode.PREPAID,
            auto_renew_months__isnull=False,
            rolls_over=False,
            paid_until__gt=at,
            paid_until__lte=at + within,
        )


class Resource(StateMachine):
    """
    Something that a customer rents.

    ::

        New ──────────► Active ◄────► Stop
         │               │  ▲           │
         │               ▼  │           │
         │            Suspense ◄────────┤
         │               │              │
         └──────────► Deleted ◄─────────┘   (also Active ─► Deleted)

    `billing_mode` is fixed when the resource is bought or converted. Prepaid: `paid_until` is the end of paid time and
    `suspend_at` the instant at which the resource goes to the trash unless renewed (paid time + grace, or the renewal
    window after a switch); with `rolls_over` it becomes postpaid at `suspend_at` instead. Postpaid: both are empty.
    """

    State = State

    class SuspenseReason(models.TextChoices):
        EXPIRED = "expired", _("paid time ended")
        DELETED = "deleted", _("deleted by the customer")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_index=False, related_name="resources", verbose_name=_("customer")
    )
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="resources", verbose_name=_("product"))
    name = models.CharField(_("name"), max_length=100)
    state = FSMField(_("state"), default=State.NEW, choices=State.choices, protected=True)
    billing_mode = models.CharField(_("billing mode"), max_length=8, choices=BillingMode.choices)
    configuration = models.JSONField(_("configuration"))
    created_at = models.DateTimeField(_("created"))
    changed_at = models.DateTimeField(_("last change of state"))
    paid_until = models.DateTimeField(_("paid until"), null=True, blank=True)
    suspend_at = models.DateTimeField(_("goes to the trash"), null=True, blank=True)
    rolls_over = models.BooleanField(_("continues as postpaid"), default=False)
    auto_renew_months = models.PositiveSmallIntegerField(_("auto-renew by months"), null=True, blank=True)
    suspense_reason = models.CharField(_("why in the trash"), max_length=8, choices=SuspenseReason.choices, blank=True)
    suspended_at = models.DateTimeField(_("in the trash since"), null=True, blank=True)
    purge_at = models.DateTimeField(_("deleted for good"), null=True, blank=True)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        verbose_name = _("resource")
        verbose_name_plural = _("resources")
        constraints: ClassVar = [
            models.CheckConstraint(name="resource_state_is_known", condition=Q(state__in=State.values)),
            models.CheckConstraint(
                name="a_running_prepaid_resource_knows_its_end",
                condition=~Q(billing_mode=BillingMode.PREPAID, state__in=sorted(RUNNING))
                | Q(paid_until__isnull=False, suspend_at__gte=F("paid_until")),
            ),
            models.CheckConstraint(
                name="a_postpaid_resource_has_no_end",
                condition=Q(billing_mode=BillingMode.PREPAID)
                | Q(
                    billing_mode=BillingMode.POSTPAID,
                    paid_until__isnull=True,
                    suspend_at__isnull=True,
                    rolls_over=False,
                    auto_renew_months__isnull=True,
                ),
            ),
            models.CheckConstraint(
                name="trash_has_a_reason_and_an_end",
                condition=~Q(state=State.SUSPENSE)
                | Q(purge_at__isnull=False, suspended_at__isnull=False) & ~Q(suspense_reason=""),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="resources_of_a_customer", fields=["customer", "-id"]),
            models.Index(
                name="resources_by_suspension",
                fields=["suspend_at"],
                condition=Q(state__in=sorted(RUNNING), suspend_at__isnull=False),
            ),
            models.Index(
                name="resources_by_end_of_paid_time",
                fields=["paid_until"],
                condition=Q(state__in=sorted(RUNNING), paid_until__isnull=False),
            ),
            models.Index(name="resources_by_purge", fields=["purge_at"], condition=Q(state=State.SUSPENSE)),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("belongs_to_one_customer", columns=["customer_id", "product_id", "created_at"]),
            edges_only(
                field="state",
                initial=State.NEW.value,
                edges=EDGES,
                also="""
            IF OLD.state = 'suspense' AND NEW.state = 'active' AND NEW.changed_at >= OLD.purge_at THEN
                RAISE EXCEPTION 'resource % cannot come back: its time in the trash ended at %', OLD.id, OLD.purge_at
                    USING ERRCODE = 'check_violation';
            END IF;""",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    # Facts about one row

    @property
    def is_prepaid(self) -> bool:
        return self.billing_mode == BillingMode.PREPAID

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING

    @property
    def is_in_trash(self) -> bool:
        return self.state == State.SUSPENSE

    def is_expired(self, at: datetime) -> bool:
        """Past its paid time: in grace when still running."""
        return self.paid_until is not None and self.paid_until <= at

    def days_left(self, at: datetime) -> int | None:
        """Whole days of 24 h until the end of paid time (negative after it); None without an end."""
        return None if self.paid_until is None else (self.paid_until - at) // timedelta(days=1)

    def health(self, at: datetime) -> Health:
        """good > 15 whole days left, warning 5..15, alert < 5, expired; good without an end."""
        days = self.days_left(at)
        if days is None:
            return Health.GOOD
        if self.is_expired(at):
            return Health.EXPIRED
        return Health.GOOD if days > 15 else Health.WARNING if days >= 5 else Health.ALERT

    def is_recoverable(self, at: datetime) -> bool:
        """In the trash and before the instant of purge, even when the purge is late."""
        return self.is_in_trash and self.purge_at is not None and at < self.purge_at

    # The machine: each transition changes this row only

    @transition(field=state, source=State.NEW, target=State.ACTIVE)
    def activate(self, *, at: datetime) -> None:
        self.changed_at = at

    @transition(field=state, source=State.NEW, target=State.DELETED)
    def fail_provisioning(self, *, at: datetime) -> None:
        self.changed_at = at

    @transition(field=state, source=State.ACTIVE, target=State.STOP)
    def stop(self, *, at: datetime) -> None:
        self.changed_at = at

    @transition(field=state, source=State.STOP, target=State.ACTIVE)
    def start(self, *, at: datetime) -> None:
        self.changed_at = at

    @transition(field=state, source=[State.ACTIVE, State.STOP], target=State.SUSPENSE)
    def suspend(self, *, reason: str, purge_at: datetime, at: datetime) -> None:
        self.changed_at = self.suspended_at = at
        self.suspense_reason, self.purge_at = reason, purge_at

    @transition(field=state, source=State.SUSPENSE, target=State.ACTIVE)
    def recover(self, *, at: datetime) -> None:
        self.changed_at = at
        self.suspense_reason, self.suspended_at, self.purge_at = "", None, None

    @transition(field=state, source=[State.ACTIVE, State.STOP], target=State.DELETED)
    def delete_at_once(self, *, at: datetime) -> None:
        self.changed_at = at

    @transition(field=state, source=State.SUSPENSE, target=State.DELETED)
    def purge(self, *, at: datetime) -> None:
        self.changed_at = at

    def be_paid_until(self, end: datetime | None, *, grace: timedelta = timedelta()) -> None:
        """Paid time ends at `end` (None: postpaid, no end); the trash waits until the grace is over."""
        self.paid_until = end
        self.suspend_at = None if end is None else end + grace
        self.rolls_over = False


class ServicePeriodQuerySet(models.QuerySet["ServicePeriod"]):
    def reaching_past(self, instant: datetime) -> Self:
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=instant))

    def overlapping(self, starts_at: datetime, ends_at: datetime) -> Self:
        return self.reaching_past(starts_at).filter(starts_at__lt=ends_at)


class ServicePeriod(models.Model):
    """
    A configuration in use over [starts_at, ends_at), in whole minutes; open while postpaid usage goes on.

    Prepaid time is billed when it is bought, postpaid time by calendar month. Cutting a period short moves its end; one
    that was cut before it began is empty.
    """

    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="periods", verbose_name=_("resource"))
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer"))
    billing_mode = models.CharField(_("billing mode"), max_length=8, choices=BillingMode.choices)
    configuration = models.JSONField(_("configuration"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)

    objects = ServicePeriodQuerySet.as_manager()

    class Meta:
        verbose_name = _("service period")
        verbose_name_plural = _("service periods")
        constraints: ClassVar = [
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
        return f"{self.resource_id}: {self.starts_at:%Y-%m-%d %H:%M} .. {self.ends_at or ''}"


class ResourceEvent(models.Model):
    """Something that happened to a resource: who or what did it, why, and by which order."""

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
        AUTO_RENEW_CHANGED = "auto_renew_changed", _("auto-renew changed")
        CONVERTED = "converted", _("billing mode converted")
        ROLLED_OVER = "rolled_over", _("rolled over into postpaid usage")

    resource = models.ForeignKey(
        Resource, on_delete=models.PROTECT, db_index=False, related_name="events", verbose_name=_("resource")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_index=False, related_name="+", verbose_name=_("customer")
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
        indexes: ClassVar = [models.Index(name="events_of_a_resource", fields=["resource", "-id"])]
        triggers: ClassVar = [append_only()]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_kind_display()}"


REQUEST_EDGES = frozenset(
    {
        ("pending", "delivered"),
        ("pending", "succeeded"),
        ("pending", "failed"),
        ("pending", "timed_out"),
        ("pending", "parked"),
        ("parked", "pending"),
        ("delivered", "succeeded"),
        ("delivered", "failed"),
        ("delivered", "timed_out"),
    }
)


class ProvisioningRequestQuerySet(models.QuerySet["ProvisioningRequest"]):
    def lock(self, pk: UUID) -> ProvisioningRequest:
        return self.select_for_update(of=("self",), no_key=True).select_related("resource__product").get(pk=pk)

    def unanswered(self) -> Self:
        return self.filter(expects_answer=True, state__in=ProvisioningRequest.OPEN)

    def due_for_time_out(self, at: datetime) -> Self:
        return self.unanswered().filter(deadline__lte=at)

    def due_for_delivery(self, at: datetime) -> Self:
        """Waiting requests, each only when no earlier one of its resource waits: product teams see them in order."""
        earlier = ProvisioningRequest.objects.filter(
            Q(requested_at__lt=models.OuterRef("requested_at"))
            | Q(requested_at=models.OuterRef("requested_at"), pk__lt=models.OuterRef("pk")),
            resource=models.OuterRef("resource"),
            state=ProvisioningRequest.State.PENDING,
        )
        return self.filter(~models.Exists(earlier), state=ProvisioningRequest.State.PENDING, next_attempt_at__lte=at)


class ProvisioningRequest(models.Model):
    """
    What a product team's system was asked to do to a resource.

    Provisioning and resizing wait for an answer until `deadline`; the other verbs follow a decision that stands.
    """

    class Verb(models.TextChoices):
        PROVISION = "provision", _("provision")
        RESIZE = "resize", _("resize")
        START = "start", _("start")
        STOP = "stop", _("stop")
        REBOOT = "reboot", _("reboot")
        SUSPEND = "suspend", _("suspend")
        RESUME = "resume", _("resume")
        PURGE = "purge", _("purge")

    class State(models.TextChoices):
        PENDING = "pending", _("waiting for delivery")
        DELIVERED = "delivered", _("delivered")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        TIMED_OUT = "timed_out", _("timed out")
        PARKED = "parked", _("parked after repeated failures")

    OPEN: ClassVar = [State.PENDING, State.DELIVERED]
    ANSWERED_VERBS: ClassVar = frozenset({Verb.PROVISION, Verb.RESIZE})

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    resource = models.ForeignKey(
        Resource, on_delete=models.PROTECT, related_name="requests", verbose_name=_("resource")
    )
    verb = models.CharField(_("verb"), max_length=10, choices=Verb.choices)
    configuration = models.JSONField(_("configuration"))
    expects_answer = models.BooleanField(_("waits for an answer"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PENDING)
    requested_at = models.DateTimeField(_("requested"))
    deadline = models.DateTimeField(_("answer due"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    reason = models.TextField(_("reason of failure"), blank=True)

    objects = ProvisioningRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("provisioning request")
        verbose_name_plural = _("provisioning requests")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_unanswered_request_per_resource",
                fields=["resource"],
                condition=Q(expects_answer=True, state__in=["pending", "delivered"]),
            ),
            models.CheckConstraint(
                name="an_expected_answer_has_a_deadline", condition=Q(expects_answer=False) | Q(deadline__isnull=False)
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="requests_waiting_for_delivery", fields=["next_attempt_at"], condition=Q(state="pending")
            ),
            models.Index(
                name="requests_waiting_for_answer",
                fields=["deadline"],
                condition=Q(expects_answer=True, state__in=["pending", "delivered"]),
            ),
        ]
        triggers: ClassVar = [never_deleted(), edges_only(field="state", initial="pending", edges=REQUEST_EDGES)]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} {self.resource_id} ({self.get_state_display()})"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    def payload(self) -> dict[str, Any]:
        """What the product team receives."""
        resource = self.resource
        return {
            "id": str(self.pk),
            "type": self.verb,
            "resource": {
                "id": str(resource.pk),
                "name": resource.name,
                "product": resource.product.code,
                "customer": str(resource.customer_id),
                "configuration": self.configuration,
            },
            "answer_expected": self.expects_answer,
        }
