"""
Stopped time is free of charge for some products, also between the end of paid time and the switch to postpaid.

The box has 15 days of grace. Its paid month ends on 9 April at noon; some days later its customer becomes postpaid, and it
rolls over from the end of its paid time on.
"""

from __future__ import annotations

from datetime import datetime

import pytest

from accounts.models import Customer
from catalog.models import Item
from invoices.models import Invoice
from lifecycle.models import Resource, ResourceEvent, ServicePeriod
from lifecycle.services.running import reboot_resource, start_resource, stop_resource
from orders.services.delete import delete_resource
from tests.cast import DAY, MONTH, NOON, create, make_item, make_product, owner_of, switch_mode

pytestmark = pytest.mark.django_db
END = NOON + MONTH


@pytest.fixture
def cube() -> Item:
    """43,200 VND per 30 days: one đồng a minute."""
    return make_item(make_product("vbox", grace_days=15, stopped_time_is_free=True), "cube", 43_200)


def becomes_postpaid(customer: Customer, at: datetime) -> None:
    switch_mode(customer, "postpaid", at=at)


def metered(box: Resource) -> list[tuple[datetime, datetime | None]]:
    rows = ServicePeriod.objects.filter(resource=box, billing_mode="postpaid").order_by("starts_at")
    return list(rows.values_list("starts_at", "ends_at"))


def test_who_stops_in_grace_pays_for_the_time_before(alice: Customer, cube: Item) -> None:
    [box] = create(alice, cube)
    stop_resource(box.pk, actor=owner_of(alice), at=END + 2 * DAY)
    becomes_postpaid(alice, END + 5 * DAY)
    assert metered(box) == [(END, END + 2 * DAY)]
    delete_resource(box.pk, actor=owner_of(alice), at=END + 6 * DAY)
    assert Invoice.objects.get(kind="usage").total == 2 * 1_440


def test_who_starts_in_grace_does_not_pay_for_the_time_before(alice: Customer, cube: Item) -> None:
    [box] = create(alice, cube)
    stop_resource(box.pk, actor=owner_of(alice), at=NOON + DAY)
    start_resource(box.pk, actor=owner_of(alice), at=END + 2 * DAY)
    becomes_postpaid(alice, END + 5 * DAY)
    assert metered(box) == [(END + 2 * DAY, None)]
    delete_resource(box.pk, actor=owner_of(alice), at=END + 6 * DAY)
    assert Invoice.objects.get(kind="usage").total == 4 * 1_440


def test_stops_and_starts_in_grace_cut_the_usage_and_a_reboot_does_not(alice: Customer, cube: Item) -> None:
    [box] = create(alice, cube)
    reboot_resource(box.pk, actor=owner_of(alice), at=END + DAY)
    stop_resource(box.pk, actor=owner_of(alice), at=END + 2 * DAY)
    start_resource(box.pk, actor=owner_of(alice), at=END + 3 * DAY)
    becomes_postpaid(alice, END + 5 * DAY)
    assert metered(box) == [(END, END + 2 * DAY), (END + 3 * DAY, None)]


def test_a_box_that_was_stopped_all_the_time_is_free_until_it_starts(alice: Customer, cube: Item) -> None:
    [box] = create(alice, cube)
    stop_resource(box.pk, actor=owner_of(alice), at=NOON + DAY)
    becomes_postpaid(alice, END + 5 * DAY)
    assert metered(box) == []
    start_resource(box.pk, actor=owner_of(alice), at=END + 6 * DAY)
    assert metered(box) == [(END + 6 * DAY, None)]


def test_who_deletes_before_the_sweep_came_is_who_made_it_roll_over(alice: Customer, cube: Item) -> None:
    """Whoever acts is recorded as who they are, role and name together: the event is the owner's, not the system's."""
    [box] = create(alice, cube)
    becomes_postpaid(alice, NOON + DAY)
    delete_resource(box.pk, actor=owner_of(alice), at=END + 16 * DAY)
    rolled = ResourceEvent.objects.get(resource=box, kind="rolled_over")
    assert (rolled.actor_kind, rolled.actor) == ("customer", owner_of(alice).name)
