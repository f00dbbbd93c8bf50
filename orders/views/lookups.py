"""What several pages look up, always within the customer's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.access import PortalRequest
from catalog.configuration import Chosen
from catalog.models import Item
from kernel.errors import DomainError, InvalidInput
from lifecycle.models import Resource
from orders.actions import actions_for, with_pending
from orders.models import Order, Quote

MOST_CHOSEN = 100
"""How many resources one bulk action takes at most."""


def own_resource(request: PortalRequest, pk: UUID) -> Resource:
    """The customer's resource, with its product and what is under way; a stranger's is not found."""
    resources = Resource.objects.filter(customer=request.customer).select_related("product")
    resource = get_object_or_404(with_pending(resources), pk=pk)
    resource.customer = request.customer
    return resource


def own_order(request: PortalRequest, pk: UUID) -> Order:
    orders = Order.objects.filter(customer=request.customer)
    return get_object_or_404(orders.select_related("customer", "quote", "payment", "checkout_session__product"), pk=pk)


def own_quote(request: PortalRequest, pk: UUID) -> Quote:
    return get_object_or_404(Quote.objects.filter(customer=request.customer).select_related("customer"), pk=pk)


def chosen_ids(values: Iterable[str]) -> list[UUID]:
    """
    The ids among what a request names, once each; nonsense is left out.

    :raises InvalidInput: too many at once
    """
    found: dict[UUID, None] = {}
    for value in values:
        try:
            found[UUID(value)] = None
        except ValueError:
            continue
    if len(found) > MOST_CHOSEN:
        raise InvalidInput(_("Choose at most %(most)s resources at once."), field="resource", most=MOST_CHOSEN)
    return list(found)


def with_way_on(refusal: DomainError) -> str:
    """The sentence of a refusal; where an order of the customer's own stands in the way, with a link to it."""
    order = refusal.details.get("order")
    if not order:
        return str(refusal)
    return format_html('{} <a href="{}">{}</a>', refusal, reverse("order", args=[order]), _("See that order"))


def actions_of(request: PortalRequest, resource: Resource) -> Sequence[str]:
    """What this user may do with a resource that was read `with_pending`; nothing for those who may only look."""
    return actions_for(request.rights, resource, request.customer, at=request.at)


def type_of(configuration: Iterable[Chosen], items: Mapping[str, Item]) -> Item | None:
    """What a resource is called besides its name: its flavour or package, else its first item."""
    named = [items[entry["item"]] for entry in configuration if entry["item"] in items]
    return next((item for item in named if item.is_choice), named[0] if named else None)
