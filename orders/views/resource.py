"""One resource: its state, what may be done now, its life and its bills."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.access import PortalRequest, portal_page
from accounts.may import LOOK, May
from budgets.models import Hit
from catalog.configuration import configuration_text, items_of
from catalog.models import Item
from catalog.queries import NoPrice, PriceBook
from catalog.terms import WrongPeriod
from invoices.models import Invoice
from invoices.reports import INVOICES_OF_ONE
from invoices.services.running import running_costs
from kernel.actors import ActorKind
from kernel.periods import Period
from lifecycle.models import Resource, ResourceEvent, ServicePeriod
from lifecycle.services.running import reboot_resource, set_auto_renew, start_resource, stop_resource
from orders.models import OrderItem
from orders.reports import ORDERS_OF_ONE
from orders.views.forms import AutoRenewForm
from orders.views.life import notices_about, ruler_of
from orders.views.lookups import actions_of, own_resource, type_of
from orders.views.present import unit_price
from payments.models import PocTime
from payments.queries import announced_stop_of
from store.cut import cut

LATEST = 50
MOST = 1_000
"""So many rows of each list, when all are asked for."""
"""How much history the page shows of each kind."""

VERBS = {"start": start_resource, "stop": stop_resource, "reboot": reboot_resource}

LOOKS = {
    ResourceEvent.Kind.ORDERED: ("cart", "grey"),
    ResourceEvent.Kind.PROVISIONED: ("play", "green"),
    ResourceEvent.Kind.PROVISIONING_FAILED: ("error", "red"),
    ResourceEvent.Kind.STOPPED: ("pause", "slate"),
    ResourceEvent.Kind.STARTED: ("play", "green"),
    ResourceEvent.Kind.REBOOTED: ("reboot", "slate"),
    ResourceEvent.Kind.RENEWED: ("renew", "blue"),
    ResourceEvent.Kind.RESIZED: ("resize", "blue"),
    ResourceEvent.Kind.RESIZE_FAILED: ("error", "red"),
    ResourceEvent.Kind.EXPIRED: ("trash", "amber"),
    ResourceEvent.Kind.TRASHED: ("trash", "amber"),
    ResourceEvent.Kind.RECOVERED: ("recover", "green"),
    ResourceEvent.Kind.RESTORED: ("recover", "green"),
    ResourceEvent.Kind.DELETED: ("gone", "grey"),
    ResourceEvent.Kind.PURGED: ("gone", "grey"),
    ResourceEvent.Kind.GONE: ("gone", "red"),
    ResourceEvent.Kind.SHORTENED: ("clock", "amber"),
    ResourceEvent.Kind.AUTO_RENEW_CHANGED: ("renew", "slate"),
    ResourceEvent.Kind.CONVERTED: ("settings", "slate"),
    ResourceEvent.Kind.ROLLED_OVER: ("settings", "slate"),
    ResourceEvent.Kind.TAGGED: ("settings", "slate"),
}

WHO = {
    ActorKind.SYSTEM: gettext_lazy("automatically"),
    ActorKind.STAFF: gettext_lazy("our staff"),
    ActorKind.PRODUCT_TEAM: gettext_lazy("the product's team"),
}
"""Others than the customer's own people, who are named."""

LEGEND = [
    ("active", gettext_lazy("running")),
    ("stop", gettext_lazy("stopped")),
    ("suspense", gettext_lazy("in trash, or to pay")),
    ("paid", gettext_lazy("paid")),
    ("open", gettext_lazy("not billed yet")),
    ("grace", gettext_lazy("days of grace")),
    ("credited", gettext_lazy("credited")),
]


@portal_page(LOOK)
def resource(request: PortalRequest, pk: UUID) -> HttpResponse:
    found = own_resource(request, pk)
    most = MOST if "all" in request.GET else LATEST
    all_events = cut(ResourceEvent.objects.filter(resource=found).order_by("-id"), most)
    all_periods = cut(ServicePeriod.objects.filter(resource=found).order_by("-starts_at"), most)
    documents = Invoice.objects.filter(resource=found).prefetch_related("credit_notes")
    all_invoices = cut(documents.order_by("-issued_at", "-id"), most)
    all_items = cut(OrderItem.objects.filter(resource=found).select_related("order").order_by("-order_id"), most)
    events, periods, invoices, own_items = all_events.rows, all_periods.rows, all_invoices.rows, all_items.rows
    orders = [item.order for item in own_items]
    items = items_of([found.configuration, *(period.configuration for period in periods)])
    poc_times = list(
        PocTime.objects.filter(resource=found).select_related("grant").order_by("-starts_at", "-id")[:most]
    )
    expired = found.is_running and found.is_expired(request.at)
    running = running_costs(request.customer, at=request.at, by="resource", only=[found.pk])
    facts: dict[str, object] = {
        "resource": found,
        "more": {
            "events": all_events.more,
            "periods": all_periods.more,
            "invoices": all_invoices.more,
            "orders": all_items.more,
        },
        "type": type_of(found.configuration, items),
        "actions": actions_of(request, found),
        "health": found.health(request.at) if found.is_running else None,
        "is_expired": expired,
        "may_switch_off": expired and found.auto_renew_months and May.ORDER in request.rights,
        "parts": _parts(request, found, items),
        "auto_renew": AutoRenewForm({"months": found.auto_renew_months or 0}),
        "periods": [(period, configuration_text(period.configuration, items), _minutes(period)) for period in periods],
        "invoices": invoices,
        "invoice_columns": INVOICES_OF_ONE,
        "orders": orders,
        "order_columns": ORDERS_OF_ONE,
        "open_order": next((order for order in orders if not order.has_ended), None),
        "events": [_told(event) for event in events],
        "ruler_legend": LEGEND,
        "cap_stands": found.stopped_for_cap
        and Hit.objects.in_force(request.at).filter(budget=found.stopped_for_cap).exists(),
        "running": running.of.get(found.pk),
        "uses": running.uses,
        "poc_times": poc_times,
        "runs_on_poc": found.is_running and any(_ends_with(time, found, request.at) for time in poc_times),
    }
    if May.VIEW_BILLING in request.rights:
        facts["warning"] = announced_stop_of(found)
        facts["ruler"] = ruler_of(
            found,
            events=events[::-1],
            periods=periods,
            invoices=invoices,
            poc_times=poc_times,
            orders=orders,
            notices=notices_about(found),
            at=request.at,
        )
    return render(request, "orders/resource.html", facts)


@require_POST
@portal_page(does=May.MANAGE_RESOURCES)
def act(request: PortalRequest, pk: UUID, verb: str) -> HttpResponse:
    """Start, stop or reboot."""
    found = own_resource(request, pk)
    VERBS[verb](found.pk, actor=request.actor, at=request.at)
    told = {
        "start": _('"%(name)s" is started.'),
        "stop": _('"%(name)s" is stopped. Its paid time goes on.') if found.is_prepaid else _('"%(name)s" is stopped.'),
        "reboot": _('"%(name)s" is rebooted.'),
    }
    messages.success(request, told[verb] % {"name": found.name})
    return redirect("resource", pk=pk)


@require_POST
@portal_page(does=May.ORDER)
def auto_renew(request: PortalRequest, pk: UUID) -> HttpResponse:
    found = own_resource(request, pk)
    form = AutoRenewForm(request.POST)
    if not form.is_valid():
        raise WrongPeriod(field="months")
    set_auto_renew(found.pk, months=form.value(), actor=request.actor, at=request.at)
    messages.success(request, _("Auto-renew is on.") if form.value() else _("Auto-renew is off."))
    return redirect("resource", pk=pk)


def _parts(request: PortalRequest, found: Resource, items: dict[str, Item]) -> list[dict[str, object]]:
    """The configuration with today's prices for this customer."""
    pks = [items[entry["item"]].pk for entry in found.configuration if entry["item"] in items]
    book = PriceBook([request.customer.pk], pks)
    parts = []
    for entry in found.configuration:
        item = items.get(entry["item"])
        if item is None:
            continue
        try:
            (component,) = book.components([entry], customer_id=request.customer.pk, at=request.at)
            price = unit_price(component.rate)
        except NoPrice:
            price = ""
        parts.append({"item": item, "quantity": entry["quantity"], "price": price})
    return parts


def _ends_with(time: PocTime, found: Resource, at: datetime) -> bool:
    """POC credit has paid the time with which it ends, which lies ahead."""
    return at < time.covered_until == found.paid_until


def _minutes(period: ServicePeriod) -> int | None:
    return Period(period.starts_at, period.ends_at).minutes if period.ends_at else None


def _told(event: ResourceEvent) -> dict[str, object]:
    """An event as the timeline shows it."""
    icon, tone = LOOKS.get(ResourceEvent.Kind(event.kind), ("info", "grey"))
    title = event.get_kind_display()
    why = "" if event.kind == ResourceEvent.Kind.AUTO_RENEW_CHANGED else event.why
    if event.kind == ResourceEvent.Kind.AUTO_RENEW_CHANGED:
        months = int(event.reason) if event.reason.isdigit() else 0
        why = _("by %(months)s months each time") % {"months": months} if months else _("off")
    who = WHO.get(ActorKind(event.actor_kind)) or event.actor
    return {
        "at": event.at,
        "title": title[:1].upper() + title[1:],
        "text": " · ".join(part for part in (why, str(who)) if part),
        "icon": icon,
        "tone": tone,
    }
