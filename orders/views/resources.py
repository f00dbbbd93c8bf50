"""The list of resources: cards, filters, and what can be done with many at once."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access import PortalRequest, demand, portal_page
from accounts.downloads import export_links, table_response
from accounts.may import LOOK, May, also, one_of
from catalog.configuration import items_of
from catalog.models import Item, Product
from invoices.services.running import running_costs
from lifecycle.models import Health, Renewal, Resource, ServicePeriod, State
from lifecycle.models.terms import LEAST_FOR_GOOD, LEAST_FOR_WARNING, RENEWALS, has_health
from orders.actions import with_pending
from orders.reports import RESOURCES, RESOURCES_PAGE, resource_rows
from orders.services.bulk import Refused, set_auto_renew_of_many
from orders.views.forms import AutoRenewForm
from orders.views.listing import Prices, ResourceFilters
from orders.views.lookups import actions_of, chosen_ids, type_of
from store.keyset import keyset_page


@portal_page(LOOK)
def resources(request: PortalRequest) -> HttpResponse:
    """What the customer rents, the newest first or as is asked for."""
    own = Resource.objects.filter(customer=request.customer)
    filters = _filters(request)
    found = filters.apply(own, at=request.at)
    prices = Prices(request.customer, found, at=request.at)
    wanted = filters.sorted(with_pending(found.select_related("product")), prices)
    page = keyset_page(**wanted, before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    items = items_of(resource.configuration for resource in page.rows)
    begins = periods_begin(page.rows, request.at)
    shown = [resource.pk for resource in page.rows]
    running = running_costs(request.customer, at=request.at, by="resource", only=shown, book=prices.book)
    facts = {
        "rows": [
            row_of(request, resource, items)
            | {
                "price": prices.of(resource.configuration),
                "starts_at": begins.get(resource.pk),
                "running": running.of.get(resource.pk),
            }
            for resource in page.rows
        ],
        "columns": RESOURCES_PAGE,
        "total": prices.total,
        "page": page,
        "filters": filters,
        "exports": export_links(request, "resources-export"),
        "figures": _figures(own, request.at),
        "auto_renew": AutoRenewForm({"months": 1}),
        "is_prepaid": request.customer.is_prepaid,
    }
    return render(request, "orders/resources.html", facts)


@portal_page(also(May.EXPORT, LOOK))
def resources_export(request: PortalRequest, form: str) -> HttpResponseBase:
    """Exactly what the filters of the list show, as a table."""
    own = Resource.objects.filter(customer=request.customer)
    found = _filters(request).apply(own, at=request.at)
    prices = Prices(request.customer, found.none(), at=request.at)
    rows = resource_rows(found.order_by("-id"), prices.of)
    return table_response(request, form, RESOURCES, rows, name="resources", count=found.count)


def _filters(request: PortalRequest) -> ResourceFilters:
    products = list(Product.objects.order_by("code").prefetch_related("items"))
    types = [item for product in products for item in product.items.all() if item.is_choice]
    return ResourceFilters(request.GET, products=products, types=types)


def periods_begin(resources: list[Resource], at: datetime) -> dict[UUID, datetime]:
    """When the period that each is in now began: what was paid last, or used since."""
    latest = ServicePeriod.objects.filter(resource__in=resources, starts_at__lte=at).order_by(
        "resource", "-starts_at", "-id"
    )
    return dict(latest.distinct("resource").values_list("resource", "starts_at"))


def row_of(request: PortalRequest, resource: Resource, items: dict[str, Item]) -> dict[str, object]:
    """A resource as a line of a list."""
    return {
        "resource": resource,
        "type": type_of(resource.configuration, items),
        "health": resource.health(request.at) if resource.is_running else None,
        "actions": actions_of(request, resource),
        "is_expired": resource.is_running and resource.is_expired(request.at),
    }


def _figures(own: QuerySet[Resource], at: datetime) -> list[dict[str, object]]:
    """The cards: how many are in which condition, each leading to those."""
    counts = own.aggregate(
        **{str(health): Count("pk", filter=has_health(health, at=at)) for health in Health},
        trash=Count("pk", filter=Q(state=State.SUSPENSE)),
        auto=Count("pk", filter=RENEWALS[Renewal.AUTO]),
    )
    labels = {
        Health.GOOD: _("Good"),
        Health.WARNING: _("%(least)d to %(most)d days left") % {"least": LEAST_FOR_WARNING, "most": LEAST_FOR_GOOD - 1},
        Health.ALERT: _("Under %(days)d days left") % {"days": LEAST_FOR_WARNING},
        Health.EXPIRED: _("Expired"),
    }
    address = reverse("resources")
    cards = [
        {"label": label, "value": counts[health], "url": f"{address}?health={health}"}
        for health, label in labels.items()
    ]
    return [
        *cards,
        {"label": _("In trash"), "value": counts["trash"], "url": reverse("trash")},
        {"label": _("Auto-renewing"), "value": counts["auto"], "url": f"{address}?renewal=auto"},
    ]


@require_POST
@portal_page(does=one_of(May.ORDER, May.MANAGE_RESOURCES))
def bulk(request: PortalRequest) -> HttpResponse:
    """One button for the ticked rows: renewing and deleting ask on a page of their own, auto-renew is set here."""
    chosen = chosen_ids(request.POST.getlist("resource"))
    if not chosen:
        messages.warning(request, _("Tick the resources that you mean first."))
        return _back(request)
    query = urlencode([("resource", str(pk)) for pk in chosen])
    match request.POST.get("do"):
        case "renew":
            mode = "&mode=match" if len(chosen) > 1 else ""
            return HttpResponseRedirect(f"{reverse('renew')}?{query}{mode}", status=303)
        case "delete":
            return HttpResponseRedirect(f"{reverse('resources-delete')}?{query}", status=303)
        case "tags":
            return HttpResponseRedirect(f"{reverse('resources-tags')}?{query}", status=303)
        case "auto_renew":
            demand(May.ORDER, request.rights, customer=request.customer)
            form = AutoRenewForm(request.POST)
            if form.is_valid():
                done, refused = set_auto_renew_of_many(
                    request.customer, chosen, months=form.value(), actor=request.actor, at=request.at
                )
                tell_bulk(request, done, refused)
    return _back(request)


def tell_bulk(request: PortalRequest, done: int, refused: list[Refused]) -> None:
    """Say how many went well, and of each other one why not."""
    if done:
        text = ngettext("%(count)d resource changed.", "%(count)d resources changed.", done)
        messages.success(request, text % {"count": done})
    for one in refused:
        messages.warning(request, f"{one.name}: {one.sentence}")


def _back(request: PortalRequest) -> HttpResponse:
    """To the list as it was filtered."""
    query = request.POST.get("query", "")
    return redirect(f"{reverse('resources')}?{query}" if query else "resources")
