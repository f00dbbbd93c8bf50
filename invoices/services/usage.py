"""
Billing usage: the same function for one resource that is deleted and for the month end of a hundred thousand.

What is billed is derived, never remembered: usage is the resource's postpaid service periods, and the part before the
`covered_until` of its latest usage invoice has been billed. What was used of metered items goes on the same invoice; where all
time of the month is billed already, as it always is where it was paid ahead, on one of its own, once the month is closed (see
`metered`).
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
from catalog.models import Item
from catalog.pricing import Charge, Line, price_line
from catalog.queries import NoPrice, PriceBook
from catalog.taxes import Taxes
from invoices.models import IN_PAID_TIME, Invoice, ParkedBilling
from invoices.services.issue import Billed, Draft
from invoices.services.less import Less
from invoices.services.metered import Change, changes
from kernel.periods import CalendarMonth, Period, truncate
from lifecycle.models import Resource, ServicePeriod
from lifecycle.models.history import ServicePeriodQuerySet
from usage.queries import closed_through

LATE = "/late/"
Quantities = tuple[tuple[UUID, Decimal], ...]
Segment = tuple[Quantities, Period]


@dataclass(slots=True)
class Usage:
    """
    One resource in service, from its first to its last minute: what was configured when and is not billed, in order of time.
    `is_paid_ahead`: it is prepaid by now, or all of its time was paid ahead; of that only what is metered is billed.
    """

    resource: Billed
    customer_id: UUID
    service: Period
    is_paid_ahead: bool
    segments: list[Segment] = field(default_factory=list)

    @property
    def unbilled(self) -> Period:
        return Period(self.segments[0][1].starts_at, self.segments[-1][1].ends_at) if self.segments else self.service


@dataclass(slots=True)
class Drafted:
    """What can be billed or is to be credited, and the usage for which a price is missing, with the item that lacks it."""

    drafts: list[Draft] = field(default_factory=list)
    credits: list[Less] = field(default_factory=list)
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


def draft_usage(
    customers: Iterable[Customer], scope: Q, window: Period, key: str, *, with_uses: bool = True
) -> Drafted:
    """
    Price the usage within `window`, a part of one month, that is neither billed nor held back.

    One draft per resource with usage. `scope` is a filter on `resource` or `customer`; `customers` are the ones that it can
    reach. Without `with_uses` it is about time alone, and not about what is metered.
    """
    by_id = {customer.pk: customer for customer in customers}
    found = Drafted()
    present = _in_service(scope, window)
    month = CalendarMonth.of(window.starts_at)
    through = closed_through(month)
    resources = [usage.resource.pk for usage in present] if with_uses else []
    taxes = Taxes.read()
    changed = changes(resources, by_id.keys(), window, through=through, cuts=taxes.cuts(window))
    book: PriceBook | None = None
    for usage in present:
        customer, is_late = by_id[usage.customer_id], not usage.segments
        mine = [] if is_late and through is None else changed.get(usage.resource.pk, [])
        if not usage.segments and not mine:
            continue
        book = book or PriceBook(by_id.keys(), taxes=taxes)
        try:
            lines = [
                *price_usage(book, customer, usage.segments),
                *_price_changes(book, customer, mine, usage.unbilled),
            ]
        except NoPrice as lacking:
            found.unpriced.append((usage, lacking))
            continue
        if lines:
            called = f"{month.key}{IN_PAID_TIME if usage.is_paid_ahead else LATE}{through}" if is_late else key
            found.drafts.append(Draft(customer, usage.resource, called, usage.unbilled, Charge(lines), is_late=is_late))
        if through is not None:
            found.credits += [
                Less(customer, usage.resource.pk, month, one.item_id, tuple(one.too_much(month.period)))
                for one in mine
                if one.more < 0
            ]
    return found


def _price_changes(book: PriceBook, customer: Customer, changed: Iterable[Change], period: Period) -> Iterator[Line]:
    for change in changed:
        if change.more > 0:
            yield from change.lines(book, customer, period)


def price_usage(book: PriceBook, customer: Customer, segments: Iterable[Segment]) -> Iterator[Line]:
    """A line per item and stretch of unchanged configuration and price."""
    for quantities, segment in segments:
        for item, quantity in quantities:
            for component, stretch in book.stretches(item, quantity, customer.pk, segment, customer.language):
                yield price_line(component, stretch)


def unbilled_periods(window: Period) -> QuerySet[ServicePeriod]:
    """Postpaid service within `window` that is not held back and whose last minute there no invoice covers."""
    return not_covered(in_service(window).filter(billing_mode=BillingMode.POSTPAID), window)


def not_covered(usage: QuerySet[ServicePeriod], window: Period) -> QuerySet[ServicePeriod]:
    """Of postpaid service, what reaches into `window` without an invoice that covers its last minute there."""
    end = Least(Coalesce("ends_at", Value(window.ends_at)), Value(window.ends_at))
    billed = Invoice.objects.filter(
        resource=OuterRef("resource"),
        kind=Invoice.Kind.USAGE,
        is_late=False,
        period_start__lt=window.ends_at,
        covered_until__gte=OuterRef("used_until"),
    )
    return usage.annotate(used_until=end).filter(~Exists(billed))


def billed_afterwards() -> ServicePeriodQuerySet:
    """Service of which something is billed when it is over: postpaid time, and what is metered, whoever paid for the time."""
    metered = Item.objects.filter(kind=Item.Kind.METERED).values("product")
    return ServicePeriod.objects.filter(Q(billing_mode=BillingMode.POSTPAID) | Q(resource__product__in=metered))


def in_service(window: Period) -> QuerySet[ServicePeriod]:
    """What is billed afterwards of a part of a month, but for what of the month waits for staff."""
    held = ParkedBilling.objects.holding(CalendarMonth.of(window.starts_at).key)
    usage = billed_afterwards().overlapping(window)
    whole = held.filter(resource=None, customer=OuterRef("customer"))
    return usage.filter(~Exists(whole), ~Exists(held.filter(resource=OuterRef("resource"))))


def _billed_until(scope: Q, *, before: datetime) -> dict[UUID, datetime]:
    """
    Up to when the usage of each resource has been invoiced, by invoices that begin before `before`.

    A later month may have been billed while an earlier one is held back, so later invoices say nothing here.
    """
    invoices = Invoice.objects.filter(scope, kind=Invoice.Kind.USAGE, is_late=False, period_start__lt=before)
    return dict(invoices.values_list("resource").annotate(until=Max("covered_until")))


def _in_service(scope: Q, window: Period) -> Sequence[Usage]:
    """What was in service within `window`, by resource, in order of customer, resource and time, with what no invoice covers."""
    billed = _billed_until(scope, before=window.ends_at)
    rows = (
        in_service(window)
        .filter(scope)
        .order_by("customer", "resource", "starts_at")
        .annotate(text=Cast("configuration", TextField()), tags=Cast("resource__tags", TextField()))
        .values_list(
            "resource",
            "customer",
            "resource__name",
            "resource__product",
            "tags",
            "resource__billing_mode",
            "billing_mode",
            "text",
            "starts_at",
            "ends_at",
        )
    )
    found: list[Usage] = []
    for resource_id, customer_id, name, product_id, tags, now, mode, configuration, starts_at, ends_at in rows.iterator(
        chunk_size=10_000
    ):
        start, end = max(starts_at, window.starts_at), min(ends_at or window.ends_at, window.ends_at)
        if not found or found[-1].resource.pk != resource_id:
            resource = Billed(resource_id, name, product_id, tags)
            found.append(Usage(resource, customer_id, Period(start, end), is_paid_ahead=True))
        else:
            found[-1].service = Period(found[-1].service.starts_at, end)
        if mode == BillingMode.PREPAID:
            continue
        found[-1].is_paid_ahead = now == BillingMode.PREPAID
        start = max(start, billed.get(resource_id, start))
        if start < end:
            found[-1].segments.append((quantities_of(configuration), Period(start, end)))
    return found


@lru_cache(maxsize=10_000)
def quantities_of(configuration: str) -> Quantities:
    """Many resources are configured alike: what they have in common is read once."""
    return tuple((UUID(entry["item"]), Decimal(entry["quantity"])) for entry in json.loads(configuration))
