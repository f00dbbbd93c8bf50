"""The ways in which an amount can be paid now."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.access import PortalRequest
from kernel.display import money
from orders.models import Order
from payments.gateways import gateway, open_codes
from payments.services.wallet import wallet_of


@dataclass(frozen=True, slots=True)
class Means:
    """One choice of the payment form."""

    value: str
    label: str
    note: str
    icon: str
    gateway: str = ""
    is_possible: bool = True
    is_first: bool = False


def means_for(request: PortalRequest, total: int) -> list[Means]:
    """Wallet, top up and pay, gateway; the first one that is possible is proposed. Nothing when nothing is to pay."""
    if total <= 0:
        return []
    available = wallet_of(request.customer.pk).available
    lacking = max(total - available, 0)
    code = usable_gateway()
    found = [_wallet(available, lacking)]
    if code and lacking and available > 0:
        found.append(_top_up(available, lacking, code))
    if code:
        found.append(_gateway(total, code, is_first=bool(lacking) and available <= 0))
    return found


def usable_gateway() -> str:
    """The gateway that is set up here, or nothing."""
    return next(iter(open_codes()), "")


def _wallet(available: int, lacking: int) -> Means:
    if lacking:
        note = _("%(available)s available, %(lacking)s short") % {
            "available": money(available),
            "lacking": money(lacking),
        }
    else:
        note = _("%(available)s available") % {"available": money(available)}
    return Means(Order.Means.WALLET, _("Wallet"), note, "wallet", is_possible=not lacking, is_first=not lacking)


def _top_up(available: int, lacking: int, code: str) -> Means:
    note = _("%(available)s from the wallet, %(lacking)s through the gateway") % {
        "available": money(available),
        "lacking": money(max(lacking, gateway(code).caps.min_amount)),
    }
    return Means(Order.Means.TOP_UP_AND_PAY, _("Top up and pay"), note, "plus", gateway=code, is_first=True)


def _gateway(total: int, code: str, *, is_first: bool) -> Means:
    note = _("%(total)s by QR code, card or bank app") % {"total": money(total)}
    return Means(Order.Means.GATEWAY, _("Payment gateway"), note, "payment", gateway=code, is_first=is_first)
