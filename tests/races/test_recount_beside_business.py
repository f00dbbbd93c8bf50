"""A total is counted anew while somebody moves it."""

from __future__ import annotations

import pytest
from django.db import connection

from accounts.models import Customer
from billing_portal.auditor import violations
from billing_portal.models import Recount
from billing_portal.recounting import differences, mend
from catalog.models import Item
from invoices.models import MonthlyTotal
from tests.cast import JOB, NOON, create
from tests.owner import around_all_guards
from tests.races.beside import in_flight, meanwhile

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_recount_waits_for_what_is_bought_and_counts_it(alice: Customer, small: Item) -> None:
    """One server is bought, the month is spoilt, and a second one is bought while the month is counted: two of 181,000 VND."""
    create(alice, small)
    with around_all_guards(), connection.cursor() as cursor:
        cursor.execute("UPDATE invoices_monthlytotal SET charged = 5")
    [spoilt] = differences()
    with in_flight(lambda: create(alice, small)):
        mended = meanwhile(lambda: mend(spoilt, actor=JOB, at=NOON))
    assert mended.result(timeout=20) == ""
    month = MonthlyTotal.objects.get()
    assert (month.invoices, month.charged, month.paid) == (2, 362_000, 362_000)
    assert Recount.objects.get().counted["charged"] == 362_000
    assert violations() == []
