"""Bank transfers that a customer was asked for."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Choice, Identifier, Input, Instant, Money, Several
from accounts.api.query import Paged
from accounts.may import May, one_of
from kernel.errors import InvalidInput
from kernel.seller import account_for_transfers
from payments.models import ExpectedTransfer
from payments.services.expected import ask_for_invoices, ask_for_top_up
from payments.vietqr import payload


class TransferAccount(serializers.Serializer[object]):
    """The account of ours that a transfer is paid into."""

    bin = serializers.CharField(source="bin_code", help_text="The bank's number at NAPAS.")
    bank = serializers.CharField()
    number = serializers.CharField()
    holder = serializers.CharField()


class TransferShape(serializers.Serializer[object]):
    """What a customer was asked to transfer, and what has come of it."""

    id = serializers.UUIDField()
    reference = serializers.CharField(help_text="Has to be in the text of the transfer: by it the money is known.")
    note = serializers.CharField(
        help_text="The text to propose: the reference, and the number of the invoice where it fits."
    )
    kind = serializers.ChoiceField(choices=ExpectedTransfer.For.choices)
    state = serializers.SerializerMethodField()
    amount = serializers.IntegerField()
    received = serializers.IntegerField(help_text="What has come with its reference so far.")
    order = serializers.UUIDField(source="order_id", allow_null=True)
    invoices = serializers.ListField(source="invoice_ids", child=serializers.UUIDField())
    description = serializers.CharField()
    created_at = Instant()
    expires_at = Instant(help_text="Money that comes later counts as well; an order has ended then.")
    account = serializers.SerializerMethodField()
    qr = serializers.SerializerMethodField(
        help_text="VietQR payload over what is still missing; empty when not waited for."
    )

    @extend_schema_field(serializers.ChoiceField(choices=ExpectedTransfer.State.choices))
    def get_state(self, expected: ExpectedTransfer) -> str:
        return str(expected.state(self.context["view"].at))

    @extend_schema_field(TransferAccount(allow_null=True))
    def get_account(self, expected: object) -> object:
        account = account_for_transfers()
        return TransferAccount(account).data if account else None

    def get_qr(self, expected: ExpectedTransfer) -> str:
        account = account_for_transfers()
        if not account or self.get_state(expected) != ExpectedTransfer.State.WAITING:
            return ""
        return payload(
            bin_code=account.bin_code,
            account=account.number,
            amount=expected.amount - expected.received,
            note=expected.note,
        )


class AskForTransfer(Input):
    amount = Money(required=False, help_text="For a top-up.")
    invoices = Several(child=Identifier(), most=100, required=False, help_text="To pay what is due on these.")

    def validate(self, wish: dict[str, object]) -> dict[str, object]:
        if ("amount" in wish) == ("invoices" in wish):
            raise InvalidInput(_("Name an amount to top up, or the invoices to pay."), field="amount")
        return wish


class TransferQuery(Paged):
    order = Identifier(required=False)
    kind = Choice(choices=ExpectedTransfer.For.choices, required=False)
    lookups: ClassVar = {"order": "order_id", "kind": "kind"}


class TransferViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """
    Bank transfers that a customer was asked for, newest first: for top-ups, invoices, and orders by this means. Who orders, but
    neither pays nor sees bills, has those for orders.
    """

    queryset = ExpectedTransfer.objects.none()
    serializer_class = TransferShape
    sees = one_of(May.VIEW_BILLING, May.PAY, May.ORDER)
    does = May.PAY
    queries: ClassVar = {"list": TransferQuery}

    def visible(self) -> QuerySet[ExpectedTransfer]:
        return ExpectedTransfer.objects.filter(self.principal.scope()).shown_to(self.principal.rights).with_received()

    @extend_schema(responses={201: TransferShape})
    @idempotent(AskForTransfer, required=True)
    def create(self, request: Request) -> Response:
        """Ask for an account, an amount and a text to transfer. The same that is waited for already is shown again."""
        if "amount" in self.wish:
            asked = ask_for_top_up(self.customer, self.wish["amount"], actor=self.actor, at=self.at)
        else:
            asked = ask_for_invoices(self.customer, self.wish["invoices"], actor=self.actor, at=self.at)
        return self.show(self.visible().get(pk=asked.pk), status=201)
