"""What postpaid usage of the present month costs before it is invoiced: until now, and by the month's end if nothing changes."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Customer
from catalog.models import Item, Product
from invoices.services.month_end import bill_ended_months
from invoices.services.running import Cost, running_costs
from kernel.periods import CalendarMonth
from orders.services.delete import delete_resource
from tests.cast import DAY, JOB, create, make_item, make_product, owner_of, resize

pytestmark = pytest.mark.django_db

MARCH = CalendarMonth(2026, 3)
BEGIN, END = MARCH.period.starts_at, MARCH.period.ends_at


def test_ten_days_of_march_are_a_third_of_thirty_and_all_of_it_is_what_the_invoice_says(
    bob: Customer, small: Item
) -> None:
    """181,000 for 30 days: 14,400 minutes are 60,333.33, the 44,640 of March 187,033.33."""
    [server] = create(bob, small, at=BEGIN)
    running = running_costs(bob, at=BEGIN + 10 * DAY)
    assert (running.month, running.total, running.unpriced) == (MARCH, Cost(60_333, 187_033), 0)
    bill_ended_months(actor=JOB, at=END)
    assert server.invoices.get().total == 187_033


def test_the_next_month_begins_with_nothing(bob: Customer, small: Item) -> None:
    create(bob, small, at=BEGIN)
    running = running_costs(bob, at=END)
    assert (running.month.key, running.total) == ("2026-04", Cost(0, 181_000))


def test_a_resize_is_priced_on_both_sides_of_it(bob: Customer, small: Item, large: Item) -> None:
    """Ten days at 181,000 are 60,333; at 520,000 ten more are 173,333 and the 21 to the end 364,000."""
    [server] = create(bob, small, at=BEGIN)
    resize(server, large, at=BEGIN + 10 * DAY)
    assert running_costs(bob, at=BEGIN + 20 * DAY).total == Cost(60_333 + 173_333, 60_333 + 364_000)


def test_what_was_deleted_and_invoiced_counts_with_its_invoice(bob: Customer, small: Item) -> None:
    [server, _other] = create(bob, small, at=BEGIN, quantity=2)
    delete_resource(server.pk, actor=owner_of(bob), at=BEGIN + 10 * DAY)
    assert server.invoices.get().total == 60_333
    running = running_costs(bob, at=BEGIN + 20 * DAY, by="resource")
    assert running.of[server.pk] == Cost(60_333, 60_333)
    assert running.total == Cost(60_333 + 120_667, 60_333 + 187_033)


def test_each_product_and_each_resource_has_its_own_part(bob: Customer, small: Item) -> None:
    storage = make_product("storage")
    disk = make_item(storage, "disk", 30_000)
    [server] = create(bob, small, at=BEGIN)
    [volume] = create(bob, disk, at=BEGIN + 5 * DAY)
    at = BEGIN + 10 * DAY
    assert running_costs(bob, at=at).of == {
        server.product_id: Cost(60_333, 187_033),
        storage.pk: Cost(5_000, 26_000),
    }
    assert running_costs(bob, at=at, by="resource", only=[volume.pk]).of == {volume.pk: Cost(5_000, 26_000)}


def test_what_is_paid_for_before_costs_nothing_here(alice: Customer, small: Item) -> None:
    create(alice, small, at=BEGIN)
    assert running_costs(alice, at=BEGIN + 10 * DAY).of == {}


def test_what_has_no_price_any_more_is_left_out_and_counted(bob: Customer, vserver: Product) -> None:
    """30,000 until the 11th and nothing afterwards: on the 6th 5,000 are known, and no more is expected."""
    item = make_item(vserver, "plain", 30_000, valid_until=BEGIN + 10 * DAY)
    create(bob, item, at=BEGIN)
    running = running_costs(bob, at=BEGIN + 5 * DAY)
    assert (running.total, running.unpriced) == (Cost(5_000, 5_000), 1)
    assert running_costs(bob, at=BEGIN + 15 * DAY).total == Cost(0, 0)


def test_a_hundred_alike_are_as_many_queries_as_one_and_rounded_one_by_one(bob: Customer, small: Item) -> None:
    create(bob, small, at=BEGIN)
    with CaptureQueriesContext(connection) as few:
        running_costs(bob, at=BEGIN + 10 * DAY)
    create(bob, small, at=BEGIN, quantity=100)
    with CaptureQueriesContext(connection) as many:
        running = running_costs(bob, at=BEGIN + 10 * DAY)
    assert len(few) == len(many)
    assert running.total == Cost(101 * 60_333, 101 * 187_033)


def test_what_was_invoiced_in_the_first_minute_of_the_month_counts_and_older_invoices_are_not_read(
    bob: Customer, small: Item
) -> None:
    """One minute of 43,200 at 181,000 is 4 đồng. Invoices are found by their day of issue, however long the history is."""
    [server] = create(bob, small, at=BEGIN)
    delete_resource(server.pk, actor=owner_of(bob), at=BEGIN + DAY / 1440)
    with CaptureQueriesContext(connection) as asked:
        assert running_costs(bob, at=BEGIN + 10 * DAY).total == Cost(4, 4)
    [invoices] = [query["sql"] for query in asked if 'FROM "invoices_invoice"' in query["sql"]]
    assert f""""issued_at" >= '{BEGIN.isoformat(" ")}'""" in invoices
