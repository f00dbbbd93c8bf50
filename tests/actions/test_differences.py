"""Why a customer's month differs from another: from the bills, resource by resource."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.translation import override

from catalog.models import Discount, Item, Price
from foresight.difference import Difference, difference
from invoices.services.month_end import bill_ended_months
from invoices.services.running import running_costs
from kernel.periods import CalendarMonth
from orders.services.delete import delete_resource
from tests.actions.test_usage_intake import take, use
from tests.cast import DAY, JOB, NOON, create, make_coupon, make_metered, owner_of, resize

pytestmark = pytest.mark.django_db

MARCH = CalendarMonth(2026, 3)
APRIL = MARCH.following
BEGIN, OVER = MARCH.period.starts_at, APRIL.period.ends_at
QUERIES = 9


def causes(found: Difference) -> dict[str, int]:
    assert sum(share.amount for share in found.causes) == found.amount == found.cost_after - found.cost_before
    for one in found.resources:
        assert sum(share.amount for share in one.causes) == one.pair.difference
    return {share.cause.code: share.amount for share in found.causes if share.amount}


def both(customer, *, at=OVER) -> Difference:
    return difference(customer, MARCH, APRIL, at=at)


def bill(at=OVER) -> None:
    for month in (MARCH, APRIL):
        if month.period.ends_at <= at:
            bill_ended_months(actor=JOB, at=month.period.ends_at)


def test_april_is_a_day_shorter(bob, small) -> None:
    """187,033.33 and 181,000: 6,033.33 less, and both are rounded."""
    create(bob, small, at=BEGIN)
    bill()
    found = both(bob)
    assert causes(found) == {"days": -6_033}
    assert (found.cost_before, found.cost_after, found.unchanged, found.is_over) == (187_033, 181_000, 0, True)


def test_what_was_bought_deleted_and_resized_stands_with_its_resource(bob, small, large) -> None:
    [old, grown] = create(bob, small, at=BEGIN, quantity=2)
    bill_ended_months(actor=JOB, at=MARCH.period.ends_at)
    begin = APRIL.period.starts_at
    delete_resource(old.pk, actor=owner_of(bob), at=begin + 15 * DAY)
    resize(grown, large, at=begin + 15 * DAY)
    [young] = create(bob, small, at=begin + 15 * DAY)
    bill_ended_months(actor=JOB, at=OVER)
    found = both(bob)
    of = {
        one.pair.resource: {share.cause.code: share.amount for share in one.causes if share.amount}
        for one in found.resources
    }
    assert of[young.pk] == {"new": 90_500}
    assert of[old.pk] == {"deleted": -90_500, "days": -6_033}
    assert of[grown.pk] == {"resized": 169_500, "days": -6_033}
    assert causes(found) == {"new": 90_500, "deleted": -90_500, "resized": 169_500, "days": -12_066}


def test_a_price_that_rises_and_a_discount_that_begins_are_the_price(bob, small) -> None:
    create(bob, small, at=BEGIN)
    Price.objects.filter(item=small).update(valid_until=APRIL.period.starts_at)
    Price.objects.create(item=small, unit_price=Decimal(200_000), valid_from=APRIL.period.starts_at)
    Discount.objects.create(
        customer=bob, product=small.product, share=Decimal("0.1"), valid_from=APRIL.period.starts_at
    )
    bill()
    found = both(bob)
    assert causes(found) == {"days": -6_033, "price": -1_000}
    with override("en"):
        [facts] = [facts for cause, _amount, facts in found.resources[0].said() if cause.code == "price"]
    assert [fact.replace("\xa0", " ") for fact in facts] == ["small: 181,000 → 200,000 ₫", "small: discount 0 % → 10 %"]


def test_use_late_use_and_what_was_taken_back_are_use(bob, small, vserver) -> None:
    """10 GB in March, of which 4 were none; 3 in April, and 2 of April that were reported in May."""
    make_metered(vserver, "traffic", 500)
    [server] = create(bob, small, at=BEGIN)
    assert take(server, use(server, "a", 10, used_at=BEGIN + DAY), at=BEGIN + 2 * DAY) == ["accepted"]
    bill_ended_months(actor=JOB, at=MARCH.period.ends_at)
    begin = APRIL.period.starts_at
    fixed = use(server, "b", 6, used_at=BEGIN + DAY, corrects="a")
    assert take(server, fixed, use(server, "c", 3, used_at=begin + DAY), at=begin + 2 * DAY) == ["late", "accepted"]
    bill_ended_months(actor=JOB, at=OVER)
    assert take(server, use(server, "d", 2, used_at=begin + DAY), at=OVER + DAY) == ["late"]
    bill_ended_months(actor=JOB, at=APRIL.following.period.ends_at)
    found = both(bob, at=APRIL.following.period.ends_at)
    assert causes(found) == {"days": -6_033, "usage": -500}


def test_a_coupon_and_the_time_that_was_paid_for_stand_in_their_months(alice, small) -> None:
    """Paid at noon of 10 March for 30 days, 20,001 off: 129,717 - 10,001 in March, 51,283 - 10,000 in April."""
    make_coupon("TET", 20_001)
    create(alice, small, coupon="TET")
    found = both(alice)
    assert (found.cost_before, found.cost_after) == (119_716, 41_283)
    assert causes(found)["coupon"] == 1


def test_what_is_not_refundable_is_no_rounding(alice, small) -> None:
    small.product.is_refundable = False
    small.product.save()
    [server] = create(alice, small)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + 10 * DAY)
    found = both(alice)
    assert causes(found) == {"deleted": -60_333, "otherwise": -120_667}


def test_the_present_month_counts_until_its_end(bob, small, vserver) -> None:
    make_metered(vserver, "traffic", 500)
    [server] = create(bob, small, at=BEGIN)
    bill_ended_months(actor=JOB, at=MARCH.period.ends_at)
    at = APRIL.period.starts_at + 3 * DAY
    assert take(server, use(server, "a", 2, used_at=at - timedelta(hours=5)), at=at) == ["accepted"]
    found = both(bob, at=at)
    assert not found.is_over
    assert found.cost_after == running_costs(bob, at=at).total.expected == 182_000
    assert causes(found) == {"days": -6_033, "usage": 1_000}


def test_what_costs_the_same_is_only_counted(bob, small) -> None:
    create(bob, small, at=BEGIN)
    bill()
    found = difference(bob, MARCH, MARCH, at=OVER)
    assert (found.amount, found.resources, found.unchanged) == (0, [], 1)


@pytest.mark.parametrize("count", [1, 5])
def test_it_takes_as_many_questions_for_many_as_for_one(bob, small, vserver, count, django_assert_num_queries) -> None:
    make_metered(vserver, "traffic", 500)
    servers = create(bob, small, at=BEGIN, quantity=count)
    for server in servers:
        assert take(server, use(server, "a", 10, used_at=BEGIN + DAY), at=BEGIN + 2 * DAY) == ["accepted"]
    bill()
    with django_assert_num_queries(QUERIES):
        both(bob)


def test_words_are_those_of_the_reader(bob, small: Item) -> None:
    create(bob, small, at=BEGIN)
    bill()
    [one] = both(bob).resources
    with override("en"):
        assert [facts for _cause, _amount, facts in one.said()] == [["31 days → 30 days"]]
    with override("vi"):
        assert [facts for _cause, _amount, facts in one.said()] == [["31 ngày → 30 ngày"]]
