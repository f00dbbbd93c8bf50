"""Workers as they are in production: processes, several of them, one of which is killed in the middle of its work."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime

import pytest
from django.conf import settings

from accounts.models import Customer
from catalog.models import Item
from invoices.models import BillingChunk, BillingRun, Invoice
from invoices.services import month_end
from kernel.periods import CalendarMonth
from lifecycle.models import Resource, ServicePeriod
from notifications.models import Notice
from payments.models import Payment
from payments.services.wallet import wallet_of
from tests.cast import DAY, JOB, MONTH, create, make_customer, make_item, make_product
from tests.owner import database_url
from tests.races.test_races import content_hash, forget_the_run

pytestmark = pytest.mark.django_db(transaction=True)
MARCH = CalendarMonth.parse("2026-03")
Worker = subprocess.Popen[str]


@pytest.fixture
def server_item() -> Item:
    return make_item(make_product("vserver"), "small", 100_000)


def test_a_month_end_whose_worker_is_killed_bills_what_an_undisturbed_one_does(server_item: Item) -> None:
    for _ in range(8):
        create(make_customer(mode="postpaid"), server_item, at=MARCH.period.starts_at + DAY, quantity=2)
    at = MARCH.period.ends_at + DAY

    with worker("month-end", at, pauses_at=3) as killed:
        go(killed)
        assert heard(killed) == "paused"
        killed.kill()
    run = BillingRun.objects.get()
    assert run.state == BillingRun.State.RUNNING
    assert Counter(run.chunks.values_list("state", flat=True)) == {"done": 2, "pending": 2}
    assert Invoice.objects.count() == 8

    work_together("month-end", at, workers=2)
    assert BillingRun.objects.get().state == BillingRun.State.DONE
    assert set(BillingChunk.objects.values_list("state", flat=True)) == {"done"}
    assert sorted(Invoice.objects.values_list("number", flat=True)) == [f"U2026-{n:07}" for n in range(1, 17)]
    resumed = content_hash(at)

    forget_the_run()
    month_end.bill_ended_months(actor=JOB, at=at)
    assert content_hash(at) == resumed


def test_auto_renewal_by_four_workers_and_once_more_renews_once(server_item: Item) -> None:
    customers, due_at = renewing(server_item)
    work_together("auto-renew", due_at, workers=4)
    work_together("auto-renew", due_at, workers=2)
    assert_renewed_once(customers)


def test_what_a_killed_worker_held_is_renewed_by_one_that_waited_for_it(server_item: Item) -> None:
    customers, due_at = renewing(server_item)
    with worker("auto-renew", due_at, pauses_at=2) as killed, worker("auto-renew", due_at) as patient:
        go(killed)
        assert heard(killed) == "paused"
        go(patient)
        while Resource.objects.filter(paid_until__gt=due_at + MONTH).count() < 9:  # of 13, all but what is held
            assert patient.poll() is None
        killed.kill()
        assert heard(patient) == "done"
    assert_renewed_once(customers)


def renewing(item: Item) -> tuple[list[Customer], datetime]:
    """Seven customers with two servers each that end on the same day; the last one can pay for one of them only."""
    customers = [make_customer(credit=400_000) for _ in range(6)] + [make_customer(credit=300_000)]
    start = MARCH.period.starts_at
    for customer in customers:
        create(customer, item, at=start, quantity=2, auto_renew_months=1)
    return customers, start + MONTH - 7 * DAY


def assert_renewed_once(customers: list[Customer]) -> None:
    assert [wallet_of(customer.pk).available for customer in customers] == [0] * 7
    assert Payment.objects.filter(kind=Payment.Kind.RENEWAL).count() == 13
    assert Invoice.objects.count() == ServicePeriod.objects.count() == 14 + 13
    told = Counter(Notice.objects.filter(kind__startswith="auto_renew").values_list("kind", flat=True))
    assert told == {Notice.Kind.AUTO_RENEW_DONE: 13, Notice.Kind.AUTO_RENEW_FAILED: 1}


def work_together(task: str, at: datetime, *, workers: int) -> None:
    """Several workers begin at the same moment; all of them come to an end."""
    with ExitStack() as stack:
        started = [stack.enter_context(worker(task, at)) for _ in range(workers)]
        for process in started:
            go(process)
        assert [heard(process) for process in started] == ["done"] * workers


@contextmanager
def worker(task: str, at: datetime, *, pauses_at: int = 0) -> Iterator[Worker]:
    """A worker on the test's database that is ready to begin."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.scale.worker", task, at.isoformat(), str(pauses_at)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "SECRET_KEY": settings.SECRET_KEY,
            "DJANGO_SETTINGS_MODULE": "billing_portal.settings",
        },
    )
    with process:
        try:
            assert heard(process) == "ready"
            yield process
        finally:
            process.kill()


def go(process: Worker) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


def heard(process: Worker) -> str:
    assert process.stdout
    return process.stdout.readline().strip()
