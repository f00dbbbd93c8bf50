"""Orders: a quote on its way to being done."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import JSONObject
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Choice, Identifier, Input, Instant
from accounts.api.query import Paged, one_of_many
from accounts.may import LOOK, May
from accounts.principals import demand_of
from orders.models import Action, Order, OrderItem, OrderState
from orders.services.buyers import choose_buyer
from orders.services.checkout import check_out
from orders.services.unpaid import end_unpaid_order, pay_again
from payments.api.payments import GatewayCode
from payments.api.starting import ByWay, way_of
from payments.models import OPEN, Payment, PaymentState


class OrderItemShape(serializers.Serializer[object]):
    """One resource's part of an order."""

    position = serializers.IntegerField()
    name = serializers.CharField(source="part.name")
    resource = serializers.UUIDField(source="resource_id", allow_null=True)
    state = serializers.ChoiceField(choices=OrderItem.State.choices)
    due = serializers.IntegerField(help_text="Its part of the payment.")
    paid_with_poc = serializers.IntegerField(source="part.paid_with_poc", help_text="What POC credit paid for it.")
    reason_code = serializers.CharField(help_text="Why it failed, for programs; empty when nobody gave a code.")
    reason = serializers.CharField(source="why", help_text="Why it failed, in words; else empty.")


class OrderPayment(serializers.Serializer[object]):
    """The latest attempt to pay an order."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=PaymentState.choices)
    amount = serializers.IntegerField()
    redirect_url = serializers.CharField(help_text="Send the customer there to pay; empty when it is not open.")


class OrderShape(serializers.Serializer[object]):
    id = serializers.UUIDField()
    quote = serializers.UUIDField(source="quote_id")
    action = serializers.ChoiceField(choices=Action.choices)
    state = serializers.ChoiceField(choices=OrderState.choices)
    means = serializers.ChoiceField(choices=Order.Means.choices)
    total = serializers.IntegerField()
    coupon_code = serializers.CharField()
    checkout_session = serializers.UUIDField(
        source="checkout_session_id", allow_null=True, help_text="The one that a product page began it with."
    )
    created_at = Instant()
    expires_at = Instant(help_text="Until when its payment is expected.")
    paid_at = Instant(allow_null=True)
    ended_at = Instant(allow_null=True)
    buyer = serializers.UUIDField(
        source="buyer_id",
        allow_null=True,
        help_text="The buyer profile that its invoices name; null: the default at the time of the invoice.",
    )
    terms_version = serializers.CharField(help_text="The terms that were accepted, by their day; see `/terms/`.")
    items = OrderItemShape(many=True)
    payment = serializers.SerializerMethodField()

    @extend_schema_field(OrderPayment(allow_null=True))
    def get_payment(self, order: Order) -> dict[str, object] | None:
        latest: dict[str, object] | None = order.latest_payment
        if latest and latest["state"] not in OPEN:
            latest["redirect_url"] = ""
        return latest


class PlaceOrder(Input):
    quote = Identifier()
    means = Choice(
        choices=[means for means in Order.Means if means not in {Order.Means.NONE, Order.Means.POC}],
        default=Order.Means.WALLET,
        help_text="Without effect when nothing is to pay.",
    )
    gateway = GatewayCode(required=False)
    linked_account = Identifier(
        required=False, help_text='In the place of a gateway, with "top_up_and_pay": charged at once, all credit first.'
    )
    buyer = Identifier(
        required=False,
        allow_null=True,
        help_text="The buyer profile that its invoices name, else the default. Without effect for postpaid customers.",
    )


class BuyerChoice(Input):
    buyer = Identifier(allow_null=True, help_text="null: the default at the time of the invoice.")


class PayOrder(ByWay):
    """Another attempt, by the same or another way."""


class OrderQuery(Paged):
    state = one_of_many(OrderState.choices)
    action = Choice(choices=Action.choices, required=False)
    resource = Identifier(required=False)
    lookups: ClassVar = {"state": "state__in", "action": "action", "resource": "items__resource_id"}


class OrderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Orders of a customer, newest first."""

    queryset = Order.objects.none()
    serializer_class = OrderShape
    sees = LOOK
    does = May.ORDER
    queries: ClassVar = {"list": OrderQuery}

    def visible(self) -> QuerySet[Order]:
        parts = JSONObject(id="id", state="state", amount="amount", redirect_url="redirect_url")
        payments = Payment.objects.filter(order_id=OuterRef("pk"), request=None).order_by("-id").values(part=parts)
        return (
            Order.objects.filter(self.principal.scope())
            .annotate(**{"latest_payment": Subquery(payments[:1])})  # the model declares it
            .prefetch_related(Prefetch("items", OrderItem.objects.order_by("position")))
        )

    @extend_schema(responses={201: OrderShape})
    @idempotent(PlaceOrder, required=True, in_steps=True)
    def create(self, request: Request) -> Response:
        """
        Order what a quote offers. With a gateway, send the customer to the payment's `redirect_url`; by bank transfer, show what
        `/bank-transfers/?order=` says; on behalf, name who is to pay in `/payment-requests/`.
        """
        wish = self.wish
        assert self.idempotency_record, "the key is required"
        self._demand_of_charge()
        order, _payment = check_out(
            self.customer.pk,
            wish["quote"],
            means=wish["means"],
            gateway=way_of(wish),
            buyer_id=wish.get("buyer"),
            key=f"api:{self.idempotency_record.pk}",
            actor=self.actor,
            at=self.at,
        )
        return self.show(self.visible().get(pk=order.pk), status=201)

    @action(detail=True, methods=["post"])
    @idempotent(PayOrder, required=True, in_steps=True)
    def pay(self, request: Request, pk: UUID) -> Response:
        """Begin another payment of an order that awaits one, after the last has failed; an open one is continued."""
        order = self.get_object()
        self._demand_of_charge()
        if not self.begun(Payment.objects.filter(order_id=order.pk)):
            pay_again(order.pk, gateway=self.wish["gateway"], actor=self.actor, at=self.at, note=self.note)
        return self.show(self.get_object())

    def _demand_of_charge(self) -> None:
        """Whoever has a linked account charged, or somebody else asked, may pay."""
        if "linked_account" in self.wish or self.wish.get("means") == Order.Means.ON_BEHALF:
            demand_of(self.principal, May.PAY)

    @action(detail=True, methods=["post"])
    @idempotent(BuyerChoice)
    def buyer(self, request: Request, pk: UUID) -> Response:
        """Choose to whom it is invoiced, until it has ended. Invoices that are issued keep what they say."""
        choose_buyer(self.get_object().pk, self.wish["buyer"], actor=self.actor, at=self.at)
        return self.show(self.get_object())

    @action(detail=True, methods=["post"])
    @idempotent()
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Cancel an order that awaits payment. Money that arrives for it later becomes wallet credit."""
        end_unpaid_order(self.get_object().pk, expired=False, actor=self.actor, at=self.at)
        return self.show(self.get_object())
