"""Running jobs: one wrapper notes every run, the calendar is made up for, and staff see how it stands."""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery

from billing_portal.models import JobRun
from billing_portal.schedule import JOBS
from billing_portal.timetable import Every, Job
from kernel import clock
from kernel.backoff import Backoff
from kernel.errors import noted
from store.outbox import ATTEMPTS
from store.tally import Tally

logger = logging.getLogger(__name__)

KEPT_RUNS = 500
PRUNED_EVERY = 50
AGAIN = Backoff(first=timedelta(minutes=1), cap=timedelta(hours=2))
BROKEN_OFF_AFTER = timedelta(minutes=15)
"""Longer than any message may take: a run that is "running" still has died."""
LATE_AFTER = timedelta(minutes=2)
Outcome = JobRun.Outcome


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How a job stands, for staff. `late_by` is zero unless it is late; `failures` are runs of the last 24 hours."""

    job: Job
    last: JobRun | None
    next_due: datetime
    late_by: timedelta
    failures: int
    is_given_up: bool

    @property
    def is_well(self) -> bool:
        return not self.late_by and not self.is_given_up and (self.last is None or self.last.outcome != Outcome.FAILED)


def carry_out(job: Job, *, at: datetime, due_at: datetime | None = None) -> JobRun:
    """Run a job as of `at` and note how it went; its failure is noted, not raised."""
    run = JobRun.objects.create(job=job.name, due_at=due_at or job.when.latest(at), started_at=at)
    began = time.monotonic()
    try:
        result = job.work(at=at)
    except Exception as failure:
        logger.exception("job %s failed", job.name)
        run.outcome, run.error = Outcome.FAILED, noted(failure)[:2000]
    else:
        tally = result if isinstance(result, Tally) else Tally(result)
        run.count, run.failures = tally.done, tally.failed
        run.outcome = Outcome.PARTLY if tally.failed else Outcome.DONE
        level = logging.INFO if tally.done or tally.failed or job.is_calendar else logging.DEBUG
        logger.log(
            level, "job %s: %s done, %s failed, %.2f s", job.name, tally.done, tally.failed, time.monotonic() - began
        )
    run.finished_at = max(clock.now(), at)
    run.save()
    if run.pk % PRUNED_EVERY == 0:
        _prune(job)
    return run


def due_on_the_calendar(at: datetime) -> list[Job]:
    """Jobs with a wall-clock time whose latest due instant has no good run yet and whose next attempt has come."""
    jobs = [job for job in JOBS if job.is_calendar]
    return [job for job, runs in _runs_of_this_turn(jobs, at) if _is_wanted(runs, at)]


def job_calendar(at: datetime) -> list[JobStatus]:
    """How every job stands at `at`, in the order of the calendar."""
    last = {run.job: run for run in JobRun.objects.latest_of_each()}
    failed = Counter(JobRun.objects.failed_since(at - timedelta(days=1)).values_list("job", flat=True))
    turns = dict(_runs_of_this_turn([job for job in JOBS if job.is_calendar], at))
    return [_status(job, last.get(job.name), turns.get(job, ()), failed[job.name], at) for job in JOBS]


def _runs_of_this_turn(jobs: Sequence[Job], at: datetime) -> Iterator[tuple[Job, list[JobRun]]]:
    """Each job with the runs for its latest due instant, the latest first."""
    due = {job.name: job.when.latest(at) for job in jobs}
    found: dict[str, list[JobRun]] = defaultdict(list)
    for run in JobRun.objects.filter(job__in=due, due_at__gte=min(due.values(), default=at)).order_by("-id"):
        if run.due_at >= due[run.job]:
            found[run.job].append(run)
    return ((job, found[job.name]) for job in jobs)


def _is_wanted(runs: Sequence[JobRun], at: datetime) -> bool:
    if not runs:
        return True
    if any(run.is_good for run in runs) or len(runs) >= ATTEMPTS:
        return False
    if runs[0].outcome == Outcome.RUNNING:
        return at - runs[0].started_at > BROKEN_OFF_AFTER
    return at - (runs[0].finished_at or runs[0].started_at) >= AGAIN.after(len(runs))


def _status(job: Job, last: JobRun | None, turn: Sequence[JobRun], failures: int, at: datetime) -> JobStatus:
    if isinstance(job.when, Every):
        since = last.started_at if last else at
        late_by = at - since - timedelta(seconds=job.when.seconds)
        next_due = since + timedelta(seconds=job.when.seconds) if last else at
    else:
        late_by = timedelta() if any(run.is_good for run in turn) else at - job.when.latest(at)
        next_due = job.when.following(at)
    return JobStatus(
        job=job,
        last=last,
        next_due=next_due,
        late_by=late_by if late_by > LATE_AFTER else timedelta(),
        failures=failures,
        is_given_up=len(turn) >= ATTEMPTS and not any(run.is_good for run in turn),
    )


def _prune(job: Job) -> None:
    """Keep the latest runs of each job."""
    oldest = JobRun.objects.filter(job=OuterRef("job")).order_by("-id").values("id")[KEPT_RUNS : KEPT_RUNS + 1]
    JobRun.objects.filter(job=job.name, id__lte=Subquery(oldest)).delete()
