"""What a hold is for: its row says it, and keeps no more than that."""

from __future__ import annotations

import pytest

from accounts.models import Customer
from catalog.models import Item
from kernel.periods import local_day, start_of_day
from ledger.holds import End, Wanted, end_holds, place_holds
from ledger.models import CreditHold
from ledger.services import wallet_of
from lifecycle.models import CreditWarning, Resource
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


# --- What is told of each resource ---


@pytest.fixture
def warning(server: Resource) -> CreditWarning:
    return CreditWarning.objects.create(
        resource=server, customer=server.customer, told_at=NOON, stops_at=NOON + 3 * DAY
    )


STOP = "UPDATE lifecycle_resource SET state = 'stop', stopped_for_credit = TRUE"


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("UPDATE lifecycle_creditwarning SET came_at = stops_at - interval '1 second'", "no_stop_for_credit_comes_before_its_day"),
        ("UPDATE lifecycle_creditwarning SET stops_at = told_at + interval '1 second'", "frozen"),
        ("UPDATE lifecycle_creditwarning SET told_at = told_at - interval '1 day'", "frozen"),
        ("INSERT INTO lifecycle_creditwarning (resource_id, customer_id, told_at) SELECT resource_id, customer_id, told_at FROM lifecycle_creditwarning", "one_credit_warning_of_a_resource_stands"),
        ("DELETE FROM lifecycle_creditwarning", "nothing is deleted"),
        (STOP, "nobody was told"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("warning")
def test_no_resource_stops_for_lack_of_credit_before_the_day_that_was_told_of_it(attack: str, said: str) -> None:
    refuse(attack, match=said)


def test_no_resource_stops_for_lack_of_credit_untold(server: Resource) -> None:
    refuse(STOP, match="nobody was told")


@pytest.mark.usefixtures("warning")
def test_what_was_told_and_lifted_stops_nothing() -> None:
    run("UPDATE lifecycle_creditwarning SET came_at = stops_at")
    run("UPDATE lifecycle_creditwarning SET ended_at = stops_at")
    refuse(STOP, match="nobody was told")
    refuse("UPDATE lifecycle_creditwarning SET ended_at = NULL", match="frozen")
    refuse("UPDATE lifecycle_creditwarning SET came_at = NULL", match="frozen")


@pytest.mark.usefixtures("warning")
def test_what_was_told_and_has_come_stops() -> None:
    run("UPDATE lifecycle_creditwarning SET came_at = stops_at")
    assert run(STOP) == 1


@pytest.mark.parametrize(
    ("product_says", "told_before", "is_taken"), [(3, 3, True), (3, 2, False), (1, 1, True), (None, 3, False)]
)
def test_a_resource_is_told_of_as_long_before_as_its_product_says(
    server: Resource, product_says: int | None, told_before: int, is_taken: bool
) -> None:
    run("UPDATE catalog_product SET days_without_credit = %s", product_says)
    write = "INSERT INTO lifecycle_creditwarning (resource_id, customer_id, told_at, stops_at) VALUES (%s, %s, %s, %s)"
    row = (server.pk, server.customer_id, NOON, start_of_day(local_day(NOON) + told_before * DAY))
    if is_taken:
        assert run(write, *row) == 1
    else:
        refuse(write, *row, match="as long before as its product says")


def test_a_stop_for_credit_is_told_before_it_comes(server: Resource) -> None:
    with refused("a_stop_for_credit_is_told_before_it_comes|as long before"):
        CreditWarning.objects.create(resource=server, customer=server.customer, told_at=NOON, stops_at=NOON)


@pytest.mark.usefixtures("warning")
def test_only_what_is_stopped_is_stopped_for_credit() -> None:
    run("UPDATE lifecycle_creditwarning SET came_at = stops_at")
    refuse(
        "UPDATE lifecycle_resource SET stopped_for_credit = TRUE", match="only_what_is_stopped_is_stopped_for_credit"
    )


def test_only_what_is_still_halted_waits_for_its_customer(server: Resource) -> None:
    refuse(
        "UPDATE lifecycle_resource SET starts_by_hand = TRUE", match="only_what_is_still_halted_waits_for_its_customer"
    )
