"""Provisioning requests: what product teams are asked, and their answers."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Choice, Identifier, Input, Instant, Remark
from accounts.api.query import Paged
from catalog.api.configurations import Configuration, ProductCode
from kernel.errors import InvalidInput
from kernel.reasons import Reason, reason_of
from lifecycle.models import Failure, ProvisioningRequest, Resource
from lifecycle.models.provisioning import ProvisioningRequestQuerySet
from orders.services.fulfil import answer_provisioning

State = ProvisioningRequest.State


class AskedResource(serializers.Serializer[object]):
    """What a request is about, in the configuration that is asked for."""

    id = serializers.UUIDField(source="resource.pk")
    name = serializers.CharField(source="resource.name")
    product = ProductCode(source="resource.product_id")
    customer = serializers.UUIDField(source="resource.customer_id")
    configuration = Configuration()


class RequestShape(serializers.Serializer[object]):
    """What a product team is asked to do to a resource."""

    id = serializers.UUIDField()
    type = serializers.ChoiceField(source="verb", choices=ProvisioningRequest.Verb.choices)
    resource = AskedResource(source="*")
    state = serializers.ChoiceField(choices=State.choices)
    answer_expected = serializers.BooleanField(source="expects_answer")
    order = serializers.UUIDField(source="ordered_as.order", allow_null=True, help_text="What it was bought with.")
    checkout_session = serializers.UUIDField(
        source="ordered_as.checkout_session", allow_null=True, help_text="The one that the order was made from."
    )
    answer_url = serializers.SerializerMethodField()
    requested_at = Instant()
    deadline = Instant(allow_null=True, help_text="Without an answer until then it counts as failed.")
    answered_at = Instant(allow_null=True)
    reason_code = serializers.SerializerMethodField(help_text="Why it failed; else empty.")
    reason = serializers.SerializerMethodField(help_text="What was written about that.")

    @extend_schema_field(serializers.ChoiceField(choices=["", *Failure.values]))
    def get_reason_code(self, request: ProvisioningRequest) -> str:
        return reason_of(request.reason).code

    def get_reason(self, request: ProvisioningRequest) -> str:
        return reason_of(request.reason).said

    def get_answer_url(self, request: ProvisioningRequest) -> str:
        return f"{settings.PUBLIC_URL}/api/v1/provisioning-requests/{request.pk}/answer/"


class ProvisioningAnswer(Input):
    outcome = Choice(choices=[State.SUCCEEDED, State.FAILED])
    reason_code = Choice(
        choices=[failure.value for failure in Failure.of_a_team()],
        required=False,
        help_text="Why it failed: the customer reads it in their own language. Without it: `not-provided`.",
    )
    reason = Remark(max_length=200, default="", help_text="More about that, which the customer is shown as it is.")

    def validate(self, wish: dict[str, object]) -> dict[str, object]:
        if wish["outcome"] == State.SUCCEEDED and "reason_code" in wish:
            raise InvalidInput(_("Only what failed has a reason."), field="reason_code")
        return wish


class RequestQuery(Paged):
    since = Instant(
        required=False, help_text="All that was asked from this instant on. Without it: what still waits for an answer."
    )
    resource = Identifier(required=False)
    lookups: ClassVar = {"since": "requested_at__gte", "resource": "resource_id"}

    def narrow(self, rows: QuerySet[ProvisioningRequest]) -> QuerySet[ProvisioningRequest]:
        found = super().narrow(rows)
        assert isinstance(found, ProvisioningRequestQuerySet)
        return found if "since" in self.validated_data else found.unanswered()


class ProvisioningViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Requests about resources of the key's product, newest first. At most one of a resource waits for an answer."""

    queryset = ProvisioningRequest.objects.none()
    serializer_class = RequestShape
    queries: ClassVar = {"list": RequestQuery}
    for_customers = False
    for_products = ("list", "retrieve", "answer")
    keyset = ("requested_at", "id")

    def visible(self) -> QuerySet[ProvisioningRequest]:
        own = Resource.objects.filter(product=self.principal.product_id)
        return ProvisioningRequest.objects.filter(resource__in=own).select_related("resource", "order_item__order")

    @action(detail=True, methods=["post"])
    @idempotent(ProvisioningAnswer)
    def answer(self, request: Request, pk: UUID) -> Response:
        """Say how a request ended. The same answer again changes nothing; another one comes too late (409)."""
        wish = self.wish
        found = self.get_object()
        outcome = State(wish["outcome"])
        failed = Reason(wish.get("reason_code", Failure.OTHER), wish["reason"])
        reason = str(failed) if outcome == State.FAILED else wish["reason"]
        answer_provisioning(found.pk, outcome, reason=reason, actor=self.actor, at=self.at)
        return self.show(self.get_object())
