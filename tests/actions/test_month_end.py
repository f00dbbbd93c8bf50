"""The month-end run: who is billed, who is held back, what happens when it comes late."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.models import Customer
from catalog.models import Item, Price, Product
from invoices.models import BillingRun, Invoice, ParkedBilling
from invoices.services.forecast import dry_run
from invoices.services.month_end import MonthNotOver, bill_ended_months, run_month_end
from invoices.services.release import release
from kernel.periods import CalendarMonth, start_of_day
from notifications.models import Notice
from tests.actions.books import nothing_changes, refused
from tests.cast import DAY, JOB, STAFF, create, make_customer, make_item, make_product, resize

pytestmark = pytest.mark.django_db

JANUARY, FEBRUARY, MARCH, APRIL = (CalendarMonth(2026, month) for month in (1, 2, 3, 4))


def test_a_month_is_billed_only_when_it_is_over(bob: Customer, small: Item) -> None:
    create(bob, small, at=MARCH.period.starts_at)
    with refused(MonthNotOver):
        run_month_end(MARCH, actor=JOB, at=MARCH.period.ends_at - DAY)
    with nothing_changes():
        assert bill_ended_months(actor=JOB, at=MARCH.period.starts_at) == []


def test_the_border_of_the_month_is_midnight_in_vietnam(bob: Customer, small: Item) -> None:
    """17:00 UTC on the last day. A server that begins a minute before has one minute in March: 181,000 / 43,200 = 4."""
    assert MARCH.period.ends_at.isoformat() == "2026-03-31T17:00:00+00:00"
    [server] = create(bob, small, at=MARCH.period.ends_at - DAY / 1440)
    bill_ended_months(actor=JOB, at=MARCH.period.ends_at)
    assert server.invoices.get().total == 4


def test_missed_months_are_caught_up_one_invoice_each(bob: Customer, small: Item) -> None:
    [server] = create(bob, small, at=JANUARY.period.starts_at)
    runs = bill_ended_months(actor=JOB, at=APRIL.period.starts_at)
    assert [run.month for run in runs] == ["2026-01", "2026-02", "2026-03"]
    totals = dict(server.invoices.values_list("period_key", "total"))
    assert totals == {"2026-01": 187_033, "2026-02": 168_933, "2026-03": 187_033}
    with nothing_changes():
        bill_ended_months(actor=JOB, at=APRIL.period.starts_at)
        run_month_end(FEBRUARY, actor=JOB, at=APRIL.period.starts_at)


def test_a_price_that_changes_within_the_month_cuts_the_line(bob: Customer, vserver: Product) -> None:
    """30,000 until the 11th, 60,000 from then on: 10 days = 10,000 and 21 days = 42,000."""
    item = make_item(vserver, "plain", 30_000, valid_until=MARCH.period.starts_at + 10 * DAY)
    Price.objects.create(item=item, unit_price=Decimal(60_000), valid_from=MARCH.period.starts_at + 10 * DAY)
    [server] = create(bob, item, at=MARCH.period.starts_at)
    bill_ended_months(actor=JOB, at=APRIL.period.starts_at)
    assert list(server.invoices.get().lines.order_by("position").values_list("total", flat=True)) == [10_000, 42_000]


def test_who_cannot_be_billed_is_parked_and_does_not_stop_the_others(
    bob: Customer, vserver: Product, small: Item
) -> None:
    """An item whose price ended in mid-month has no price for the rest."""
    ending = make_item(vserver, "ending", 1_000, valid_until=MARCH.period.starts_at + 5 * DAY)
    create(make_customer(mode="postpaid"), ending, at=MARCH.period.starts_at)
    [fine] = create(bob, small, at=MARCH.period.starts_at)
    [run] = bill_ended_months(actor=JOB, at=APRIL.period.starts_at)
    parked = ParkedBilling.objects.get()
    assert (run.state, parked.cause, parked.resource.customer) == (BillingRun.State.PARKED, "no-price", parked.customer)
    assert fine.invoices.get().total == 187_033

    Price.objects.create(item=ending, unit_price=Decimal(1_000), valid_from=MARCH.period.starts_at + 5 * DAY)
    release(parked.pk, reason="the price was missing", actor=STAFF, at=APRIL.period.starts_at + DAY)
    assert Invoice.objects.get(customer=parked.customer).total == 167 + 867
    assert BillingRun.objects.get().state == BillingRun.State.DONE


def test_a_bill_far_above_the_usual_is_held_back_for_staff(bob: Customer, small: Item) -> None:
    """Usually 181,000 a month; 80,000,000 is more than five times as much and above the floor."""
    giant = make_item(make_product("giant"), "giant", 80_000_000)
    [server] = create(bob, small, at=JANUARY.period.starts_at)
    bill_ended_months(actor=JOB, at=MARCH.period.starts_at)
    create(bob, giant, at=MARCH.period.starts_at)
    forecast = dry_run(MARCH)
    assert forecast.total == 187_033 + 82_666_667
    assert [customer for customer, _total in forecast.held_back] == [bob]

    [run] = bill_ended_months(actor=JOB, at=APRIL.period.starts_at)
    assert not Invoice.objects.filter(period_key="2026-03").exists()
    assert (run.state, ParkedBilling.objects.get().expected_total) == (BillingRun.State.PARKED, 82_853_700)

    # The next month goes on, and the release bills March as March.
    may = APRIL.following.period.starts_at
    bill_ended_months(actor=JOB, at=may)
    release(run.parked.get().pk, reason="a new project", actor=STAFF, at=may)
    assert server.invoices.get(period_key="2026-03").total == 187_033


def test_a_dry_run_writes_nothing(bob: Customer, small: Item) -> None:
    create(bob, small, at=MARCH.period.starts_at)
    with nothing_changes():
        forecast = dry_run(MARCH)
    assert (forecast.invoices, forecast.total, forecast.top_movers) == (1, 187_033, [(bob, 0, 187_033)])


def test_a_usage_invoice_is_due_after_fifteen_days_and_told_once(bob: Customer, small: Item, large: Item) -> None:
    [server] = create(bob, small, at=MARCH.period.starts_at)
    resize(server, large, at=MARCH.period.starts_at + 10 * DAY)
    bill_ended_months(actor=JOB, at=APRIL.period.starts_at)
    invoice = server.invoices.get()
    assert invoice.due_date == date(2026, 4, 16)
    assert not invoice.is_overdue(start_of_day(date(2026, 4, 17)) - timedelta(minutes=1)), "due all of that day"
    assert invoice.is_overdue(start_of_day(date(2026, 4, 17)))
    assert (invoice.buyer["name"], invoice.lines.count()) == ("Bob", 2)
    assert Notice.objects.filter(kind=Notice.Kind.INVOICE_ISSUED, event=f"invoice:{invoice.pk}").count() == 1
