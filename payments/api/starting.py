"""Beginning to pay: a top-up, invoices."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import idempotent
from accounts.api.fields import Choice, Identifier, Input, Money, Several
from kernel.errors import InvalidInput
from kernel.shapes import Cleaned
from payments.api.payments import GatewayCode, PaymentEndpoint, PaymentShape
from payments.services.gateway import start_invoice_payment, start_top_up
from payments.services.invoices import pay_invoices_from_wallet
from payments.ways import LINKED

BY_PAGE = ("gateway", "top_up_and_pay")


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
    means = Choice(
        choices=["wallet", "gateway", "top_up_and_pay", "linked_account"],
        help_text="To top up and pay is all credit first, the rest by the gateway.",
    )
    amount = Money(required=False, help_text="By wallet: a part of what is due. All of it without this.")
    gateway = GatewayCode(required=False)
    linked_account = Identifier(
        required=False, help_text="All credit first, the rest is charged to it at once, without a page."
    )

    def validate(self, wish: Cleaned) -> Cleaned:
        if (wish["means"] == "linked_account") != ("linked_account" in wish):
            raise InvalidInput(
                _('Name the linked account, with "linked_account" as the means.'), field="linked_account"
            )
        if wish["means"] == "linked_account" and ("amount" in wish or "gateway" in wish):
            raise InvalidInput(
                _("A linked account is charged all that the wallet lacks: leave amount and gateway out."),
                field="amount",
            )
        if wish["means"] in BY_PAGE and "gateway" not in wish:
            raise InvalidInput(_("Choose a payment gateway."), field="gateway")
        if wish["means"] in BY_PAGE and "amount" in wish:
            raise InvalidInput(
                _("A gateway is paid all that is due: leave the amount out, or pay a part from the wallet."),
                field="amount",
            )
        if wish["means"] == "wallet" and "gateway" in wish:
            raise InvalidInput(
                _("The wallet needs no gateway: leave it out, or choose another means."), field="gateway"
            )
        return wish


class TopUpViewSet(PaymentEndpoint):
    """Putting money into the wallet."""

    @extend_schema(responses={201: PaymentShape})
    @idempotent(TopUp, required=True, in_steps=True)
    def create(self, request: Request) -> Response:
        """Start a top-up: send the customer to the payment's `redirect_url`; a linked account has none. It is credit once the gateway says so."""
        payment = self.begun(self.visible()) or start_top_up(
            self.customer,
            self.wish["amount"],
            gateway=self.wish["gateway"],
            actor=self.actor,
            at=self.at,
            note=self.note,
        )
        return self.show_payment(payment)


def by_gateway(request: Request) -> bool:
    return isinstance(request.data, dict) and request.data.get("means") in (*BY_PAGE, "linked_account")


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
            payment = self.begun(self.visible()) or start_invoice_payment(
                self.customer,
                tuple(wish["invoices"]),
                gateway=way_of(wish),
                all_credit_first=wish["means"] == "top_up_and_pay",
                actor=self.actor,
                at=self.at,
                note=self.note,
            )
        return self.show_payment(payment)
