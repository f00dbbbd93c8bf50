"""When jobs are due, in the billing zone (UTC+7)."""

import re
from datetime import UTC, datetime

import pytest
from django.utils.translation import override

from billing_portal import schedule
from billing_portal.schedule import BY_NAME, JOBS, beat_schedule
from billing_portal.timetable import Daily, Every, Hourly
from invoices.tasks import next_month_end
from lifecycle.models.terms import MILESTONES
from notifications.kinds import KINDS, Unless


def utc(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "latest", "following"),
    [
        (Daily(8), utc(10, 1), utc(11, 1)),
        (Daily(12, 30), utc(9, 5, 30), utc(10, 5, 30)),
        (Daily(0, 5), utc(9, 17, 5), utc(10, 17, 5)),
        (Hourly(30), utc(10, 4, 30), utc(10, 5, 30)),
        (Hourly(0), utc(10, 5), utc(10, 6)),
        (Every(60), utc(10, 5), utc(10, 5, 1)),
        (Every(5), utc(10, 5), utc(10, 5, 0, 5)),
    ],
)
def test_latest_and_following(when, latest, following):
    noon = utc(10, 5)
    assert (when.latest(noon), when.following(noon)) == (latest, following)
    assert when.latest(latest) == latest, "due at its own instant"
    assert when.following(latest) == following, "and not due again at once"


def test_reminders_go_out_before_the_first_try_of_a_renewal():
    assert BY_NAME["remind-about-ends"].when.latest(utc(10, 5)) < BY_NAME["auto-renew"].when.latest(utc(10, 5))


def test_a_month_ends_half_an_hour_after_midnight_of_the_first():
    assert next_month_end(utc(10, 5)) == utc(31, 17, 30)
    assert next_month_end(utc(31, 17, 10)) == utc(31, 17, 30)
    assert next_month_end(utc(31, 17, 30)) == datetime(2026, 4, 30, 17, 30, tzinfo=UTC)


def test_beat_sends_frequent_jobs_and_wakes_the_calendar(settings):
    settings.CLOCK_MOVABLE = False
    frequent = {job.name for job in JOBS if not job.is_calendar}
    assert set(beat_schedule()) == {*frequent, "calendar"}
    assert all(entry["options"]["expires"] == entry["schedule"] for entry in beat_schedule().values())
    settings.CLOCK_MOVABLE = True
    assert set(beat_schedule()) == {*frequent, "calendar", "move-clock"}


def test_names_are_unique_and_fit_their_column():
    assert len(BY_NAME) == len(JOBS)
    assert max(map(len, BY_NAME)) <= 40


def test_a_moving_clock_stops_for_what_is_due_and_not_every_minute() -> None:
    """A job that runs all day long says when it has something to do: a month has 43,200 minutes."""
    assert [job.name for job in JOBS if not job.is_calendar and not job.next_due] == []


@pytest.mark.parametrize(
    ("job", "language", "said"),
    [
        ("auto-renew", "en", "7, 4, 1 and 0 days before their end"),
        ("auto-renew", "vi", "7, 4, 1 và 0 ngày"),
        ("deliver-notices", "en", "parked after 8 failures"),
        ("clean-up", "en", "older than 7 days"),
        ("expire-acts", "en", "for 30 days"),
    ],
)
def test_what_a_job_does_is_told_with_the_numbers_of_its_rules(job, language, said):
    with override(language):
        assert said in str(BY_NAME[job].sentence)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_notice_names_the_days_on_which_a_renewal_is_tried(language):
    """It is told by an app below the one that knows the rule; its last try is that of the last day."""
    told = [part.sentence for part in KINDS["auto_renew_announced"].sentences if isinstance(part, Unless)]
    with override(language):
        [days] = [found for words in told if (found := re.findall(r"\d+", str(words)))]
    assert days == [str(days) for days in sorted(MILESTONES, reverse=True) if days]


def test_a_rule_that_changes_changes_what_is_told():
    told = schedule._told("{days} days", days=[9, 2])
    with override("en"):
        assert str(told) == "9 and 2 days"
