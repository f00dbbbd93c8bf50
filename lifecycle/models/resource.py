"""Resources: the machine that they live by, and the rows that are due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

import pgtrigger
from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from accounts.models import BillingMode, Customer
from accounts.models.closed import opens_nothing_when_closed
from catalog.models import LONGEST_STAGE, Product
from catalog.terms import MONTHS
from kernel.ids import new_id
from lifecycle.models.halted import MARKS_ARE_OF_WHAT_IS_STOPPED, STOPS_FOR_CREDIT_AS_WAS_TOLD, WHAT_IS_HALTED, Halted
from lifecycle.models.tags import tags_of_a_resource
from lifecycle.models.terms import RENEWALS, RUNS_ON_PAID_TIME, Health, Renewal, health_before
from store.carried import unique_with
from store.machine import StateMachine
from store.personal import Because, kept
from store.search import search_index
from store.triggers import edges_only, frozen, never_deleted


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

    def on_paid_time(self) -> Self:
        """Running, prepaid, and not to continue as postpaid: what is renewed."""
        return self.filter(RUNS_ON_PAID_TIME)

    def in_trash(self) -> Self:
        return self.filter(state=State.SUSPENSE)

    def not_deleted(self) -> Self:
        return self.exclude(state=State.DELETED)

    def of_renewal(self, renewal: Renewal) -> Self:
        return self.filter(RENEWALS[renewal])

    def due_for_auto_renew(self, at: datetime, *, within: timedelta) -> Self:
        """Resources with auto-renew whose paid time ends in the time ahead; expired ones are not renewed."""
        return self.of_renewal(Renewal.AUTO).filter(paid_until__gt=at, paid_until__lte=at + within)


class Resource(Halted, StateMachine):
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

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    State = State

    is_changing: bool
    has_order: bool
    is_blocked: bool
    poc_until: datetime | None
    """Of those read `with_pending`: see `orders.actions`."""

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
    tags = models.JSONField(_("tags"), default=dict, db_default={})
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
            unique_with(name="a_resource_is_one_customers"),
            models.CheckConstraint(name="resource_state_is_known", condition=Q(state__in=State.values)),
            models.CheckConstraint(
                name="a_running_prepaid_resource_knows_its_end",
                condition=~Q(billing_mode=BillingMode.PREPAID, state__in=sorted(RUNNING))
                | Q(paid_until__isnull=False, suspend_at__isnull=False, suspend_at__gte=F("paid_until")),
            ),
            models.CheckConstraint(
                name="paid_time_begins_with_its_service", condition=~Q(state=State.NEW) | Q(paid_until__isnull=True)
            ),
            models.CheckConstraint(
                name="the_trash_waits_for_ninety_days_at_most",
                condition=Q(suspend_at__isnull=True)
                | Q(paid_until__isnull=False, suspend_at__lte=F("paid_until") + Value(timedelta(days=LONGEST_STAGE))),
            ),
            models.CheckConstraint(
                name="the_trash_keeps_for_ninety_days_at_most",
                condition=Q(purge_at__isnull=True)
                | Q(suspended_at__isnull=False, purge_at__lte=F("suspended_at") + Value(timedelta(days=LONGEST_STAGE))),
            ),
            models.CheckConstraint(
                name="a_postpaid_resource_has_no_end",
                condition=Q(billing_mode=BillingMode.PREPAID)
                | Q(
                    billing_mode=BillingMode.POSTPAID,
                    paid_until__isnull=True,
                    suspend_at__isnull=True,
                    rolls_over=False,
                ),
            ),
            models.CheckConstraint(
                name="auto_renew_is_by_a_period_that_is_sold",
                condition=Q(auto_renew_months__isnull=True) | Q(auto_renew_months__in=MONTHS),
            ),
            models.CheckConstraint(
                name="only_what_runs_on_paid_time_is_renewed_automatically",
                condition=Q(auto_renew_months__isnull=True) | RUNS_ON_PAID_TIME,
            ),
            *MARKS_ARE_OF_WHAT_IS_STOPPED,
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
            *WHAT_IS_HALTED,
            models.Index(name="resources_by_purge", fields=["purge_at"], condition=Q(state=State.SUSPENSE)),
            search_index("name", name="resources_by_part_of_name"),
        ]
        triggers: ClassVar = [
            opens_nothing_when_closed(),
            never_deleted(),
            frozen(
                "its_time_in_the_trash_stays",
                columns=["purge_at", "suspended_at"],
                unless="OLD.state <> NEW.state",
            ),
            frozen(
                "it_goes_to_the_trash_as_its_paid_time_says",
                columns=["suspend_at"],
                unless="NEW.paid_until IS DISTINCT FROM OLD.paid_until OR NEW.state <> OLD.state OR NEW.rolls_over <> OLD.rolls_over"
                " OR NEW.billing_mode <> OLD.billing_mode",
            ),
            pgtrigger.Trigger(
                name="its_time_runs_forward",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("changed_at", "state"),
                # whoever waited for a lock, or for the rest of a long run, read the clock a while before
                func="""
                IF NEW.changed_at < OLD.changed_at - interval '1 hour' THEN
                    RAISE EXCEPTION 'resource % was changed at % already, and not only at %', OLD.id, OLD.changed_at, NEW.changed_at
                        USING ERRCODE = 'check_violation';
                ELSIF NEW.state = 'suspense' AND OLD.state <> 'suspense'
                    AND (NEW.suspended_at <> NEW.changed_at OR NEW.purge_at < NEW.suspended_at) THEN
                    RAISE EXCEPTION 'resource % goes to the trash at the instant of its change', OLD.id
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
            *tags_of_a_resource(),
            STOPS_FOR_CREDIT_AS_WAS_TOLD,
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
        """What rolls over or is postpaid does not end, and is well."""
        return health_before(None if self.rolls_over else self.paid_until, at=at)

    @property
    def runs_on_paid_time(self) -> bool:
        """Running, prepaid, and to stop at the end of its paid time unless that is renewed."""
        return self.is_running and self.is_prepaid and not self.rolls_over

    @property
    def renewal(self) -> Renewal:
        """`RENEWALS`, for one row."""
        if not self.runs_on_paid_time:
            return Renewal.NONE
        return Renewal.MANUAL if self.auto_renew_months is None else Renewal.AUTO

    def is_recoverable(self, at: datetime) -> bool:
        """In the trash and before the instant of purge, even when the purge is late."""
        return self.is_in_trash and self.purge_at is not None and at < self.purge_at

    def is_renewable(self, at: datetime) -> bool:
        """Running on paid time, in grace too; from the trash when it expired and its product lets it be renewed there."""
        return self.runs_on_paid_time or self.is_renewable_from_trash(at)

    def is_renewable_from_trash(self, at: datetime) -> bool:
        """The suspended days are paid, too: the new period begins where the old one ended."""
        expired = self.is_prepaid and self.suspense_reason == self.SuspenseReason.EXPIRED
        return expired and self.is_recoverable(at) and self.product.renews_from_trash

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
        self.let_go()

    @transition(field=state, source=[State.ACTIVE, State.STOP], target=State.SUSPENSE)
    def suspend(self, *, reason: str, purge_at: datetime, at: datetime) -> None:
        self.changed_at = self.suspended_at = at
        self.suspense_reason, self.purge_at = reason, purge_at
        self.auto_renew_months = None
        self.let_go()

    @transition(field=state, source=State.SUSPENSE, target=State.ACTIVE)
    def recover(self, *, at: datetime) -> None:
        self.changed_at = at
        self.suspense_reason, self.suspended_at, self.purge_at = "", None, None

    @transition(field=state, source=[State.ACTIVE, State.STOP], target=State.DELETED)
    def delete_at_once(self, *, at: datetime) -> None:
        self.changed_at = at
        self.auto_renew_months = None
        self.let_go()

    @transition(field=state, source=State.SUSPENSE, target=State.DELETED)
    def purge(self, *, at: datetime) -> None:
        self.changed_at = at

    def be_paid_until(self, end: datetime | None, *, grace: timedelta = timedelta()) -> None:
        """Paid time ends at `end` (None: postpaid, no end); the trash waits until the grace is over."""
        self.paid_until = end
        self.suspend_at = None if end is None else end + grace
        self.rolls_over = False
