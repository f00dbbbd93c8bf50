"""
What beat sends: three messages. They only wake; what is due stands in the database.

A message that runs twice, late or beside itself finds nothing left to do.
"""

from __future__ import annotations

from contextlib import nullcontext

from celery import shared_task

from billing_portal import moving
from billing_portal.jobs import carry_out, due_on_the_calendar
from billing_portal.schedule import BY_NAME
from kernel import clock
from store.shares import share_of


@shared_task
def run_job(name: str) -> None:
    """Run one job of the business calendar now; one that calls outside only while it holds its share of the couriers."""
    job = BY_NAME[name]
    with share_of(f"job:{name}") if job.calls_outside else nullcontext(True) as mine:
        if mine:
            carry_out(job, at=clock.now())


@shared_task
def run_calendar() -> None:
    """Wake the jobs whose wall-clock time has come, or came while nobody was there."""
    for job in due_on_the_calendar(clock.now()):
        run_job.apply_async(args=(job.name,), expires=300)


@shared_task
def move_clock() -> None:
    """Carry on a move of the clock that staff asked for."""
    for _run in moving.carry_on():
        pass
