"""Checkout sessions: how a product's page sends a customer to the portal to do something, and gets the customer back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.configuration import check_configuration
from catalog.models import Product
from kernel.errors import DomainError
from lifecycle.models import Resource
from orders.actions import actions_of_row, with_pending
from orders.models import CheckoutSession, Order, Visit
from orders.services.stories.base import UnknownResource
from orders.services.stories.create import NotOnSale
from orders.services.stories.inputs import check_name, tags_of

LIFETIME = timedelta(hours=24)
LETS_GO = frozenset({Order.State.CANCELLED, Order.State.EXPIRED})
"""How an order ends that lets its session be ordered again: nothing was bought."""

Action = CheckoutSession.Action


class ReturnAddressRefused(DomainError):
    code = "return-address-refused"
    status = 422
    message = _("This return address is not on the product's list. Ask the portal's staff to add it.")


class ActionNotPossible(DomainError):
    code = "action-not-possible"
    message = _('"%(name)s" does not allow this now: it has changed, or something else is under way with it.')


class SessionExpired(DomainError):
    code = "session-expired"
    status = 410
    message = _("This checkout has expired. Please start again from the product page.")


class SessionUsed(DomainError):
    code = "session-used"
    message = _("This checkout is done. Please start again from the product page if you want it once more.")


class NotVisiting(DomainError):
    code = "not-visiting"
    status = 422
    message = _("Nobody of this customer is on your page now: leave the customer out, or begin a visit first.")


class UnknownSession(DomainError):
    code = "unknown-session"
    status = 404
    message = _("There is no such checkout.")


def open_session(
    product: Product,
    *,
    name: str,
    items: Sequence[Mapping[str, object]],
    tags: Mapping[str, object] | None = None,
    return_url: str,
    customer: UUID | None = None,
    at: datetime,
) -> CheckoutSession:
    """
    To create a resource; whose it will be, whoever follows the session's address decides, if it is not said here.

    :param tags: proposed to the customer
    :param customer: somebody of theirs is on the product's page
    :raises NotVisiting: nobody of this customer is there
    :raises ReturnAddressRefused: not on the product's list
    :raises InvalidInput, TooManyTags: the name, the configuration or a tag is wrong
    :raises NotOnSale:
    """
    if not product.is_on_sale:
        raise NotOnSale
    if customer and not Visit.objects.running(at).filter(product=product, customer=customer).exists():
        raise NotVisiting
    return _open(
        product, return_url, at, action=Action.CREATE, name=check_name(name), customer_id=customer,
        configuration=check_configuration(product, items), tags=tags_of({"name": name, "tags": tags}),
    )  # fmt: skip


def open_session_about(
    product: Product,
    resource_id: UUID,
    *,
    action: str,
    items: Sequence[Mapping[str, object]] = (),
    return_url: str,
    at: datetime,
) -> CheckoutSession:
    """
    To resize, renew, recover or delete a resource: for its customer and nobody else. `items` propose a new size.

    :raises UnknownResource: not of this product
    :raises ActionNotPossible: the customer could not do it in the portal now either
    :raises ReturnAddressRefused: not on the product's list
    :raises InvalidInput: the proposed configuration is wrong
    """
    found = with_pending(Resource.objects.filter(product=product)).select_related("customer", "product")
    resource = found.filter(pk=resource_id).first()
    if resource is None:
        raise UnknownResource
    if action not in actions_of_row(resource, resource.customer, at=at):
        raise ActionNotPossible(name=resource.name)
    return _open(
        product, return_url, at, action=action, customer=resource.customer, resource=resource, name=resource.name,
        configuration=check_configuration(product, items) if items else [],
    )  # fmt: skip


def _open(product: Product, return_url: str, at: datetime, **what: object) -> CheckoutSession:
    if not product.allows_return_to(return_url):
        raise ReturnAddressRefused
    return CheckoutSession.objects.create(
        product=product, return_url=return_url, created_at=at, expires_at=at + LIFETIME, **what
    )


def claim_session(session_id: UUID, customer: Customer, *, at: datetime) -> CheckoutSession:
    """
    The session, this customer's from now on. The caller's transaction holds it.

    :raises SessionExpired:
    :raises UnknownSession, SessionUsed: see `hold_session`
    """
    session = hold_session(session_id, customer)
    refuse_expired(session, at=at)
    if session.customer_id is None:
        session.customer = customer
        session.save(update_fields=["customer"])
    return session


def hold_session(session_id: UUID, customer: Customer) -> CheckoutSession:
    """
    The session, held until the transaction ends. An offer that was made in time is good although the session has expired.

    :raises UnknownSession: somebody else's
    :raises SessionUsed: it led to an order or a deletion
    """
    sessions = CheckoutSession.objects.select_for_update(no_key=True, of=("self",)).select_related("product")
    session = sessions.filter(pk=session_id).first()
    if session is None or session.customer_id not in {None, customer.pk}:
        raise UnknownSession
    if session.deleted_at or order_of(session):
        raise SessionUsed
    return session


def refuse_expired(session: CheckoutSession, *, at: datetime) -> None:
    """:raises SessionExpired:"""
    if at >= session.expires_at:
        raise SessionExpired


def order_of(session: CheckoutSession) -> Order | None:
    """The order that the session has led to; one that was cancelled or has expired counts for nothing."""
    return Order.objects.filter(checkout_session=session).exclude(state__in=LETS_GO).first()


def return_address(session: CheckoutSession, order: Order | None) -> str:
    """Where the customer goes back to: the product's page, told the session, the order and how it stands."""
    facts = {"checkout_session": str(session.pk)}
    if order:
        paid = order.state not in {Order.State.AWAITING_PAYMENT, *LETS_GO}
        facts |= {"order": str(order.pk), "status": "paid" if paid else order.state}
    else:
        facts["status"] = "deleted" if session.deleted_at else "cancelled"
    return f"{session.return_url}{'&' if '?' in session.return_url else '?'}{urlencode(facts)}"
