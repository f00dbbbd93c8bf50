"""Reminders of open invoices, all customers at once: one statement owes the notices of the day."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from kernel.periods import billing_zone, local_day, start_of_day
from kernel.shapes import SqlArguments
from notifications.models import Notice
from notifications.services import telling_sql

MILESTONES = (3, 0, -1, -7, -14)
"""Reminders go out so many days before the due date, on the day, and (below zero) after it."""
LATEST = "CASE " + " ".join(f"WHEN days <= {days} THEN {days}" for days in sorted(MILESTONES)) + " END"

FACTS = """jsonb_build_object('number', m.number, 'resource', m.resource_name, 'due', m.due, 'days', abs(m.days),
           'due_date', to_char(m.due_at AT TIME ZONE %(zone)s, 'YYYY-MM-DD'))"""
MILESTONE = "'T' || to_char(-m.milestone, 'FMSG99')"

# `days` is negative after the due date. The milestone is the latest one reached: a late job still tells, but once.
REMIND = f"""
WITH due AS (
    SELECT id, customer_id, number, resource_name, due, due_at,
           (due_at AT TIME ZONE %(zone)s)::date - (%(today)s)::date AS days
    FROM invoices_invoice WHERE due > 0 AND due_at < %(horizon)s
), told AS (
    SELECT *, {LATEST} AS milestone FROM due
), coming AS (SELECT * FROM told WHERE days >= 0), late AS (SELECT * FROM told WHERE days < 0
), before AS ({telling_sql(Notice.Kind.INVOICE_DUE, MILESTONE, facts=FACTS, rows="coming")} RETURNING 1
), after AS ({telling_sql(Notice.Kind.INVOICE_OVERDUE, MILESTONE, facts=FACTS, rows="late")} RETURNING 1
)
SELECT (SELECT count(*) FROM before) + (SELECT count(*) FROM after)
"""


@transaction.atomic
def remind_about_invoices(*, at: datetime) -> int:
    """Owe a notice for every open invoice that has reached a milestone; what was told before is not told again."""
    today = local_day(at)
    arguments: SqlArguments = {
        "at": at,
        "today": today.isoformat(),
        "zone": str(billing_zone()),
        "horizon": start_of_day(today + timedelta(days=max(MILESTONES) + 1)),
    }
    with connection.cursor() as cursor:
        cursor.execute(REMIND, arguments)
        return int(cursor.fetchone()[0])
