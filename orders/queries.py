"""What keeping everything as it is will cost: the price of a resource's next time, and what the days ahead ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Customer
from catalog.configuration import Chosen
from catalog.pricing import price
from catalog.queries import NoPrice, PriceBook
from invoices.models import Invoice
from kernel.periods import Period
from lifecycle.models import Resource
from lifecycle.models.terms import next_try
from orders.models import Order, OrderItem
from orders.models.orders import OrderState as State
from store.cut import Cut, cut

MOST_PRICED = 1_000
"""So many ends are priced for one page; beyond it the page says that these are the first."""


def month_price(
    configuration: Iterable[Chosen],
    book: PriceBook,
    customer: Customer,
    *,
    at: datetime,
    months: int | None = 1,
    taxed_at: datetime | None = None,
) -> int | None:
    """
    What `months` of a configuration cost this customer at the prices of `at`, tax included; None without a price.

    :param months: that are paid ahead; None: one, billed as it is used

    :param taxed_at: when it will be paid, if not at `at`
    """
    try:
        components = book.components(configuration, customer_id=customer.pk, at=at, taxed_at=taxed_at, months=months)
    except NoPrice:
        return None
    return price(components, Period.of_months(months or 1, starting=at)).total


@dataclass(frozen=True, slots=True)
class Coming:
    """An amount that a coming day asks for: a renewal (automatic or by hand) or an open invoice. None: not to be priced."""

    at: datetime
    amount: int | None
    resource: Resource | None = None
    invoice: Invoice | None = None

    @property
    def is_automatic(self) -> bool:
        return self.resource is not None and self.resource.auto_renew_months is not None


@dataclass(frozen=True, slots=True)
class Runway:
    """What comes up to `until`, the earliest first; `left_out` ends beyond those that were priced."""

    until: datetime
    coming: list[Coming]
    left_out: int

    @property
    def needed(self) -> int:
        return sum(one.amount or 0 for one in self.coming)

    def short_at(self, available: int) -> datetime | None:
        """The first instant that asks for more than is there then; None when it is enough for all."""
        for one in self.coming:
            available -= one.amount or 0
            if available < 0:
                return one.at
        return None


def runway_of(customer: Customer, *, at: datetime, until: datetime) -> Runway:
    """
    What has to be paid to keep everything running until then: every end once, by its auto-renewal or else one month by hand,
    and every open invoice on its due date (at once when it is overdue).
    """
    ends = cut(_ending(customer, at, until), MOST_PRICED)
    invoices = _invoices(customer, until)
    due = [Coming(max(invoice.due_at, at), invoice.due, invoice=invoice) for invoice in invoices]
    coming = sorted([*_renewals(ends, customer, at), *due], key=lambda one: one.at)
    return Runway(until, coming, ends.more + invoices.more)


def _ending(customer: Customer, at: datetime, until: datetime) -> QuerySet[Resource]:
    ending = Resource.objects.on_paid_time().filter(customer=customer, paid_until__gt=at, paid_until__lt=until)
    return ending.order_by("paid_until", "pk")


def _renewals(ends: Cut[Resource], customer: Customer, at: datetime) -> list[Coming]:
    resources = ends.rows
    if not resources:
        return []
    book, known = PriceBook([customer.pk]), {}
    found = []
    for resource in resources:
        assert resource.paid_until is not None
        months = resource.auto_renew_months or 1
        paid_at = next_try(resource.paid_until, at=at) if resource.auto_renew_months else resource.paid_until
        key = (str(resource.configuration), months, book.taxes.era(paid_at))
        if key not in known:
            known[key] = month_price(resource.configuration, book, customer, at=at, months=months, taxed_at=paid_at)
        found.append(Coming(resource.paid_until, known[key], resource=resource))
    return found


def _invoices(customer: Customer, until: datetime) -> Cut[Invoice]:
    due = Invoice.objects.open().filter(customer=customer, due_at__lt=until).order_by("due_at", "pk")
    return cut(due, MOST_PRICED)


def failed_items(order_id: UUID) -> dict[str, str]:
    """Why the items of an order were not provided whose money went back to the wallet, by what their refund is named by."""
    refunded = OrderItem.objects.filter(order=order_id, state=OrderItem.State.REFUNDED)
    return {str(pk): reason for pk, reason in refunded.values_list("pk", "reason")}


def has_never_ordered(customer: Customer) -> bool:
    """Whether no order of the customer has ever been paid for, or carried out as postpaid; what failed and was refunded is none."""
    came_to_nothing = [State.AWAITING_PAYMENT, State.CANCELLED, State.EXPIRED, State.REFUNDED]
    return not Order.objects.filter(customer=customer).exclude(state__in=came_to_nothing).exists()
