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
from catalog.queries import NoPrice, PriceBook
from invoices.models import Invoice, ParkedBilling
from invoices.services.issue import Billed, Draft
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


@dataclass(slots=True)
class Drafted:
    """What can be billed, and the usage for which a price is missing, with the item that lacks it."""

    drafts: list[Draft] = field(default_factory=list)
    unpriced: list[tuple[Usage, NoPrice]] = field(default_factory=list)


def draft_usage_until(resource: Resource, *, until: datetime) -> Iterator[tuple[CalendarMonth, Drafted]]:
    """All usage of one resource before `until` that is not billed and not held back, month by month."""
    until = truncate(until)
    usage = resource.periods.filter(billing_mode=BillingMode.POSTPAID)
    first = usage.order_by("starts_at").values_list("starts_at", flat=True).first()
    if first is None:
        return
    only = Q(resource=resource.pk)
    start = max(first, _billed_until(only, before=until).get(resource.pk, first))
    month = CalendarMonth.of(start)
    while month.period.starts_at < until:
        yield month, draft_usage([resource.customer], only, *up_to(month, until))
        month = month.following


def up_to(month: CalendarMonth, until: datetime) -> tuple[Period, str]:
    """The part of `month` before `until`, and the key that names it on an invoice."""
    whole, until = month.period, truncate(until)
    if until >= whole.ends_at:
        return whole, month.key
    return Period(whole.starts_at, until), f"{month.key}/{until:%Y-%m-%dT%H:%MZ}"


def draft_usage(customers: Iterable[Customer], scope: Q, window: Period, key: str) -> Drafted:
    """
    Price the usage within `window`, a part of one month, that is neither billed nor held back.

    One draft per resource with usage. `scope` is a filter on `resource` or `customer`; `customers` are the ones that it can
    reach.
    """
    by_id = {customer.pk: customer for customer in customers}
    found = Drafted()
    used = _unbilled(scope, window)
    if not used:
        return found
    book = PriceBook(by_id.keys())
    for usage in used:
        customer = by_id[usage.customer_id]
        period = Period(usage.segments[0][1].starts_at, usage.segments[-1][1].ends_at)
        try:
            charge = Charge(list(price_usage(book, customer, usage.segments)))
        except NoPrice as lacking:
            found.unpriced.append((usage, lacking))
        else:
            found.drafts.append(Draft(customer, usage.resource, key, period, charge))
    return found


def price_usage(book: PriceBook, customer: Customer, segments: Iterable[Segment]) -> Iterator[Line]:
    """A line per item and stretch of unchanged configuration and price."""
    for quantities, segment in segments:
        for item, quantity in quantities:
            for component, stretch in book.stretches(item, quantity, customer.pk, segment, customer.language):
                yield price_line(component, stretch)


def unbilled_periods(window: Period) -> QuerySet[ServicePeriod]:
    """Postpaid service within `window` that is not held back and whose last minute there no invoice covers."""
    end = Least(Coalesce("ends_at", Value(window.ends_at)), Value(window.ends_at))
    usage = _not_held(window)
    billed = Invoice.objects.filter(
        resource=OuterRef("resource"),
        kind=Invoice.Kind.USAGE,
        period_start__lt=window.ends_at,
        covered_until__gte=OuterRef("used_until"),
    )
    return usage.annotate(used_until=end).filter(~Exists(billed))


def _not_held(window: Period) -> QuerySet[ServicePeriod]:
    """Postpaid service in a part of a month, but for what of the month waits for staff."""
    held = ParkedBilling.objects.holding(CalendarMonth.of(window.starts_at).key)
    usage = ServicePeriod.objects.filter(billing_mode=BillingMode.POSTPAID).overlapping(window)
    whole = held.filter(resource=None, customer=OuterRef("customer"))
    return usage.filter(~Exists(whole), ~Exists(held.filter(resource=OuterRef("resource"))))


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
        _not_held(window)
        .filter(scope)
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
        found[-1].segments.append((quantities_of(configuration), Period(start, end)))
    return found


@lru_cache(maxsize=10_000)
def quantities_of(configuration: str) -> Quantities:
    """Many resources are configured alike: what they have in common is read once."""
    return tuple((UUID(entry["item"]), Decimal(entry["quantity"])) for entry in json.loads(configuration))
