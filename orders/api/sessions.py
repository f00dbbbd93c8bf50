"""Checkout sessions: product teams send customers to pay."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Input, Instant, Text
from catalog.api.configurations import Configuration, ProductCode, WantedItem, find_product
from lifecycle.api import ResourceShape
from orders.models import CheckoutSession, Order
from orders.services.sessions import open_session


class SessionWish(Input):
    product = Text(max_length=60, help_text="The key's own product.")
    name = Text(max_length=90, help_text="What the resource shall be called.")
    items = WantedItem(many=True, allow_empty=False)
    return_url = serializers.URLField(max_length=500, help_text="On the product's list of return addresses.")


class SessionShape(serializers.Serializer[Any]):
    """A checkout that a product page sent a customer to."""

    id = serializers.UUIDField()
    url = serializers.SerializerMethodField(help_text="Send the customer there.")
    product = ProductCode(source="product_id")
    name = serializers.CharField()
    configuration = Configuration()
    return_url = serializers.CharField()
    created_at = Instant()
    expires_at = Instant()
    status = serializers.SerializerMethodField(
        help_text="`open`, `expired`, or the state of the latest order made from it."
    )
    order = serializers.SerializerMethodField()
    resources = serializers.SerializerMethodField()

    def get_url(self, session: CheckoutSession) -> str:
        return f"{settings.PUBLIC_URL}/checkout/{session.pk}/"

    def get_status(self, session: CheckoutSession) -> str:
        order = _latest(session)
        if order:
            return str(order.state)
        return "expired" if self.context["view"].at >= session.expires_at else "open"

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_order(self, session: CheckoutSession) -> str | None:
        order = _latest(session)
        return str(order.pk) if order else None

    @extend_schema_field(ResourceShape(many=True))
    def get_resources(self, session: CheckoutSession) -> Any:
        order = _latest(session)
        items = sorted(order.items.all(), key=lambda item: item.position) if order else []
        return ResourceShape([item.resource for item in items if item.resource], many=True, context=self.context).data


class SessionViewSet(mixins.RetrieveModelMixin, Endpoint):
    """Checkout sessions of a product."""

    queryset = CheckoutSession.objects.none()
    serializer_class = SessionShape
    for_customers = False
    for_products = ("create", "retrieve")

    def visible(self) -> QuerySet[CheckoutSession]:
        orders = Order.objects.order_by("-id").prefetch_related("items__resource")
        return CheckoutSession.objects.filter(product=self.principal.product_id).prefetch_related(
            Prefetch("orders", orders)
        )

    @extend_schema(request=SessionWish, responses={201: SessionShape})
    @idempotent()
    def create(self, request: Request) -> Response:
        """Open a checkout session and send the customer to its `url`."""
        wish = self.body(SessionWish)
        product = find_product(wish.pop("product"), self.principal)
        if product is None:
            raise NotFound(_("This key has no such product."))
        return self.show(open_session(product, **wish, at=self.at), status=201)


def _latest(session: CheckoutSession) -> Order | None:
    return next(iter(session.orders.all()), None)
