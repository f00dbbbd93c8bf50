"""What of a month's usage is on no bill: postpaid time that was or is in use, and what is metered. Read once, priced by who asks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypedDict
from uuid import UUID

from django.db.models import Case, Count, Exists, Expression, F, Max, Min, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Greatest

from accounts.models import BillingMode, Customer
from catalog.models import Item
from catalog.pricing import Line
from catalog.queries import PriceBook
from catalog.taxes import Taxes
from invoices.models import Invoice
from invoices.services.metered import Change, changes, lines_of
from invoices.services.usage import billed_afterwards, not_covered, price_usage, quantities_of
from kernel.periods import CalendarMonth, Period, truncate
from lifecycle.models import ServicePeriod
from usage.models import ClosedMonth
from usage.queries import has_uses

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

Key = UUID | str
"""Of what something costs so much: the id of a product or resource, or what an expression made of it."""
By = Literal["product", "resource"] | Expression
"""An expression is one over rows with a `resource` and its `customer`."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """`count` times the same configuration since the same minute, of a product or resource; until `ends_at`, or on and on."""

    key: Key
    configuration: str
    starts_at: datetime
    ends_at: datetime | None
    count: int = 1

    def lines(self, book: PriceBook, customer: Customer, *, until: datetime) -> list[Line]:
        """
        What one of them costs, line by line, as the month-end run prices it.

        :raises NoPrice:
        """
        end = min(self.ends_at or until, until)
        if self.starts_at >= end:
            return []
        return list(price_usage(book, customer, [(quantities_of(self.configuration), Period(self.starts_at, end))]))


@dataclass(frozen=True, slots=True)
class Use:
    """A metered item of a resource: what was reported, and what it comes to by the month's end, for levels go on."""

    key: Key
    resource_id: UUID
    item_id: UUID
    service: Period
    now: Change | None
    then: Change | None

    def so_far(self, book: PriceBook, customer: Customer, *, at: datetime) -> list[Line]:
        """What was used until now costs, line by line, as it would be billed. :raises NoPrice:"""
        until = min(max(at, self.service.starts_at), self.service.ends_at)
        return list(self.now.lines(book, customer, Period(self.service.starts_at, until))) if self.now else []

    def expected(self, book: PriceBook, customer: Customer) -> list[Line]:
        """The same by the month's end. :raises NoPrice:"""
        return list(self.then.lines(book, customer, self.service)) if self.then else []


@dataclass(frozen=True, slots=True)
class Unbilled:
    """
    Of the month until `at`, as it was known then. `invoiced` is what bills say of the month already, less what was credited.
    """

    month: CalendarMonth
    at: datetime
    invoiced: dict[Key, int]
    stretches: list[Stretch]
    uses: list[Use]


def open_months(customer: Customer, *, at: datetime, scope: Q | None = None) -> list[CalendarMonth]:
    """The present month, and the one before while not all of it is on bills: it is over, and its bills are about to be written, or wait for staff."""
    present = CalendarMonth.of(at)
    month = present.previous
    service = billed_afterwards().filter(Q(customer=customer) & (scope or Q())).overlapping(month.period)
    time = not_covered(service.filter(billing_mode=BillingMode.POSTPAID), month.period)
    use = Q(billing_mode=BillingMode.PREPAID) & ~Q(Exists(ClosedMonth.objects.filter(month=month.key)))
    is_open = service.filter(Q(pk__in=time.values("pk")) | use).exists()
    return [month, present] if is_open else [present]


def unbilled(
    customer: Customer,
    *,
    at: datetime,
    month: CalendarMonth | None = None,
    by: By = "product",
    scope: Q | None = None,
    through: int | None = None,
) -> Unbilled:
    """
    What `customer` used in a month and no bill of it says, of each product or each resource.

    :param month: without it: that of `at`
    :param scope: of what, said of a `resource`; without it: of all
    :param through: as for `usage.queries.used`
    """
    found = unbilled_of([customer.pk], at=at, month=month, by=by, scope=scope, through=through)
    return found[customer.pk]


def unbilled_of(
    customers: Collection[UUID],
    *,
    at: datetime,
    month: CalendarMonth | None = None,
    by: By = "product",
    scope: Q | None = None,
    through: int | None = None,
) -> dict[UUID, Unbilled]:
    """The same for many, each by its id, in as many queries as for one."""
    at = truncate(at)
    month = month or CalendarMonth.of(at)
    theirs = Q(customer__in=list(customers)) & (scope or Q())
    service = billed_afterwards().filter(theirs, starts_at__lte=at).overlapping(month.period)
    found = {pk: Unbilled(month, at, {}, [], []) for pk in customers}
    if not service.exists():  # whoever pays for all of it ahead asks once
        return found
    usage = service.filter(billing_mode=BillingMode.POSTPAID)
    covered: dict[UUID, datetime] = {}
    for owner, key, resource, until, left in _invoiced(theirs, month.period, by, at=at):
        covered[resource] = max(covered.get(resource, until), until)
        invoiced = found[owner].invoiced
        invoiced[key] = invoiced.get(key, 0) + left
    for owner, stretch in _stretches(usage, month.period, by, covered, at=at):
        found[owner].stretches.append(stretch)
    for owner, use in _uses(customers, service, month, by, at=at, through=through):
        found[owner].uses.append(use)
    return found


def _invoiced(
    theirs: Q, month: Period, by: By, *, at: datetime
) -> QuerySet[Invoice, tuple[UUID, Key, UUID, datetime, int]]:
    """(customer, key, resource, covered until, VND) of each usage invoice of the month: of what was deleted or switched in it."""
    # billed after it was used: so the index by day of issue finds them, however long the history is
    usage = Invoice.objects.of_use().filter(theirs, issued_at__gte=month.starts_at, issued_at__lte=at)
    within = usage.filter(period_start__gte=month.starts_at, period_start__lt=month.ends_at)
    return within.values_list("customer", by, "resource", "covered_until", F("total") - F("credited"))


def _stretches(
    usage: QuerySet[ServicePeriod], month: Period, by: By, covered: dict[UUID, datetime], *, at: datetime
) -> Iterator[tuple[UUID, Stretch]]:
    """
    Of the usage in the month that no invoice covers, with the customer whose it is. What ended later than `at` was going on then.
    """
    known = _keyed(usage, by).annotate(
        text=Cast("configuration", TextField()),
        since=Greatest("starts_at", Value(month.starts_at)),
        until=Case(When(ends_at__lte=at, then=F("ends_at"))),
    )
    alike = known.exclude(resource__in=covered).order_by("customer", "key", "since", "text")
    rows = alike.values_list("customer", "key", "text", "since", "until").annotate(Count("pk"))
    for owner, one, text, since, until, count in rows:
        yield owner, Stretch(one, text, since, until, count)
    if covered:
        own = known.filter(resource__in=covered).values_list("customer", "key", "resource", "text", "since", "until")
        for owner, one, resource, text, since, until in own:
            yield owner, Stretch(one, text, max(since, covered[resource]), until)


class Keyed(TypedDict):
    key: Key


def _keyed(usage: QuerySet[ServicePeriod], by: By) -> QuerySet[WithAnnotations[ServicePeriod, Keyed]]:
    """With the `key` of each."""
    paths = {"product": "resource__product", "resource": "resource"}
    return usage.annotate(key=F(paths[by]) if isinstance(by, str) else by)


def with_meters(usage: QuerySet[ServicePeriod], by: By) -> dict[UUID, Key]:
    """The resources of it of which something is metered, with their keys."""
    return dict(_keyed(_metered(usage), by).values_list("resource", "key").distinct())


def _metered(usage: QuerySet[ServicePeriod]) -> QuerySet[ServicePeriod]:
    return usage.filter(resource__product__items__kind=Item.Kind.METERED)


def _uses(
    customers: Collection[UUID],
    service: QuerySet[ServicePeriod],
    month: CalendarMonth,
    by: By,
    *,
    at: datetime,
    through: int | None,
) -> Iterator[tuple[UUID, Use]]:
    billed = lines_of(Q(customer__in=list(customers)), month).values("invoice__resource")
    said = _metered(service).filter(
        Q(has_uses(month)) | Q(resource__in=billed)
    )  # of the others there is nothing to find
    rows = _keyed(said, by).values_list("resource", "customer", "key").distinct()
    keys = {resource: (owner, key) for resource, owner, key in rows}
    if not keys:
        return
    services = _services(service.filter(resource__in=keys), month.period, at=at)
    taxes = Taxes.read()
    until, end = min(at, month.period.ends_at), month.period.ends_at
    now = _changes(keys, customers, Period(month.period.starts_at, until), taxes, at=at, through=through)
    then = _changes(keys, customers, month.period, taxes, at=at, through=through) if until < end else now
    for resource_id, item_id in dict.fromkeys([*now, *then]):
        (owner, key), one = keys[resource_id], (resource_id, item_id)
        yield owner, Use(key, resource_id, item_id, services[resource_id], now.get(one), then.get(one))


def _services(service: QuerySet[ServicePeriod], month: Period, *, at: datetime) -> dict[UUID, Period]:
    """From when to when in the month each resource is in service, as far as is known `at` the time."""
    end = Case(When(ends_at__lte=at, then=F("ends_at")), default=Value(month.ends_at))
    lives = service.order_by().values_list("resource").annotate(since=Min("starts_at"), until=Max(end))
    return {pk: Period(max(since, month.starts_at), min(until, month.ends_at)) for pk, since, until in lives}


def _changes(
    resources: Collection[UUID],
    customers: Collection[UUID],
    window: Period,
    taxes: Taxes,
    *,
    at: datetime,
    through: int | None,
) -> dict[tuple[UUID, UUID], Change]:
    found = changes(resources, customers, window, through=through, known_at=at, cuts=taxes.cuts(window))
    return {(resource_id, one.item_id): one for resource_id, some in found.items() for one in some}
