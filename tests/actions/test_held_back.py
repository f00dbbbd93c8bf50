"""What is held back is held at every door, leaves nobody waiting, and can be put right again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings

from accounts.models import Customer
from billing_portal.auditor import violations
from catalog.models import Item, Price, Product
from catalog.queries import NoPrice
from invoices.models import BillingRun, Invoice, ParkedBilling
from invoices.services.forecast import dry_run
from invoices.services.held import billed_so_far, bounds_of
from invoices.services.month_end import bill_ended_months
from invoices.services.release import HeldAsAWhole, release
from kernel.periods import CalendarMonth
from lifecycle.models import State
from lifecycle.services.running import stop_resource
from orders.services.delete import delete_resource
from orders.services.switch import rehearse_switch
from payments.services.correct import correct_invoice
from tests.actions.books import refused
from tests.cast import DAY, JOB, STAFF, create, fresh, make_customer, make_item, make_product, owner_of, switch_mode

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY, MARCH, APRIL, MAY, JUNE, JULY = (CalendarMonth(2026, month) for month in range(1, 8))


def starts(month: CalendarMonth, day: int = 1):
    return month.period.starts_at + (day - 1) * DAY


@pytest.fixture
def ending(vserver: Product) -> Item:
    """43,200 per 30 days, a đồng a minute; staff ended its price with the fifth of March, by mistake."""
    return make_item(vserver, "ending", 43_200, valid_until=starts(MARCH, 6))


@pytest.fixture
def giant() -> Item:
    """52,000,000 per 30 days."""
    return make_item(make_product("giant"), "giant", 52_000_000)


def bill(month: CalendarMonth) -> BillingRun:
    return bill_ended_months(actor=JOB, at=month.following.period.starts_at)[-1]


def test_what_has_no_price_is_held_and_the_customers_other_server_is_billed(
    bob: Customer, small: Item, ending: Item
) -> None:
    [lacks] = create(bob, ending, at=starts(MARCH))
    [fine] = create(bob, small, at=starts(MARCH))
    assert [(customer, "ending" in why) for customer, why in dry_run(MARCH).unpriced] == [(bob, True)]
    assert bill(MARCH).state == BillingRun.State.PARKED
    assert fine.invoices.get().total == 187_033
    held = ParkedBilling.objects.get()
    assert (held.resource, held.cause, held.owner) == (
        lacks,
        "no-price",
        ParkedBilling.OWNERS[ParkedBilling.Cause.NO_PRICE],
    )
    with pytest.raises(NoPrice):
        release(held.pk, reason="try", actor=STAFF, at=starts(APRIL, 2))


def test_three_months_after_a_price_ended_by_mistake_the_bills_are_all_issued(bob: Customer, ending: Item) -> None:
    """31, 30 and 31 days at 1,440 đồng a day."""
    [server] = create(bob, ending, at=starts(MARCH))
    for month in (MARCH, APRIL, MAY):
        bill(month)
    assert not server.invoices.exists()
    Price.objects.update(valid_until=None)
    for held in ParkedBilling.objects.order_by("month"):
        release(held.pk, reason="the price goes on", actor=STAFF, at=starts(JUNE, 2))
    totals = list(server.invoices.order_by("period_key").values_list("period_key", "total"))
    assert totals == [("2026-03", 44_640), ("2026-04", 43_200), ("2026-05", 44_640)]
    assert set(BillingRun.objects.values_list("state", flat=True)) == {BillingRun.State.DONE}


def test_a_server_without_a_price_is_stopped_and_deleted_at_once_and_its_bill_waits(
    bob: Customer, ending: Item
) -> None:
    [server] = create(bob, ending, at=starts(MARCH))
    stop_resource(server.pk, actor=owner_of(bob), at=starts(MARCH, 8))
    delete_resource(server.pk, actor=owner_of(bob), at=starts(MARCH, 10))
    assert fresh(server).state == State.SUSPENSE
    held = ParkedBilling.objects.get()
    assert (held.month, held.resource, held.cause, held.run) == ("2026-03", server, "no-price", None)
    assert not Invoice.objects.exists()

    run = bill(MARCH)
    assert (run.state, run.parked.get()) == (BillingRun.State.PARKED, held)
    Price.objects.update(valid_until=None)
    release(held.pk, reason="the price goes on", actor=STAFF, at=starts(APRIL, 3))
    assert server.invoices.get().total == 9 * 1_440


def test_a_switch_goes_through_and_says_whose_bill_waits(bob: Customer, small: Item, ending: Item) -> None:
    """Nine days of the other server: 181,000 / 30 x 9 = 54,300."""
    [lacks] = create(bob, ending, at=starts(MARCH), name="lacks")
    create(bob, small, at=starts(MARCH), name="fine")
    plan = rehearse_switch(bob, "prepaid", at=starts(MARCH, 10))
    assert (plan["invoiced_now"], plan["held_back"]) == (54_300, ["lacks"])
    switch_mode(bob, "prepaid", at=starts(MARCH, 10))
    assert fresh(lacks).billing_mode == "prepaid"
    assert Invoice.objects.get(kind="usage").total == 54_300
    assert ParkedBilling.objects.get().resource == lacks


def test_a_bill_far_above_the_usual_is_held_at_deletion_as_well(bob: Customer, small: Item, giant: Item) -> None:
    create(bob, small, at=starts(JANUARY))
    for month in (JANUARY, FEBRUARY):
        bill(month)
    [server] = create(bob, giant, at=starts(MARCH))
    delete_resource(server.pk, actor=owner_of(bob), at=starts(MARCH, 21))
    held = ParkedBilling.objects.get()
    assert (held.resource, held.cause, held.expected_total, held.usual_total) == (
        server,
        "outlier",
        34_666_667,
        177_983,
    )
    assert not server.invoices.exists()
    release(held.pk, reason="it is so", actor=STAFF, at=starts(MARCH, 22))
    assert server.invoices.get().total == 34_666_667


def test_a_month_that_is_held_is_not_billed_by_deleting(bob: Customer, small: Item, giant: Item) -> None:
    create(bob, small, at=starts(JANUARY))
    for month in (JANUARY, FEBRUARY):
        bill(month)
    [server] = create(bob, giant, at=starts(MARCH))
    bill(MARCH)
    whole = ParkedBilling.objects.get()
    assert (whole.resource, whole.cause) == (None, "outlier")
    delete_resource(server.pk, actor=owner_of(bob), at=starts(APRIL) + timedelta(minutes=43))
    assert not server.invoices.filter(period_start__lt=starts(APRIL)).exists()
    release(whole.pk, reason="it is so", actor=STAFF, at=starts(APRIL, 2))
    assert server.invoices.get(period_key="2026-03").total == 53_733_333
    assert violations() == []


def test_of_one_resource_nothing_is_released_while_all_of_the_customer_is_held(bob: Customer, small: Item) -> None:
    [server] = create(bob, small, at=starts(MARCH))
    ParkedBilling.objects.create(month="2026-03", customer=bob, cause="outlier", at=starts(MARCH))
    one = ParkedBilling.objects.create(
        month="2026-03", customer=bob, resource=server, cause="no-price", at=starts(MARCH)
    )
    with refused(HeldAsAWhole):
        release(one.pk, reason="try", actor=STAFF, at=starts(MARCH, 2))


def test_a_first_month_of_three_days_is_compared_as_if_it_had_been_whole(bob: Customer) -> None:
    """60,000,000 a month from 26 February: 6,000,000 in three days says 56,000,000 in 28, and 62,000,000 is not far above."""
    big = make_item(make_product("big"), "big", 60_000_000)
    [server] = create(bob, big, at=starts(FEBRUARY, 26))
    assert bill(FEBRUARY).state == BillingRun.State.DONE
    assert bill(MARCH).state == BillingRun.State.DONE
    assert sorted(server.invoices.values_list("total", flat=True)) == [6_000_000, 62_000_000]


def test_what_is_held_back_month_after_month_does_not_become_usual(bob: Customer, giant: Item) -> None:
    """Usually 1,600,000; three months at 52 million are held, and so is the fourth."""
    create(bob, make_item(make_product("plain"), "plain", 1_600_000), at=starts(JANUARY))
    for month in (JANUARY, FEBRUARY):
        bill(month)
    create(bob, giant, at=starts(MARCH))
    for month in (MARCH, APRIL, MAY, JUNE):
        assert bill(month).state == BillingRun.State.PARKED, month
    assert set(ParkedBilling.objects.values_list("month", "cause")) == {
        (month.key, "outlier") for month in (MARCH, APRIL, MAY, JUNE)
    }


def test_new_customers_have_a_bound_of_their_own(giant: Item) -> None:
    """54 million (53,733,333) is more than 50 million, with which nobody begins unseen."""
    assert settings.OUTLIER_NEW_CUSTOMER == 50_000_000
    create(make_customer(mode="postpaid"), giant, at=starts(MARCH))
    [usual] = create(
        make_customer(mode="postpaid"), make_item(make_product("less"), "less", 48_000_000), at=starts(MARCH)
    )
    assert bill(MARCH).state == BillingRun.State.PARKED
    held = ParkedBilling.objects.get()
    assert (held.cause, held.expected_total, held.usual_total) == ("outlier", 53_733_333, None)
    assert usual.invoices.get().total == 49_600_000


def test_what_was_credited_is_no_measure_of_what_is_usual(bob: Customer, small: Item) -> None:
    """187,033 for January, all but 10,000 of it credited: a slip does not let the next one pass."""
    [server] = create(bob, small, at=starts(JANUARY))
    bill(JANUARY)
    correct_invoice(server.invoices.get().pk, 177_033, note="a slip", actor=STAFF, at=starts(FEBRUARY, 2))
    assert bounds_of([bob.pk], FEBRUARY)[bob.pk].usual == 10_000
    assert billed_so_far(JANUARY, [bob.pk]) == {bob.pk: 10_000}
