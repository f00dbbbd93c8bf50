"""The Celery application: what the worker and beat run.

Messages only wake: what is due stands in the database, and a task that runs twice, late or beside itself
finds nothing left to do.
"""

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import after_task_publish, beat_init, heartbeat_sent, setup_logging, worker_init, worker_ready

from stack.alive import leave_sign
from stack.refusals import refusals_in_words

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing_portal.settings")

app = Celery("billing_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["billing_portal"])  # the apps' jobs are plain functions: billing_portal/schedule.py names them


@app.on_after_finalize.connect
def read_the_calendar(sender: Celery, **_: object) -> None:
    """Take beat's timetable from the business calendar."""
    from billing_portal.schedule import beat_schedule  # the models are loaded by now

    sender.conf.beat_schedule = beat_schedule()


@setup_logging.connect
def log_like_the_others(**_: object) -> None:
    """Worker and beat write JSON lines as the web processes do: Celery's own set-up stays away."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@worker_init.connect
def refuse_another_zone(**_: object) -> None:
    """A worker whose settings do not fit the database ends at once, with the sentence."""
    from django.db import connections

    with refusals_in_words():
        connections["default"].ensure_connection()
    connections.close_all()  # its children open their own


@worker_ready.connect
def say_where_mails_go(**_: object) -> None:
    """Who forgets to name a mail server reads it here."""
    from billing_portal.deployment import mails_in_words

    logging.getLogger("billing_portal").info("the worker is ready; %s", mails_in_words())


@heartbeat_sent.connect
def tell_that_a_worker_lives(sender: Any, **_: object) -> None:
    """Leave the signs that `/healthz` and the container's health check look for; a worker calls this every two seconds."""
    from billing_portal.health import note_worker

    for name in note_worker(sender.eventer.app.amqp.queues.consume_from):
        leave_sign(name)


@beat_init.connect
def tell_that_beat_lives(**_: object) -> None:
    """The same for beat, at each message that it sends: every three seconds."""
    from billing_portal.health import note_life

    def sent(**_: object) -> None:
        note_life("beat")
        leave_sign("beat")

    after_task_publish.connect(sent, weak=False)
