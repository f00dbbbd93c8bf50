"""A real beat and a real worker: what is due happens by itself, within seconds, even when Redis forgets everything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from billing_portal.models import ClockMove, JobRun
from billing_portal.moving import request_move
from kernel.clock import machine_now
from lifecycle.models import ProvisioningRequest
from notifications.models import Notice
from tests.cast import DAY, MONTH, STAFF, create, fresh, make_customer, make_item, make_product
from tests.owner import database_url

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 45
CELERY = [sys.executable, "-m", "celery", "--app", "billing_portal"]


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """A number of our own on the Redis server: nobody else's worker takes our messages."""
    client = redis.Redis.from_url(f"{os.environ['REDIS_URL'].rpartition('/')[0]}/15")
    client.flushdb()
    yield client
    client.flushdb()


@pytest.fixture
def processes(broker: redis.Redis, tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    settings = os.environ | {
        "DATABASE_URL": database_url(),
        "REDIS_URL": f"{os.environ['REDIS_URL'].rpartition('/')[0]}/15",
        "DATA_DIR": str(tmp_path),
        "CLOCK_MOVABLE": "1",
        "PYTHONWARNINGS": "ignore",
        "DJANGO_SETTINGS_MODULE": "billing_portal.settings",
    }
    beat = ["beat", "--schedule", str(tmp_path / "beat"), "--pidfile="]
    worker = ["worker", "--concurrency", "2", "--without-gossip", "--without-mingle"]
    courier = [*worker, "--hostname", "courier@%h", "--queues", "couriers", "--pool", "threads"]
    with (tmp_path / "log").open("wb") as log:
        started = [
            subprocess.Popen([*CELERY, *command], env=settings, stdout=log, stderr=log, start_new_session=True)
            for command in (beat, worker, courier)
        ]
        yield started
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def eventually(what: Callable[[], object]) -> None:
    ends = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.1)


def test_what_is_due_happens(processes, broker, tmp_path, settings):
    settings.CLOCK_MOVABLE = True
    alice, small = make_customer(credit=1_000_000), make_item(make_product(), "small", 181_000)
    server = create(alice, small, at=machine_now() - MONTH - DAY / 2)[0]  # its paid time ended half a day ago
    eventually(lambda: Notice.objects.filter(state="sent").exists())
    assert any(path.is_file() for path in (tmp_path / "mails").rglob("*"))

    broker.flushdb()  # Redis loses everything; the rows do not
    eventually(lambda: JobRun.objects.filter(job="auto-renew", outcome="done").exists())

    now = machine_now()
    request_move(now + 8 * DAY, reason="to the end of the trash", actor=STAFF, at=now)
    eventually(lambda: ClockMove.objects.get().state == "done")
    assert fresh(server).state == "deleted"
    eventually(lambda: ProvisioningRequest.objects.get(verb="purge").state == "delivered")
    assert not JobRun.objects.filter(outcome="failed").exists()
