"""The list of resources: cards, filters, and what can be done with many at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from accounts.access import PortalRequest, portal_page
from accounts.models import BillingMode
from catalog.models import Item, Product
from invoices.exports import FORMATS, table_response
from kernel.keyset import keyset_page
from kernel.search import search
from lifecycle.models import RUNNING, Health, Resource, State
from orders.actions import with_pending
from orders.services.bulk import Refused, set_auto_renew_of_many
from orders.views.forms import AutoRenewForm
from orders.views.lookups import actions_of, chosen_ids, configuration_text, items_of, type_of

ALL = ("", gettext_lazy("All"))
CHUNK = 2000
IN_USE = [State.NEW, *sorted(RUNNING)]


class ResourceFilters(forms.Form):
    """What the list shows; its values stand in the address."""

    q = forms.CharField(
        label=gettext_lazy("Search"),
        required=False,
        max_length=100,
        widget=forms.SearchInput(attrs={"placeholder": gettext_lazy("Name or id")}),
    )
    product = forms.ChoiceField(label=gettext_lazy("Product"), required=False)
    type = forms.ChoiceField(label=gettext_lazy("Type"), required=False)
    renewal = forms.ChoiceField(
        label=gettext_lazy("Renewal"),
        required=False,
        choices=[
            ALL,
            ("manual", gettext_lazy("manual")),
            ("auto", gettext_lazy("automatic")),
            ("none", gettext_lazy("not renewable")),
        ],
    )
    health = forms.ChoiceField(label=gettext_lazy("Health"), required=False, choices=[ALL, *Health.choices])
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[("", gettext_lazy("In use")), *State.choices, ("all", gettext_lazy("All"))],
    )

    def __init__(self, *args: Any, products: list[Product], types: list[Item], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].choices = [ALL, *((product.code, str(product)) for product in products)]  # type: ignore[attr-defined]
        self.fields["type"].choices = [ALL, *((str(item.pk), str(item)) for item in types)]  # type: ignore[attr-defined]

    def apply(self, resources: QuerySet[Resource], *, at: datetime) -> QuerySet[Resource]:
        """The resources that are asked for; a value that makes no sense asks for nothing in particular."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        conditions = [_of_state(given.get("state", ""))]
        if "product" in given:
            conditions.append(Q(product__code=given["product"]))
        if "type" in given:
            conditions.append(Q(configuration__contains=[{"item": given["type"]}]))
        if "renewal" in given:
            conditions.append(RENEWALS[given["renewal"]])
        if "health" in given:
            conditions.append(of_health(given["health"], at))
        return search(resources.filter(*conditions), given.get("q", ""), ("name",))


def _of_state(value: str) -> Q:
    if value == "all":
        return Q()
    return Q(state=value) if value else Q(state__in=IN_USE)


RENEWABLE = Q(billing_mode=BillingMode.PREPAID, rolls_over=False)
RENEWALS = {
    "manual": RENEWABLE & Q(auto_renew_months__isnull=True),
    "auto": RENEWABLE & Q(auto_renew_months__isnull=False),
    "none": ~RENEWABLE,
}


def of_health(health: str, at: datetime) -> Q:
    """`Resource.health` as a condition on running resources."""
    alert, warning = at + timedelta(days=5), at + timedelta(days=16)
    ends = {
        Health.EXPIRED: Q(paid_until__lte=at),
        Health.ALERT: Q(paid_until__gt=at, paid_until__lt=alert),
        Health.WARNING: Q(paid_until__gte=alert, paid_until__lt=warning),
        Health.GOOD: Q(paid_until__gte=warning) | Q(paid_until__isnull=True),
    }
    return Q(state__in=sorted(RUNNING)) & ends[Health(health)]


@portal_page()
def resources(request: PortalRequest) -> HttpResponse:
    """What the customer rents, the newest first."""
    own = Resource.objects.filter(customer=request.customer)
    filters = _filters(request)
    rows = with_pending(filters.apply(own, at=request.at).select_related("product"))
    page = keyset_page(rows, ("id",), before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    items = items_of(resource.configuration for resource in page.rows)
    facts = {
        "rows": [row_of(request, resource, items) for resource in page.rows],
        "page": page,
        "filters": filters,
        "exports": [(form.upper(), _export_address(request, form)) for form in FORMATS],
        "figures": _figures(own, request.at),
        "auto_renew": AutoRenewForm({"months": 1}),
        "may_order": request.user.may_order,
        "is_prepaid": request.customer.is_prepaid,
    }
    return render(request, "orders/resources.html", facts)


@portal_page()
def resources_export(request: PortalRequest, form: str) -> HttpResponseBase:
    """Exactly what the filters of the list show, as a table."""
    own = Resource.objects.filter(customer=request.customer).select_related("product")
    items = {str(item.pk): item for item in Item.objects.all()}
    found = _filters(request).apply(own, at=request.at)
    rows = (_cells(resource, items) for resource in found.order_by("-id").iterator(CHUNK))
    titles = [_("Id"), _("Name"), _("Product"), _("Configuration"), _("State"), _("Billing mode"), _("Paid until")]
    titles += [_("Auto-renew"), _("Created")]
    return table_response(request, form, titles, rows, name="resources", count=found.count)


def _cells(resource: Resource, items: dict[str, Item]) -> tuple[Any, ...]:
    return (
        str(resource.pk),
        resource.name,
        str(resource.product),
        configuration_text(resource.configuration, items),
        resource.get_state_display(),
        resource.get_billing_mode_display(),
        resource.paid_until,
        resource.auto_renew_months,
        resource.created_at,
    )


def _filters(request: PortalRequest) -> ResourceFilters:
    products = list(Product.objects.order_by("code").prefetch_related("items"))
    types = [item for product in products for item in product.items.all() if item.is_choice]
    return ResourceFilters(request.GET, products=products, types=types)


def _export_address(request: PortalRequest, form: str) -> str:
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    return f"{reverse('resources-export', args=[form])}?{query.urlencode()}"


def row_of(request: PortalRequest, resource: Any, items: dict[str, Item]) -> dict[str, Any]:
    """A resource as a line of a list."""
    return {
        "resource": resource,
        "type": type_of(resource.configuration, items),
        "health": resource.health(request.at) if resource.is_running else None,
        "actions": actions_of(request, resource),
        "is_expired": resource.is_running and resource.is_expired(request.at),
    }


def _figures(own: QuerySet[Resource], at: datetime) -> list[dict[str, Any]]:
    """The cards: how many are in which condition, each leading to those."""
    counts = own.aggregate(
        **{str(health): Count("pk", filter=of_health(health, at)) for health in Health.values},
        trash=Count("pk", filter=Q(state=State.SUSPENSE)),
        auto=Count("pk", filter=Q(state__in=sorted(RUNNING)) & RENEWALS["auto"]),
    )
    labels = {
        Health.GOOD: _("Good"),
        Health.WARNING: _("5 to 15 days left"),
        Health.ALERT: _("Under 5 days left"),
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
@portal_page(may="order")
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
        case "auto_renew":
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
