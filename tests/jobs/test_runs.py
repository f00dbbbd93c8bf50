"""Every run is noted; what was missed is made up for; what keeps failing is given up until its next turn."""

from datetime import timedelta

import pytest

from billing_portal import jobs
from billing_portal.jobs import carry_out, due_on_the_calendar, job_calendar
from billing_portal.models import JobRun
from billing_portal.schedule import BY_NAME
from billing_portal.timetable import Daily, Every, Job
from store.tally import Tally, TimeIsUp, for_each
from tests.cast import DAY, NOON

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
EIGHT = NOON - timedelta(hours=4)


DAILY = Daily(8)


def job_that(result, when=DAILY) -> Job:
    def work(*, at):
        if isinstance(result, Exception):
            raise result
        return result

    return Job("test", work, when, "does as it is told")


@pytest.fixture
def calendar(monkeypatch):
    """A calendar of one job, which fails until told otherwise."""

    def use(job):
        monkeypatch.setattr(jobs, "JOBS", (job,))
        return job

    return use


@pytest.mark.parametrize(
    ("result", "outcome", "count", "failures", "error"),
    [
        (7, "done", 7, 0, ""),
        (Tally(3, 0), "done", 3, 0, ""),
        (Tally(3, 2), "partly", 3, 2, ""),
        (ValueError("no"), "failed", 0, 0, "ValueError: no"),
    ],
)
def test_a_run_is_noted(result, outcome, count, failures, error):
    run = carry_out(job_that(result), at=NOON)
    run.refresh_from_db()
    assert (run.outcome, run.count, run.failures, run.error) == (outcome, count, failures, error)
    assert (run.due_at, run.started_at) == (EIGHT, NOON)
    assert run.finished_at is not None


def test_all_of_the_calendar_is_due_on_the_first_day_and_then_once_a_day():
    due = due_on_the_calendar(NOON)
    assert [job.name for job in due] == [
        "expire-credit",
        "expire-acts",
        "bill-month",
        "pay-for-use",
        "hold-credit",
        "fetch-statements",
        "check-domains",
        "clean-up",
        "make-usage-parts",
        "audit",
        "remind-about-ends",
        "announce-poc-ends",
        "announce-renewals",
        "commitments",
        "dunning",
        "auto-renew",
        "pay-invoices",
    ]
    for job in due:
        carry_out(job, at=NOON)
    assert due_on_the_calendar(NOON + 10 * MINUTE) == []
    assert due_on_the_calendar(NOON + 31 * MINUTE) == [BY_NAME["bill-month"], BY_NAME["fetch-statements"]]
    assert len(due_on_the_calendar(NOON + 3 * DAY)) == 17, "once, however many days were missed"


def test_a_failed_run_is_tried_again_with_patience_and_given_up_until_the_next_turn(calendar):
    job = calendar(job_that(ValueError("no")))
    at, waits = NOON, []
    while due_on_the_calendar(at + DAY / 2) and len(waits) < 20:
        began = at
        while not due_on_the_calendar(at):
            at += MINUTE
        waits.append(round((at - began) / MINUTE))
        carry_out(job, at=at)
        JobRun.objects.update(finished_at=at)
    assert waits == [0, 1, 2, 4, 8, 16, 32, 64]
    (status,) = job_calendar(at)
    assert status.is_given_up
    assert not status.is_well
    assert due_on_the_calendar(EIGHT + DAY) == [job]


def test_a_run_that_was_killed_is_made_up_for(calendar):
    job = calendar(job_that(1))
    JobRun.objects.create(job="test", due_at=EIGHT, started_at=NOON)
    assert due_on_the_calendar(NOON + 14 * MINUTE) == []
    assert due_on_the_calendar(NOON + 16 * MINUTE) == [job]


def test_the_staff_page_sees_lateness_and_failures(calendar):
    job = calendar(job_that(1))
    (before,) = job_calendar(NOON)
    assert (before.last, before.late_by, before.next_due) == (None, timedelta(hours=4), EIGHT + DAY)
    carry_out(job, at=NOON)
    (after,) = job_calendar(NOON)
    assert (after.last.count, after.late_by, after.failures, after.is_well) == (1, timedelta(), 0, True)
    carry_out(job_that(Tally(1, 1)), at=NOON)
    assert job_calendar(NOON)[0].failures == 1


def test_a_frequent_job_is_late_when_nobody_ran_it(calendar):
    job = calendar(job_that(1, Every(60)))
    carry_out(job, at=NOON)
    assert job_calendar(NOON + 2 * MINUTE)[0].late_by == timedelta()
    assert job_calendar(NOON + 10 * MINUTE)[0].late_by == 9 * MINUTE


def test_reading_the_calendar_takes_a_constant_number_of_queries(django_assert_num_queries):
    for _ in range(3):
        for job in jobs.JOBS:
            if job.is_calendar:
                carry_out(job, at=NOON)
    with django_assert_num_queries(3):
        assert len(job_calendar(NOON)) == len(jobs.JOBS)


def test_old_runs_are_forgotten(monkeypatch):
    monkeypatch.setattr(jobs, "KEPT_RUNS", 5)
    monkeypatch.setattr(jobs, "PRUNED_EVERY", 1)
    for _ in range(8):
        carry_out(job_that(1), at=NOON)
    assert JobRun.objects.count() == 5


def test_one_that_fails_does_not_stop_the_others():
    done = []

    def work(item):
        if item == 2:
            raise ValueError("poison")
        done.append(item)

    assert for_each([1, 2, 3], work, what="item") == Tally(2, 1)
    assert done == [1, 3]


def test_a_job_stops_by_itself_when_its_time_is_up():
    with pytest.raises(TimeIsUp):
        for_each([1, 2, 3], lambda item: None, what="item", seconds=-1)
