"""A coupon is worth what it says, as often and as long as it says, for what it is."""

from __future__ import annotations

from uuid import uuid4

import pytest

from accounts.models import Customer
from catalog.models import Coupon, Item
from catalog.services import (
    CouponHeld,
    CouponNotForProduct,
    CouponNotValidNow,
    CouponUsedUp,
    OrderBelowCouponMinimum,
    reserve_coupon,
    return_coupon,
)
from orders.models import Action, Order, Quote
from orders.services.unpaid import end_unpaid_order
from tests.cast import DAY, JOB, LONG_AGO, NOON, chosen, make_coupon, make_customer, make_product, order, quote

pytestmark = pytest.mark.django_db


def offered(customer: Customer, small: Item, *, at=NOON) -> Quote:
    inputs = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    return quote(customer, Action.CREATE, at, **inputs, coupon="TET")


def test_each_customer_uses_a_coupon_as_often_as_it_says(alice: Customer, bob: Customer, small: Item) -> None:
    make_coupon("TET", 20_000, maximum_uses_per_customer=1)
    early, late = offered(alice, small), offered(alice, small)
    assert order(early).total == 161_000
    with pytest.raises(CouponUsedUp):
        offered(alice, small)
    with pytest.raises(CouponUsedUp):  # offered before the last use was taken
        order(late)
    assert Coupon.objects.get().uses == 1


def test_a_coupon_of_one_use_is_used_up_whoever_used_it(alice: Customer, bob: Customer, small: Item) -> None:
    make_coupon("TET", 20_000, maximum_uses=1)
    order(offered(alice, small))
    with pytest.raises(CouponUsedUp):
        offered(make_customer("Carol", credit=1_000_000), small)


def test_whoever_comes_when_the_last_use_is_taken_reads_that_it_is(alice: Customer, small: Item) -> None:
    coupon = make_coupon("TET", 20_000, maximum_uses=1)
    order(offered(alice, small))
    with pytest.raises(CouponUsedUp):
        reserve_coupon(coupon, make_customer("Carol"), order_id=uuid4(), amount=20_000, at=NOON)


def test_an_unpaid_order_holds_its_use_until_it_ends_and_gives_it_back_once(alice: Customer, small: Item) -> None:
    make_coupon("TET", 20_000, maximum_uses=1)
    waiting = order(offered(alice, small), means=Order.Means.GATEWAY)
    with pytest.raises(CouponHeld):
        offered(alice, small)
    end_unpaid_order(waiting.pk, expired=False, actor=JOB, at=NOON)
    return_coupon(waiting.pk)
    assert Coupon.objects.get().uses == 0
    assert order(offered(alice, small)).total == 161_000


def test_a_coupon_is_valid_from_its_first_instant_to_before_its_last(alice: Customer, small: Item) -> None:
    make_coupon("TET", 20_000, valid_until=NOON)
    assert offered(alice, small, at=NOON - DAY / 86_400).total == 161_000
    with pytest.raises(CouponNotValidNow):
        offered(alice, small, at=NOON)
    Coupon.objects.update(valid_from=NOON, valid_until=None)
    assert offered(alice, small, at=NOON).total == 161_000
    with pytest.raises(CouponNotValidNow):
        offered(alice, small, at=NOON - DAY / 86_400)


def test_a_coupon_is_for_its_products_and_for_orders_of_its_minimum(alice: Customer, small: Item) -> None:
    coupon = make_coupon("TET", 20_000, minimum_order=181_001)
    with pytest.raises(OrderBelowCouponMinimum):
        offered(alice, small)
    Coupon.objects.update(minimum_order=181_000)
    coupon.products.add(make_product("other"))
    with pytest.raises(CouponNotForProduct):
        offered(alice, small)
    coupon.products.add(small.product)
    assert offered(alice, small).total == 161_000
    assert coupon.valid_from == LONG_AGO
