"""What a hold is for: its row says it, and keeps no more than that."""

from __future__ import annotations

import pytest

from accounts.models import Customer
from catalog.models import Item
from ledger.holds import End, Wanted, end_holds, place_holds
from ledger.models import CreditHold
from ledger.services import wallet_of
from lifecycle.models import Resource
from payments.models import Shortage, UsageHold
from tests.cast import DAY, NOON, create
from tests.table.attack import MARKS, refuse, refused, run

pytestmark = MARKS


@pytest.fixture
def server(alice: Customer, small: Item) -> Resource:
    return create(alice, small)[0]


def held_for(server: Resource, amount: int = 100, month: str = "2026-03") -> CreditHold:
    source = UsageHold.source_of(server.pk, month)
    return place_holds([Wanted(server.customer_id, source, amount)], at=NOON)[0]


WRITE = "INSERT INTO payments_usagehold (hold_id, customer_id, resource_id, month, so_far, ahead) VALUES (%s, %s, %s, %s, %s, %s)"


@pytest.mark.parametrize(
    ("month", "so_far", "ahead", "said"),
    [
        ("2026-03", 60, 39, "keeps more than that"),
        ("2026-04", 60, 40, "for something else"),
        ("2026-03", 101, -1, "a_hold_is_for_what_was_used_and_what_is_ahead"),
        ("2026-03", -1, 101, "a_hold_is_for_what_was_used_and_what_is_ahead"),
        ("2026-03", 10**12 + 1, 0, "a_hold_is_for_what_was_used_and_what_is_ahead"),
    ],
)
def test_a_hold_keeps_no_more_than_what_it_says_that_it_is_for(
    server: Resource, month: str, so_far: int, ahead: int, said: str
) -> None:
    held = held_for(server)
    refuse(WRITE, held.pk, server.customer_id, server.pk, month, so_far, ahead, match=said)


def test_a_hold_is_for_one_resource(alice: Customer, small: Item) -> None:
    first, second = create(alice, small, quantity=2)
    held = held_for(first)
    refuse(WRITE, held.pk, alice.pk, second.pk, "2026-03", 100, 0, match="for something else")


def test_a_hold_has_one_reason(server: Resource) -> None:
    held = held_for(server)
    UsageHold.objects.create(hold=held, customer=server.customer, resource=server, month="2026-03", so_far=100, ahead=0)
    refuse(WRITE, held.pk, server.customer_id, server.pk, "2026-03", 100, 0, match="hold_id")


def test_a_month_of_a_resource_has_one_open_hold_at_a_time(server: Resource) -> None:
    first = held_for(server)
    with refused("one_open_hold_of_each_source"):
        held_for(server, 50)
    end_holds([first.pk], End.RELEASED, at=NOON)
    held_for(server, 50)
    assert wallet_of(server.customer_id).held == 50


def test_many_holds_move_what_is_held_at_once(alice: Customer, small: Item) -> None:
    """All of a statement, of whichever customers."""
    servers = create(alice, small, quantity=3)
    wanted = [Wanted(alice.pk, UsageHold.source_of(server.pk, "2026-03"), 7) for server in servers]
    made = place_holds(wanted, at=NOON)
    assert wallet_of(alice.pk).held == 21
    end_holds([one.pk for one in made[:2]], End.CAPTURED, at=NOON)
    assert wallet_of(alice.pk).held == 7


# --- Shortages ---


@pytest.fixture
def shortage(server: Resource) -> Shortage:
    return Shortage.objects.create(
        customer=server.customer,
        product=server.product,
        missing=5,
        missing_now=5,
        at=NOON,
        stops_at=NOON + 3 * DAY,
    )


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("UPDATE payments_shortage SET done_at = stops_at - interval '1 second'", "nothing_stops_before_the_day_that_was_told"),
        ("UPDATE payments_shortage SET stops_at = at", "frozen"),
        ("UPDATE payments_shortage SET missing = 1", "frozen"),
        ("UPDATE payments_shortage SET at = now()", "frozen"),
        ("INSERT INTO payments_shortage (id, customer_id, product_id, missing, missing_now, at) SELECT gen_random_uuid(), customer_id, product_id, 1, 1, at FROM payments_shortage", "one_shortage_of_a_product_stands"),
        ("DELETE FROM payments_shortage", "nothing is deleted"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("shortage")
def test_nothing_stops_before_the_day_that_was_told(attack: str, said: str) -> None:
    refuse(attack, match=said)


@pytest.mark.usefixtures("shortage")
def test_a_shortage_is_carried_out_and_lifted_once() -> None:
    run("UPDATE payments_shortage SET done_at = stops_at")
    refuse("UPDATE payments_shortage SET done_at = stops_at + interval '1 day'", match="frozen")
    run("UPDATE payments_shortage SET lifted_at = now()")
    refuse("UPDATE payments_shortage SET lifted_at = NULL", match="frozen")


def test_a_shortage_lacks_something(server: Resource) -> None:
    for missing, now in ((0, 1), (1, 0)):
        with refused("a_shortage_lacks_something"):
            Shortage.objects.create(
                customer=server.customer, product=server.product, missing=missing, missing_now=now, at=NOON
            )


def test_a_stop_is_told_before_it_comes(server: Resource) -> None:
    with refused("a_stop_is_told_before_it_comes"):
        Shortage.objects.create(
            customer=server.customer, product=server.product, missing=1, missing_now=1, at=NOON, stops_at=NOON
        )


def test_only_what_is_stopped_is_stopped_for_credit(server: Resource) -> None:
    refuse(
        "UPDATE lifecycle_resource SET stopped_for_credit = TRUE", match="only_what_is_stopped_is_stopped_for_credit"
    )


def test_only_what_is_still_halted_waits_for_its_customer(server: Resource) -> None:
    refuse(
        "UPDATE lifecycle_resource SET starts_by_hand = TRUE", match="only_what_is_still_halted_waits_for_its_customer"
    )
