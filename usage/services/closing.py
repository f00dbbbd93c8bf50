"""
Closing a month: from here on it is known which records are on its bills, and which are late.

Who takes records holds a lock that they share, and who closes a month waits for all of them: so what has come is there to be read,
and whatever comes next has a higher number.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from kernel.periods import CalendarMonth
from usage.models import ClosedMonth

LOCK = "hashtextextended('uses are taken', 0)"


def hold_open() -> None:
    """No month is closed until the end of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock_shared({LOCK})")


@transaction.atomic
def close_month(month: CalendarMonth, *, was_billed: bool, at: datetime) -> ClosedMonth:
    """
    What has come until now is billed; of a month that was closed before, what came late as well.

    :param was_billed: what came until it was closed before is on bills
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
        cursor.execute("SELECT nextval('usage_record_id_seq')")
        through = cursor.fetchone()[0]
    facts = {"through": through, "at": at}
    moved = {**facts, "before": F("through")} if was_billed else facts
    ClosedMonth.objects.update_or_create(month=month.key, defaults=moved, create_defaults=facts)
    return ClosedMonth.objects.get(month=month.key)


def closed_until() -> datetime | None:
    """The end of the latest month that is closed. Who asks holds it open."""
    latest = ClosedMonth.objects.order_by("-month").values_list("month", flat=True).first()
    return CalendarMonth.parse(latest).period.ends_at if latest else None
