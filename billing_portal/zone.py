"""
One billing zone for all: the database keeps it from its first start, and every process compares.

Days and months of invoices, totals and jobs are counted in BILLING_ZONE. A process with another one would bill other
months, so it works not at all.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


def compare_at_first_connection() -> None:
    """Called once per process, when it starts."""
    connection_created.connect(compare)


def compare(*, connection: BaseDatabaseWrapper, **_: object) -> None:
    """
    Look at what the database says, until it has said it once; before its first migration it says nothing.

    :raises ImproperlyConfigured: another zone than ours
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regprocedure('billing_zone()') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return
        cursor.execute("SELECT billing_zone()")
        (kept,) = cursor.fetchone()
    if kept != settings.BILLING_ZONE:
        raise ImproperlyConfigured(
            f"BILLING_ZONE is {settings.BILLING_ZONE} here, but this database counts its days and months in {kept} since its "
            f"first start. Set BILLING_ZONE={kept}, or begin with an empty database."
        )
    connection_created.disconnect(compare)
