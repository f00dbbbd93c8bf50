"""How statements over many rows are planned: by what they will read, not by what was there when it was last counted."""

from __future__ import annotations

import pytest
from django.db import connection

from accounts.models import BillingMode
from invoices.services import month_end
from kernel.periods import CalendarMonth
from tests.cast import JOB, MONTH, NOON, create, make_customer

pytestmark = pytest.mark.django_db


def setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return cursor.fetchone()[0]


def test_a_cursor_is_planned_to_be_read_to_its_end():
    assert setting("cursor_tuple_fraction") == "1"


@pytest.mark.django_db(transaction=True)
def test_looking_for_unbilled_usage_never_compares_each_row_with_each(small, monkeypatch):
    """Whatever the statistics say: they are from before the run wrote its invoices."""
    create(make_customer(mode=BillingMode.POSTPAID), small)
    planned = []
    plan_chunks = month_end._plan_chunks

    def watched(run, usage):
        planned.append(setting("enable_nestloop"))
        return plan_chunks(run, usage)

    monkeypatch.setattr(month_end, "_plan_chunks", watched)

    run = month_end.run_month_end(CalendarMonth(2026, 3), actor=JOB, at=NOON + MONTH)

    assert run.state == "done"
    assert planned == ["off", "off"], "when the run is planned, and before it is closed"
    assert setting("enable_nestloop") == "on"
