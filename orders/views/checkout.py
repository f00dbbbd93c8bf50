"""Where product pages send customers: the page that their checkout session is for, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PortalRequest, demand, portal_page
from accounts.for_whom import CHOSEN
from accounts.language import speak_unless_chosen
from accounts.may import LOOK, MEMBERS, May, one_of
from accounts.models import Customer
from catalog.configuration import configuration_text, items_of
from kernel.errors import DomainError
from lifecycle.models import Resource
from orders.actions import actions_of_row, right_for
from orders.models import Action, CheckoutSession
from orders.services.delete import delete_as_asked
from orders.services.sessions import ActionNotPossible, claim_session, order_of, refuse_expired, return_address
from orders.views.forms import NewForm
from orders.views.lookups import own_resource
from orders.views.offers import Wish, offer_page, recover_wish, renew_wish, resize_wish, values_of
from orders.views.removal import ask_to_delete, is_confirmed
from orders.views.tagging import TagsForm
from orders.views.way_back import SECONDS, forget_way_back, is_on_its_way, note_way_back


@portal_page(LOOK, does=one_of(May.ORDER, May.MANAGE_RESOURCES))
def checkout(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The resource payment page, with what was chosen on the product's page; what is done shows what came of it."""
    session = own_session(request, pk)
    if session.customer_id is None and (could := _could_order(request)):
        facts = {"session": session, "customers": could, "leave_url": _leave_url(session)}
        return render(request, "orders/session_for.html", facts)
    order = order_of(session)
    if order:
        return redirect("order", pk=order.pk)
    if session.deleted_at:
        return _deleted(request, session)
    if request.method == "POST":
        demand(right_for(session.action), request.rights, customer=request.customer)
    try:
        resource = _usable_resource(request, session)
    except DomainError as refusal:
        facts = {"session": session, "refusal": refusal, "leave_url": _leave_url(session)}
        return render(request, "orders/session_over.html", facts, status=refusal.status)
    note_way_back(request, session)
    if session.action == CheckoutSession.Action.DELETE:
        return _delete(request, session, resource)
    wish = WISHES[Action(session.action)](request, session, [resource] if resource else [])
    wish.session = session
    wish.context |= {"session": session, "leave_url": _leave_url(session)}
    return offer_page(request, wish)


@require_POST
@portal_page(does=MEMBERS, from_any=True)
def take_for(request: PortalRequest, pk: UUID) -> HttpResponse:
    """For whom of several: the session is theirs from now on, and they are worked for in this browser."""
    customer = next((one for one in _could_order(request) if str(one.pk) == request.POST.get("customer")), None)
    if customer is None:
        raise Http404
    with transaction.atomic():
        claim_session(pk, customer, at=request.at)
    request.session[CHOSEN] = str(customer.pk)
    answer = redirect("checkout", pk=pk)
    speak_unless_chosen(request, answer, customer.language)
    return answer


@require_GET
@portal_page(LOOK)
def leave(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Back to the product's page."""
    session = own_session(request, pk)
    forget_way_back(request, session)
    latest = session.orders.filter(customer=request.customer).order_by("-id").first()
    return HttpResponseRedirect(return_address(session, order_of(session) or latest))


def own_session(request: PortalRequest, pk: UUID) -> CheckoutSession:
    """The customer's session, or one that is nobody's yet; a stranger's is not found."""
    sessions = CheckoutSession.objects.select_related("product")
    return get_object_or_404(sessions, Q(customer=None) | Q(customer=request.customer), pk=pk)


def _could_order(request: PortalRequest) -> list[Customer]:
    """Whom somebody of several could mean; of who belongs to one alone there is no doubt."""
    belongs = request.user.belongs
    return [one.customer for one in belongs if May.ORDER in one.rights] if len(belongs) > 1 else []


def _usable_resource(request: PortalRequest, session: CheckoutSession) -> Resource | None:
    """
    What the session is about, if anything.

    :raises SessionExpired:
    :raises ActionNotPossible: the resource has changed since the customer was sent here
    """
    refuse_expired(session, at=request.at)
    if session.resource_id is None:
        return None
    resource: Resource = own_resource(request, session.resource_id)
    possible = actions_of_row(resource, request.customer, at=request.at)
    if session.action not in possible:
        raise ActionNotPossible(name=resource.name)
    return resource


def _create_wish(request: PortalRequest, session: CheckoutSession) -> Wish:
    defaults = {"quantity": 1, "months": 1, "auto_renew_months": 1} | TagsForm.values_of(session.tags)
    values = values_of(request, defaults)
    terms, tags = NewForm(values, postpaid=request.customer.is_postpaid), TagsForm(values)
    what = configuration_text(session.configuration, items_of([session.configuration]))
    return Wish(
        Action.CREATE,
        [terms, tags],
        lambda: {
            "product": str(session.product_id),
            "name": session.name,
            "items": session.configuration,
            "tags": tags.given,
            **terms.terms(),
        },
        "orders/checkout.html",
        {"form": terms, "tags": tags, "what": what},
    )


WISHES: dict[Action, Callable[[PortalRequest, CheckoutSession, list[Resource]], Wish]] = {
    Action.CREATE: lambda request, session, _none: _create_wish(request, session),
    Action.RESIZE: lambda request, session, found: resize_wish(request, *found, proposed=session.configuration),
    Action.RENEW: lambda request, _session, found: renew_wish(request, found),
    Action.RECOVER: lambda request, _session, found: recover_wish(request, *found),
}
"""What the page of each paid action lets one choose, of the resource that the session is about."""


def _delete(request: PortalRequest, session: CheckoutSession, resource: Resource | None) -> HttpResponse:
    assert resource is not None, "only what is there is deleted"
    if is_confirmed(request, resource.name):
        delete_as_asked(session.pk, request.customer, actor=request.actor, at=request.at)
        return HttpResponseRedirect(request.path, status=303)
    return ask_to_delete(request, resource, cancel_url=_leave_url(session), session=session)


def _deleted(request: PortalRequest, session: CheckoutSession) -> HttpResponse:
    facts = {
        "session": session,
        "resource": own_resource(request, session.resource_id) if session.resource_id else None,
        "leave_url": _leave_url(session),
        "returns_in": SECONDS if is_on_its_way(request, session) else None,
    }
    return render(request, "orders/session_deleted.html", facts)


def _leave_url(session: CheckoutSession) -> str:
    return reverse("checkout-leave", args=[session.pk])
