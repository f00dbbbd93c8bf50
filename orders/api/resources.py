"""Resources with what may be done with them, and their deletion."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import idempotent
from accounts.api.fields import Identifier, Input, Instant, Several, TagChange, Text
from accounts.may import May
from invoices.services.credit import Unused
from lifecycle.api import Months, ResourceEndpoint, ResourceShape
from lifecycle.models import Resource
from lifecycle.services.acts import Act, refuse
from lifecycle.services.tags import change_tags
from orders.actions import actions_for, actions_of_row, with_pending
from orders.models import CheckoutSession
from orders.services.bulk import set_auto_renew_of_many, tag_many
from orders.services.delete import delete_resource, preview_deletion, purge_resource
from orders.services.gone import report_gone


class ActionableResource(ResourceShape):
    """Something that a customer rents, and what may be done with it."""

    actions = serializers.SerializerMethodField(
        help_text="What would be accepted now: start, stop, reboot, resize, renew, auto_renew, recover, delete, purge. "
        "For product teams: for which of these a checkout session can be opened."
    )

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_actions(self, resource: Resource) -> list[str]:
        view = self.context["view"]
        if view.principal.product_id is not None:
            possible = actions_of_row(resource, resource.customer, at=view.at)
            return [act.value for act in possible if act.value in CheckoutSession.Action]
        return [act.value for act in actions_for(view.principal.rights, resource, view.customer, at=view.at)]


class UnusedTime(serializers.Serializer[object]):
    """The unused part of an invoice."""

    invoice = serializers.UUIDField(source="invoice.pk")
    number = serializers.SerializerMethodField(help_text="Empty for who sees no bills.")
    minutes = serializers.IntegerField()
    amount = serializers.IntegerField()
    unearned = serializers.IntegerField(
        help_text="What its term had saved until now: taken off the amount, for the term is left early."
    )

    def get_number(self, part: Unused) -> str:
        return part.invoice.number if May.VIEW_BILLING in self.context["view"].principal.rights else ""


class DeletionPreview(serializers.Serializer[object]):
    """What deleting would do now."""

    refund = serializers.IntegerField(help_text="VND back to the wallet that can be spent afterwards.")
    credit = serializers.IntegerField(source="back.credit", help_text="The part of it that is bought credit.")
    lost = serializers.IntegerField(
        source="back.lost", help_text="Promotional credit that goes back into grants that have ended, and is lost."
    )
    off_what_is_due = serializers.IntegerField(
        source="back.off_what_is_due", help_text="What is no longer due on unpaid invoices."
    )
    poc = serializers.IntegerField(help_text="What goes back into POC credit.")
    poc_lost = serializers.IntegerField(help_text="What was paid with POC credit that has ended, and is lost.")
    undoable_until = Instant(allow_null=True, help_text="Until when it can be brought back; null: not at all.")
    unused = UnusedTime(many=True)


class Loss(Input):
    reason = Text(max_length=200, help_text="What happened, for our staff.")


class BulkAutoRenewal(Input):
    resources = Several(child=Identifier(), most=100)
    months = Months(allow_null=True, help_text="Period to renew by; null switches it off.")


class Tagging(Input):
    tags = TagChange()


class BulkTagging(Tagging):
    resources = Several(child=Identifier(), most=100)


class RefusedResource(serializers.Serializer[object]):
    """One that stayed as it was."""

    name = serializers.CharField()
    detail = serializers.CharField(source="sentence", help_text="Why.")


class BulkResult(serializers.Serializer[object]):
    """What became of many."""

    changed = serializers.IntegerField()
    refused = RefusedResource(many=True)


class ResourceViewSet(ResourceEndpoint):
    """Resources of a customer, or of a product team's product."""

    serializer_class = ActionableResource
    needs: ClassVar = {**ResourceEndpoint.needs, "auto_renew_many": May.ORDER}
    for_products = ("list", "retrieve", "gone")
    only_for_products = ("gone",)

    def visible(self) -> QuerySet[Resource]:
        return with_pending(super().visible()).select_related("customer")

    @action(detail=True, methods=["post"], url_path="delete")
    @idempotent()
    def remove(self, request: Request, pk: UUID) -> Response:
        """Delete a running resource: unused paid time goes back to the wallet, usage is invoiced to the minute."""
        return self._do(delete_resource)

    @extend_schema(operation_id="resources_auto_renew_many", responses={200: BulkResult})
    @action(detail=False, methods=["post"], url_path="auto-renew", serializer_class=BulkResult)
    @idempotent(BulkAutoRenewal, in_steps=True)
    def auto_renew_many(self, request: Request) -> Response:
        """Switch auto-renewal of many resources on with a period, or off: each is changed or refused for itself."""
        changed, refused = set_auto_renew_of_many(
            self.customer, self.wish["resources"], months=self.wish["months"], actor=self.actor, at=self.at
        )
        return self.show({"changed": changed, "refused": refused})

    @action(detail=True, methods=["post"], url_path="tags")
    @idempotent(Tagging)
    def tag(self, request: Request, pk: UUID) -> Response:
        """Set the tags that are named, take off those that are null. What is invoiced already keeps its tags."""
        change = self.wish["tags"]
        return self._do(lambda pk, **who: change_tags(pk, change, **who))

    @extend_schema(operation_id="resources_tag_many", responses={200: BulkResult})
    @action(detail=False, methods=["post"], url_path="tags", serializer_class=BulkResult)
    @idempotent(BulkTagging, in_steps=True)
    def tag_many(self, request: Request) -> Response:
        """The same for many resources: each takes it or is refused for itself."""
        done, refused = tag_many(self.customer, self.wish["resources"], self.wish["tags"], actor=self.actor, at=self.at)
        return self.show({"changed": done, "refused": refused})

    @action(detail=True, methods=["post"])
    @idempotent()
    def purge(self, request: Request, pk: UUID) -> Response:
        """Delete a resource in the trash for good. Nothing brings it back."""
        return self._do(purge_resource)

    @action(detail=True, methods=["post"])
    @idempotent(Loss)
    def gone(self, request: Request, pk: UUID) -> Response:
        """Product teams: a resource is lost. Service and billing end now; unused paid time goes back to the customer's wallet."""
        reason = self.wish["reason"]
        return self._do(lambda pk, **who: report_gone(pk, reason=reason, **who))

    @action(detail=True, serializer_class=DeletionPreview)
    def deletion(self, request: Request, pk: UUID) -> Response:
        """What deleting a running resource would do now."""
        found = self.get_object()
        refuse(Act.DELETE, found, at=self.at)
        return self.show(preview_deletion(found, at=self.at))
