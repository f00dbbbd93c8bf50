"""Reads what the life-and-bill ruler of a resource shows."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from invoices.models import Invoice
from kernel.display import money
from lifecycle.models import Resource, ResourceEvent, ServicePeriod, State
from notifications.events import Subject, event_key
from notifications.models import Notice
from orders.models import Order
from orders.ruler import Fact, Ruler, Stretch, draw, stretches
from payments.models import PocTime

LATE = timedelta(hours=1)
"""The sweep that ends the grace runs every minute, but not to the minute."""
TAIL = timedelta(days=2)
"""How long a deleted resource's end is shown."""


def ruler_of(
    resource: Resource,
    *,
    events: list[ResourceEvent],
    periods: list[ServicePeriod],
    invoices: list[Invoice],
    poc_times: list[PocTime],
    orders: list[Order],
    notices: list[Notice],
    at: datetime,
) -> Ruler:
    """`events` in order of time; `invoices` with their credit notes read ahead."""
    service = _service(resource, events, at)
    cover = sorted([*_cover(invoices, periods, at), *_poc_cover(poc_times)], key=lambda stretch: stretch.starts_at)
    running = [one for one in service if one.kind == "active" or (one.kind == "stop" and _stop_is_billed(resource))]
    facts = [*_order_facts(orders), *_invoice_facts(invoices), *_notice_facts(notices)]
    drawn = draw(service, cover, facts, billable=running, now=at, grace=_grace(resource))
    for stretch in drawn.cover:
        if stretch.kind == "grace":
            stretch.label = str(_("days of grace: renewed now, the next period begins where the last one ended"))
    return drawn


def _grace(resource: Resource) -> timedelta:
    """How long a prepaid resource may run on after its paid time: the product's grace, or what a switch leaves."""
    if not resource.is_prepaid:
        return timedelta(0)
    return timedelta(days=max(resource.product.grace_days, settings.RENEWAL_WINDOW_DAYS)) + LATE


def notices_about(resource: Resource) -> list[Notice]:
    """What was told about one resource: events name it."""
    told = Notice.objects.to_customers().filter(customer=resource.customer_id)
    return list(told.filter(event__startswith=event_key(Subject.RESOURCE, resource.pk)).order_by("-id")[:100])


def _service(resource: Resource, events: list[ResourceEvent], at: datetime) -> list[Stretch]:
    changes: list[tuple[datetime, str]] = [(resource.created_at, State.NEW.value)]
    changes += [(event.at, event.to_state) for event in events if event.from_state and event.to_state]
    until = resource.changed_at + TAIL if resource.state == State.DELETED else at
    merged: list[Stretch] = []
    for start, end, state in stretches(changes, until=until):
        if merged and merged[-1].kind == state:
            merged[-1].ends_at = end
        else:
            merged.append(Stretch(start, end, state, str(State(state).label)))
    return merged


def _cover(invoices: list[Invoice], periods: list[ServicePeriod], at: datetime) -> list[Stretch]:
    found = []
    for invoice in sorted((one for one in invoices if not one.is_late), key=lambda one: one.period_start):
        kind = "unpaid" if invoice.due else "paid"
        word = _("to pay") if invoice.due else _("paid")
        if invoice.covered_until > invoice.period_start:
            label = f"{invoice.number}: {word}, {money(invoice.total)}"
            found.append(Stretch(invoice.period_start, invoice.covered_until, kind, label))
        if invoice.covered_until < invoice.period_end:
            label = _("%(number)s: no longer covered, %(amount)s credited") % {
                "number": invoice.number,
                "amount": money(invoice.credited),
            }
            found.append(Stretch(invoice.covered_until, invoice.period_end, "credited", label))
    billed = max((invoice.covered_until for invoice in invoices), default=None)
    for period in periods:
        start = max(period.starts_at, billed) if billed else period.starts_at
        end = min(period.ends_at or at, at)
        if period.billing_mode == "postpaid" and start < end:
            found.append(Stretch(start, end, "open", _("used, billed after the end of the month")))
    return found


def _poc_cover(poc_times: list[PocTime]) -> list[Stretch]:
    return [
        Stretch(time.starts_at, time.covered_until, "paid", f"{_('Paid with POC credit')}: {money(time.kept)}")
        for time in poc_times
        if time.covered_until > time.starts_at
    ]


def _stop_is_billed(resource: Resource) -> bool:
    return resource.is_prepaid or not resource.product.stopped_time_is_free


def _order_facts(orders: list[Order]) -> list[Fact]:
    return [
        Fact(
            order.created_at, "order", f"{_('Order')}: {order.get_action_display()}", reverse("order", args=[order.pk])
        )
        for order in orders
    ]


def _invoice_facts(invoices: list[Invoice]) -> list[Fact]:
    facts = []
    for invoice in invoices:
        url = reverse("invoice", args=[invoice.pk])
        facts.append(
            Fact(invoice.issued_at, "invoice", f"{_('Invoice')} {invoice.number}, {money(invoice.total)}", url)
        )
        for note in invoice.credit_notes.all():
            text = _("Refund by credit note %(number)s, %(amount)s") % {
                "number": note.number,
                "amount": money(note.amount),
            }
            facts.append(Fact(note.issued_at, "refund", text, url))
    return facts


def _notice_facts(notices: list[Notice]) -> list[Fact]:
    return [Fact(notice.at, "notice", f"{_('Notice')}: {notice.get_kind_display()}") for notice in notices]
