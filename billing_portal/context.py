"""What every page of the portal knows: who, how much is in the wallet, what is unread, and which time it is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.db.models import Value
from django.db.models.functions import Coalesce, Concat, NullIf
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from accounts.access import rights_of
from accounts.may import May
from accounts.models import Customer, User
from kernel import clock
from kernel.seller import seller
from notifications.models import Notice
from notifications.services import shown_to
from payments.services.wallet import wallet_of

LATEST = 99


def portal(request: HttpRequest) -> dict[str, object]:
    """Nothing here is asked of the database before a template shows it."""
    user = getattr(request, "user", None)
    own = user.customer if isinstance(user, User) else None
    customer: Customer | None = getattr(request, "customer", None) or own
    now = getattr(request, "at", None) or clock.now()
    known: dict[str, object] = {
        "now": now,
        "clock_moved": abs(clock.now() - clock.machine_now()) > timedelta(minutes=1),
        "customer": customer,
        "may": {right.name.lower(): right in (rights_of(request) or ()) for right in May},
        "seller": seller(),
        "clock_url": _address("admin:clock") if isinstance(user, User) and user.is_staff else "",
        "staff_viewing": getattr(request, "staff_viewing", ""),
        "staff_leave_url": _address("admin:leave_customer"),
    }
    if customer is not None:
        pk, rights = customer.pk, rights_of(request) or ()
        known["wallet"] = SimpleLazyObject(lambda: wallet_of(pk))
        known["unread_notices"] = SimpleLazyObject(lambda: _unread(customer, rights))
    return known


def _unread(customer: Customer, rights: Collection[May]) -> int:
    """Of the latest notices only: what is older rings no bell, and a long history costs nothing."""
    latest = shown_to(customer, rights).order_by("-id").values("id")[:LATEST]
    unread = Notice.objects.filter(pk__in=latest, read_at__isnull=True)
    alone = Concat("kind", Value(":"), "event")
    return unread.values(row=Coalesce(NullIf("together", Value("")), alone)).distinct().count()


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
