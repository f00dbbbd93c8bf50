"""
Staff switch a customer between prepaid and postpaid: rehearsed first, then carried out as rehearsed, or not at all.

A switch is an act for two (`orders.acts`): days may lie between the rehearsal and the yes of a second person. What is confirmed
is therefore what becomes of each resource and what it consists of, which says what it will cost; amounts and days left, which
differ from one minute to the next, are not.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import BillingMode, BillingModeSwitch, Customer, StaffAct
from accounts.services import record_audit
from catalog.models import Commitment
from catalog.pricing import price
from catalog.queries import NoPrice, PriceBook
from invoices.models import Invoice, ParkedBilling
from invoices.services.exits import bill_usage_until
from kernel import display
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.periods import CalendarMonth, Period, local_day, minutes_between, truncate
from kernel.shapes import Json
from lifecycle.models import Resource, ResourceEvent
from lifecycle.services.record import record_event
from lifecycle.services.running import cut_periods
from lifecycle.services.sweeps import end_paid_time
from notifications.models import Notice
from notifications.services import tell
from orders.audit import Did
from orders.models import OrderItem


class ModeAlready(DomainError):
    code = "mode-already"
    message = _("The customer is %(mode)s already.")


class OrdersOpen(DomainError):
    code = "orders-open"
    message = _("%(count)s orders of this customer are still open. Wait until they are done, or cancel them.")


class Committed(DomainError):
    code = "committed"
    message = _("The customer has committed to a spend a month until %(month)s. End that first.")


class PlanChanged(DomainError):
    code = "plan-changed"
    message = _("Something has changed since the rehearsal: %(what)s. Please look at the new plan and confirm again.")


class Becomes(models.TextChoices):
    """What a switch makes of a resource."""

    STAYS_IN_TRASH = "stays_in_trash", _("stays in the trash")
    ROLLS_OVER = "rolls_over", _("rolls over into postpaid usage at the end of its paid time")
    POSTPAID_NOW = "postpaid_now", _("is postpaid at once, from the end of its paid time on")
    TO_BE_PAID = "to_be_paid", _("usage is invoiced; a paid period must be bought within the renewal window")
    EXPIRES_AGAIN = "expires_again", _("does not roll over any more: it expires at the end of its paid time")
    STAYS = "stays", _("stays as it is")


THIRTY_DAYS = timedelta(days=30)


def rehearse_switch(customer: Customer, to_mode: str, *, at: datetime) -> Json:
    """
    The plan of a switch, as JSON: it is carried out, looked at, and undone. So it shows what will happen, to the đồng.

    :raises ModeAlready, Committed, OrdersOpen: see `switch_billing_mode`
    """
    with transaction.atomic():
        held = Customer.objects.lock_open(customer.pk)
        plan = _carry_out(held, to_mode, actor=Actor.job("rehearsal"), at=at)
        transaction.set_rollback(True)
    return plan


@transaction.atomic
def switch_billing_mode(act: StaffAct, *, actor: Actor, at: datetime) -> BillingModeSwitch:
    """
    Switch the customer of an act for two, as it was rehearsed: its facts name the mode, and what was `confirmed`.

    To postpaid: running resources keep their paid time and roll over into usage at its end; auto-renew goes off. To
    prepaid: usage is invoiced up to now, and each running resource gets the renewal window to be paid for.

    :raises PlanChanged: today's plan is another one than was rehearsed
    :raises ModeAlready: nothing to switch
    :raises OrdersOpen: orders are under way that were placed under the old mode
    """
    assert act.customer_id is not None
    customer, to_mode = Customer.objects.lock_open(act.customer_id), act.facts["to_mode"]
    came_from = customer.billing_mode
    plan = _carry_out(customer, to_mode, actor=actor, at=at)
    if what := _differences(act.facts["confirmed"], confirmed(plan)):
        raise PlanChanged(what=", ".join(what))
    switch = BillingModeSwitch.objects.create(
        act=act,
        customer=customer,
        from_mode=came_from,
        to_mode=to_mode,
        reason=act.reason,
        plan=plan,
        actor=actor.name,
        at=at,
    )
    record_audit(
        Did.SWITCH_BILLING_MODE,
        customer.pk,
        actor=actor,
        at=at,
        reason=act.reason,
        customer=customer,
        to_mode=str(to_mode),
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


CONFIRMED = ("name", "paid_until", "becomes", "auto_renew_ends", "configuration")


def confirmed(plan: Json) -> dict[str, list[object]]:
    """What of a plan is carried out exactly or not at all: what each resource is and becomes, by its id."""
    return {row["id"]: [row[fact] for fact in CONFIRMED] for row in plan["resources"]}


def _differences(rehearsed: dict[str, list[object]], today: dict[str, list[object]]) -> list[str]:
    """The names of the resources with which something else happens today."""
    others = [pk for pk in rehearsed | today if rehearsed.get(pk, [])[1:] != today.get(pk, [])[1:]]
    return sorted(str((today.get(pk) or rehearsed[pk])[0]) for pk in others)


def _carry_out(customer: Customer, to_mode: str, *, actor: Actor, at: datetime) -> Json:
    """Switch a customer who is held; returns what came of it. What is due under the old mode happens under the old mode."""
    _refuse(customer, to_mode, at)
    end_paid_time(actor=actor, at=at, customer_id=customer.pk)
    before = _resources_of(customer)
    open_invoices = list(Invoice.objects.open().filter(customer=customer).order_by("issued_at", "number"))
    earlier = list(_issued(customer, at).values_list("pk", flat=True))
    customer.billing_mode = to_mode  # for what follows; the row follows from the switch
    resources = Resource.objects.lock_all([pk for pk, resource in before.items() if resource.is_running])
    for resource in resources:
        resource.customer = customer
        if to_mode == BillingMode.POSTPAID:
            _let_roll_over(resource, actor=actor, at=at)
        else:
            _make_prepaid(resource, actor=actor, at=at)
    if to_mode == BillingMode.POSTPAID:
        _bill_grace_of_ended_months(resources, actor=actor, at=at)
    issued = _issued(customer, at).exclude(pk__in=earlier).order_by()
    invoiced = dict(issued.values("resource").annotate(sum=Sum("total")).values_list("resource", "sum"))
    after = _resources_of(customer)
    plan: Json = {
        "to_mode": str(to_mode),
        "open_invoices": [{"number": invoice.number, "due": invoice.due} for invoice in open_invoices],
        "resources": [_what_became(was, after[pk], at) for pk, was in before.items()],
    }
    for row, pk in zip(plan["resources"], before, strict=True):
        row["invoiced"] = invoiced.get(pk, 0)
    to_postpaid = to_mode == BillingMode.POSTPAID
    plan["invoiced_now"] = sum(invoiced.values())
    held_back = ParkedBilling.objects.filter(customer=customer, resource__in=before, at=at)
    plan["held_back"] = sorted(set(held_back.values_list("resource__name", flat=True)))
    running = [resource for resource in before.values() if resource.is_running]
    plan["month_end_estimate"] = _month_end_estimate(customer, running, at) if to_postpaid else None
    plan["thirty_days"] = _cost(customer, {resource: Period(at, at + THIRTY_DAYS) for resource in running}, at)
    plan["renewal_window_until"] = None if to_postpaid else _window_end(at).isoformat()
    return plan


def _refuse(customer: Customer, to_mode: str, at: datetime) -> None:
    """:raises ModeAlready, Committed, OrdersOpen:"""
    if customer.billing_mode == to_mode:
        raise ModeAlready(mode=customer.get_billing_mode_display())
    if lasting := Commitment.objects.lasting(local_day(at)).filter(customer=customer).order_by("-ends_on").first():
        raise Committed(month=display.month(lasting.last_month))
    open_items = OrderItem.objects.open().filter(customer=customer).count()
    if open_items:
        raise OrdersOpen(count=open_items)


def _resources_of(customer: Customer) -> dict[UUID, Resource]:
    rows = Resource.objects.not_deleted().filter(customer=customer).select_related("product").order_by("pk")
    return {resource.pk: resource for resource in rows}


def _issued(customer: Customer, at: datetime) -> QuerySet[Invoice]:
    return Invoice.objects.filter(customer=customer, issued_at=at)


def _what_became(was: Resource, is_now: Resource, at: datetime) -> Json:
    end = was.paid_until
    return {
        "id": str(was.pk),
        "name": was.name,
        "state": was.state,
        "paid_until": end.isoformat() if end else None,
        "paid_days_left": max(minutes_between(at, end) // 1440, 0) if end else None,
        "becomes": _becomes(was, is_now).value,
        "auto_renew_ends": was.auto_renew_months is not None and is_now.auto_renew_months is None,
        "configuration": was.configuration,
    }


def _becomes(was: Resource, is_now: Resource) -> Becomes:
    if not was.is_running:
        return Becomes.STAYS_IN_TRASH
    if was.is_prepaid and not is_now.is_prepaid:
        return Becomes.POSTPAID_NOW
    if is_now.is_prepaid and not was.is_prepaid:
        return Becomes.TO_BE_PAID
    if is_now.rolls_over != was.rolls_over:
        return Becomes.ROLLS_OVER if is_now.rolls_over else Becomes.EXPIRES_AGAIN
    return Becomes.STAYS


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


def _month_end_estimate(customer: Customer, running: list[Resource], at: datetime) -> int:
    """
    What the first month-end will bill if nothing else changes: usage from the end of paid time to the month's end.

    For a resource in grace that end lies behind; what of it lies in an earlier month is invoiced at the switch.
    """
    month = CalendarMonth.of(at).period
    starts = {
        resource: max(month.starts_at, resource.paid_until) if resource.paid_until else truncate(at)
        for resource in running
    }
    return _cost(
        customer, {one: Period(start, month.ends_at) for one, start in starts.items() if start < month.ends_at}, at
    )


def _cost(customer: Customer, used: dict[Resource, Period], at: datetime) -> int:
    """Of resources over a time each, as they are and at today's prices."""
    book = PriceBook([customer.pk])
    total = 0
    for resource, period in used.items():
        with suppress(NoPrice):  # its bill will wait for one
            components = book.components(
                resource.configuration, customer_id=customer.pk, at=at, taxed_at=period.last_minute
            )
            total += price(components, period).total
    return total
