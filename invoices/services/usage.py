"""
Billing postpaid usage: the same function for one resource that is deleted and for the month end of a hundred thousand.

What is billed is derived, never remembered: usage is the resource's postpaid service periods, and the part before the
`covered_until` of its latest usage invoice has been billed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Max

from accounts.models import BillingMode, Customer
from catalog.pricing import Charge, Line, price_line
from catalog.queries import PriceBook
from invoices.models import Invoice
from invoices.services.issue import Draft, issue_invoices, issued_notice
from kernel.periods import CalendarMonth, Period, truncate
from lifecycle.models import Resource, ServicePeriod
from notifications.models import Notice
from notifications.services import tell_all


def bill_usage_until(resource: Resource, *, at: datetime) -> list[UUID]:
    """
    Invoice all usage of one resource that is not billed yet, up to `at`: one invoice per calendar month.

    The caller holds the customer and has ended the usage at `at` (deletion, switch of billing mode).
    """
    until = truncate(at)
    first = (
        resource.periods.filter(billing_mode=BillingMode.POSTPAID)
        .order_by("starts_at")
        .values_list("starts_at", flat=True)
        .first()
    )
    if first is None:
        return []
    start = max(first, billed_until([resource.pk], before=until).get(resource.pk, first))
    invoices: list[UUID] = []
    month = CalendarMonth.of(start)
    while month.period.starts_at < until:
        whole = month.period
        key = month.key if until >= whole.ends_at else f"{month.key}/{until:%Y-%m-%dT%H:%MZ}"
        window = Period(whole.starts_at, min(whole.ends_at, until))
        invoices += issue_usage([resource.customer], [resource], window, key, at=at)
        month = month.following
    return invoices


def issue_usage(
    customers: Iterable[Customer], resources: Collection[Resource], window: Period, key: str, *, at: datetime
) -> list[UUID]:
    """Invoice the unbilled usage of `resources` within `window`, one invoice each, with its notice."""
    drafts = draft_usage(customers, resources, window, key)
    ids = issue_invoices(drafts, Invoice.Kind.USAGE, at=at)
    tell_all(issued_notice(draft, pk, Notice.Kind.INVOICE_ISSUED, at=at) for draft, pk in zip(drafts, ids, strict=True))
    return ids


def draft_usage(
    customers: Iterable[Customer], resources: Collection[Resource], window: Period, key: str
) -> list[Draft]:
    """
    Price the unbilled usage of `resources` within `window`; resources without any are left out.

    :raises NoPrice: an item was in use at a time for which no price is known
    """
    by_id = {customer.pk: customer for customer in customers}
    segments = _segments(resources, window)
    if not segments:
        return []
    book = PriceBook(by_id.keys())
    drafts = []
    for resource in resources:
        used = segments.get(resource.pk)
        if not used:
            continue
        customer = by_id[resource.customer_id]
        lines = list(price_usage(book, customer, used))
        period = Period(used[0][1].starts_at, used[-1][1].ends_at)
        drafts.append(Draft(customer, resource, key, period, Charge(lines)))
    return drafts


def price_usage(
    book: PriceBook, customer: Customer, segments: Iterable[tuple[list[dict[str, object]], Period]]
) -> Iterator[Line]:
    """A line per item and stretch of unchanged configuration and price."""
    for configuration, segment in segments:
        for entry in configuration:
            item, quantity = UUID(str(entry["item"])), Decimal(str(entry["quantity"]))
            for stretch in book.stretches(item, customer.pk, segment):
                yield price_line(
                    book.component(item, quantity, customer.pk, stretch.starts_at, customer.language), stretch
                )


def billed_until(resource_ids: Collection[UUID], *, before: datetime) -> dict[UUID, datetime]:
    """
    Up to when the usage of each resource has been invoiced, by invoices that begin before `before`.

    A later month may have been billed while an earlier one is held back, so later invoices say nothing here.
    """
    rows = (
        Invoice.objects.filter(resource__in=resource_ids, kind=Invoice.Kind.USAGE, period_start__lt=before)
        .values_list("resource")
        .annotate(until=Max("covered_until"))
    )
    return dict(rows)


def _segments(
    resources: Collection[Resource], window: Period
) -> dict[UUID, Sequence[tuple[list[dict[str, object]], Period]]]:
    """Unbilled usage within `window`: (configuration, period), in order of time, by resource."""
    ids = [resource.pk for resource in resources]
    billed = billed_until(ids, before=window.ends_at)
    rows = (
        ServicePeriod.objects.filter(resource__in=ids, billing_mode=BillingMode.POSTPAID)
        .overlapping(window.starts_at, window.ends_at)
        .order_by("resource", "starts_at")
        .values_list("resource", "configuration", "starts_at", "ends_at")
    )
    found: dict[UUID, list[tuple[list[dict[str, object]], Period]]] = defaultdict(list)
    for resource_id, configuration, starts_at, ends_at in rows:
        start = max(starts_at, window.starts_at, billed.get(resource_id, window.starts_at))
        end = min(ends_at or window.ends_at, window.ends_at)
        if start < end:
            found[resource_id].append((configuration, Period(start, end)))
    return dict(found)
