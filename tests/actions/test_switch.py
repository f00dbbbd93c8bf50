"""Staff switch the billing mode, both ways, as rehearsed or not at all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.utils.translation import override

from accounts import four_eyes
from accounts.models import BillingModeSwitch, Customer, StaffAct, User
from catalog.models import Item
from invoices.models import Invoice
from invoices.services.month_end import bill_ended_months
from kernel.errors import InvalidInput
from kernel.periods import CalendarMonth
from lifecycle.models import State
from lifecycle.services.running import stop_resource
from lifecycle.services.sweeps import expire_resources
from lifecycle.services.trash import restore_resource
from orders.actions import available_actions
from orders.acts import ask_for_switch, digest_of
from orders.models import Action
from orders.services.delete import delete_resource
from orders.services.stories.base import PrepaidOnly
from orders.services.switch import ModeAlready, OrdersOpen, PlanChanged, rehearse_switch
from tests.actions.books import nothing_changes, refused
from tests.cast import (
    DAY,
    JOB,
    MONTH,
    NOON,
    STAFF,
    create,
    fresh,
    make_colleague,
    make_customer,
    make_item,
    make_product,
    order,
    owner_of,
    quote,
    renew,
    resize,
    switch_mode,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _people() -> None:
    for email in (STAFF.name, "second@portal.example"):
        make_colleague(email)


def switch(customer: Customer, to_mode: str, at: datetime, **more: Any) -> BillingModeSwitch:
    return switch_mode(customer, to_mode, reason="asked by Sales", at=at, **more)


def test_paid_time_is_kept_and_rolls_over_in_its_very_last_minute(alice: Customer, small: Item) -> None:
    """Bought on 10 March, noon; paid until 9 April, noon. April then has 21.5 days = 30,960 minutes: 129,717."""
    [server] = create(alice, small, auto_renew_months=1)
    switch(alice, "postpaid", NOON + DAY)
    server = fresh(server)
    assert (server.state, server.rolls_over, server.auto_renew_months) == (State.ACTIVE, True, None)
    with refused(PrepaidOnly):
        renew(server, at=NOON + 2 * DAY)

    expire_resources(actor=JOB, at=NOON + MONTH + 5 * DAY)  # five days late
    server = fresh(server)
    assert (server.state, server.billing_mode, server.paid_until) == (State.ACTIVE, "postpaid", None)
    may = CalendarMonth(2026, 5).period.starts_at
    bill_ended_months(actor=JOB, at=may)
    usage = server.invoices.get(kind=Invoice.Kind.USAGE)
    assert (usage.period_start, usage.total) == (NOON + MONTH, 129_717)


def test_usage_is_invoiced_at_the_switch_and_three_days_are_left_to_pay(bob: Customer, small: Item) -> None:
    [server] = create(bob, small)
    switch(bob, "prepaid", NOON + 10 * DAY)
    assert server.invoices.get().total == 60_333
    server = fresh(server)
    assert (server.paid_until, server.suspend_at) == (NOON + 10 * DAY, NOON + 13 * DAY)
    expire_resources(actor=JOB, at=NOON + 13 * DAY)
    assert fresh(server).state == State.SUSPENSE
    assert Invoice.objects.get().status == "unpaid", "it stays payable"


def test_resources_in_the_trash_stay_there(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + DAY)
    switch(alice, "postpaid", NOON + 2 * DAY)
    alice.refresh_from_db()
    trashed = fresh(server)
    assert trashed.state == State.SUSPENSE
    assert available_actions(trashed, alice, changing=False, ordered=False, at=NOON + 3 * DAY) == ["purge"]
    restored = restore_resource(server.pk, reason="needed", actor=STAFF, at=NOON + 3 * DAY)
    assert (restored.state, restored.billing_mode) == (State.ACTIVE, "postpaid")


def test_days_of_grace_before_the_switch_are_billed_even_when_their_month_is_over() -> None:
    """Paid until 9 April, grace of 30 days, switched on 5 May: 9 to 30 April and 1 to 4 May are usage."""
    item = make_item(make_product("vstorage", grace_days=30), "plain", 43_200)
    customer = make_customer(credit=43_200)
    [store] = create(customer, item)
    bill_ended_months(actor=JOB, at=CalendarMonth(2026, 5).period.starts_at)
    switch(customer, "postpaid", NOON + 56 * DAY)
    usage = store.invoices.filter(kind=Invoice.Kind.USAGE)
    assert dict(usage.values_list("period_key", "total")) == {"2026-04": 21 * 1440 + 720}
    delete_resource(store.pk, actor=owner_of(customer), at=NOON + 56 * DAY)
    assert sum(usage.values_list("total", flat=True)) == 26 * 1440, "9 April noon to 5 May noon, once"


def test_the_rehearsal_shows_every_dong_and_every_change(small: Item) -> None:
    """In grace since 9 April, switched on 5 May: 21.5 days of April at 1,440 a day are invoiced by the switch."""
    item = make_item(make_product("vstorage", grace_days=30), "plain", 43_200)
    customer = make_customer(credit=1_000_000)
    create(customer, item, name="store")
    create(customer, small, name="server", months=3, auto_renew_months=3)
    bill_ended_months(actor=JOB, at=CalendarMonth(2026, 5).period.starts_at)
    at = NOON + 56 * DAY
    with nothing_changes():
        plan = rehearse_switch(customer, "postpaid", at=at)
    rows = {row["name"]: (row["becomes"], row["invoiced"], row["auto_renew_ends"]) for row in plan["resources"]}
    assert rows == {"store": ("postpaid_now", 30_960, False), "server": ("rolls_over", 0, True)}
    assert plan["invoiced_now"] == 30_960
    switched = switch(customer, "postpaid", at, digest=digest_of(plan))
    assert switched.plan == plan
    assert [invoice.total for invoice in Invoice.objects.filter(kind=Invoice.Kind.USAGE)] == [30_960]

    back = rehearse_switch(Customer.objects.get(pk=customer.pk), "prepaid", at=at + DAY)
    again = {row["name"]: (row["becomes"], row["invoiced"]) for row in back["resources"]}
    assert again["server"] == ("expires_again", 0), "it does not roll over any more"
    assert again["store"] == ("to_be_paid", 7_920), "5.5 days of May at 1,440"


def test_there_and_back_leaves_everything_as_it_was(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    switch(alice, "postpaid", NOON + DAY)
    switch(alice, "prepaid", NOON + 2 * DAY)
    server = fresh(server)
    assert (server.rolls_over, server.billing_mode, server.suspend_at) == (False, "prepaid", NOON + MONTH)
    expire_resources(actor=JOB, at=NOON + MONTH)
    assert fresh(server).state == State.SUSPENSE


def test_the_rehearsal_is_what_happens_or_nothing_happens(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    plan = rehearse_switch(alice, "postpaid", at=NOON + DAY)
    assert [resource["name"] for resource in plan["resources"]] == ["web"]
    assert plan["resources"][0]["paid_days_left"] == 29
    renew(server, at=NOON + DAY)
    with refused(PlanChanged):
        switch(alice, "postpaid", NOON + 2 * DAY, digest=digest_of(plan))


def test_a_switch_is_approved_days_later_as_it_was_rehearsed(alice: Customer, small: Item) -> None:
    """Another day has fewer days left, and the customer has stopped the server meanwhile: the plan is the same."""
    [server] = create(alice, small)
    plan = rehearse_switch(alice, "postpaid", at=NOON)
    asked = ask_for_switch(alice, "postpaid", reason="x", digest=digest_of(plan), actor=STAFF, at=NOON + DAY)
    assert (asked.waits, asked.act.amount) == (True, 181_000)
    assert Customer.objects.get(pk=alice.pk).is_prepaid
    stop_resource(server.pk, actor=owner_of(alice), at=NOON + 2 * DAY)
    second = make_colleague("second@portal.example")
    switched = four_eyes.approve(asked.act.pk, actor=second, at=NOON + 9 * DAY).result
    assert isinstance(switched, BillingModeSwitch)
    assert (switched.act, switched.actor, switched.at) == (asked.act, "second@portal.example", NOON + 9 * DAY)
    assert fresh(server).rolls_over


def test_what_changed_before_the_approval_is_named_and_nothing_happens(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    create(alice, small, name="another")
    asked = ask_for_switch(alice, "postpaid", reason="x", actor=STAFF, at=NOON)
    renew(server, at=NOON + DAY)
    second = make_colleague("second@portal.example")
    with refused(PlanChanged) as changed:
        four_eyes.approve(asked.act.pk, actor=second, at=NOON + 2 * DAY)
    assert changed.value.details == {"what": "web"}
    with override("en"):
        assert "since the rehearsal: web." in str(changed.value)
    assert StaffAct.objects.get().state == "waiting"


def test_who_approves_approves_what_the_resources_are_and_cost(alice: Customer, small: Item, large: Item) -> None:
    """Asked of a small server, for 181,000 in 30 days; by the time of the yes it is a large one, for ten times as much."""
    [server] = create(alice, small)
    asked = ask_for_switch(alice, "postpaid", reason="x", actor=STAFF, at=NOON)
    resize(server, large, at=NOON + DAY)
    with refused(PlanChanged, what="web"):
        four_eyes.approve(asked.act.pk, actor=make_colleague("second@portal.example"), at=NOON + 2 * DAY)
    assert not Customer.objects.get(pk=alice.pk).is_postpaid


def test_within_the_limit_of_one_person_a_switch_is_done_at_once(alice: Customer, small: Item, settings: Any) -> None:
    create(alice, small)
    settings.ALONE = {"switch-mode": {"administrator": 181_000}}
    User.objects.filter(email=STAFF.name).update(is_superuser=True)
    assert not ask_for_switch(alice, "postpaid", reason="x", actor=STAFF, at=NOON).waits
    assert Customer.objects.get(pk=alice.pk).is_postpaid


def test_of_a_customer_without_resources_nobody_can_say_how_much_it_will_be(alice: Customer) -> None:
    User.objects.filter(email=STAFF.name).update(is_superuser=True)
    asked = ask_for_switch(alice, "postpaid", reason="x", actor=STAFF, at=NOON)
    assert (asked.waits, asked.act.amount) == (True, None)


def test_no_switch_without_a_reason_twice_or_while_orders_are_open(alice: Customer, small: Item) -> None:
    with refused(InvalidInput):
        ask_for_switch(alice, "postpaid", reason=" ", actor=STAFF, at=NOON)
    with refused(ModeAlready):
        switch(alice, "prepaid", NOON)
    order(
        quote(
            alice,
            Action.CREATE,
            product=str(small.product_id),
            name="w",
            items=[{"item": "small"}],
            quantity=1,
            months=1,
        )
    )
    with refused(OrdersOpen):
        switch(alice, "postpaid", NOON)
