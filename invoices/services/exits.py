"""
Billing usage at the doors by which a resource leaves it: deletion, loss, switch of billing mode.

An exit never waits for master data or for a person: what cannot be priced, or is far above the usual, is held back for
staff, and the resource leaves all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from invoices.models import Invoice
from invoices.services.held import Bound, Cause, hold_back, passed_bounds, totals_of
from invoices.services.issue import Draft, issue_invoices
from invoices.services.usage import draft_usage_until
from kernel.periods import CalendarMonth
from lifecycle.models import Resource


@dataclass(slots=True)
class Exit:
    """What leaving would do with the usage of one month: bill it, or hold it back and why."""

    month: CalendarMonth
    bills: list[Draft] = field(default_factory=list)
    far_above: tuple[int, Bound] | None = None
    lacks_a_price: str | None = None


def foresee_exit(resource: Resource, *, until: datetime) -> Iterator[Exit]:
    """What `bill_usage_until` would do, month by month. Nothing is written."""
    for month, drafted in draft_usage_until(resource, until=until):
        found = Exit(month)
        totals = totals_of(drafted.drafts)
        if drafted.unpriced:
            found.lacks_a_price = drafted.unpriced[0][1].item
        elif bound := passed_bounds(month, totals).get(resource.customer_id):
            found.far_above = (totals[resource.customer_id], bound)
        else:
            found.bills = drafted.drafts
        yield found


def bill_usage_until(resource: Resource, *, until: datetime, at: datetime) -> list[UUID]:
    """
    Invoice all usage of one resource before `until` that is not billed yet, one invoice per calendar month.

    The caller holds the customer, and no usage before `until` will be added.
    """
    bills: list[Draft] = []
    for found in list(foresee_exit(resource, until=until)):
        held = {"resource_id": resource.pk, "at": at}
        if found.lacks_a_price is not None:
            hold_back(resource.customer_id, found.month, Cause.NO_PRICE, reason=found.lacks_a_price, **held)  # type: ignore[arg-type]
        elif found.far_above:
            total, bound = found.far_above
            hold_back(resource.customer_id, found.month, Cause.OUTLIER, total=total, usual=bound.usual, **held)  # type: ignore[arg-type]
        bills += found.bills
    return issue_invoices(bills, Invoice.Kind.USAGE, at=at)
