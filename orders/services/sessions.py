"""Checkout sessions: how a product's page sends a customer to pay, and gets the customer back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from catalog.configuration import check_configuration
from catalog.models import Product
from kernel.errors import DomainError
from orders.models import CheckoutSession, Order
from orders.services.stories.create import NotOnSale
from orders.services.stories.inputs import check_name

LIFETIME = timedelta(hours=24)


class ReturnAddressRefused(DomainError):
    code = "return-address-refused"
    status = 400
    message = _("This return address is not on the product's list. Ask the portal's staff to add it.")


class SessionExpired(DomainError):
    code = "session-expired"
    status = 410
    message = _("This checkout has expired. Please start again from the product page.")


def open_session(
    product: Product, *, name: str, items: Sequence[Mapping[str, Any]], return_url: str, at: datetime
) -> CheckoutSession:
    """
    :raises ReturnAddressRefused: not on the product's list
    :raises InvalidInput: the name or the configuration is wrong
    :raises NotOnSale:
    """
    if not product.is_on_sale:
        raise NotOnSale
    if not product.allows_return_to(return_url):
        raise ReturnAddressRefused
    return CheckoutSession.objects.create(
        product=product,
        name=check_name(name),
        configuration=check_configuration(product, items),
        return_url=return_url,
        created_at=at,
        expires_at=at + LIFETIME,
    )


def refuse_expired(session: CheckoutSession, *, at: datetime) -> None:
    """:raises SessionExpired:"""
    if at >= session.expires_at:
        raise SessionExpired


def return_address(session: CheckoutSession, order: Order | None) -> str:
    """Where the customer goes back to: the product's page, told the session, the order and how it stands."""
    facts = {"checkout_session": str(session.pk)}
    if order:
        paid = order.state not in {Order.State.AWAITING_PAYMENT, Order.State.CANCELLED, Order.State.EXPIRED}
        facts |= {"order": str(order.pk), "status": "paid" if paid else order.state}
    else:
        facts["status"] = "cancelled"
    return f"{session.return_url}{'&' if '?' in session.return_url else '?'}{urlencode(facts)}"
