"""A month end among several workers, some of which are killed: the bills are those of an undisturbed run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from invoices.models import BillingRun, Invoice
from invoices.services import month_end
from invoices.tasks import bill_ended_months, work_on_month
from kernel.periods import CalendarMonth
from tests.cast import DAY, JOB, create, make_customer, make_item, make_product
from tests.races.test_races import content_hash, forget_the_run

pytestmark = pytest.mark.django_db(transaction=True)

MARCH = CalendarMonth(2026, 3)
AT = MARCH.period.ends_at + DAY
WORKER = """
import os, sys, time
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from datetime import datetime
from invoices.services import month_end
from kernel.actors import Actor
from kernel.periods import CalendarMonth
month_end.CHUNK_RESOURCES = 4
copy = month_end.issue_invoices
def slowly(*args, **options):
    ids = copy(*args, **options)
    print("issued", flush=True)
    time.sleep(0.3)  # killed here: written, not committed
    return ids
month_end.issue_invoices = slowly
month_end.run_month_end(CalendarMonth(2026, 3), actor=Actor.job("test"), at=datetime.fromisoformat(sys.argv[2]))
"""


def test_killed_at_any_point_the_run_goes_on_and_bills_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve customers with two servers each, chunks of four resources; three workers are killed in the middle of a chunk."""
    monkeypatch.setattr(month_end, "CHUNK_RESOURCES", 4)
    item = make_item(make_product("vserver"), "small", 100_000)
    for _ in range(12):
        create(make_customer(mode="postpaid"), item, at=MARCH.period.starts_at + DAY, quantity=2)
    for _ in range(3):
        _work_until_killed()
    assert BillingRun.objects.get().state == BillingRun.State.RUNNING
    month_end.bill_ended_months(actor=JOB, at=AT)
    assert BillingRun.objects.get().state == BillingRun.State.DONE
    assert Invoice.objects.count() == 24
    disturbed = content_hash(AT)

    forget_the_run()
    month_end.bill_ended_months(actor=JOB, at=AT)
    assert content_hash(AT) == disturbed


def _work_until_killed() -> None:
    """A worker process that issues a chunk's invoices and dies before it commits."""
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "billing_portal.settings"}
    command = [sys.executable, "-c", WORKER, str(settings.DATABASES["default"]["NAME"]), AT.isoformat()]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, cwd=settings.BASE_DIR, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "issued\n"
        worker.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:  # the server notices that its client is gone
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if not cursor.fetchone()[0]:
                return
        time.sleep(0.05)


def test_other_workers_are_called_to_help_one_per_further_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(month_end, "CHUNK_RESOURCES", 2)
    item = make_item(make_product("vserver"), "small", 100_000)
    for _ in range(3):
        create(make_customer(mode="postpaid"), item, at=MARCH.period.starts_at + DAY, quantity=2)
    called: list[Any] = []
    monkeypatch.setattr(work_on_month, "apply_async", lambda args, expires: called.append(args))
    assert bill_ended_months(at=AT) == 1
    assert called == [("2026-03", AT.isoformat())] * 2
    work_on_month(*called[0])  # comes late: nothing is left
    assert Invoice.objects.count() == 6
