"""Visits: a product team learns from the portal who is on its page."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Input, Instant, Text
from accounts.may import May
from accounts.models import BillingMode
from orders.models import Visit
from orders.services.visits import end_visit, take_up_visit


class VisitCode(Input):
    code = Text(max_length=100, help_text="From the return address; good once, for a minute.")
    return_url = Text(max_length=500, help_text="The one that the customer was sent back to.")


class Visitor(serializers.Serializer[object]):
    """The customer that the visitor belongs to."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    billing_mode = serializers.ChoiceField(choices=BillingMode.choices)


class VisitShape(serializers.Serializer[object]):
    """A signed-in user of a customer on the product's page."""

    id = serializers.UUIDField()
    customer = Visitor()
    user = serializers.CharField(source="user.email")
    may_order = serializers.SerializerMethodField(
        help_text="Whether this user may buy, change and delete; others look only."
    )
    language = serializers.CharField(help_text='In which the user reads the portal: "vi" or "en".')
    created_at = Instant()
    ends_at = Instant(help_text="Later the user has to come through the portal again.")
    as_of = serializers.SerializerMethodField(
        help_text="The portal's time: what is left of something counts from here."
    )

    def get_may_order(self, visit: Visit) -> bool:
        there = visit.user.memberships.filter(customer=visit.customer).first()
        return there is not None and {May.ORDER, May.MANAGE_RESOURCES} <= there.rights

    @extend_schema_field(Instant)
    def get_as_of(self, visit: Visit) -> str:
        return Instant().to_representation(self.context["view"].at)


class VisitViewSet(mixins.RetrieveModelMixin, Endpoint):
    """Visits of the product's page; what is over is not found."""

    queryset = Visit.objects.none()
    serializer_class = VisitShape
    for_customers = False
    for_products = ("create", "retrieve", "end")

    def visible(self) -> QuerySet[Visit]:
        visits = Visit.objects.filter(product=self.principal.product_id).running(self.at)
        return visits.select_related("customer", "user")

    @extend_schema(responses={201: VisitShape})
    @idempotent(VisitCode)
    def create(self, request: Request) -> Response:
        """Take up the visit behind a code. A code that comes twice ends its visit."""
        wish = self.wish
        product = self.principal.product_id
        assert product is not None, "only product teams get here"
        return self.show(take_up_visit(product, wish["code"], return_url=wish["return_url"], at=self.at), status=201)

    @action(detail=True, methods=["post"])
    @idempotent()
    def end(self, request: Request, pk: UUID) -> Response:
        """The user signs out on the product's page. The portal goes on knowing them."""
        found = self.get_object()
        end_visit(found, at=self.at)
        return self.show(found)
