"""
The month-end run: every customer with usage in an ended month, in chunks that any number of workers claim.

A chunk is one transaction. It is claimed by a row lock, so a killed worker gives it back by dying; what is billed is
derived from the usage and guarded by unique keys, so running twice, late or five times at once writes the same rows.

A run is planned when nobody holds a resource that has usage to come in it, and it is closed only when looking again finds
nothing unbilled: what committed meanwhile gets chunks of its own.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from math import inf
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from catalog.queries import NoPrice
from invoices.audit import Did
from invoices.models import BillingChunk, BillingRun, Invoice, ParkedBilling
from invoices.services.held import Cause, hold_back, passed_bounds, totals_of
from invoices.services.issue import Draft, issue_invoices
from invoices.services.less import Less, take_back
from invoices.services.metered import changed_late
from invoices.services.shortfalls import bill_shortfalls
from invoices.services.usage import Drafted, Usage, billed_afterwards, draft_usage, in_service, unbilled_periods
from kernel.actors import Actor
from kernel.errors import DomainError, noted
from kernel.periods import CalendarMonth
from kernel.ranges import ranges_of
from lifecycle.models import ServicePeriod
from lifecycle.services.sweeps import end_paid_time
from store.bulk import distrust_statistics
from usage.models import ClosedMonth
from usage.queries import closed_through, months_with_more
from usage.services.closing import close_month

logger = logging.getLogger(__name__)

CHUNK_RESOURCES = 500
"""Small: whoever waits for the disk, for a number or for a customer waits for one chunk at most. 2,000 would be a sixth faster."""
LATE_FOR = timedelta(days=settings.USAGE_OLDEST_DAYS + 366)
"""What ended longer ago is not looked at again: nothing is taken of it, and what was is billed, however late a month end came."""
LOOKS = 3
"""So often one worker looks for what is left; if there is more still, the next hour goes on."""
Progress = Callable[[int], None]


class NothingToBill(DomainError):
    code = "nothing-to-bill"
    message = _("There is nothing to bill: what was used is billed already or held back.")


class MonthNotOver(DomainError):
    code = "month-not-over"
    message = _("%(month)s is not over yet: it is billed when it has ended.")


def bill_ended_months(
    *, actor: Actor, at: datetime, until: float = inf, planned: Callable[[BillingRun], None] = lambda run: None
) -> list[BillingRun]:
    """
    Run every month that has ended and is not billed yet, the earliest first; what failed stays parked.

    With them, what was reported late of earlier ones: their runs open again. When all of a month is billed, what lacks to commitments.

    :param until: as for `run_month_end`
    :param planned: told of each run before its chunks are worked on, so that others can be called to help
    """
    end_paid_time(actor=actor, at=at)  # the first usage ever may be what rolls over
    runs = []
    for month in _months_to_run(at):
        run = plan_run(month, actor=actor, at=at)
        planned(run)
        runs.append(_work_off(run, at=at, until=until))
    if not runs:
        bill_shortfalls(unfinished=unbilled_months(at), at=at)
    return runs


def _months_to_run(at: datetime) -> list[CalendarMonth]:
    months = unbilled_months(at)
    late = months_with_more(at - LATE_FOR) if months else []
    return sorted({*months, *late})


def unbilled_months(at: datetime) -> list[CalendarMonth]:
    """Ended months without a finished run, from the first usage on."""
    finished = set(BillingRun.objects.exclude(state=BillingRun.State.RUNNING).values_list("month", flat=True))
    return [month for month in ended_months(at) if month.key not in finished]


def ended_months(at: datetime) -> list[CalendarMonth]:
    """Every month that is over, from the first usage on."""
    first = billed_afterwards().aggregate(at=Min("starts_at"))["at"]
    if first is None:
        return []
    months = []
    month = CalendarMonth.of(first)
    while month < CalendarMonth.of(at):
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
    return _work_off(plan_run(month, actor=actor, at=at), at=at, until=until, progress=progress)


def run_for_staff(month: CalendarMonth, *, reason: str, actor: Actor, at: datetime, until: float) -> BillingRun:
    """
    Staff let an ended month run now: what was interrupted goes on, what is done bills what came after it.

    :raises NothingToBill: it was closed, and nothing of its month came since
    """
    run = plan_run(month, actor=actor, at=at)
    if run.state != BillingRun.State.RUNNING:
        raise NothingToBill
    record_audit(Did.RUN_MONTH_END, run.month, actor=actor, at=at, reason=reason)
    return _work_off(run, at=at, until=until)


def _work_off(run: BillingRun, *, at: datetime, until: float, progress: Progress | None = None) -> BillingRun:
    """Chunk by chunk, then look for what is left; when all of the month is billed, what lacks to commitments."""
    for _look in range(LOOKS):
        while time.monotonic() < until and (done := work_on_next_chunk(run, at=at)) is not None:
            if progress:
                progress(done)
        run, more = _close_or_plan_more(run, at=at)
        if not more or time.monotonic() >= until:
            break
    if run.state != BillingRun.State.RUNNING:
        bill_shortfalls(unfinished=unbilled_months(at), at=at)
    return run


def plan_run(month: CalendarMonth, *, actor: Actor, at: datetime) -> BillingRun:
    """
    The run of `month` with its chunks; one that is closed opens again when something of the month is unbilled.

    Who plans at the same time waits for the first and gets the same run. The caller holds nothing.
    """
    if at < month.period.ends_at:
        raise MonthNotOver(month=month.key)
    end_paid_time(actor=actor, at=at)  # resources that rolled over within the month have usage in it
    return _plan(_open(month, at=at), at=at)


@transaction.atomic
def _open(month: CalendarMonth, *, at: datetime) -> BillingRun:
    """
    In one short transaction the month is closed through what has come, and its run is not finished.

    So whoever is killed afterwards leaves a run that goes on, and nobody takes what is on no bill yet for forgotten. A run that
    still goes on when a further month has ended takes what came late meanwhile along.
    """
    BillingRun.objects.bulk_create([BillingRun(month=month.key, started_at=at)], ignore_conflicts=True)
    run = _held(month.key)
    was_billed = run.state != BillingRun.State.RUNNING
    closed = ClosedMonth.objects.filter(month=month.key).first()
    if was_billed or closed is None or closed.at < CalendarMonth.of(at).period.starts_at:
        close_month(month, was_billed=was_billed, at=at)
        run.state = BillingRun.State.RUNNING
        run.save(update_fields=["state"])
    return run


def _held(month: str) -> BillingRun:
    return BillingRun.objects.select_for_update().get(month=month)


@transaction.atomic
def _plan(run: BillingRun, *, at: datetime) -> BillingRun:
    run = _held(run.month)
    month = CalendarMonth.parse(run.month)
    ParkedBilling.objects.filter(month=run.month, run=None).update(run=run)  # held at a door, before there was a run
    if run.chunks.exists():
        return _close_or_plan_more(run, at=at)[0]
    distrust_statistics()
    _plan_chunks(run, billed_afterwards().overlapping(month.period))
    return run


def _left(run: BillingRun) -> QuerySet[ServicePeriod]:
    """Usage of the month that is neither billed nor held back: time, and what was reported late."""
    month = CalendarMonth.parse(run.month)
    unbilled, through = unbilled_periods(month.period), closed_through(month)
    late = changed_late(month, through=through) if through is not None else []
    if not late:
        return unbilled
    again = in_service(month.period).filter(resource__in=late)
    return ServicePeriod.objects.filter(Q(pk__in=unbilled.values("pk")) | Q(pk__in=again.values("pk")))


def _plan_chunks(run: BillingRun, usage: QuerySet[ServicePeriod]) -> int:
    """Chunks for whoever has this usage; returns how many. A range that begins as an earlier one did is that one again."""
    chunks = [BillingChunk(run=run, first=first, last=last) for first, last in ranges_with(usage)]
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
                billed, credits = _bill(month, customers, at=at)
                for less in credits:
                    take_back(less, at=at)
        except Exception:  # whatever it is, it may not stop the others
            logger.exception("chunk %s of %s: billing its customers one by one", chunk.pk, run)
            billed = _bill_one_by_one(run, month, customers, at=at)
        chunk.state, chunk.finished_at = BillingChunk.State.DONE, at
        chunk.invoices += len(billed)
        chunk.total += sum(draft.charge.total for draft in billed)
        chunk.attempts += 1
        chunk.save()
        return len(billed)


@transaction.atomic
def _close_or_plan_more(run: BillingRun, *, at: datetime) -> tuple[BillingRun, int]:
    run = _held(run.month)
    if run.state != BillingRun.State.RUNNING or run.chunks.exclude(state=BillingChunk.State.DONE).exists():
        return run, 0
    distrust_statistics()
    more = _plan_chunks(run, _left(run))
    if more:
        run.finished_at = None
    else:
        parked = ParkedBilling.objects.holding(run.month).exists()
        run.state = BillingRun.State.PARKED if parked else BillingRun.State.DONE
        run.finished_at = run.finished_at or at
    run.save()
    return run, more


def _bill(month: CalendarMonth, customers: Sequence[Customer], *, at: datetime) -> tuple[list[Draft], list[Less]]:
    """
    Bill these customers, but hold back who is far above the usual amount, and what has no price.

    What is to be credited is returned: numbers of credit notes are taken after those of invoices.
    """
    drafted = drafts_of(month, customers)
    for usage, lacking in drafted.unpriced:
        hold_unpriced(month, usage, lacking, at=at)
    totals = totals_of(drafted.drafts)
    held = passed_bounds(month, totals)
    for pk, bound in held.items():
        hold_back(pk, month, Cause.OUTLIER, total=totals[pk], usual=bound.usual, at=at)
    billed = [draft for draft in drafted.drafts if draft.customer.pk not in held]
    issue_invoices(billed, Invoice.Kind.USAGE, at=at)
    return billed, [less for less in drafted.credits if less.customer.pk not in held]


def hold_unpriced(month: CalendarMonth, usage: Usage, lacking: NoPrice, *, at: datetime) -> None:
    hold_back(usage.customer_id, month, Cause.NO_PRICE, resource_id=usage.resource.pk, reason=lacking.item, at=at)


def _bill_one_by_one(
    run: BillingRun, month: CalendarMonth, customers: Sequence[Customer], *, at: datetime
) -> list[Draft]:
    """After a failure: whoever fails is parked with the reason, the others are billed, and then credited."""
    billed: list[Draft] = []
    credits: list[Less] = []
    for customer in customers:
        with _parked_if_it_fails(run, month, customer, at=at):
            drafts, theirs = _bill(month, [customer], at=at)
            billed += drafts
            credits += theirs
    for less in credits:
        with _parked_if_it_fails(run, month, less.customer, at=at):
            take_back(less, at=at)
    return billed


@contextmanager
def _parked_if_it_fails(run: BillingRun, month: CalendarMonth, customer: Customer, *, at: datetime) -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except Exception as failure:
        logger.exception("customer %s is parked in the run of %s", customer.pk, run)
        hold_back(customer.pk, month, Cause.FAILED, reason=noted(failure), at=at)


def drafts_of(month: CalendarMonth, customers: Sequence[Customer]) -> Drafted:
    """The month's unbilled usage of customers that follow each other by id."""
    if not customers:
        return Drafted()
    scope = Q(customer__gte=customers[0].pk, customer__lte=customers[-1].pk)
    return draft_usage(customers, scope, month.period, month.key)


def ranges_with(usage: QuerySet[ServicePeriod]) -> Iterator[tuple[UUID, UUID]]:
    """Ranges of customers with this usage, of about CHUNK_RESOURCES resources each."""
    counted = usage.values("customer").annotate(resources=Count("resource", distinct=True)).order_by("customer")
    sizes = counted.values_list("customer", "resources").iterator(chunk_size=10_000)
    return ranges_of(sizes, at_most=CHUNK_RESOURCES)


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
        "parked": ParkedBilling.objects.holding(run.month).count(),
    }
