"""The first line of every page of the User Portal: who is it, for which customer, and may they."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.models import Customer, User
from kernel import clock
from kernel.actors import Actor


class PortalRequest(HttpRequest):
    """A request of a signed-in customer user; `at` is the instant that all of it happens at."""

    user: User
    customer: Customer
    actor: Actor
    at: datetime


View = Callable[..., HttpResponse]


def portal_page(*, may: str = "") -> Callable[[View], View]:
    """
    A page for customers' users. `may` names the right that changing requests need: "order" or "pay".

    Strangers sign in first; staff without a customer and users without the right are refused (403).
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            user = request.user
            if not user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if user.customer is None:
                raise PermissionDenied
            if may and request.method not in {"GET", "HEAD"} and not getattr(user, f"may_{may}"):
                raise PermissionDenied
            request.customer, request.actor, request.at = user.customer, user.actor, clock.now()
            return view(request, *args, **kwargs)

        return guarded

    return wrap
