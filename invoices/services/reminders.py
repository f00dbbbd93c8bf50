"""Reminders of open invoices, all customers at once: one statement owes the notices of the day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from kernel.periods import billing_zone, local_day, start_of_day

DAYS_BEFORE = 3
"""The first reminder goes out so many days before the due date, the next on the day; then 1, 7 and 14 days after it."""

# `days` is negative after the due date. The milestone is the latest one reached: a late job still tells, but once.
REMIND = """
WITH due AS (
    SELECT id, customer_id, number, resource_name, due, due_at,
           (due_at AT TIME ZONE %(zone)s)::date - (%(today)s)::date AS days
    FROM invoices_invoice WHERE due > 0 AND due_at < %(horizon)s
), told AS (
    SELECT *, CASE WHEN days <= -14 THEN -14 WHEN days <= -7 THEN -7 WHEN days <= -1 THEN -1
                   WHEN days = 0 THEN 0 ELSE 3 END AS milestone
    FROM due
), notices AS (
    INSERT INTO notifications_notice
        (customer_id, kind, event, recipient, facts, at, state, attempts, next_attempt_at, error)
    SELECT t.customer_id, CASE WHEN t.days < 0 THEN 'invoice_overdue' ELSE 'invoice_due' END,
           'invoice:' || t.id || ':T' || to_char(-t.milestone, 'FMSG99'), c.email,
           jsonb_build_object('invoice', t.id, 'number', t.number, 'resource', t.resource_name, 'due', t.due,
                              'days', abs(t.days),
                              'due_at', to_char(t.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')),
           %(at)s, 'pending', 0, %(at)s, ''
    FROM told t JOIN accounts_customer c ON c.id = t.customer_id
    ON CONFLICT DO NOTHING RETURNING 1
)
SELECT count(*) FROM notices
"""


@transaction.atomic
def remind_about_invoices(*, at: datetime) -> int:
    """Owe a notice for every open invoice that has reached a milestone; what was told before is not told again."""
    today = local_day(at)
    arguments: dict[str, Any] = {
        "at": at,
        "today": today.isoformat(),
        "zone": str(billing_zone()),
        "horizon": start_of_day(today + timedelta(days=DAYS_BEFORE + 1)),
    }
    with connection.cursor() as cursor:
        cursor.execute(REMIND, arguments)
        return int(cursor.fetchone()[0])
