"""Checkout sessions: product teams send customers to the portal, to buy and for everything else that starts on their page."""

from __future__ import annotations

from typing import ClassVar, Unpack

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Choice, Identifier, Input, Instant, OneShapeOf, TagSet, Text, TextOptions
from catalog.api.configurations import Configuration, ProductCode, wanted_items, wanted_product
from catalog.models import Product
from lifecycle.api import ResourceShape
from orders.models import CheckoutSession, Order
from orders.services.sessions import LETS_GO, open_session, open_session_about

Action = CheckoutSession.Action


class ReturnUrl(Text):
    def __init__(self, **options: Unpack[TextOptions]) -> None:
        options.setdefault("max_length", 500)
        options.setdefault("help_text", "On the product's list of return addresses.")
        super().__init__(**options)


class CreateSession(Input):
    """To create a resource."""

    action = Choice(choices=["create"], default="create")
    product = Text(max_length=60, help_text="The key's own product.")
    name = Text(max_length=90, help_text="What the resource shall be called.")
    items = wanted_items()
    tags = TagSet(required=False, help_text="Proposed to the customer, who can change them.")
    return_url = ReturnUrl()
    customer = Identifier(
        required=False,
        allow_null=True,
        help_text="Of a visit of your page that is running: the session is theirs. Left out: whoever follows it says for whom.",
    )


class ResizeSession(Input):
    """To give a resource another configuration; `items` propose one, the customer decides."""

    action = Choice(choices=["resize"])
    resource = Identifier()
    items = wanted_items(required=False)
    return_url = ReturnUrl()


class SessionAbout(Input):
    """To renew a resource, to recover it from the trash, or to delete it."""

    action = Choice(choices=["renew", "recover", "delete"])
    resource = Identifier()
    return_url = ReturnUrl()


class SessionWish(OneShapeOf):
    """What a product page sends a customer for: one of these shapes, by its `action`."""

    unless_said = Action.CREATE
    shapes: ClassVar = {
        Action.CREATE: CreateSession,
        Action.RESIZE: ResizeSession,
        Action.RENEW: SessionAbout,
        Action.RECOVER: SessionAbout,
        Action.DELETE: SessionAbout,
    }


class SessionShape(serializers.Serializer[object]):
    """What a product page sent a customer for, and what came of it."""

    id = serializers.UUIDField()
    url = serializers.SerializerMethodField(help_text="Send the customer there.")
    product = ProductCode(source="product_id")
    action = serializers.ChoiceField(choices=Action.choices)
    resource = serializers.UUIDField(source="resource_id", allow_null=True, help_text="Null for `create`.")
    customer = serializers.UUIDField(
        source="customer_id", allow_null=True, help_text="Whose session it is; null until somebody takes it up."
    )
    name = serializers.CharField()
    configuration = Configuration(help_text="What was chosen on the product page.")
    tags = TagSet(help_text="What was proposed there.")
    return_url = serializers.CharField()
    created_at = Instant()
    expires_at = Instant()
    status = serializers.SerializerMethodField(
        help_text="`open`, `expired`, the state of the order made from it, or `completed` after a deletion."
    )
    order = serializers.SerializerMethodField(help_text="A session leads to one order at most.")
    resources = serializers.SerializerMethodField()

    def get_url(self, session: CheckoutSession) -> str:
        return f"{settings.PUBLIC_URL}/checkout/{session.pk}/"

    def get_status(self, session: CheckoutSession) -> str:
        order = _order(session)
        if order:
            return str(order.state)
        if session.deleted_at:
            return str(Order.State.COMPLETED)
        return "expired" if self.context["view"].at >= session.expires_at else "open"

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_order(self, session: CheckoutSession) -> str | None:
        order = _order(session)
        return str(order.pk) if order else None

    @extend_schema_field(ResourceShape(many=True))
    def get_resources(self, session: CheckoutSession) -> object:
        order = _order(session)
        items = sorted(order.items.all(), key=lambda item: item.position) if order else []
        found = [item.resource for item in items] or [session.resource]
        return ResourceShape([one for one in found if one], many=True, context=self.context).data


class SessionViewSet(mixins.RetrieveModelMixin, Endpoint):
    """Checkout sessions of a product."""

    queryset = CheckoutSession.objects.none()
    serializer_class = SessionShape
    for_customers = False
    for_products = ("create", "retrieve")

    def visible(self) -> QuerySet[CheckoutSession]:
        orders = Order.objects.order_by("-id").prefetch_related("items__resource")
        sessions = CheckoutSession.objects.filter(product=self.principal.product_id)
        return sessions.select_related("resource").prefetch_related(Prefetch("orders", orders))

    @extend_schema(responses={201: SessionShape})
    @idempotent(SessionWish)
    def create(self, request: Request) -> Response:
        """Open a checkout session and send the customer to its `url`."""
        wish = self.wish
        action = wish.pop("action")
        if action == Action.CREATE:
            product = wanted_product(wish.pop("product"), self.principal)
            return self.show(open_session(product, **wish, at=self.at), status=201)
        product = Product.objects.get(pk=str(self.principal.product_id))
        session = open_session_about(product, wish.pop("resource"), action=action, **wish, at=self.at)
        return self.show(session, status=201)


def _order(session: CheckoutSession) -> Order | None:
    """The order that the session led to; else the latest that came to nothing."""
    orders = session.orders.all()
    return next((order for order in orders if order.state not in LETS_GO), next(iter(orders), None))
