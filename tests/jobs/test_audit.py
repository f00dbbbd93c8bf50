"""The nightly audit: quiet while the books are in order, loud when they are not."""

from datetime import timedelta

import pytest

from billing_portal.auditor import NIGHTLY
from billing_portal.jobs import carry_out, due_on_the_calendar
from billing_portal.models import JobRun
from billing_portal.schedule import BY_NAME
from kernel.periods import start_of_day
from tests.cast import NOON, create
from tests.owner import around_all_guards
from tests.table.attack import run

pytestmark = pytest.mark.django_db

AUDIT = BY_NAME["audit"]


def test_books_in_order_are_certified_claim_by_claim(alice, small):
    create(alice, small)
    noted = carry_out(AUDIT, at=NOON)
    assert (noted.outcome, noted.count, noted.error) == (JobRun.Outcome.DONE, len(NIGHTLY), "")


@pytest.mark.breaks_the_books
def test_what_is_not_true_fails_the_job_and_is_named(alice, small, caplog):
    create(alice, small)
    with around_all_guards():
        run("UPDATE ledger_account SET balance = balance + 1 WHERE customer_id = %s AND kind = 'credit'", alice.pk)
    noted = carry_out(AUDIT, at=NOON)
    assert noted.outcome == JobRun.Outcome.FAILED
    assert "not true: a wallet's balance is the sum of its entries" in noted.error
    assert any(record.levelname == "CRITICAL" for record in caplog.records)


def test_it_runs_every_night_at_four(db):
    four = start_of_day(NOON.date()) + timedelta(hours=4)
    assert AUDIT.when.latest(four) == four
    assert AUDIT in due_on_the_calendar(four)
