"""
The way back to the product page: taken by itself when all is done, once, by the browser that came from there.

Whoever looks at the order again later stays, as does whoever says so.
"""

from __future__ import annotations

from accounts.access import PortalRequest
from orders.models import CheckoutSession

SECONDS = 10
"""How long the page that says "done" stays before it leads back."""
KEPT_AS = "way_back"
MOST = 20


def note_way_back(request: PortalRequest, session: CheckoutSession) -> None:
    """This browser has come from the product's page and wants to get back."""
    noted = _noted(request)
    if str(session.pk) not in noted:
        request.session[KEPT_AS] = [*noted, str(session.pk)][-MOST:]


def forget_way_back(request: PortalRequest, session: CheckoutSession) -> None:
    noted = _noted(request)
    if str(session.pk) in noted:
        request.session[KEPT_AS] = [pk for pk in noted if pk != str(session.pk)]


def is_on_its_way(request: PortalRequest, session: CheckoutSession) -> bool:
    """Whether the page leads back by itself; `stay` in the address ends that for good."""
    if "stay" in request.GET:
        forget_way_back(request, session)
    return str(session.pk) in _noted(request)


def _noted(request: PortalRequest) -> list[str]:
    noted: list[str] = request.session.get(KEPT_AS, [])
    return noted
