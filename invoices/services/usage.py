"""
Billing postpaid usage: the same function for one resource that is deleted and for the month end of a hundred thousand.

What is billed is derived, never remembered: usage is the resource's postpaid service periods, and the part before the
`covered_until` of its latest usage invoice has been billed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce, Least

from accounts.models import BillingMode, Customer
from catalog.pricing import Charge, Line, price_line
from catalog.queries import PriceBook
from invoices.models import Invoice
from invoices.services.issue import Billed, Draft, issue_invoices
from kernel.periods import CalendarMonth, Period, truncate
from lifecycle.models import Resource, ServicePeriod

Quantities = tuple[tuple[UUID, Decimal], ...]
Segment = tuple[Quantities, Period]


@dataclass(slots=True)
class Usage:
    """The unbilled usage of one resource: what was configured, and when, in order of time."""

    resource: Billed
    customer_id: UUID
    segments: list[Segment] = field(default_factory=list)


def bill_usage_until(resource: Resource, *, until: datetime, at: datetime) -> list[UUID]:
    """
    Invoice all usage of one resource before `until` that is not billed yet, one invoice per calendar month.

    The caller holds the customer, and no usage before `until` will be added (deletion, switch of billing mode).
    """
    return issue_invoices(draft_usage_until(resource, until=until), Invoice.Kind.USAGE, at=at)


def draft_usage_until(resource: Resource, *, until: datetime) -> list[Draft]:
    """
    What `bill_usage_until` would bill, in order of time.

    :raises NoPrice: see `draft_usage`
    """
    until = truncate(until)
    usage = resource.periods.filter(billing_mode=BillingMode.POSTPAID)
    first = usage.order_by("starts_at").values_list("starts_at", flat=True).first()
    if first is None:
        return []
    only = Q(resource=resource.pk)
    start = max(first, _billed_until(only, before=until).get(resource.pk, first))
    drafts: list[Draft] = []
    month = CalendarMonth.of(start)
    while month.period.starts_at < until:
        whole = month.period
        key = month.key if until >= whole.ends_at else f"{month.key}/{until:%Y-%m-%dT%H:%MZ}"
        window = Period(whole.starts_at, min(whole.ends_at, until))
        drafts += draft_usage([resource.customer], only, window, key)
        month = month.following
    return drafts


def draft_usage(customers: Iterable[Customer], scope: Q, window: Period, key: str) -> list[Draft]:
    """
    Price the unbilled usage within `window` of the resources in `scope`: a filter on `resource` or `customer`.

    One draft per resource with usage. `customers` are the ones that the scope can reach.

    :raises NoPrice: an item was in use at a time for which no price is known
    """
    by_id = {customer.pk: customer for customer in customers}
    used = _unbilled(scope, window)
    if not used:
        return []
    book = PriceBook(by_id.keys())
    drafts = []
    for usage in used:
        customer = by_id[usage.customer_id]
        period = Period(usage.segments[0][1].starts_at, usage.segments[-1][1].ends_at)
        drafts.append(
            Draft(customer, usage.resource, key, period, Charge(list(price_usage(book, customer, usage.segments))))
        )
    return drafts


def price_usage(book: PriceBook, customer: Customer, segments: Iterable[Segment]) -> Iterator[Line]:
    """A line per item and stretch of unchanged configuration and price."""
    for quantities, segment in segments:
        for item, quantity in quantities:
            for component, stretch in book.stretches(item, quantity, customer.pk, segment, customer.language):
                yield price_line(component, stretch)


def unbilled_periods(window: Period) -> QuerySet[ServicePeriod]:
    """Postpaid service within `window` whose last minute there no invoice covers: `draft_usage` would bill some of it."""
    end = Least(Coalesce("ends_at", Value(window.ends_at)), Value(window.ends_at))
    usage = ServicePeriod.objects.filter(billing_mode=BillingMode.POSTPAID).overlapping(window)
    billed = Invoice.objects.filter(
        resource=OuterRef("resource"),
        kind=Invoice.Kind.USAGE,
        period_start__lt=window.ends_at,
        covered_until__gte=OuterRef("used_until"),
    )
    return usage.annotate(used_until=end).filter(~Exists(billed))


def _billed_until(scope: Q, *, before: datetime) -> dict[UUID, datetime]:
    """
    Up to when the usage of each resource has been invoiced, by invoices that begin before `before`.

    A later month may have been billed while an earlier one is held back, so later invoices say nothing here.
    """
    invoices = Invoice.objects.filter(scope, kind=Invoice.Kind.USAGE, period_start__lt=before)
    return dict(invoices.values_list("resource").annotate(until=Max("covered_until")))


def _unbilled(scope: Q, window: Period) -> Sequence[Usage]:
    """Usage within `window` that no invoice covers, by resource, in order of customer, resource and time."""
    billed = _billed_until(scope, before=window.ends_at)
    rows = (
        ServicePeriod.objects.filter(scope, billing_mode=BillingMode.POSTPAID)
        .overlapping(window)
        .order_by("customer", "resource", "starts_at")
        .annotate(text=Cast("configuration", TextField()))
        .values_list("resource", "customer", "resource__name", "resource__product", "text", "starts_at", "ends_at")
    )
    found: list[Usage] = []
    for resource_id, customer_id, name, product_id, configuration, starts_at, ends_at in rows.iterator(
        chunk_size=10_000
    ):
        start = max(starts_at, window.starts_at, billed.get(resource_id, window.starts_at))
        end = min(ends_at or window.ends_at, window.ends_at)
        if start >= end:
            continue
        if not found or found[-1].resource.pk != resource_id:
            found.append(Usage(Billed(resource_id, name, product_id), customer_id))
        found[-1].segments.append((_quantities(configuration), Period(start, end)))
    return found


@lru_cache(maxsize=10_000)
def _quantities(configuration: str) -> Quantities:
    """Many resources are configured alike: what they have in common is read once."""
    return tuple((UUID(entry["item"]), Decimal(entry["quantity"])) for entry in json.loads(configuration))
