"""
Announcing auto-renewals: in the morning, before the first try, with the price and what is missing in the wallet.

Told is what the try will meet as far as anybody knows: the same resources in the same order, priced by the same function,
taken from the wallet as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.models import BillingMode, Customer
from invoices.models import Invoice
from kernel.money import round_half_up
from kernel.periods import local_day, minutes_between, start_of_day
from lifecycle.models import Resource
from notifications.models import Notice
from notifications.services import notice_of, tell_all
from orders.services.renewal import HORIZON, Due, announced_by, customers_within, due_of, ranges_of_customers, take
from payments.services.wallet import Wallet, wallets_of

TRIED_AT = time(8)
"""When renewals are tried, in the billing zone."""


def announce_renewals(*, at: datetime) -> int:
    """
    Tell each customer what the renewal at an end of paid time will cost: once, and again before a try at another price;
    returns how many were due.
    """
    due = Resource.objects.due_for_auto_renew(at, within=HORIZON)
    count = 0
    for bounds in list(ranges_of_customers(due)):
        if customers := customers_within(due, *bounds):
            count += _announce_to(customers, at=at)
    return count


@transaction.atomic
def _announce_to(customer_ids: Sequence[UUID], *, at: datetime) -> int:
    customers = {
        customer.pk: customer
        for customer in Customer.objects.filter(pk__in=customer_ids, billing_mode=BillingMode.PREPAID)
    }
    wallets = wallets_of(list(customers))
    due_today = due_of(
        Resource.objects.due_for_auto_renew(at, within=HORIZON).filter(customer__in=customers), customers, at
    )
    before = _last_invoices(due_today)
    tell_all(
        notice_of(
            customers[due.resource.customer_id],
            Notice.Kind.AUTO_RENEW_ANNOUNCED,
            due.resource.pk,
            *announced_by(due),
            at=at,
            **_facts(due, wallets, before.get(due.resource.pk), at),
        )
        for due in due_today
    )
    return len(due_today)


def _facts(due: Due, wallets: dict[UUID, Wallet], last: Invoice | None, at: datetime) -> dict[str, object]:
    available = wallets.get(due.resource.customer_id, Wallet()).available
    code, lacking = take(due, wallets)
    return {
        "resource": due.resource.name,
        "product": str(due.resource.product_id),
        "configuration": due.resource.configuration,
        "auto_renew": True,
        "paid_until": due.paid_until,
        "from": due.period.starts_at,
        "until": due.period.ends_at,
        "first_try": _next_try(at),
        "try": due.marks[1],
        "total": due.charge.total if due.charge else 0,
        "total_before": _price_before(due, last),
        "available": available,
        "reason_code": code,
        "shortfall": lacking,
    }


def _last_invoices(due_today: Sequence[Due]) -> dict[UUID, Invoice]:
    """The invoice of the time that ends, for each resource that has one."""
    ends = Invoice.objects.filter(
        customer__in={due.resource.customer_id for due in due_today},
        resource__in=[due.resource.pk for due in due_today],
        kind=Invoice.Kind.PREPAID,
        covered_until=F("resource__paid_until"),
    )
    return {invoice.resource_id: invoice for invoice in ends.order_by("issued_at") if invoice.resource_id}


def _price_before(due: Due, last: Invoice | None) -> int:
    """What the next period would cost at the price of the one that ends, if that was lower; else 0."""
    if due.charge is None or last is None:
        return 0
    minutes = minutes_between(last.period_start, last.period_end)
    before = round_half_up(last.subtotal * due.period.minutes, minutes) if minutes else 0
    is_rounding = due.charge.subtotal - before <= len(due.charge.lines)  # each line was rounded by itself
    return 0 if is_rounding else before


def _next_try(at: datetime) -> datetime:
    today = start_of_day(local_day(at), TRIED_AT)
    return today if at < today else start_of_day(local_day(at) + timedelta(days=1), TRIED_AT)
