"""
The month-end run: every postpaid customer with usage in an ended month, in chunks that any number of workers claim.

A chunk is one transaction. It is claimed by a row lock, so a killed worker gives it back by dying; what is billed is
derived from the usage and guarded by unique keys, so running twice, late or five times at once writes the same rows.

A run is planned when nobody holds a resource that has usage to come in it, and it is closed only when looking again finds
nothing unbilled: what committed meanwhile gets chunks of its own.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nlargest
from math import inf
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import BillingMode, Customer
from accounts.services import record_audit
from invoices.models import BillingChunk, BillingRun, Invoice, ParkedBilling
from invoices.services.issue import Draft, issue_invoices
from invoices.services.usage import draft_usage, unbilled_periods
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.periods import CalendarMonth
from kernel.ranges import ranges_of
from lifecycle.models import ServicePeriod
from lifecycle.services.sweeps import end_paid_time

logger = logging.getLogger(__name__)

CHUNK_RESOURCES = 500
"""Small: whoever waits for the disk, for a number or for a customer waits for one chunk at most. 2,000 would be a sixth faster."""
LOOKS = 3
"""So often one worker looks for what is left; if there is more still, the next hour goes on."""
Progress = Callable[[int], None]


class MonthNotOver(DomainError):
    code = "month-not-over"
    message = _("%(month)s is not over yet: it is billed when it has ended.")


class NotParked(DomainError):
    code = "not-parked"
    message = _("This bill is not held back any more.")


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run would bill: invoices, VND in total, and the customers whose bill changes most: (customer, before, now)."""

    month: str
    invoices: int
    total: int
    top_movers: list[tuple[Customer, int, int]]
    held_back: list[tuple[Customer, int]]


def bill_ended_months(
    *, actor: Actor, at: datetime, until: float = inf, planned: Callable[[BillingRun], None] = lambda run: None
) -> list[BillingRun]:
    """
    Run every month that has ended and is not billed yet, the earliest first; what failed stays parked.

    :param until: as for `run_month_end`
    :param planned: told of each run before its chunks are worked on, so that others can be called to help
    """
    end_paid_time(actor=actor, at=at)  # the first usage ever may be what rolls over
    runs = []
    for month in unbilled_months(at):
        planned(plan_run(month, actor=actor, at=at))
        runs.append(run_month_end(month, actor=actor, at=at, until=until))
    return runs


def unbilled_months(at: datetime) -> list[CalendarMonth]:
    """Ended months without a finished run, from the first usage on."""
    first = ServicePeriod.objects.filter(billing_mode=BillingMode.POSTPAID).aggregate(at=Min("starts_at"))["at"]
    if first is None:
        return []
    finished = set(BillingRun.objects.exclude(state=BillingRun.State.RUNNING).values_list("month", flat=True))
    months = []
    month = CalendarMonth.of(first)
    while month < CalendarMonth.of(at):
        if month.key not in finished:
            months.append(month)
        month = month.following
    return months


def run_month_end(
    month: CalendarMonth, *, actor: Actor, at: datetime, until: float = inf, progress: Progress | None = None
) -> BillingRun:
    """
    Plan the run if nobody has, then work on its chunks until none is left to claim.

    :param until: on the machine's monotonic clock; then no further chunk is claimed, and the run may still be running
    :raises MonthNotOver: the month has not ended at `at`
    """
    run = plan_run(month, actor=actor, at=at)
    for _look in range(LOOKS):
        while time.monotonic() < until and (done := work_on_next_chunk(run, at=at)) is not None:
            if progress:
                progress(done)
        run, more = _close_or_plan_more(run, at=at)
        if not more or time.monotonic() >= until:
            break
    return run


def plan_run(month: CalendarMonth, *, actor: Actor, at: datetime) -> BillingRun:
    """
    The run of `month` with its chunks; one that is closed opens again when something of the month is unbilled.

    Who plans at the same time waits for the first and gets the same run. The caller holds nothing.
    """
    if at < month.period.ends_at:
        raise MonthNotOver(month=month.key)
    end_paid_time(actor=actor, at=at)  # resources that rolled over within the month have usage in it
    return _plan(month, at=at)


@transaction.atomic
def _plan(month: CalendarMonth, *, at: datetime) -> BillingRun:
    BillingRun.objects.bulk_create([BillingRun(month=month.key, started_at=at)], ignore_conflicts=True)
    run = BillingRun.objects.select_for_update().get(month=month.key)
    usage = ServicePeriod.objects.filter(billing_mode=BillingMode.POSTPAID).overlapping(month.period)
    if run.state == BillingRun.State.RUNNING and not run.chunks.exists():
        _plan_chunks(run, usage)
    elif run.state != BillingRun.State.RUNNING and _plan_chunks(run, _left(run)):
        run.state, run.finished_at = BillingRun.State.RUNNING, None
        run.save()
    return run


def _left(run: BillingRun) -> QuerySet[ServicePeriod]:
    """Usage of the month that is neither billed nor held back."""
    parked = run.parked.filter(state=ParkedBilling.State.PARKED)
    return unbilled_periods(CalendarMonth.parse(run.month).period).exclude(customer__in=parked.values("customer"))


def _plan_chunks(run: BillingRun, usage: QuerySet[ServicePeriod]) -> int:
    """Chunks for whoever has this usage; returns how many. A range that begins as an earlier one did is that one again."""
    chunks = [BillingChunk(run=run, first=first, last=last) for first, last in _ranges(usage)]
    BillingChunk.objects.bulk_create(
        chunks,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["run", "first"],
        update_fields=["last", "state"],
    )
    return len(chunks)


def work_on_next_chunk(run: BillingRun, *, at: datetime) -> int | None:
    """Claim a chunk and bill it, in one transaction; returns how many invoices it made, None when none is left to claim."""
    with transaction.atomic():
        chunk = (
            BillingChunk.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(run=run, state=BillingChunk.State.PENDING)
            .order_by("pk")
            .first()
        )
        if chunk is None:
            return None
        month = CalendarMonth.parse(run.month)
        customers = list(
            Customer.objects.select_for_update(no_key=True)
            .filter(pk__gte=chunk.first, pk__lte=chunk.last)
            .order_by("pk")
        )
        try:
            with transaction.atomic():
                billed = _bill(run, month, customers, at=at)
        except Exception:  # whatever it is, it may not stop the others
            logger.exception("chunk %s of %s: billing its customers one by one", chunk.pk, run)
            billed = _bill_one_by_one(run, month, customers, at=at)
        chunk.state, chunk.finished_at = BillingChunk.State.DONE, at
        chunk.invoices += len(billed)
        chunk.total += sum(draft.charge.total for draft in billed)
        chunk.attempts += 1
        chunk.save()
        return len(billed)


def finish_run(run: BillingRun, *, at: datetime) -> BillingRun:
    """
    Close the run when all of its chunks are done and nothing of the month is left.

    Otherwise another worker is still busy and closes it, or there are more chunks now.
    """
    return _close_or_plan_more(run, at=at)[0]


@transaction.atomic
def _close_or_plan_more(run: BillingRun, *, at: datetime) -> tuple[BillingRun, int]:
    run = BillingRun.objects.select_for_update().get(pk=run.pk)
    if run.state != BillingRun.State.RUNNING or run.chunks.exclude(state=BillingChunk.State.DONE).exists():
        return run, 0
    if more := _plan_chunks(run, _left(run)):
        return run, more
    parked = run.parked.filter(state=ParkedBilling.State.PARKED).exists()
    run.state = BillingRun.State.PARKED if parked else BillingRun.State.DONE
    run.finished_at = at
    run.save()
    return run, 0


def dry_run(month: CalendarMonth, *, movers: int = 10) -> Forecast:
    """
    What the run of `month` would bill now, without writing anything. An unfinished month is priced up to its end.

    Read range by range, as the run does it: the memory that it takes does not grow with the number of customers.
    """
    invoices = total = 0
    moves: list[tuple[Customer, int, int]] = []
    held: list[tuple[Customer, int]] = []
    usage = ServicePeriod.objects.filter(billing_mode=BillingMode.POSTPAID).overlapping(month.period)
    for first, last in _ranges(usage):
        customers = list(Customer.objects.filter(pk__gte=first, pk__lte=last).order_by("pk"))
        drafts = _drafts(month, customers)
        totals = _totals(drafts)
        before, usual = _totals_of(month.previous, list(totals)), _usual_totals(list(totals), month)
        billed = [customer for customer in customers if customer.pk in totals]
        moves += [(customer, before.get(customer.pk, 0), totals[customer.pk]) for customer in billed]
        moves = nlargest(movers, moves, key=lambda move: abs(move[2] - move[1]))
        held += [
            (customer, totals[customer.pk])
            for customer in billed
            if _is_outlier(totals[customer.pk], usual.get(customer.pk))
        ]
        invoices += len(drafts)
        total += sum(totals.values())
    return Forecast(month.key, invoices, total, moves, held)


@transaction.atomic
def release(parked_id: int, *, reason: str, actor: Actor, at: datetime) -> ParkedBilling:
    """
    Staff have looked at a bill that was held back: issue it now.

    :raises NotParked: somebody released it before
    :raises DomainError, DatabaseError: it fails again, and stays parked
    """
    customer = Customer.objects.lock(ParkedBilling.objects.values_list("customer", flat=True).get(pk=parked_id))
    parked = ParkedBilling.objects.select_for_update(of=("self",)).select_related("run").get(pk=parked_id)
    if parked.state != ParkedBilling.State.PARKED:
        raise NotParked
    parked.state = ParkedBilling.State.RELEASED
    parked.save()
    month = CalendarMonth.parse(parked.run.month)
    issue_invoices(_drafts(month, [customer]), Invoice.Kind.USAGE, at=at)
    parked.state = ParkedBilling.State.BILLED
    parked.save()
    record_audit("release parked bill", parked, actor=actor, at=at, reason=reason, customer=customer)
    if not parked.run.parked.filter(state=ParkedBilling.State.PARKED).exists():
        BillingRun.objects.filter(pk=parked.run_id, state=BillingRun.State.PARKED).update(state=BillingRun.State.DONE)
    return parked


def _bill(run: BillingRun, month: CalendarMonth, customers: Sequence[Customer], *, at: datetime) -> list[Draft]:
    """Bill these customers, but hold back who is far above the usual amount."""
    drafts = _drafts(month, customers)
    totals = _totals(drafts)
    usual = _usual_totals(list(totals), month)
    held = {pk: total for pk, total in totals.items() if _is_outlier(total, usual.get(pk))}
    for pk, total in held.items():
        _park(run, pk, f"{total} VND, usually {usual[pk]} VND", total, at=at)
    billed = [draft for draft in drafts if draft.customer.pk not in held]
    issue_invoices(billed, Invoice.Kind.USAGE, at=at)
    return billed


def _bill_one_by_one(
    run: BillingRun, month: CalendarMonth, customers: Sequence[Customer], *, at: datetime
) -> list[Draft]:
    """After a failure: whoever fails is parked with the reason, the others are billed."""
    billed: list[Draft] = []
    for customer in customers:
        try:
            with transaction.atomic():
                billed += _bill(run, month, [customer], at=at)
        except Exception as failure:
            logger.exception("customer %s is parked in the run of %s", customer.pk, run)
            _park(run, customer.pk, f"{type(failure).__name__}: {failure}"[:500], None, at=at)
    return billed


def _drafts(month: CalendarMonth, customers: Sequence[Customer]) -> list[Draft]:
    """The month's unbilled usage of customers that follow each other by id."""
    if not customers:
        return []
    scope = Q(customer__gte=customers[0].pk, customer__lte=customers[-1].pk)
    return draft_usage(customers, scope, month.period, month.key)


def _totals(drafts: Sequence[Draft]) -> Counter[UUID]:
    """Customer -> VND."""
    totals: Counter[UUID] = Counter()
    for draft in drafts:
        totals[draft.customer.pk] += draft.charge.total
    return totals


def _park(run: BillingRun, customer_id: UUID, reason: str, total: int | None, *, at: datetime) -> None:
    row = ParkedBilling(run=run, customer_id=customer_id, reason=reason, expected_total=total, at=at)
    ParkedBilling.objects.bulk_create([row], ignore_conflicts=True)


def _ranges(usage: QuerySet[ServicePeriod]) -> Iterator[tuple[UUID, UUID]]:
    """Ranges of customers with this usage, of about CHUNK_RESOURCES resources each."""
    counted = usage.values("customer").annotate(resources=Count("resource", distinct=True)).order_by("customer")
    sizes = counted.values_list("customer", "resources").iterator(chunk_size=10_000)
    return ranges_of(sizes, at_most=CHUNK_RESOURCES)


def _usual_totals(customer_ids: Sequence[UUID], month: CalendarMonth) -> dict[UUID, int]:
    """The average of each customer's usage bills over the three months before."""
    keys = [month.previous, month.previous.previous, month.previous.previous.previous]
    by_month: dict[UUID, list[int]] = defaultdict(list)
    since = keys[-1].period.ends_at - timedelta(days=1)
    rows = (
        Invoice.objects.filter(
            customer__in=customer_ids,
            kind=Invoice.Kind.USAGE,
            issued_at__gte=since,
            period_key__in=[key.key for key in keys],
        )
        .values_list("customer", "period_key")
        .annotate(total=Sum("total"))
    )
    for customer_id, _key, total in rows:
        by_month[customer_id].append(total)
    return {customer_id: sum(totals) // len(totals) for customer_id, totals in by_month.items()}


def _totals_of(month: CalendarMonth, customer_ids: Sequence[UUID]) -> dict[UUID, int]:
    rows = Invoice.objects.filter(customer__in=customer_ids, kind=Invoice.Kind.USAGE, period_key__startswith=month.key)
    return dict(rows.values_list("customer").annotate(total=Sum("total")))


def _is_outlier(total: int, usual: int | None) -> bool:
    """Far above: more than the setting's multiple of the usual bill, and not just small change. New customers have no usual."""
    return usual is not None and total > settings.OUTLIER_FLOOR and total > settings.OUTLIER_FACTOR * usual


def progress_of(run: BillingRun) -> dict[str, int]:
    """Chunks by state. A chunk in work is one that is pending and that somebody holds."""
    counts = Counter(run.chunks.values_list("state", flat=True))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM invoices_billingchunk WHERE run_id = %s AND state = 'pending' FOR UPDATE SKIP LOCKED) free",
            [run.pk],
        )
        free = cursor.fetchone()[0]
    pending = counts[BillingChunk.State.PENDING]
    return {
        "planned": free,
        "running": pending - free,
        "done": counts[BillingChunk.State.DONE],
        "parked": run.parked.filter(state=ParkedBilling.State.PARKED).count(),
    }
