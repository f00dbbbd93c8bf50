"""Caps: budgets that refuse new orders and stop resources, and what they never do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.translation import override

from accounts.models import Customer
from accounts.services.keys import issue_customer_key
from budgets.closing import end_budgets
from budgets.models import Budget, Hit, Stops
from budgets.services.refusing import CapReached
from budgets.services.replay import replay
from budgets.services.setting import (
    ActsAtOnce,
    Cap,
    NotActing,
    NotByKey,
    NotYourResources,
    change_budget,
    lift_cap,
    remove_budget,
    set_budget,
    set_cap,
)
from budgets.services.watching import watch_all
from catalog.models import Item, Product
from invoices.services.month_end import bill_ended_months
from kernel.periods import CalendarMonth
from lifecycle.models import Resource, ResourceEvent
from lifecycle.services.acts import StoppedAtCap
from lifecycle.services.halts import start_after_debt, stop_for_debt
from lifecycle.services.running import start_resource, stop_resource
from lifecycle.services.tags import change_tags
from notifications.models import Notice
from orders.models import Action, Order
from orders.services.checkout import place_order
from orders.services.delete import delete_resource
from orders.services.unpaid import pay_from_wallet
from payments.services.wallet import wallet_of
from tests.actions.books import nothing_changes
from tests.cast import (
    DAY,
    JOB,
    NOON,
    STAFF,
    answer,
    chosen,
    create,
    fresh,
    make_coupon,
    make_customer,
    make_item,
    make_product,
    order,
    owner_of,
    quote,
    recover,
    renew,
    resize,
)

pytestmark = pytest.mark.django_db

MARCH = CalendarMonth(2026, 3)
MINUTE = timedelta(minutes=1)
BEGIN, APRIL = MARCH.period.starts_at, MARCH.period.ends_at
REFUSES = Cap(refuses_orders=True)
"""A server costs 181,000 a month; of postpaid use that is 60,333 in ten days."""


def cap_of(customer: Customer, limit: int, cap: Cap = REFUSES, **about: object) -> Budget:
    owner = owner_of(customer)
    budget = set_budget(customer, limit, actor=owner, at=BEGIN, **about)
    return set_cap(budget.pk, cap, actor=owner, at=BEGIN)


def told(customer: Customer) -> list[str]:
    kinds = Notice.objects.filter(customer=customer, kind__in=["budget_reached", "cap_reached", "cap_lifted"])
    return list(kinds.order_by("pk").values_list("kind", flat=True))


# What is refused


def test_an_order_that_would_pass_the_cap_is_refused_and_changes_nothing(alice: Customer, small: Item) -> None:
    budget = cap_of(alice, 500_000)
    create(alice, small)
    create(alice, small)
    with nothing_changes(), override("en"), pytest.raises(CapReached) as refusal:
        create(alice, small)
    assert refusal.value.details["budget"] == str(budget.pk)
    assert (refusal.value.details["spent"], refusal.value.details["amount"]) == (362_000, 181_000)
    with override("en"):
        assert str(refusal.value).endswith("Raise the cap under Budgets, order less, or wait until 1 Apr 2026.")


def test_to_the_dong_is_within(alice: Customer, small: Item) -> None:
    cap_of(alice, 362_000)
    create(alice, small, quantity=2)
    with pytest.raises(CapReached):
        create(alice, small)
    create(alice, small, at=APRIL)


def test_what_waits_for_its_payment_counts_and_is_paid_whatever_is_lowered_since(
    alice: Customer, small: Item, vserver: Product
) -> None:
    budget = cap_of(alice, 300_000)
    inputs = {"product": str(vserver.pk), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    waiting = order(quote(alice, Action.CREATE, **inputs), means=Order.Means.GATEWAY)
    with pytest.raises(CapReached):
        create(alice, small)
    change_budget(budget.pk, 1_000, actor=owner_of(alice), at=NOON)
    pay_from_wallet(waiting.pk, actor=owner_of(alice), at=NOON)
    assert wallet_of(alice.pk).available == 10_000_000 - 181_000


def test_what_keeps_what_is_there_is_never_refused(alice: Customer, small: Item) -> None:
    (server,) = create(alice, small, at=BEGIN)
    (gone,) = create(alice, small, at=BEGIN)
    delete_resource(gone.pk, actor=owner_of(alice), at=BEGIN + DAY)
    budget = set_budget(alice, 1_000, confirmed=True, actor=owner_of(alice), at=BEGIN + DAY)
    set_cap(budget.pk, REFUSES, confirmed=True, actor=owner_of(alice), at=BEGIN + DAY)
    with pytest.raises(CapReached):
        create(alice, small)
    renew(server, at=NOON)
    recover(gone, at=BEGIN + 2 * DAY)
    assert fresh(gone).state == "active"


def test_what_becomes_larger_is_refused_and_what_becomes_smaller_is_not(
    alice: Customer, bob: Customer, small: Item, large: Item
) -> None:
    for customer in (alice, bob):
        (server,) = create(customer, small, at=BEGIN)
        (other,) = create(customer, large, at=BEGIN)
        at = BEGIN + 10 * DAY
        budget = set_budget(customer, 1_000, confirmed=True, actor=owner_of(customer), at=at)
        set_cap(budget.pk, REFUSES, confirmed=True, actor=owner_of(customer), at=at)
        with pytest.raises(CapReached):
            resize(server, large, at=at)
        resize(other, small, at=at)
        assert fresh(other).configuration == fresh(server).configuration


def test_what_is_used_and_paid_afterwards_is_refused_once_the_cap_is_reached(bob: Customer, small: Item) -> None:
    cap_of(bob, 60_000)
    create(bob, small, at=BEGIN)
    create(bob, small, at=BEGIN + 4 * DAY)
    with pytest.raises(CapReached) as refusal:
        create(bob, small, at=BEGIN + 10 * DAY)
    assert refusal.value.details["spent"] == 60_333 + 36_200
    create(bob, small, at=APRIL)


def test_what_costs_nothing_now_is_refused_once_the_cap_is_reached(
    alice: Customer, small: Item, vserver: Product
) -> None:
    """A free flavour, whose use is metered."""
    free, larger = make_item(vserver, "free", 0), make_item(vserver, "larger", 1_000)
    cap_of(alice, 181_000)
    (server,) = create(alice, free)
    create(alice, small)
    with pytest.raises(CapReached) as refusal:
        create(alice, free)
    assert (refusal.value.code, refusal.value.details["spent"]) == ("cap-reached", 181_000)
    with pytest.raises(CapReached):
        resize(server, larger, at=NOON)
    create(alice, free, at=APRIL)


def test_a_coupon_that_takes_all_is_taken_until_the_cap_is_reached(alice: Customer, small: Item) -> None:
    """It spends nothing; what it lets come into use would come on top of a cap that is spent."""
    make_coupon("ALL", 181_000, maximum_uses_per_customer=9)
    make_coupon("MOST", 180_000, maximum_uses_per_customer=9)
    cap_of(alice, 181_000)
    create(alice, small, coupon="ALL")
    create(alice, small)  # 181,000: all of it
    with nothing_changes(), pytest.raises(CapReached) as refusal:
        create(alice, small, coupon="ALL")
    assert (refusal.value.details["spent"], "amount" in refusal.value.details) == (181_000, False)
    with nothing_changes(), pytest.raises(CapReached) as refusal:
        create(alice, small, coupon="MOST")
    assert (refusal.value.details["spent"], refusal.value.details["amount"]) == (181_000, 1_000)
    create(alice, small, at=APRIL, coupon="ALL")


def test_a_cap_of_a_product_or_a_key_refuses_nothing_else(alice: Customer, small: Item, vserver: Product) -> None:
    disk = make_item(make_product("storage"), "disk", 300_000)
    key = issue_customer_key(alice, "shop", actor=STAFF, at=BEGIN)[0]
    cap_of(alice, 200_000, product=vserver)
    cap_of(alice, 100_000, key=key)
    create(alice, disk)
    create(alice, small)
    with pytest.raises(CapReached) as refusal:
        create(alice, small)
    assert "vserver" in str(refusal.value)
    offer = quote(
        alice, Action.CREATE, product=str(disk.product_id), name="d", items=chosen(disk), quantity=1, months=1
    )
    with pytest.raises(CapReached) as refusal:
        place_order(alice.pk, offer.pk, means="wallet", key="k", actor=key.actor, at=NOON)
    assert refusal.value.details["limit"] == 100_000


def test_a_cap_of_a_tag_refuses_what_is_or_will_be_tagged_so(alice: Customer, small: Item, large: Item) -> None:
    cap_of(alice, 300_000, tag="Team=web")
    web, other = create(alice, small, quantity=2)
    change_tags(web.pk, {"team": "Web"}, actor=owner_of(alice), at=NOON)
    with pytest.raises(CapReached) as refusal, override("en"):
        resize(web, large, at=NOON + MINUTE)
    assert refusal.value.details["cap"] == "what is tagged Team=web"
    resize(other, large, at=NOON + MINUTE)
    wish = {"product": str(small.product_id), "name": "w", "items": chosen(small), "quantity": 1, "months": 1}
    with pytest.raises(CapReached):
        order(quote(alice, Action.CREATE, **wish, tags={"Team": "web"}))
    order(quote(alice, Action.CREATE, **wish, tags={"Team": "mail"}))


def test_a_cap_of_a_tag_stops_what_is_tagged_so(bob: Customer, small: Item) -> None:
    web, other = create(bob, small, at=BEGIN, quantity=2)
    change_tags(web.pk, {"Team": "web"}, actor=owner_of(bob), at=BEGIN)
    cap_of(bob, 50_000, Cap(stops=Stops.POSTPAID), tag="Team=web")
    watch_all(at=BEGIN + 10 * DAY)
    assert (fresh(web).state, fresh(other).state) == ("stop", "active")


def test_who_ordered_it_is_a_tag_like_any_other(alice: Customer, small: Item) -> None:
    cap_of(alice, 200_000, tag=f"createdBy={owner_of(alice).name}")
    create(alice, small)
    with pytest.raises(CapReached):
        create(alice, small)


# What is stopped


def test_a_cap_that_is_reached_by_use_stops_what_is_paid_afterwards_and_deletes_nothing(
    bob: Customer, small: Item
) -> None:
    budget = cap_of(bob, 60_000, Cap(stops=Stops.POSTPAID))
    (server,) = create(bob, small, at=BEGIN)
    watch_all(at=BEGIN + 9 * DAY)
    assert fresh(server).state == "active"
    watch_all(at=BEGIN + 10 * DAY)
    assert (fresh(server).state, fresh(server).stopped_for_cap) == ("stop", budget.pk)
    event = ResourceEvent.objects.filter(resource=server).latest("pk")
    assert (event.kind, event.reason, event.actor) == ("stopped", "stopped-for-cap", "job:watch-budgets")
    hit = Hit.objects.get()
    assert (hit.month, hit.spent, hit.stopped, hit.lifted_at) == ("2026-03", 60_333, 1, None)
    with pytest.raises(StoppedAtCap):
        start_resource(server.pk, actor=owner_of(bob), at=BEGIN + 11 * DAY)
    watch_all(at=BEGIN + 12 * DAY)
    assert Hit.objects.count() == 1
    assert told(bob) == ["budget_reached", "cap_reached"]  # 80 % on the ninth day


def test_when_the_month_ends_what_was_stopped_starts_by_itself(bob: Customer, small: Item) -> None:
    cap_of(bob, 60_000, Cap(stops=Stops.POSTPAID))
    (server,) = create(bob, small, at=BEGIN)
    watch_all(at=BEGIN + 10 * DAY)
    watch_all(at=APRIL + timedelta(minutes=1))
    assert (fresh(server).state, fresh(server).stopped_for_cap) == ("active", None)
    assert Hit.objects.get().because == "month_over"
    assert told(bob)[-1] == "cap_lifted"


def test_when_it_is_raised_what_was_stopped_starts_at_once(bob: Customer, small: Item) -> None:
    budget = cap_of(bob, 60_000, Cap(stops=Stops.POSTPAID))
    (server,) = create(bob, small, at=BEGIN)
    watch_all(at=BEGIN + 10 * DAY)
    change_budget(budget.pk, 100_000, actor=owner_of(bob), at=BEGIN + 11 * DAY)
    assert (fresh(server).state, Hit.objects.get().because) == ("active", "raised")


def test_who_wants_to_start_it_by_hand_does(bob: Customer, small: Item) -> None:
    budget = cap_of(bob, 60_000, Cap(stops=Stops.POSTPAID, starts_again=False))
    (server,) = create(bob, small, at=BEGIN)
    watch_all(at=BEGIN + 10 * DAY)
    change_budget(budget.pk, 100_000, actor=owner_of(bob), at=BEGIN + 11 * DAY)
    assert (fresh(server).state, fresh(server).stopped_for_cap) == ("stop", None)
    start_resource(server.pk, actor=owner_of(bob), at=BEGIN + 11 * DAY)
    assert fresh(server).state == "active"


def test_only_what_was_chosen_is_stopped_prepaid_or_not(alice: Customer, small: Item) -> None:
    web, db = create(alice, small, at=BEGIN, quantity=2)
    cap = Cap(stops=Stops.CHOSEN, chosen=[web.pk])
    budget = set_budget(alice, 400_000, actor=owner_of(alice), at=BEGIN)
    set_cap(budget.pk, cap, actor=owner_of(alice), at=BEGIN)
    create(alice, small, at=NOON)  # 543,000: it stops in the transaction that spends
    assert (fresh(web).state, fresh(db).state) == ("stop", "active")


def test_what_its_customer_had_stopped_stays_stopped(bob: Customer, small: Item) -> None:
    budget = cap_of(bob, 60_000, Cap(stops=Stops.POSTPAID))
    (server, other) = create(bob, small, at=BEGIN, quantity=2)
    stop_resource(other.pk, actor=owner_of(bob), at=BEGIN + DAY)
    watch_all(at=BEGIN + 10 * DAY)
    assert fresh(other).stopped_for_cap is None
    remove_budget(budget.pk, actor=owner_of(bob), at=BEGIN + 11 * DAY)
    assert (fresh(server).state, fresh(other).state) == ("active", "stop")


def test_what_is_stopped_for_debts_as_well_starts_when_both_are_gone(bob: Customer, small: Item) -> None:
    budget = cap_of(bob, 60_000, Cap(stops=Stops.POSTPAID))
    (server,) = create(bob, small, at=BEGIN)
    watch_all(at=BEGIN + 10 * DAY)
    assert stop_for_debt([bob.pk], actor=JOB, at=BEGIN + 11 * DAY) == 0  # it stands still already
    assert fresh(server).stopped_for_debt
    remove_budget(budget.pk, actor=owner_of(bob), at=BEGIN + 12 * DAY)
    assert (fresh(server).state, fresh(server).stopped_for_cap) == ("stop", None)
    assert start_after_debt([bob.pk], actor=JOB, at=BEGIN + 13 * DAY) == 1
    assert fresh(server).state == "active"


def test_a_debt_that_is_paid_does_not_start_what_a_cap_stopped(bob: Customer, small: Item) -> None:
    cap_of(bob, 60_000, Cap(stops=Stops.POSTPAID))
    (server,) = create(bob, small, at=BEGIN)
    stop_for_debt([bob.pk], actor=JOB, at=BEGIN + 9 * DAY)
    watch_all(at=BEGIN + 10 * DAY)
    assert fresh(server).stopped_for_cap is not None
    assert start_after_debt([bob.pk], actor=JOB, at=BEGIN + 11 * DAY) == 0
    assert (fresh(server).state, fresh(server).stopped_for_debt) == ("stop", False)


def test_what_was_being_changed_when_the_cap_was_removed_starts_afterwards(
    bob: Customer, small: Item, large: Item
) -> None:
    budget = cap_of(bob, 60_000, Cap(stops=Stops.POSTPAID))
    (server,) = create(bob, small, at=BEGIN)
    watch_all(at=BEGIN + 10 * DAY)
    at = BEGIN + 11 * DAY
    waiting = order(quote(bob, Action.RESIZE, at, resource=str(server.pk), items=chosen(large)))
    remove_budget(budget.pk, actor=owner_of(bob), at=at)
    watch_all(at=at + MINUTE)
    assert (fresh(server).state, fresh(server).stopped_for_cap) == ("stop", budget.pk)
    answer(waiting, at=at + 2 * MINUTE)
    watch_all(at=at + 3 * MINUTE)
    assert (fresh(server).state, fresh(server).stopped_for_cap) == ("active", None)


def test_who_had_asked_before_it_was_reached_lifts_it_at_once(bob: Customer, small: Item) -> None:
    """They waited for the watch, that held them: the cap is not lifted before it was reached."""
    reached = BEGIN + 10 * DAY
    asked = reached - timedelta(seconds=1)
    budget = cap_of(bob, 60_000, Cap(stops=Stops.POSTPAID))
    create(bob, small, at=BEGIN)
    watch_all(at=reached)
    change_budget(budget.pk, 100_000, actor=owner_of(bob), at=asked)
    assert list(Hit.objects.values_list("at", "lifted_at", "because")) == [(reached, reached, "raised")]
    watch_all(at=BEGIN + 20 * DAY)
    remove_budget(budget.pk, actor=owner_of(bob), at=BEGIN + 20 * DAY - timedelta(seconds=1))
    assert Hit.objects.latest("pk").lifted_at == BEGIN + 20 * DAY


def test_an_account_that_closes_ends_what_was_reached_a_moment_later(bob: Customer, small: Item) -> None:
    reached = BEGIN + 10 * DAY
    cap_of(bob, 60_000, Cap(stops=Stops.POSTPAID))
    create(bob, small, at=BEGIN)
    watch_all(at=reached)
    end_budgets(bob, actor=owner_of(bob), at=reached - timedelta(seconds=1))
    assert (Hit.objects.get().lifted_at, Budget.objects.get().is_standing) == (reached, False)


def test_a_key_loosens_no_cap_and_changes_no_budget_of_a_key(alice: Customer) -> None:
    key = issue_customer_key(alice, "shop", actor=STAFF, at=BEGIN)[0]
    of_key, whole = set_budget(alice, 100_000, key=key, actor=owner_of(alice), at=BEGIN), cap_of(alice, 500_000)
    program = key.actor
    with pytest.raises(NotByKey):
        change_budget(of_key.pk, 90_000, actor=program, at=NOON)
    with pytest.raises(NotByKey):
        change_budget(whole.pk, 500_001, actor=program, at=NOON)
    with pytest.raises(NotByKey):
        set_cap(whole.pk, Cap(stops=Stops.POSTPAID), actor=program, at=NOON)
    for budget in (of_key, whole):
        with pytest.raises(NotByKey):
            remove_budget(budget.pk, actor=program, at=NOON)
    change_budget(whole.pk, 400_000, actor=program, at=NOON)
    set_cap(whole.pk, Cap(refuses_orders=True, stops=Stops.POSTPAID), actor=program, at=NOON)
    whole.refresh_from_db()
    assert (whole.monthly_limit, whole.acts) == (400_000, "both")


def test_staff_lift_a_cap_until_the_month_ends(bob: Customer, small: Item) -> None:
    budget = cap_of(bob, 60_000, Cap(refuses_orders=True, stops=Stops.POSTPAID))
    (server,) = create(bob, small, at=BEGIN)
    watch_all(at=BEGIN + 10 * DAY)
    lift_cap(budget.pk, reason="called", actor=STAFF, at=BEGIN + 11 * DAY)
    assert (fresh(server).state, Hit.objects.get().because) == ("active", "staff")
    create(bob, small, at=BEGIN + 12 * DAY)
    watch_all(at=BEGIN + 13 * DAY)
    assert fresh(server).state == "active"
    with pytest.raises(NotActing):
        lift_cap(budget.pk, reason="again", actor=STAFF, at=BEGIN + 13 * DAY)
    watch_all(at=APRIL + 10 * DAY)  # 120,667 of April
    assert fresh(server).state == "stop"


def test_a_cap_that_would_act_at_once_asks(bob: Customer, small: Item) -> None:
    (server,) = create(bob, small, at=BEGIN)
    at = BEGIN + 10 * DAY
    budget = set_budget(bob, 50_000, confirmed=True, actor=owner_of(bob), at=at)
    with pytest.raises(ActsAtOnce):
        set_cap(budget.pk, Cap(stops=Stops.POSTPAID), actor=owner_of(bob), at=at)
    assert fresh(server).state == "active"
    set_cap(budget.pk, Cap(stops=Stops.POSTPAID), confirmed=True, actor=owner_of(bob), at=at)
    assert fresh(server).state == "stop"
    set_cap(budget.pk, Cap(), actor=owner_of(bob), at=at)
    assert (fresh(server).state, Hit.objects.get().because) == ("active", "changed")


def test_somebody_elses_resources_cannot_be_chosen(alice: Customer, bob: Customer, small: Item) -> None:
    (theirs,) = create(bob, small)
    budget = set_budget(alice, 1_000_000, actor=owner_of(alice), at=NOON)
    for some in ([theirs.pk], []):
        with pytest.raises(NotYourResources):
            set_cap(budget.pk, Cap(stops=Stops.CHOSEN, chosen=some), actor=owner_of(alice), at=NOON)
    budget.refresh_from_db()
    assert not budget.is_cap


# Had it stood last month


def test_had_it_stood_it_would_have_refused_what_passed_it(alice: Customer, small: Item, large: Item) -> None:
    """181,000, then 520,000 that would not fit, then 181,000 and 181,000 that reach 543,000 exactly."""
    create(alice, small, at=BEGIN)
    create(alice, large, at=BEGIN + DAY)
    for day in (2, 3, 4):
        create(alice, small, at=BEGIN + day * DAY)
    budget = set_budget(alice, 543_000, actor=owner_of(alice), at=APRIL)
    found = replay(budget, at=APRIL)
    assert (found.month, found.spent) == (MARCH, 4 * 181_000 + 520_000)
    assert [(row.at, row.amount) for row in found.refused] == [
        (BEGIN + DAY, 520_000),
        (BEGIN + 4 * DAY, 181_000),
    ]
    assert found.reached_at == BEGIN + 3 * DAY


def test_had_it_stood_use_would_have_reached_it_at_an_hour(bob: Customer, small: Item) -> None:
    """181,000 for 720 hours: 60,333.33 after 240 of them; 60,400 are reached in the 241st."""
    (server,) = create(bob, small, at=BEGIN)
    budget = set_budget(bob, 60_400, actor=owner_of(bob), at=APRIL)
    set_cap(budget.pk, Cap(stops=Stops.POSTPAID), actor=owner_of(bob), at=APRIL)
    found = replay(budget, at=APRIL)
    assert (found.spent, found.reached_at) == (187_033, BEGIN + timedelta(hours=241))
    assert [resource.pk for resource in found.stopped] == [server.pk]
    assert replay(budget, limit=200_000, at=APRIL).reached_at is None


def test_had_it_stood_is_the_same_after_the_month_was_billed(bob: Customer, small: Item) -> None:
    create(bob, small, at=BEGIN)
    budget = set_budget(bob, 60_400, actor=owner_of(bob), at=APRIL)
    before = replay(budget, at=APRIL)
    bill_ended_months(actor=JOB, at=APRIL)
    after = replay(budget, at=APRIL)
    assert (after.spent, after.reached_at) == (before.spent, before.reached_at)


def test_nothing_last_month_is_nothing(alice: Customer) -> None:
    budget = set_budget(make_customer(), 1_000, actor=STAFF, at=NOON)
    found = replay(budget, at=NOON)
    assert (found.spent, found.refused, found.reached_at, len(found.stopped)) == (0, [], None, 0)
    assert not Resource.objects.exists()
