"""Payments: what was paid, and what became of attempts to pay."""

from __future__ import annotations

from typing import ClassVar, Unpack
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import AnyField, Choice, Identifier, Text, TextOptions
from accounts.api.files import Exported
from accounts.api.query import Paged, one_of_many
from accounts.may import TO_EXPORT, May, one_of
from invoices.api.shapes import with_columns
from kernel.errors import InvalidInput
from payments import gateways
from payments.gateways import UnknownGateway
from payments.models import Allocation, Payment, PaymentState
from payments.reports import PAYMENTS
from payments.services.asking import check_payment
from payments.services.attempts import cancel_attempt
from payments.story import Code, story_of


class GatewayCode(Text):
    """The code of a gateway that is set up here."""

    def __init__(self, **options: Unpack[TextOptions]) -> None:
        options.setdefault("max_length", 20)
        options.setdefault("help_text", 'A gateway\'s code, such as "sandbox".')
        super().__init__(**options)

    def to_internal_value(self, data: object) -> str:
        code = super().to_internal_value(data)
        try:
            return gateways.gateway(code).code
        except UnknownGateway:
            raise InvalidInput(
                _("There is no such gateway. Choose one of: %(known)s."),
                field=self.field_name,
                known=", ".join(gateways.open_codes()),
            ) from None


class PaidInvoice(serializers.Serializer[object]):
    """What of a payment went to an invoice."""

    invoice = serializers.UUIDField(source="invoice_id")
    number = serializers.CharField(source="invoice.number")
    amount = serializers.IntegerField()


class PaymentShape(serializers.Serializer[object]):
    """One attempt to pay."""

    id = serializers.UUIDField()
    means = serializers.ChoiceField(choices=Payment.Means.choices)
    gateway = serializers.CharField(help_text="Empty unless paid through a gateway.")
    linked_account = serializers.UUIDField(source="linked_id", allow_null=True, help_text="The one that was charged.")
    received = serializers.IntegerField(
        source="came_in", help_text="What came in: nothing until it succeeds, then perhaps more or less than `amount`."
    )
    promotional = serializers.IntegerField(help_text="The part paid with promotional credit.")
    allocated = serializers.IntegerField(help_text="Given to invoices.")
    order = serializers.UUIDField(source="order_id", allow_null=True)
    invoices = PaidInvoice(source="allocations", many=True)
    payment_request = serializers.UUIDField(
        source="request_id", allow_null=True, help_text="By which somebody else was asked to pay."
    )
    failure = serializers.CharField()
    redirect_url = serializers.SerializerMethodField(help_text="Send the customer there to pay; empty when not open.")

    def get_fields(self) -> dict[str, AnyField]:
        return with_columns(super().get_fields(), PAYMENTS)

    def get_redirect_url(self, payment: Payment) -> str:
        return payment.redirect_url if payment.is_open and not payment.request_id else ""


class MoneyStepShape(serializers.Serializer[object]):
    """One thing that happened to the money of a payment."""

    code = serializers.ChoiceField(choices=Code.choices)
    at = serializers.DateTimeField()
    amount = serializers.IntegerField()
    reason = serializers.CharField(
        help_text="Why, in the language of the request; empty where there is nothing to say."
    )
    account = serializers.CharField(help_text="Of what goes back to its source: where it goes, masked.")
    expected_by = serializers.DateField(allow_null=True, help_text="The day until which returned money is seen there.")
    invoice = serializers.UUIDField(allow_null=True)


class PaymentQuery(Paged):
    kind = Choice(choices=Payment.Kind.choices, required=False)
    means = Choice(choices=Payment.Means.choices, required=False)
    state = one_of_many(PaymentState.choices)
    order = Identifier(required=False)
    lookups: ClassVar = {"kind": "kind", "means": "means", "state": "state__in", "order": "order_id"}


class PaymentEndpoint(Endpoint):
    queryset = Payment.objects.none()
    serializer_class = PaymentShape
    sees = May.VIEW_BILLING
    does = May.PAY

    def visible(self) -> QuerySet[Payment]:
        allocations = Allocation.objects.filter(reversal=None).select_related("invoice").order_by("id")
        if May.VIEW_BILLING not in self.principal.rights:
            allocations = allocations.none()
        mine = Payment.objects.filter(self.principal.scope()).shown_to(self.principal.rights)
        return mine.prefetch_related(Prefetch("allocations", allocations))

    def show_payment(self, payment: Payment) -> Response:
        return self.show(self.visible().get(pk=payment.pk), status=201)


class PaymentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Exported, PaymentEndpoint):
    """Payments of a customer, newest first, with the invoices that they paid."""

    queries: ClassVar = {"list": PaymentQuery, "export": PaymentQuery}
    needs: ClassVar = {"export": TO_EXPORT, "cancel": one_of(May.PAY, May.ORDER), "check": one_of(May.PAY, May.ORDER)}
    keyset = ("created_at", "id")

    @extend_schema(responses=MoneyStepShape(many=True))
    @action(detail=True, pagination_class=None)
    def story(self, request: Request, pk: UUID) -> Response:
        """What has happened to the money of a payment, the latest first: paid, failed, credited, returned, taken back."""
        return Response(MoneyStepShape(story_of(self.get_object()), many=True).data)

    @action(detail=True, methods=["post"])
    @idempotent()
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Give up an open payment, so that another can begin. Money that arrives all the same becomes credit."""
        cancel_attempt(self.get_object().pk, actor=self.actor, at=self.at)
        return self.show(self.get_object())

    @action(detail=True, methods=["post"])
    @idempotent(in_steps=True)
    def check(self, request: Request, pk: UUID) -> Response:
        """Ask the gateway now what became of a payment."""
        check_payment(self.get_object().pk, actor=self.actor, at=self.at)
        return self.show(self.get_object())
