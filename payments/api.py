"""Payments, the wallet and its history; topping up and paying invoices."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Choice, Identifier, Input, Instant, Money, Several, Text
from accounts.api.files import Exported
from accounts.api.query import Paged, one_of_many
from invoices.api.documents import with_columns
from kernel.errors import InvalidInput
from kernel.money import CURRENCY
from kernel.seller import account_for_transfers
from kernel.shapes import Cleaned
from ledger.models import Account, Entry, Transaction
from payments import gateways
from payments.gateways import UnknownGateway
from payments.models import Allocation, ExpectedTransfer, Payment, PaymentState
from payments.reports import MOVEMENTS, PAYMENTS
from payments.services.asking import check_payment
from payments.services.attempts import cancel_attempt
from payments.services.expected import ask_for_invoices, ask_for_top_up
from payments.services.gateway import PaymentOpen, start_invoice_payment, start_top_up
from payments.services.invoices import pay_invoices_from_wallet
from payments.services.wallet import wallet_of
from payments.services.ways import way_named
from payments.vietqr import payload
from payments.ways import LINKED


class GatewayCode(Text):
    """The code of a gateway that is set up here."""

    def __init__(self, **options: object) -> None:
        super().__init__(max_length=20, help_text='A gateway\'s code, such as "sandbox".', **options)

    def to_internal_value(self, data: object) -> str:
        code = super().to_internal_value(data)
        try:
            return gateways.gateway(code).code
        except UnknownGateway:
            raise InvalidInput(_("There is no such gateway."), field=self.field_name) from None


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
        help_text="What came in, once it succeeded: a gateway may receive more or less."
    )
    promotional = serializers.IntegerField(help_text="The part paid with promotional credit.")
    allocated = serializers.IntegerField(help_text="Given to invoices.")
    order = serializers.UUIDField(source="order_id", allow_null=True)
    invoices = PaidInvoice(source="allocations", many=True)
    failure = serializers.CharField()
    redirect_url = serializers.SerializerMethodField(help_text="Send the customer there to pay; empty when not open.")

    def get_fields(self) -> dict[str, Any]:
        return with_columns(super().get_fields(), PAYMENTS)

    def get_redirect_url(self, payment: Payment) -> str:
        return payment.redirect_url if payment.is_open else ""


class ByWay(Input):
    """Through a gateway's page, or from a linked account."""

    gateway = GatewayCode(required=False)
    linked_account = Identifier(required=False, help_text="Charged at once, without a page; all credit first.")

    def validate(self, wish: Cleaned) -> Cleaned:
        if ("gateway" in wish) == ("linked_account" in wish):
            raise InvalidInput(_("Choose a payment gateway, or a linked account."), field="gateway")
        return {**wish, "gateway": way_of(wish)}


def way_of(wish: Cleaned) -> str:
    """As services name a way to pay: a gateway's code or a linked account; nothing when none is named."""
    return f"{LINKED}{wish['linked_account']}" if "linked_account" in wish else str(wish.get("gateway", ""))


class TopUp(ByWay):
    amount = Money()


class InvoicePayment(Input):
    invoices = Several(child=Identifier(), most=100)
    means = Choice(choices=["wallet", "gateway", "linked_account"])
    amount = Money(required=False, help_text="By wallet: a part of what is due. All of it without this.")
    gateway = GatewayCode(required=False)
    linked_account = Identifier(
        required=False, help_text="All credit first, the rest is charged to it at once, without a page."
    )

    def validate(self, wish: Cleaned) -> Cleaned:
        if (wish["means"] == "linked_account") != ("linked_account" in wish):
            raise InvalidInput(_("Choose a linked account, and that means."), field="linked_account")
        if wish["means"] == "linked_account" and ("amount" in wish or "gateway" in wish):
            raise InvalidInput(_("A linked account is charged all that the wallet lacks."), field="amount")
        if wish["means"] == "gateway" and "gateway" not in wish:
            raise InvalidInput(_("Choose a payment gateway."), field="gateway")
        if wish["means"] == "gateway" and "amount" in wish:
            raise InvalidInput(_("A gateway is paid all that is due."), field="amount")
        if wish["means"] == "wallet" and "gateway" in wish:
            raise InvalidInput(_("The wallet needs no gateway."), field="gateway")
        return wish


class PaymentQuery(Paged):
    kind = Choice(choices=Payment.Kind.choices, required=False)
    means = Choice(choices=Payment.Means.choices, required=False)
    state = one_of_many(PaymentState.choices)
    order = Identifier(required=False)
    lookups: ClassVar = {"kind": "kind", "means": "means", "state": "state__in", "order": "order_id"}


class PaymentEndpoint(Endpoint):
    queryset = Payment.objects.none()
    serializer_class = PaymentShape
    right = "pay"

    def visible(self) -> QuerySet[Payment]:
        allocations = Allocation.objects.filter(reversal=None).select_related("invoice").order_by("id")
        return Payment.objects.filter(self.principal.scope()).prefetch_related(Prefetch("allocations", allocations))

    def show_payment(self, payment: Payment) -> Response:
        return self.show(self.visible().get(pk=payment.pk), status=201)


class PaymentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Exported, PaymentEndpoint):
    """Payments of a customer, newest first, with the invoices that they paid."""

    queries: ClassVar = {"list": PaymentQuery, "export": PaymentQuery}
    keyset = ("created_at", "id")

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


class TopUpViewSet(PaymentEndpoint):
    """Putting money into the wallet."""

    @extend_schema(responses={201: PaymentShape})
    @idempotent(TopUp, required=True, in_steps=True)
    def create(self, request: Request) -> Response:
        """Start a top-up: send the customer to the payment's `redirect_url`; a linked account has none. It is credit once the gateway says so."""
        payable = f"top_up:key-{self.idempotency_record.pk}"
        started = Payment.objects.filter(customer=self.customer, payable=payable).first()
        payment = started or start_top_up(
            self.customer,
            self.wish["amount"],
            gateway=self.wish["gateway"],
            payable=payable,
            actor=self.actor,
            at=self.at,
        )
        return self.show_payment(payment)


def by_gateway(request: Request) -> bool:
    return isinstance(request.data, dict) and request.data.get("means") in ("gateway", "linked_account")


class InvoicePaymentViewSet(PaymentEndpoint):
    """Paying invoices."""

    @extend_schema(responses={201: PaymentShape})
    @idempotent(InvoicePayment, required=True, in_steps=by_gateway)
    def create(self, request: Request) -> Response:
        """Pay one or many invoices: from the wallet at once, or at the `redirect_url` of a gateway."""
        wish = self.wish
        if wish["means"] == "wallet":
            payment = pay_invoices_from_wallet(
                self.customer.pk, wish["invoices"], amount=wish.get("amount"), actor=self.actor, at=self.at
            )
        else:
            payment = self._start(tuple(wish["invoices"]), way_of(wish))
        return self.show_payment(payment)

    def _start(self, invoices: tuple[UUID, ...], gateway: str) -> Payment:
        """A repetition, after a crash, goes on with the attempt that the first request had opened."""
        try:
            return start_invoice_payment(self.customer, invoices, gateway=gateway, actor=self.actor, at=self.at)
        except PaymentOpen:
            if self.idempotency_record.created_at == self.at:  # no repetition: somebody else's attempt is open
                raise
            begun = Payment.objects.open().filter(
                customer=self.customer,
                payable=f"invoices:{self.customer.pk}",
                gateway=way_named(self.customer, gateway).gateway,
                actor=self.actor.name,
                created_at__gte=self.idempotency_record.created_at,
            )
            found = begun.first()
            if found is None or not set(found.invoice_ids) <= {str(pk) for pk in invoices}:
                raise
            return found


class WalletShape(serializers.Serializer[object]):
    """A customer's stored money."""

    currency = serializers.SerializerMethodField()
    available = serializers.IntegerField(help_text="Can be spent now.")
    credit = serializers.IntegerField()
    promotional = serializers.IntegerField(help_text="Used first.")
    held = serializers.IntegerField()

    def get_currency(self, wallet: object) -> str:
        return CURRENCY


class WalletViewSet(Endpoint):
    """The wallet of a customer."""

    serializer_class = WalletShape
    queryset = Account.objects.none()

    @extend_schema(operation_id="wallet_retrieve")
    def retrieve(self, request: Request) -> Response:
        """What is in the wallet now."""
        return self.show(wallet_of(self.customer.pk))


class EntryShape(serializers.Serializer[object]):
    """A movement of the wallet."""

    def get_fields(self) -> dict[str, Any]:
        return with_columns(super().get_fields(), MOVEMENTS)


class EntryQuery(Paged):
    kind = one_of_many(Transaction.Kind.choices)
    lookups: ClassVar = {"kind": "transaction__kind__in"}


class EntryViewSet(mixins.ListModelMixin, Exported):
    """Credit history: every movement of the wallet, newest first."""

    queryset = Entry.objects.none()
    serializer_class = EntryShape
    queries: ClassVar = {"list": EntryQuery, "export": EntryQuery}

    def visible(self) -> QuerySet[Entry]:
        return Entry.objects.filter(self.principal.scope()).select_related("transaction", "account")


class TransferAccount(serializers.Serializer[object]):
    """The account of ours that a transfer is paid into."""

    bin = serializers.CharField(source="bin_code", help_text="The bank's number at NAPAS.")
    bank = serializers.CharField()
    number = serializers.CharField()
    holder = serializers.CharField()


class TransferShape(serializers.Serializer[object]):
    """What a customer was asked to transfer, and what has come of it."""

    id = serializers.UUIDField()
    reference = serializers.CharField(help_text="The text of the transfer: by it the money is known.")
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
    def get_state(self, expected: Any) -> str:
        return str(expected.state(self.context["view"].at))

    @extend_schema_field(TransferAccount(allow_null=True))
    def get_account(self, expected: object) -> object:
        account = account_for_transfers()
        return TransferAccount(account).data if account else None

    def get_qr(self, expected: Any) -> str:
        account = account_for_transfers()
        if not account or self.get_state(expected) != ExpectedTransfer.State.WAITING:
            return ""
        return payload(
            bin_code=account.bin_code,
            account=account.number,
            amount=expected.amount - expected.received,
            note=expected.reference,
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
    """Bank transfers that a customer was asked for, newest first: for top-ups, invoices, and orders by this means."""

    queryset = ExpectedTransfer.objects.none()
    serializer_class = TransferShape
    right = "pay"
    queries: ClassVar = {"list": TransferQuery}

    def visible(self) -> QuerySet[ExpectedTransfer]:
        return ExpectedTransfer.objects.filter(self.principal.scope()).with_received()

    @extend_schema(responses={201: TransferShape})
    @idempotent(AskForTransfer, required=True)
    def create(self, request: Request) -> Response:
        """Ask for an account, an amount and a text to transfer. The same that is waited for already is shown again."""
        if "amount" in self.wish:
            asked = ask_for_top_up(self.customer, self.wish["amount"], actor=self.actor, at=self.at)
        else:
            asked = ask_for_invoices(self.customer, self.wish["invoices"], actor=self.actor, at=self.at)
        return self.show(self.visible().get(pk=asked.pk), status=201)
