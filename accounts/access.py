"""The first line of every page of the User Portal: who is it, for which customer, and may they."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from accounts.models import Customer, User
from accounts.rights import VIEW_AS_CUSTOMER
from kernel import clock
from kernel.actors import Actor
from store.senders import address_of_sender

VIEWED_CUSTOMER = "viewed_customer"
"""Where the session keeps the id of the customer whom a member of staff looks at."""


class PortalRequest(HttpRequest):
    """
    A request of a signed-in customer user; `at` is the instant that all of it happens at.

    `staff_viewing` names the customer when staff look at the portal as the customer does, read-only.
    """

    staff_viewing: str
    user: User
    customer: Customer
    actor: Actor
    at: datetime


def signed_in(request: HttpRequest) -> User:
    """Who asks, on pages that nobody sees without signing in."""
    assert isinstance(request.user, User)
    return request.user


View = Callable[..., HttpResponseBase]


def portal_page(*, may: str = "") -> Callable[[View], View]:
    """
    A page for customers' users. `may` names the right that changing requests need: "order" or "pay".

    Strangers sign in first; staff without a customer and users without the right are refused (403). Staff who view the
    portal as a customer look only.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: object, **kwargs: object) -> HttpResponseBase:
            user = request.user
            if not user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            viewed = viewed_customer(request)
            if viewed is not None and request.method not in {"GET", "HEAD"}:
                raise PermissionDenied
            customer = viewed or user.customer
            if customer is None:
                raise PermissionDenied
            if may and request.method not in {"GET", "HEAD"} and not getattr(user, f"may_{may}"):
                raise PermissionDenied
            request.customer, request.at = customer, clock.now()
            request.actor = user.actor.at_address(address_of_sender(request))
            request.staff_viewing = viewed.name if viewed else ""
            return view(request, *args, **kwargs)

        return guarded

    return wrap


def viewed_customer(request: HttpRequest) -> Customer | None:
    """The customer whom this member of staff looks at; asked on every request, so that a lost right counts at once."""
    user = request.user
    pk = request.session.get(VIEWED_CUSTOMER) if user.is_staff else None
    if pk is None or not user.has_perm(VIEW_AS_CUSTOMER.permission):
        return None
    return Customer.objects.filter(pk=pk).first()
