"""What was ordered stays as it was offered, and a coupon is used as often as it may be, by orders that stand."""

from __future__ import annotations

import pytest

from accounts.models import Customer
from catalog.models import Coupon, Item, Redemption
from kernel.ids import new_id
from orders.models import Action, Order
from orders.services.unpaid import end_unpaid_order
from tests.cast import (
    DAY,
    LONG_AGO,
    NOON,
    answer,
    chosen,
    create,
    make_coupon,
    make_customer,
    order,
    owner_of,
    quote,
    switch_mode,
)
from tests.owner import around_all_guards
from tests.table.attack import MARKS, refuse, refused, run

pytestmark = MARKS
TAKE = (
    "INSERT INTO catalog_redemption (coupon_id, customer_id, order_id, amount, state, at)"
    " VALUES (%s, %s, %s, 20000, 'reserved', now())"
)


def offered(customer: Customer, small: Item, coupon: str = "") -> Order:
    inputs = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    return order(quote(customer, Action.CREATE, **inputs, coupon=coupon), means="gateway")


def uses() -> list[int]:
    return list(Coupon.objects.values_list("uses", flat=True))


def at_the_end() -> None:
    run("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.fixture
def coupon(db: None) -> Coupon:
    return make_coupon("TET", 20_000)


@pytest.fixture
def taken(alice: Customer, small: Item, coupon: Coupon) -> Redemption:
    offered(alice, small, "TET")
    at_the_end()
    run("SET CONSTRAINTS ALL DEFERRED")
    return Redemption.objects.get()


def test_no_customer_uses_it_more_often_than_each_may(alice: Customer, taken: Redemption) -> None:
    refuse(TAKE, taken.coupon_id, alice.pk, new_id(), match="as often as each may")


def test_a_use_that_is_left_out_is_not_counted(alice: Customer, bob: Customer, taken: Redemption) -> None:
    assert run(f"{TAKE} ON CONFLICT DO NOTHING", taken.coupon_id, bob.pk, taken.order_id) == 0
    assert uses() == [1]


def test_a_use_is_counted_by_itself_and_given_back_once(alice: Customer, taken: Redemption) -> None:
    assert uses() == [1]
    end_unpaid_order(taken.order_id, expired=False, actor=owner_of(alice), at=NOON)
    at_the_end()
    assert uses() == [0]
    refuse("UPDATE catalog_redemption SET state = 'used'", match="cannot move from returned to used")
    refuse("UPDATE catalog_redemption SET state = 'reserved'", match="cannot move from returned to reserved")
    assert uses() == [0]


@pytest.mark.parametrize("state", ["used", "returned"])
def test_a_use_starts_reserved(coupon: Coupon, alice: Customer, state: str) -> None:
    refuse(TAKE.replace("reserved", state), coupon.pk, alice.pk, new_id(), match="starts as reserved")


def test_an_order_that_stands_keeps_its_coupon(taken: Redemption) -> None:
    with refused("stands, and keeps its coupon"):
        run("UPDATE catalog_redemption SET state = 'returned'")
        at_the_end()


def test_so_does_one_that_is_done(alice: Customer, small: Item, coupon: Coupon) -> None:
    create(alice, small, coupon="TET")
    assert Redemption.objects.get().state == "used"
    with refused("stands, and keeps its coupon"):
        run("UPDATE catalog_redemption SET state = 'returned'")
        at_the_end()
    refuse("UPDATE catalog_redemption SET state = 'reserved'", match="cannot move from used to reserved")


def test_it_is_returned_when_all_of_it_failed(alice: Customer, small: Item, coupon: Coupon) -> None:
    inputs = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    answer(order(quote(alice, Action.CREATE, **inputs, coupon="TET")), succeed=False)
    at_the_end()
    assert Redemption.objects.get().state == "returned"


@pytest.mark.parametrize(
    "change",
    [
        "amount = 1",
        "amount = 1000000000000",
        "customer_id = gen_random_uuid()",
        "order_id = gen_random_uuid()",
        "at = now()",
    ],
)
def test_what_was_taken_off_stays(taken: Redemption, change: str) -> None:
    refuse(f"UPDATE catalog_redemption SET {change}", match="frozen")


def test_a_use_is_some_orders_own(alice: Customer, small: Item, coupon: Coupon) -> None:
    """Of no order, of an order without a coupon, of another customer's."""
    plain = offered(alice, small)
    for customer, order_id in ((alice, new_id()), (alice, plain.pk), (make_customer("Mallory"), plain.pk)):
        with refused("is not what order"):
            run(TAKE, coupon.pk, customer.pk, order_id)
            at_the_end()
    assert list(Coupon.objects.values_list("uses", flat=True)) == [0]


def test_a_coupon_that_is_over_is_not_used(alice: Customer, small: Item) -> None:
    """The offer decides: what was offered in time is bought a little later."""
    over = make_coupon("OVER", 20_000, valid_until=NOON)
    order = offered(alice, small)
    at_the_end()
    run("SET CONSTRAINTS ALL DEFERRED")
    run("ALTER TABLE orders_order DISABLE TRIGGER USER")
    run("UPDATE orders_order SET coupon_code = 'OVER'")
    with refused("is not what order"):
        run(TAKE, over.pk, alice.pk, order.pk)
        at_the_end()
    assert over.valid_from == LONG_AGO


@pytest.mark.parametrize("amount", [0, -1, 10**12 + 1])
def test_a_use_is_worth_something_sane(coupon: Coupon, alice: Customer, amount: int) -> None:
    refuse(TAKE.replace("20000", str(amount)), coupon.pk, alice.pk, new_id(), match="redemption_is_worth_something")


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("orders_order", "total = total + 1"),
        ("orders_order", "means = 'none'"),
        ("orders_order", "key = 'other'"),
        ("orders_order", "actor = 'somebody'"),
        ("orders_order", "coupon_code = 'TET'"),
        ("orders_order", "payment_id = NULL"),
        ("orders_orderitem", "due = due + 1"),
        ("orders_orderitem", "due = 1000000000000000"),
        ("orders_orderitem", "content = '{}'"),
        ("orders_orderitem", "position = 2"),
        ("orders_orderitem", "resource_id = NULL"),
        ("orders_orderitem", "request_id = NULL"),
    ],
)
def test_what_was_ordered_stays(alice: Customer, small: Item, table: str, change: str) -> None:
    create(alice, small)
    refuse(f"UPDATE {table} SET {change}", match="frozen")


@pytest.mark.parametrize(("table", "column"), [("orders_order", "total"), ("orders_orderitem", "due")])
def test_nothing_costs_more_than_can_be_paid(alice: Customer, small: Item, table: str, column: str) -> None:
    create(alice, small)
    at_the_end()
    run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    refuse(f"UPDATE {table} SET {column} = 1000000000001", match="not_negative|nothing_or_more")


def test_the_items_of_an_order_add_up_to_it(alice: Customer, small: Item) -> None:
    ordered = offered(alice, small)
    item = (
        "INSERT INTO orders_orderitem (id, order_id, customer_id, position, state, content, due, reason)"
        " VALUES (gen_random_uuid(), %s, %s, 2, 'waiting', '{}', %s, '')"
    )
    refuse(item, ordered.pk, alice.pk, 1, match="do not add up")
    assert run(item, ordered.pk, alice.pk, 0) == 1


def test_a_customers_mode_follows_from_its_switches(alice: Customer) -> None:
    switch = (
        "INSERT INTO accounts_billingmodeswitch (id, customer_id, from_mode, to_mode, reason, plan, actor, at)"
        " VALUES (gen_random_uuid(), %s, %s, %s, 'asked', '{}', 'x', %s)"
    )
    refuse("UPDATE accounts_customer SET billing_mode = 'postpaid'", match="frozen")
    refuse(switch, alice.pk, "postpaid", "prepaid", NOON, match="is not postpaid")
    refuse(switch, alice.pk, "prepaid", "postpaid", LONG_AGO - DAY, match="was not there yet")
    with refused("was not decided by people"):
        run(switch, alice.pk, "prepaid", "postpaid", NOON)
        at_the_end()
    switch_mode(alice, "postpaid", at=NOON)
    alice.refresh_from_db()
    assert alice.billing_mode == "postpaid"
    refuse(switch, alice.pk, "postpaid", "prepaid", NOON - DAY, match="was switched later")
    refuse(switch, alice.pk, "prepaid", "postpaid", NOON + DAY, match="is not prepaid")


def test_a_switch_that_is_left_out_switches_nothing(alice: Customer) -> None:
    switch_mode(alice, "postpaid", at=NOON)
    back = "SELECT id, customer_id, act_id, to_mode, from_mode, reason, plan, actor, at FROM accounts_billingmodeswitch ON CONFLICT DO NOTHING"
    columns = "id, customer_id, act_id, from_mode, to_mode, reason, plan, actor, at"
    assert run(f"INSERT INTO accounts_billingmodeswitch ({columns}) {back}") == 0
    alice.refresh_from_db()
    assert alice.billing_mode == "postpaid"


@pytest.mark.parametrize(
    "unlike",
    ["act = 'adjust-credit'", "state = 'refused'", "customer_id = {bob}", "facts = '{{\"to_mode\": \"prepaid\"}}'", "decided_by = 'ann'", "decided_at = decided_at + interval '1 second'"],
)  # fmt: skip
def test_a_switch_is_of_the_act_that_was_decided(alice: Customer, bob: Customer, unlike: str) -> None:
    """Whatever the act says otherwise than the switch, whoever wrote it."""
    made = switch_mode(alice, "postpaid", at=NOON)
    at_the_end()
    with around_all_guards():
        run(f"UPDATE accounts_staffact SET {unlike.format(bob=repr(str(bob.pk)))}")
        run("DELETE FROM accounts_billingmodeswitch")
        run("UPDATE accounts_customer SET billing_mode = 'prepaid'")
    with refused("was not decided by people"):
        run(
            "INSERT INTO accounts_billingmodeswitch (id, customer_id, act_id, from_mode, to_mode, reason, plan, actor, at)"
            " VALUES (gen_random_uuid(), %s, %s, 'prepaid', 'postpaid', 'asked', '{}', %s, %s)",
            alice.pk, made.act_id, made.actor, NOON,
        )  # fmt: skip
        at_the_end()
