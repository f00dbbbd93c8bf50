"""What product teams were asked to do."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Product
from kernel import reasons
from kernel.ids import new_id
from lifecycle.models.resource import Resource
from store.carried import unique_with
from store.outbox import WAITING
from store.triggers import edges_only, frozen, never_deleted

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


class Failure(models.TextChoices):
    """Why it was not done: what a product team says, and the two that we find out ourselves."""

    NO_CAPACITY = "no-capacity", _("There is no capacity left for it.")
    NOT_AVAILABLE = "not-available", _("This configuration cannot be had at the moment.")
    OVER_LIMIT = "over-limit", _("A limit of the product for one customer is reached.")
    IMPOSSIBLE = "impossible", _("The product cannot be run in this configuration.")
    FAULT = "technical-fault", _("A technical fault kept the product team from doing it.")
    OTHER = "not-provided", _("The product team could not carry it out.")
    TIMED_OUT = "timed-out", _("The product team did not answer in time.")
    GIVEN_UP = "given-up", _("We gave it up, because it could not be brought to an end.")

    @classmethod
    def of_a_team(cls) -> list[Failure]:
        return [failure for failure in cls if failure not in (cls.TIMED_OUT, cls.GIVEN_UP)]


for failure in Failure:
    reasons.know(failure.value, failure.label)


class ProvisioningRequestQuerySet(models.QuerySet["ProvisioningRequest"]):
    def lock(self, pk: UUID) -> ProvisioningRequest:
        return self.select_for_update(of=("self",), no_key=True).select_related("resource__product").get(pk=pk)

    def unanswered(self) -> Self:
        return self.filter(expects_answer=True, state__in=ProvisioningRequest.OPEN)

    def due_for_time_out(self, at: datetime) -> Self:
        return self.unanswered().filter(deadline__lte=at)

    def first_of_each_resource(self) -> Self:
        """Those before which no other of their resource waits: product teams see them in order."""
        earlier = ProvisioningRequest.objects.filter(
            Q(requested_at__lt=models.OuterRef("requested_at"))
            | Q(requested_at=models.OuterRef("requested_at"), pk__lt=models.OuterRef("pk")),
            WAITING,
            resource=models.OuterRef("resource"),
        )
        return self.filter(~models.Exists(earlier))


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
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, db_index=False, related_name="+", verbose_name=_("product")
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
            unique_with("resource", name="a_request_is_about_one_resource"),
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
                name="requests_waiting_for_delivery",
                fields=["product", "next_attempt_at", "id"],
                condition=WAITING,
            ),
            models.Index(
                name="requests_waiting_for_answer",
                fields=["deadline"],
                condition=Q(expects_answer=True, state__in=["pending", "delivered"]),
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("asks_one_team", columns=["resource_id", "product_id"]),
            edges_only(field="state", initial="pending", edges=REQUEST_EDGES),
        ]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} {self.resource_id} ({self.get_state_display()})"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def why(self) -> str:
        """Why it failed, in the reader's language; empty otherwise."""
        return reasons.in_words(self.reason)

    @property
    def ordered_as(self) -> dict[str, str | None]:
        """The order that provisioning or resizing was bought with and its checkout session; nothing for all else."""
        item = getattr(self, "order_item", None)
        session = item.order.checkout_session_id if item else None
        return {"order": str(item.order_id) if item else None, "checkout_session": str(session) if session else None}
