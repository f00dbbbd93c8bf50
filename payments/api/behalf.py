"""Asking somebody else to pay: the same as the pages, for a customer's own programs."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Choice, Identifier, Input, Instant, Several, Text
from accounts.api.query import Paged, one_of_many
from accounts.may import May
from kernel.errors import InvalidInput
from kernel.shapes import Cleaned
from payments.models import PaymentRequest
from payments.services.behalf import LONGEST_NAME, Asking, ask_to_pay, withdraw_request

LANGUAGES = ["vi", "en"]


class PaymentRequestShape(serializers.Serializer[object]):
    """What somebody else was asked to pay. The link goes to them by mail and is shown to nobody else."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=PaymentRequest.Kind.choices)
    order = serializers.UUIDField(source="order_id", allow_null=True)
    invoices = serializers.ListField(source="invoice_ids", child=serializers.UUIDField())
    amount = serializers.IntegerField(help_text="What was due when they were asked; what is due by now may be less.")
    email = serializers.CharField()
    name = serializers.CharField(source="shown_name", help_text="As whom they know the customer.")
    language = serializers.ChoiceField(choices=LANGUAGES)
    state = serializers.ChoiceField(choices=PaymentRequest.State.choices)
    created_at = Instant()
    expires_at = Instant(help_text="Nothing can be begun by the link from then on.")
    opened_at = Instant(allow_null=True, help_text="When the link was first followed.")
    ended_at = Instant(allow_null=True)


class AskToPay(Input):
    order = Identifier(required=False, help_text="One that awaits its payment; it waits for three days then.")
    invoices = Several(child=Identifier(), most=100, required=False)
    email = Text(max_length=254)
    name = Text(max_length=LONGEST_NAME, help_text="As whom they know the customer.")
    language = Choice(choices=LANGUAGES, required=False, help_text="Of the mail; the customer's without this.")

    def validate(self, wish: Cleaned) -> Cleaned:
        if ("order" in wish) == ("invoices" in wish):
            raise InvalidInput(_("Name an order, or the invoices to pay."), field="order")
        return wish


class PaymentRequestQuery(Paged):
    state = one_of_many(PaymentRequest.State.choices)
    order = Identifier(required=False)
    lookups: ClassVar = {"state": "state__in", "order": "order_id"}


class PaymentRequestViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """What a customer asked others to pay, newest first."""

    queryset = PaymentRequest.objects.none()
    serializer_class = PaymentRequestShape
    sees = May.VIEW_BILLING
    does = May.PAY
    queries: ClassVar = {"list": PaymentRequestQuery}
    keyset = ("created_at", "id")

    def visible(self) -> QuerySet[PaymentRequest]:
        return PaymentRequest.objects.filter(self.principal.scope())

    @extend_schema(responses={201: PaymentRequestShape})
    @idempotent(AskToPay)
    def create(self, request: Request) -> Response:
        """Mail somebody a link by which they can pay an order or invoices for the customer, for three days."""
        wish = self.wish
        is_order = "order" in wish
        made = ask_to_pay(
            self.customer,
            PaymentRequest.Kind.ORDER if is_order else PaymentRequest.Kind.INVOICE,
            [wish["order"]] if is_order else wish["invoices"],
            Asking(wish["email"], wish["name"], wish.get("language") or self.customer.language),
            actor=self.actor,
            at=self.at,
        )
        return self.show(made, status=201)

    @action(detail=True, methods=["post"])
    @idempotent()
    def withdraw(self, request: Request, pk: UUID) -> Response:
        """Nothing can be paid by the link any more. What is on its way still counts."""
        return self.show(withdraw_request(self.get_object().pk, actor=self.actor, at=self.at))
