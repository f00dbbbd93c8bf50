"""
Bills that are held back for staff: too far above the usual, without a price, or failed.

What is held is held at every door: the month end, deletion and the switch of billing mode all go through `passed_bounds`, and
usage of a month that is held is billed by nobody but `release`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F, Min, Sum
from django.db.models.functions import Left

from invoices.models import BillingRun, Invoice, ParkedBilling
from invoices.services.issue import Draft
from kernel.money import MAXIMUM
from kernel.periods import CalendarMonth, minutes_between

REMEMBERED = timedelta(days=400)
COUNTED_MONTHS = 3
LARGEST = 10**12
"""A line's quantity lies below it, with what was billed of its month before."""
UNHEARD_OF = 10**18
LEFT = Sum(F("total") - F("credited"))
"""Of what was billed: what was credited is no measure of anything."""
LEAST_MINUTES = 24 * 60
"""Of a first month that is shorter nothing can be learned."""
Cause = ParkedBilling.Cause


@dataclass(frozen=True, slots=True)
class Bound:
    """What a customer's bill of a month is compared with: `usual` VND per full month, None for whoever is new."""

    usual: int | None

    def is_passed_by(self, total: int) -> bool:
        """Far above, and not just small change. New customers have a bound of their own."""
        most = settings.OUTLIER_NEW_CUSTOMER if self.usual is None else settings.OUTLIER_FACTOR * self.usual
        return bool(total > max(settings.OUTLIER_FLOOR, most))


def bounds_of(customer_ids: Collection[UUID], month: CalendarMonth) -> dict[UUID, Bound]:
    """
    From the last three months before `month` that were billed: what is held back has not become usual.

    The month in which a customer began counts as if all of it had been like its part.
    """
    held = set(
        ParkedBilling.objects.filter(customer__in=customer_ids, state=ParkedBilling.State.PARKED).values_list(
            "customer", "month"
        )
    )
    billed = (
        Invoice.objects.of_use()
        .filter(
            customer__in=customer_ids,
            issued_at__gte=month.period.starts_at - REMEMBERED,
            period_start__lt=month.period.starts_at,
        )
        .exclude(status=Invoice.Status.VOID)
    )
    by_month = billed.order_by().annotate(month=Left("period_key", 7)).values_list("customer", "month")
    known: dict[UUID, list[tuple[str, int, datetime]]] = defaultdict(list)
    for customer_id, key, total, since in by_month.annotate(total=LEFT, since=Min("period_start")):
        known[customer_id].append((key, total, since))
    bounds = {}
    for customer_id in customer_ids:
        rows = sorted(known.get(customer_id, []))
        counted = [row for row in rows if (customer_id, row[0]) not in held]
        bounds[customer_id] = Bound(_usual(counted, first=rows[0][0] if rows else ""))
    return bounds


def _usual(rows: Sequence[tuple[str, int, datetime]], *, first: str) -> int | None:
    totals = []
    for key, total, since in rows:
        period = CalendarMonth.parse(key).period
        minutes = minutes_between(since, period.ends_at) if key == first else period.minutes
        if minutes >= LEAST_MINUTES:
            totals.append(total * period.minutes // minutes)
    counted = totals[-COUNTED_MONTHS:]
    return sum(counted) // len(counted) if counted else None


def billed_so_far(month: CalendarMonth, customer_ids: Collection[UUID]) -> dict[UUID, int]:
    """VND of the usage of `month` that is on invoices and not credited."""
    rows = Invoice.objects.of_use().filter(customer__in=customer_ids, period_key__startswith=month.key)
    return dict(rows.exclude(status=Invoice.Status.VOID).values_list("customer").annotate(total=LEFT))


def totals_of(drafts: Iterable[Draft]) -> Counter[UUID]:
    """Customer -> VND; what no invoice can say counts as far above whatever is usual."""
    totals: Counter[UUID] = Counter()
    for draft in drafts:
        totals[draft.customer.pk] += draft.charge.total if _can_be_said(draft) else UNHEARD_OF
    return totals


def _can_be_said(draft: Draft) -> bool:
    parts = (line.component for line in draft.charge.lines)
    return draft.charge.total <= MAXIMUM and all(part.before + part.quantity < LARGEST for part in parts)


def passed_bounds(month: CalendarMonth, totals: dict[UUID, int]) -> dict[UUID, Bound]:
    """
    Whose bill of `month`, with what is on invoices already, is far above the usual.

    What staff have looked at and released is not held against what comes after it.
    """
    before, bounds = billed_so_far(month, list(totals)), bounds_of(list(totals), month)
    looked_at = ParkedBilling.objects.filter(
        customer__in=list(totals), month=month.key, cause=Cause.OUTLIER, state=ParkedBilling.State.BILLED
    )
    for pk in looked_at.values_list("customer", flat=True):
        before.pop(pk, None)
    return {pk: bounds[pk] for pk, total in totals.items() if bounds[pk].is_passed_by(total + before.get(pk, 0))}


def hold_back(
    customer_id: UUID,
    month: CalendarMonth,
    cause: ParkedBilling.Cause,
    *,
    resource_id: UUID | None = None,
    reason: str = "",
    total: int | None = None,
    usual: int | None = None,
    at: datetime,
) -> None:
    """
    Usage of `month` waits for staff: of one resource, or all that the customer has. The caller holds the customer.

    What was released before and is held again is the same row.
    """
    run = BillingRun.objects.filter(month=month.key).first()
    facts = {
        "cause": cause,
        "reason": reason[:500],
        "expected_total": None if total is None else min(total, UNHEARD_OF),
        "usual_total": usual,
        "run": run,
        "at": at,
    }
    row, made = ParkedBilling.objects.get_or_create(
        customer_id=customer_id,
        month=month.key,
        resource_id=resource_id,  # type: ignore[misc]  # None: the row without one
        defaults=facts,
    )
    if not made and row.state == ParkedBilling.State.BILLED:
        for name, value in {**facts, "state": ParkedBilling.State.PARKED}.items():
            setattr(row, name, value)
        row.save()
    if run and run.state == BillingRun.State.DONE:
        run.state = BillingRun.State.PARKED
        run.save(update_fields=["state"])
