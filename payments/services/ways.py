"""How money comes from outside: through a gateway's page, or from a linked account at it, by the name that surfaces send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from kernel.errors import DomainError
from payments import gateways
from payments.models import Consent, LinkedAccount, Payment
from payments.services.limits import refuse_amount
from payments.services.wallet import wallet_of
from payments.ways import LINKED, spent_this_month


class WayRefused(DomainError):
    """This account cannot pay this; another means may."""


class AccountNotUsable(WayRefused):
    code = "account-not-usable"
    message = _("This account cannot be charged: it is not linked (any more).")


class UnknownAccount(WayRefused):
    code = "unknown-account"
    status = 404
    message = _("There is no such linked account.")


class AccountLimit(WayRefused):
    code = "account-limit"
    status = 422
    message = _(
        "This account can be charged %(most)s ₫ at most now, by the limits that you set. Raise them, or pay by other means."
    )


@dataclass(frozen=True, slots=True)
class Way:
    """:ivar consent: what allows a charge of `linked`"""

    gateway: str
    linked: LinkedAccount | None = None
    consent: Consent | None = None

    @property
    def limits(self) -> tuple[int, int]:
        """
        Of one payment, by the gateway.

        :raises AccountNotUsable: the gateway of a linked account is not set up here any more
        """
        try:
            caps = gateways.gateway(self.gateway).caps
        except gateways.UnknownGateway:
            if self.linked:
                raise AccountNotUsable from None
            raise
        return caps.min_amount, caps.max_amount


def way_code(payment: Payment) -> str:
    """How a form or a request names the way of an attempt."""
    return f"{LINKED}{payment.linked_id}" if payment.linked_id else payment.gateway


def way_named(customer: Customer, name: str) -> Way:
    """
    The way that a form or a request names.

    :raises UnknownAccount: it is no linked account of this customer
    :raises UnknownGateway: it is not set up here
    """
    if not name.startswith(LINKED):
        return Way(name)
    try:
        pk = UUID(name.removeprefix(LINKED))
    except ValueError:
        raise UnknownAccount from None
    linked = LinkedAccount.objects.filter(pk=pk, customer=customer).first()
    if linked is None:
        raise UnknownAccount
    agreed = Consent.objects.filter(linked=linked, scope=Consent.Scope.CHARGES).order_by("-at").first()
    return Way(linked.gateway, linked, agreed)


def refuse_charge(way: Way, amount: int, *, at: datetime) -> None:
    """
    :raises InvalidInput: the amount lies outside the gateway's limits
    :raises AccountNotUsable: the account is not linked
    :raises AccountLimit: more than it may be charged
    """
    refuse_amount(amount, *way.limits)
    if way.linked is None:
        return
    if way.consent is None or not LinkedAccount.objects.usable(at).filter(pk=way.linked.pk).exists():
        raise AccountNotUsable
    allowed = room_of(way.linked, at=at)
    if amount > allowed:
        raise AccountLimit(most=allowed)


def top_up_for(customer: Customer, total: int, way: Way) -> int:
    """
    What has to come in by this way so that the wallet pays `total`: what it lacks, and no less than the gateway takes. 0: it has enough.
    """
    lacking = total - wallet_of(customer.pk).available
    return max(lacking, way.limits[0]) if lacking > 0 else 0


def room_of(linked: LinkedAccount, *, at: datetime) -> int:
    """The most that the account may be charged now, by its limits at once and in the calendar month."""
    spent = spent_this_month([linked], at=at).get(linked.pk, 0)
    return max(min(linked.most, linked.month_limit - spent), 0)
