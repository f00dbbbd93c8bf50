"""The ways in which an amount can be paid now."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.access import PortalRequest
from kernel.display import money
from kernel.seller import account_for_transfers
from orders.models import Order
from payments.queries import BY_TRANSFER, OpenGateway, gateway_name, open_gateways
from payments.services.wallet import wallet_of
from payments.ways import linked_ways


@dataclass(frozen=True, slots=True)
class Means:
    """One choice of the payment form; `gateway` is the code of the one that it goes through."""

    means: str
    label: str
    note: str
    icon: str
    gateway: str = ""
    is_possible: bool = True
    is_first: bool = False

    @property
    def value(self) -> str:
        """As the form sends it: "wallet", "gateway:momo"."""
        return f"{self.means}:{self.gateway}" if self.gateway else self.means


def means_for(request: PortalRequest, total: int) -> list[Means]:
    """
    The wallet; each linked account, all credit first; through each gateway, top up and pay or the whole amount; bank transfer.

    Somebody else, last. The first one that is possible is proposed. Nothing when nothing is to pay.
    """
    if total <= 0:
        return []
    available = wallet_of(request.customer.pk).available
    lacking = max(total - available, 0)
    found = [_wallet(available, lacking)]
    gates = open_gateways()
    if lacking:
        found += [_top_up(available, lacking, account) for account in linked_ways(request.customer, at=request.at)]
    if lacking and available > 0:
        found += [_top_up(available, lacking, gate) for gate in gates]
    found += [_gateway(total, gate) for gate in gates]
    if account_for_transfers():
        found.append(_transfer(total))
    found.append(_somebody_else(total))
    first = next((way for way in found if way.is_possible), None)
    return [replace(way, is_first=way is first) for way in found]


def _wallet(available: int, lacking: int) -> Means:
    if lacking:
        note = _("%(available)s available, %(lacking)s short") % {
            "available": money(available),
            "lacking": money(lacking),
        }
    else:
        note = _("%(available)s available") % {"available": money(available)}
    return Means(Order.Means.WALLET, _("Wallet"), note, "wallet", is_possible=not lacking)


def _top_up(available: int, lacking: int, gate: OpenGateway) -> Means:
    charged = max(lacking, gate.minimum)  # no gateway takes less than its minimum
    facts = {"available": money(available), "charged": money(charged), "gateway": gate.name}
    if available > 0:
        note = _("%(available)s from the wallet, %(charged)s by %(gateway)s") % facts
    else:
        note = _("%(charged)s, charged at once; you stay here") % facts
    label = gate.name if gate.account else _("Top up and pay")
    return _within_limits(Means(Order.Means.TOP_UP_AND_PAY, label, note, "plus", gate.code), charged, gate)


def _gateway(total: int, gate: OpenGateway) -> Means:
    note = _("%(total)s by QR code, card or bank app") % {"total": money(total)}
    return _within_limits(Means(Order.Means.GATEWAY, gate.name, note, "payment", gate.code), total, gate)


def _transfer(total: int) -> Means:
    hours = settings.BANK_TRANSFER_ORDER_HOURS
    note = _("%(total)s with your bank's app; the order waits %(hours)s hours for it") % {
        "total": money(total),
        "hours": hours,
    }
    return Means(Order.Means.BANK_TRANSFER, gateway_name(BY_TRANSFER), note, "bank")


def _somebody_else(total: int) -> Means:
    note = _("%(total)s by a link that we mail to them; the order waits three days for it") % {"total": money(total)}
    return Means(Order.Means.ON_BEHALF, _("Somebody else pays"), note, "user")


def _within_limits(way: Means, amount: int, gate: OpenGateway) -> Means:
    if gate.takes(amount):
        return way
    limits = {"gateway": gate.name, "minimum": money(gate.minimum), "maximum": money(gate.maximum)}
    note = _("%(gateway)s takes from %(minimum)s to %(maximum)s at once") % limits
    return replace(way, note=note, is_possible=False)
