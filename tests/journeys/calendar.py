"""Letting time pass in a test: the business calendar, day by day, with the books audited after each day that did something."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from invoices.models import Invoice
from invoices.services.month_end import bill_ended_months
from kernel.periods import local_day, start_of_day
from lifecycle.services.sweeps import expire_resources, purge_resources, remind_about_ends
from orders.services.renewal import renew_automatically
from payments.services.owed import settle_what_is_owed
from tests.auditing import broken_books
from tests.cast import JOB


def let_days_pass(since: datetime, until: datetime) -> None:
    """Run the jobs of every day after `since` up to `until`, each at its hour in the billing zone."""
    day = local_day(since)
    while day <= local_day(until):
        for hour, job in ((0, _midnight), (8, _morning), (9, _pay), (23, _midnight)):
            at = start_of_day(day, time(hour, 30 if hour == 0 else 0))
            if since < at <= until:
                job(at)
        assert broken_books() == [], day
        day += timedelta(days=1)


def _midnight(at: datetime) -> None:
    expire_resources(actor=JOB, at=at)
    purge_resources(actor=JOB, at=at)
    bill_ended_months(actor=JOB, at=at)


def _morning(at: datetime) -> None:
    expire_resources(actor=JOB, at=at)
    remind_about_ends(at=at)
    renew_automatically(actor=JOB, at=at)


def _pay(at: datetime) -> None:
    for customer in Invoice.objects.open().values_list("customer", flat=True).distinct():
        settle_what_is_owed(customer, actor=JOB, at=at)
