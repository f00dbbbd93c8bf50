"""Staff switch a customer between prepaid and postpaid: rehearsed first, then carried out as rehearsed, or not at all."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import BillingMode, BillingModeSwitch, Customer
from accounts.services import record_audit
from catalog.pricing import price
from catalog.queries import NoPrice, PriceBook
from invoices.models import Invoice
from invoices.services.exits import bill_usage_until, foresee_exit
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.periods import CalendarMonth, Period, minutes_between, truncate
from lifecycle.models import Resource, ResourceEvent
from lifecycle.services.record import record_event
from lifecycle.services.running import cut_periods
from lifecycle.services.sweeps import end_paid_time
from notifications.models import Notice
from notifications.services import tell
from orders.models import OrderItem


class ModeAlready(DomainError):
    code = "mode-already"
    message = _("The customer is %(mode)s already.")


class OrdersOpen(DomainError):
    code = "orders-open"
    message = _("%(count)s orders of this customer are still open. Wait until they are done, or cancel them.")


class PlanChanged(DomainError):
    code = "plan-changed"
    message = _("Something has changed since the rehearsal. Please look at the new plan and confirm again.")


def plan_switch(customer: Customer, to_mode: str, *, at: datetime) -> dict[str, Any]:
    """
    The rehearsal, as JSON: open invoices, what each resource will become, and what it means in money.

    :raises ModeAlready: nothing to switch
    :raises OrdersOpen: orders are under way that were placed under the old mode
    """
    if customer.billing_mode == to_mode:
        raise ModeAlready(mode=customer.get_billing_mode_display())
    open_items = OrderItem.objects.open().filter(customer=customer).count()
    if open_items:
        raise OrdersOpen(count=open_items)
    resources = list(Resource.objects.not_deleted().filter(customer=customer).select_related("product").order_by("pk"))
    open_invoices = Invoice.objects.open().filter(customer=customer).order_by("issued_at", "number")
    plan: dict[str, Any] = {
        "to_mode": to_mode,
        "open_invoices": [{"number": invoice.number, "due": invoice.due} for invoice in open_invoices],
        "resources": [_becomes(resource, to_mode, at) for resource in resources],
    }
    plan["digest"] = hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()
    plan["month_end_estimate"] = (
        _month_end_estimate(customer, resources, at) if to_mode == BillingMode.POSTPAID else None
    )
    invoiced, held = _invoiced_now(customer, resources, at)
    plan["invoiced_now"] = invoiced if to_mode == BillingMode.PREPAID else None
    plan["held_back"] = held if to_mode == BillingMode.PREPAID else []
    plan["renewal_window_until"] = _window_end(at).isoformat() if to_mode == BillingMode.PREPAID else None
    return plan


@transaction.atomic
def switch_billing_mode(
    customer_id: UUID, to_mode: str, *, reason: str, digest: str | None = None, actor: Actor, at: datetime
) -> BillingModeSwitch:
    """
    Switch, as rehearsed: `digest` is the plan's; None carries out today's plan.

    To postpaid: running resources keep their paid time and roll over into usage at its end; auto-renew goes off. To
    prepaid: usage is invoiced up to now, and each running resource gets the renewal window to be paid for.

    :raises InvalidInput: no reason
    :raises PlanChanged: today's plan is another one than was rehearsed
    :raises ModeAlready, OrdersOpen: see `plan_switch`
    """
    if not reason.strip():
        raise InvalidInput(_("Say why the billing mode is switched."), field="reason")
    customer = Customer.objects.lock(customer_id)
    # What is due under the old mode happens under the old mode.
    end_paid_time(actor=actor, at=at, customer_id=customer.pk)
    plan = plan_switch(customer, to_mode, at=at)
    if digest is not None and digest != plan["digest"]:
        raise PlanChanged
    came_from = customer.billing_mode
    customer.billing_mode = to_mode
    customer.save(update_fields=["billing_mode"])
    running = Resource.objects.running().filter(customer=customer).values_list("pk", flat=True)
    resources = Resource.objects.lock_all(list(running))
    for resource in resources:
        resource.customer = customer
        if to_mode == BillingMode.POSTPAID:
            _let_roll_over(resource, actor=actor, at=at)
        else:
            _make_prepaid(resource, actor=actor, at=at)
    if to_mode == BillingMode.POSTPAID:
        _bill_grace_of_ended_months(resources, actor=actor, at=at)
    switch = BillingModeSwitch.objects.create(
        customer=customer,
        from_mode=came_from,
        to_mode=to_mode,
        reason=reason.strip(),
        plan=plan,
        actor=actor.name,
        at=at,
    )
    record_audit(
        "switch billing mode", customer.pk, actor=actor, at=at, reason=reason, customer=customer, to_mode=str(to_mode)
    )
    tell(
        customer,
        Notice.Kind.BILLING_MODE_SWITCHED,
        customer.pk,
        switch.pk,
        at=at,
        mode=str(to_mode),
        renewal_window_until=plan["renewal_window_until"],
    )
    return switch


def _becomes(resource: Resource, to_mode: str, at: datetime) -> dict[str, Any]:
    if not resource.is_running:
        becomes = "stays in the trash"
    elif to_mode == BillingMode.POSTPAID and resource.is_prepaid:
        becomes = "rolls over into postpaid usage at the end of its paid time"
    elif to_mode == BillingMode.PREPAID and not resource.is_prepaid:
        becomes = "usage is invoiced; a paid period must be bought within the renewal window"
    else:
        becomes = "stays as it is"
    return {
        "id": str(resource.pk),
        "name": resource.name,
        "state": resource.state,
        "paid_until": resource.paid_until.isoformat() if resource.paid_until else None,
        "paid_days_left": max(minutes_between(at, resource.paid_until) // 1440, 0) if resource.paid_until else None,
        "becomes": becomes,
    }


def _let_roll_over(resource: Resource, *, actor: Actor, at: datetime) -> None:
    if not resource.is_prepaid:
        return
    resource.auto_renew_months = None
    resource.rolls_over = True
    resource.suspend_at = resource.paid_until
    resource.save()
    record_event(resource, ResourceEvent.Kind.CONVERTED, actor=actor, at=at)


def _bill_grace_of_ended_months(resources: list[Resource], *, actor: Actor, at: datetime) -> None:
    """
    Resources in grace roll over at once, from the end of their paid time.

    When that lies in a month whose run is over, nobody else would bill the days in it.
    """
    month_start = CalendarMonth.of(at).period.starts_at
    late = [resource for resource in resources if resource.is_expired(at)]
    if late:
        end_paid_time(actor=actor, at=at, customer_id=late[0].customer_id)
    for resource in late:
        if resource.paid_until and resource.paid_until < month_start:
            bill_usage_until(resource, until=month_start, at=at)


def _make_prepaid(resource: Resource, *, actor: Actor, at: datetime) -> None:
    if resource.is_prepaid:  # bought before an earlier switch, and its paid time is not over: it expires again
        resource.be_paid_until(resource.paid_until, grace=resource.product.grace)
        resource.save()
        return
    cut_periods(resource, at=at)
    bill_usage_until(resource, until=at, at=at)
    resource.billing_mode = BillingMode.PREPAID
    resource.be_paid_until(truncate(at))
    resource.suspend_at = _window_end(at)
    resource.save()
    record_event(resource, ResourceEvent.Kind.CONVERTED, actor=actor, at=at)


def _window_end(at: datetime) -> datetime:
    return truncate(at) + timedelta(days=settings.RENEWAL_WINDOW_DAYS)


def _month_end_estimate(customer: Customer, resources: list[Resource], at: datetime) -> int:
    """
    What the first month-end will bill if nothing else changes: usage from the end of paid time to the month's end.

    For a resource in grace that end lies behind; what of it lies in an earlier month is invoiced at the switch.
    """
    month = CalendarMonth.of(at).period
    book = PriceBook([customer.pk])
    total = 0
    for resource in resources:
        start = max(month.starts_at, resource.paid_until) if resource.paid_until else truncate(at)
        if resource.is_running and start < month.ends_at:
            with suppress(NoPrice):  # its bill will wait for one
                components = book.components(resource.configuration, customer_id=customer.pk, at=at)
                total += price(components, Period(start, month.ends_at)).total
    return total


def _invoiced_now(customer: Customer, resources: list[Resource], at: datetime) -> tuple[int, list[str]]:
    """What the switch to prepaid invoices: usage so far, earlier months included; and whose bill will wait for staff."""
    total, held = 0, []
    for resource in resources:
        if resource.is_running and not resource.is_prepaid:
            resource.customer = customer
            found = list(foresee_exit(resource, until=at))
            total += sum(draft.charge.total for month in found for draft in month.bills)
            held += [resource.name for month in found if month.is_held_back][:1]
    return total, held
