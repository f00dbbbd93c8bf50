"""The choices of a payment form: every way in which an amount can be paid now, with what each takes from where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Customer
from kernel.display import money
from kernel.seller import account_for_transfers
from payments.queries import BY_TRANSFER, OpenGateway, gateway_name, open_gateways
from payments.ways import linked_ways

WALLET, TOP_UP_AND_PAY, GATEWAY = "wallet", "top_up_and_pay", "gateway"
COUNTS_WHEN_IT_COMES = gettext_lazy("%(total)s with your bank's app; it counts as soon as your bank has transferred it")


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


def means_for(
    customer: Customer,
    total: int,
    *,
    available: int,
    at: datetime,
    also: Iterable[Means] = (),
    in_parts: bool = False,
    may_charge: bool = True,
) -> list[Means]:
    """
    The wallet; each linked account, all credit first; through each gateway, top up and pay or the whole amount; and what else there is.

    The first one that pays all of it is proposed. Nothing when nothing is to pay.

    :param available: in the wallet
    :param in_parts: the wallet may pay as far as it goes
    :param may_charge: whether whoever asks may have linked accounts charged
    """
    if total <= 0:
        return []
    available = max(available, 0)
    lacking = max(total - available, 0)
    gates = open_gateways()
    found = [_wallet(available, lacking, in_parts=in_parts)]
    if lacking and may_charge:
        found += [_top_up(available, lacking, account) for account in linked_ways(customer, at=at)]
    if lacking and available:
        found += [_top_up(available, lacking, gate) for gate in gates]
    found += [whole_by(gate, total) for gate in gates]
    found += also
    first = next((way for way in found if way.is_possible and (way.means != WALLET or not lacking)), None)
    return [replace(way, is_first=way is first) for way in found]


def chosen_of(means: Iterable[Means], value: str | None) -> Means | None:
    """What a form sent, if that is offered; why it is not possible, the service says."""
    return next((way for way in means if way.value == value), None)


def whole_by(gate: OpenGateway, total: int) -> Means:
    note = f"{money(total)}, {gate.note}"
    return _within_limits(Means(GATEWAY, gate.name, note, "payment", gate.code), total, gate)


def by_transfer(total: int, note: Promise | str = COUNTS_WHEN_IT_COMES) -> list[Means]:
    """A bank transfer, if there is an account to pay into; `note` may name the `total`."""
    if not account_for_transfers():
        return []
    return [Means(BY_TRANSFER, gateway_name(BY_TRANSFER), str(note) % {"total": money(total)}, "bank")]


def _wallet(available: int, lacking: int, *, in_parts: bool) -> Means:
    facts = {"available": money(available), "lacking": money(lacking)}
    note = (_("%(available)s available, %(lacking)s short") if lacking else _("%(available)s available")) % facts
    return Means(WALLET, _("Wallet"), note, "wallet", is_possible=not lacking or (in_parts and available > 0))


def _top_up(available: int, lacking: int, gate: OpenGateway) -> Means:
    charged = max(lacking, gate.minimum)  # no gateway takes less than its minimum
    facts = {"available": money(available), "charged": money(charged), "gateway": gate.name}
    if available:
        note = _("%(available)s from the wallet, %(charged)s by %(gateway)s") % facts
    else:
        note = _("%(charged)s, charged at once; you stay here") % facts
    label = gate.name if gate.account else _("Top up and pay")
    return _within_limits(Means(TOP_UP_AND_PAY, label, note, "plus", gate.code), charged, gate)


def _within_limits(way: Means, amount: int, gate: OpenGateway) -> Means:
    if gate.takes(amount):
        return way
    limits = {"gateway": gate.name, "minimum": money(gate.minimum), "maximum": money(gate.maximum)}
    note = _("%(gateway)s takes from %(minimum)s to %(maximum)s at once") % limits
    return replace(way, note=note, is_possible=False)
