"""The ways in which an order can be paid now."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.access import PortalRequest
from accounts.may import May
from kernel.display import money
from orders.models import Order
from payments import means
from payments.means import Means
from payments.services.wallet import wallet_of


def means_for(request: PortalRequest, total: int) -> list[Means]:
    """
    As for everything that is to pay; an order waits for a bank transfer, and for somebody else. Whoever orders and does not pay has
    no linked account charged, and asks nobody else to pay.
    """
    may_pay = May.PAY in request.rights
    hours = {"hours": settings.BANK_TRANSFER_ORDER_HOURS, "total": "%(total)s"}
    waits = _("%(total)s with your bank's app; the order waits %(hours)s hours for it") % hours
    also = [*means.by_transfer(total, waits), *([_by_somebody_else(total)] if may_pay else [])]
    available = wallet_of(request.customer.pk).available if total > 0 else 0
    return means.means_for(request.customer, total, available=available, at=request.at, also=also, may_charge=may_pay)


def _by_somebody_else(total: int) -> Means:
    note = _("%(total)s by a link that we mail to them; the order waits three days for it") % {"total": money(total)}
    return Means(Order.Means.ON_BEHALF, _("Somebody else pays"), note, "user")
