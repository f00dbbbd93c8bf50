"""
The business clock, which staff of a demo may move forward (`CLOCK_MOVABLE`).

How far it is ahead is a row that every process reads when it asks for the time, so all of them agree. It can only grow,
which the database sees to. Without `CLOCK_MOVABLE` nothing is read and nothing can be moved.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from kernel import clock
from kernel.errors import DomainError
from kernel.shapes import SqlArguments


class ClockFixed(DomainError):
    code = "clock-fixed"
    status = 403
    message = _("The clock of this portal cannot be moved.")


_has_table = False


def install() -> None:
    """Make this the clock of the process."""
    clock.install(now)


def now() -> datetime:
    """The present instant of the business, in UTC."""
    return clock.machine_now() + ahead_by() if settings.CLOCK_MOVABLE else clock.machine_now()


def ahead_by() -> timedelta:
    """How far the business clock is ahead of the machine's; a database without tables has not moved it."""
    global _has_table  # noqa: PLW0603 - learned once per process
    with connection.cursor() as cursor:
        if not _has_table:
            cursor.execute("SELECT to_regclass('billing_portal_clock') IS NOT NULL")
            _has_table = cursor.fetchone()[0]
            if not _has_table:
                return timedelta()
        cursor.execute("SELECT ahead_by FROM billing_portal_clock")
        row = cursor.fetchone()
    return row[0] if row else timedelta()


def advance(to: datetime) -> None:
    """
    Make it `to`, now and for every process; when it is later already, nothing happens.

    This only turns the hands: `billing_portal.moving` also runs what is due on the way.

    :raises ClockFixed: without `CLOCK_MOVABLE`
    """
    if not settings.CLOCK_MOVABLE:
        raise ClockFixed
    parameters: SqlArguments = {"ahead": to - clock.machine_now()}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO billing_portal_clock (id, ahead_by) SELECT 1, %(ahead)s WHERE %(ahead)s >= interval '0' "
            "ON CONFLICT (id) DO UPDATE SET ahead_by = EXCLUDED.ahead_by "
            "WHERE EXCLUDED.ahead_by > billing_portal_clock.ahead_by",
            parameters,
        )
