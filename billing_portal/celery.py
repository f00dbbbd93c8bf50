"""The Celery application: what the worker and beat run.

Messages only wake: what is due stands in the database, and a task that runs twice, late or beside itself
finds nothing left to do.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import heartbeat_sent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing_portal.settings")

app = Celery("billing_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["billing_portal"])  # the apps' jobs are plain functions: billing_portal/schedule.py names them


@app.on_after_finalize.connect
def read_the_calendar(sender: Celery, **_: Any) -> None:
    """Take beat's timetable from the business calendar."""
    from billing_portal.schedule import beat_schedule  # the models are loaded by now

    sender.conf.beat_schedule = beat_schedule()


@heartbeat_sent.connect
def tell_that_a_worker_lives(sender: Any, **_: Any) -> None:
    """Leave the sign that `/healthz` looks for; a worker calls this every two seconds."""
    from billing_portal.health import note_worker

    note_worker(sender.eventer.app.amqp.queues.consume_from)
