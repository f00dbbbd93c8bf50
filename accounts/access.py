"""The first line of every page of the User Portal: who is it, for which customer, and may they."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from functools import cache, wraps

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.for_whom import FIELD, lead_back, look_at_named, refuse_for_another
from accounts.may import LOOKING, NOBODY, May, Need, RightMissing, Rights, allows, lacking, need_of, words_of
from accounts.models import Customer, User
from accounts.rights import VIEW_AS_CUSTOMER
from accounts.services.team import who_can_give
from kernel import clock
from kernel.actors import Actor
from store.senders import address_of_sender

VIEWED_CUSTOMER = "viewed_customer"
"""Where the session keeps the id of the customer whom a member of staff looks at."""
SAFE = frozenset({"GET", "HEAD"})


class PortalRequest(HttpRequest):
    """
    A request of a signed-in customer user; `at` is the instant that all of it happens at, `rights` what they may.

    `staff_viewing` names the customer when staff look at the portal as the customer does, read-only.
    """

    staff_viewing: str
    user: User
    customer: Customer
    rights: Rights
    actor: Actor
    at: datetime


def signed_in(request: HttpRequest) -> User:
    """Who asks, on pages that nobody sees without signing in."""
    assert isinstance(request.user, User)
    return request.user


def is_somebody(request: HttpRequest) -> bool:
    """Whether whoever asks has signed in."""
    return request.user.is_authenticated


View = Callable[..., HttpResponseBase]


def portal_page(
    sees: May | Need = NOBODY, *, does: May | Need = NOBODY, from_any: bool = False
) -> Callable[[View], View]:
    """
    A page for customers' users: what it takes to look at it, and to send its form. Undeclared is nobody's.

    Strangers sign in first; staff without a customer are refused (403), and members without the right, who are told which it
    is. Staff who view the portal as a customer look only. A form is for the customer whom its page showed, unless it may be sent
    `from_any` of theirs.
    """
    to_see, to_do = need_of(sees), need_of(does)
    assert to_see or to_do, "a page says what it needs"

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: PortalRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            user = request.user
            if not is_somebody(request):
                return redirect_to_login(request.get_full_path())
            viewed = viewed_customer(request)
            need = to_see if request.method in SAFE else to_do
            if not need:
                return HttpResponseNotAllowed([*(["GET", "HEAD"] if to_see else []), *(["POST"] if to_do else [])])
            if viewed is not None and request.method not in SAFE:
                raise PermissionDenied
            customer = viewed or user.customer
            if customer is None:
                raise PermissionDenied
            if request.method in SAFE:
                if not viewed and (plain := look_at_named(request, user)):
                    return plain
                lead_back(request, user)
            elif not from_any:
                refuse_for_another(user, request.POST.get(FIELD))
            request.customer, request.at = customer, clock.now()
            request.rights = LOOKING if viewed else user.rights
            request.actor = user.actor.at_address(address_of_sender(request))
            request.staff_viewing = viewed.name if viewed else ""
            demand(need, request.rights, customer=customer)
            return view(request, *args, **kwargs)

        guarded.sees, guarded.does = to_see, to_do  # type: ignore[attr-defined]  # for the test of every address
        return guarded

    return wrap


def demand(declared: May | Need, rights: Collection[May], *, customer: Customer) -> None:
    """
    Where the need depends on what is asked for; everywhere else the page declares it.

    :raises RightMissing: says which right, and who can give it
    """
    need = need_of(declared)
    if not allows(need, rights):
        raise RightMissing(right=words_of(lacking(need, rights)), who=who_can_give(customer))


def rights_of(request: object) -> Rights | None:
    """What whoever asks may do here; None on pages where nobody has rights: before signing in, in the staff area."""
    rights: Rights | None = getattr(request, "rights", None)
    user = getattr(request, "user", None)
    if rights is None and isinstance(user, User) and user.customer is not None:
        return user.rights
    return rights


def is_open(page: str, rights: Collection[May]) -> bool:
    """Whether whoever has `rights` has any business on a page, by its name: what leads elsewhere is not offered."""
    found = _views().get(page)
    to_see, to_do = getattr(found, "sees", NOBODY), getattr(found, "does", NOBODY)
    return allows(to_see or to_do, rights) if to_see or to_do else True


@cache
def _views() -> dict[str, View]:
    """The view of each page, by its name."""
    return dict(_named(get_resolver().url_patterns))


def _named(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[tuple[str, View]]:
    for one in patterns:
        if isinstance(one, URLPattern):
            if one.name:
                yield one.name, one.callback
        elif not one.namespace:
            yield from _named(one.url_patterns)


def viewed_customer(request: HttpRequest) -> Customer | None:
    """The customer whom this member of staff looks at; asked on every request, so that a lost right counts at once."""
    user = request.user
    pk = request.session.get(VIEWED_CUSTOMER) if user.is_staff else None
    if pk is None or not user.has_perm(VIEW_AS_CUSTOMER.permission):
        return None
    return Customer.objects.filter(pk=pk).first()


def has_a_portal(request: HttpRequest) -> bool:
    """Whether there is a customer to show pages of: what everybody may read stands within the portal then."""
    user = request.user
    return bool(user.is_authenticated and (user.customer or viewed_customer(request)))
