"""Budgets: what counts as spent, what is told and when, and what raising and lowering a limit does."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Customer, CustomerKey
from accounts.services.keys import issue_customer_key
from budgets.models import Alert, Budget
from budgets.queries import Standing, standings
from budgets.services import watching
from budgets.services.caps import follow
from budgets.services.setting import (
    BelowSpent,
    BudgetGone,
    BudgetThere,
    NotATag,
    NothingOfThis,
    NotYourRecipients,
    change_budget,
    remove_budget,
    set_budget,
    set_readers,
)
from budgets.services.watching import watch_all
from catalog.models import Item, Product
from kernel.periods import CalendarMonth
from lifecycle.services.tags import change_tags
from notifications.models import Notice, Recipient
from notifications.recipients import ask_recipient
from orders.models import Action, Order
from orders.services.checkout import place_order
from orders.services.delete import delete_resource
from orders.services.renewal import renew_automatically
from tests.actions.test_usage_intake import take, use
from tests.cast import (
    DAY,
    JOB,
    NOON,
    STAFF,
    answer,
    chosen,
    create,
    make_customer,
    make_item,
    make_metered,
    make_product,
    order,
    owner_of,
    quote,
    resize,
)

pytestmark = pytest.mark.django_db

BEGIN = CalendarMonth(2026, 3).period.starts_at
"""A server costs 181,000 a month; of postpaid use that is 60,333 in ten days and 187,033 in all of March."""


def budget_of(customer: Customer, limit: int, *, at: datetime = BEGIN, **about: Product | CustomerKey | str) -> Budget:
    return set_budget(customer, limit, actor=owner_of(customer), at=at, **about)


def standing_of(budget: Budget, at: datetime = NOON) -> Standing:
    (found,) = standings([Budget.objects.with_what_they_are_about().get(pk=budget.pk)], at=at)
    return found


def told(customer: Customer) -> list[tuple[str, str | None]]:
    notices = Notice.objects.filter(customer=customer, kind__startswith="budget_").order_by("pk")
    return [(notice.kind, notice.facts.get("percent")) for notice in notices]


def marks(budget: Budget) -> list[str]:
    return list(Alert.objects.filter(budget=budget).order_by("pk").values_list("mark", flat=True))


# What counts


def test_an_order_counts_when_it_is_paid(alice: Customer, small: Item) -> None:
    budget = budget_of(alice, 1_000_000)
    create(alice, small, at=NOON, months=3)
    assert standing_of(budget).spent == 543_000
    assert standing_of(budget, NOON + 30 * DAY).spent == 0  # April has begun


def test_what_waits_for_its_payment_is_told_apart(alice: Customer, small: Item, vserver: Product) -> None:
    budget = budget_of(alice, 1_000_000)
    inputs = {"product": str(vserver.pk), "name": "web", "items": chosen(small), "quantity": 2, "months": 1}
    order(quote(alice, Action.CREATE, **inputs), means=Order.Means.GATEWAY)
    assert (standing_of(budget).spent, standing_of(budget).waiting) == (0, 362_000)


def test_what_failed_and_was_given_back_counts_no_more(alice: Customer, small: Item, vserver: Product) -> None:
    budget = budget_of(alice, 1_000_000)
    inputs = {"product": str(vserver.pk), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    placed = order(quote(alice, Action.CREATE, **inputs))
    assert standing_of(budget).spent == 181_000
    answer(placed, succeed=False)
    assert standing_of(budget).spent == 0


def test_a_resize_counts_with_what_was_paid_for_it(alice: Customer, small: Item, large: Item) -> None:
    """20 days are left: 346,667 less the unused 120,667 are 226,000."""
    budget = budget_of(alice, 1_000_000)
    (server,) = create(alice, small)
    resize(server, large, at=NOON + 10 * DAY)
    assert standing_of(budget, NOON + 10 * DAY).spent == 181_000 + 226_000


def test_unused_time_of_this_month_makes_room_and_that_of_earlier_months_does_not(alice: Customer, small: Item) -> None:
    """Half of 181,000 comes back after 15 days."""
    budget = budget_of(alice, 1_000_000)
    (old,) = create(alice, small, at=BEGIN - DAY, months=12)
    (server,) = create(alice, small, at=BEGIN)
    for one in (old, server):
        delete_resource(one.pk, actor=owner_of(alice), at=BEGIN + 15 * DAY)
    assert standing_of(budget, BEGIN + 15 * DAY).spent == 90_500


def test_a_resize_that_is_given_back_makes_no_more_room_than_it_took(
    alice: Customer, small: Item, vserver: Product
) -> None:
    """179 days at 5,000 a month more are 29,833: nearly all that comes back was paid in the months before."""
    budget = budget_of(alice, 10_000_000)
    bit = make_item(vserver, "bit", 186_000)
    (server,) = create(alice, small, at=BEGIN - 180 * DAY, months=12)
    (other,) = create(alice, small, at=BEGIN)
    placed = resize(server, bit, at=BEGIN + DAY)
    assert standing_of(budget, BEGIN + DAY).spent == 181_000 + placed.total
    delete_resource(server.pk, actor=owner_of(alice), at=BEGIN + 2 * DAY)
    assert placed.total == 29_833
    assert standing_of(budget, BEGIN + 2 * DAY).spent == 181_000
    delete_resource(other.pk, actor=owner_of(alice), at=BEGIN + 15 * DAY)
    assert standing_of(budget, BEGIN + 15 * DAY).spent == 90_500


def test_what_was_bought_and_resized_this_month_makes_room_as_a_whole(
    alice: Customer, small: Item, large: Item
) -> None:
    """181,000 and 226,000 are paid, and of 20 days at 520,000 a month 10 come back."""
    budget = budget_of(alice, 10_000_000)
    (server,) = create(alice, small, at=BEGIN)
    resize(server, large, at=BEGIN + 10 * DAY)
    assert standing_of(budget, BEGIN + 10 * DAY).spent == 407_000
    delete_resource(server.pk, actor=owner_of(alice), at=BEGIN + 20 * DAY)
    assert standing_of(budget, BEGIN + 20 * DAY).spent == 407_000 - 173_334


def test_an_automatic_renewal_counts_and_is_told(alice: Customer, small: Item) -> None:
    budget = budget_of(alice, 200_000)
    create(alice, small, at=BEGIN + 8 * DAY, auto_renew_months=1)
    april = CalendarMonth(2026, 4).period.starts_at
    renew_automatically(actor=JOB, at=april + timedelta(hours=8))
    assert standing_of(budget, april + DAY).spent == 181_000
    assert Alert.objects.filter(month="2026-04").count() == 2  # 90.5 %


def test_use_counts_when_it_is_used_and_is_expected_after_three_days(bob: Customer, small: Item) -> None:
    budget = budget_of(bob, 1_000_000)
    create(bob, small, at=BEGIN)
    assert standing_of(budget, BEGIN + 3 * DAY - timedelta(minutes=1)).expected is None
    found = standing_of(budget, BEGIN + 10 * DAY)
    assert (found.spent, found.expected, found.percent) == (60_333, 187_033, 6)


def test_a_product_has_a_budget_of_its_own(bob: Customer, alice: Customer, small: Item, vserver: Product) -> None:
    storage = make_product("storage")
    disk = make_item(storage, "disk", 30_000)
    for one in (alice, bob):
        create(one, small, at=BEGIN)
        create(one, disk, at=BEGIN)
    at = BEGIN + 10 * DAY
    assert standing_of(budget_of(bob, 100_000, product=storage), at).spent == 10_000
    assert standing_of(budget_of(alice, 100_000, product=storage), at).spent == 30_000
    assert standing_of(budget_of(alice, 900_000), at).spent == 211_000


def test_a_key_has_a_budget_for_what_it_orders_and_that_uses(
    bob: Customer, alice: Customer, small: Item, vserver: Product
) -> None:
    found = {}
    for one in (alice, bob):
        key = issue_customer_key(one, "shop", actor=STAFF, at=BEGIN)[0]
        found[one.pk] = budget_of(one, 500_000, key=key)
        create(one, small, at=BEGIN, name="by-hand")
        offer = quote(
            one, Action.CREATE, BEGIN, product=str(vserver.pk), name="web", items=chosen(small), quantity=1, months=1
        )
        answer(place_order(one.pk, offer.pk, means="wallet", key="k", actor=key.actor, at=BEGIN), at=BEGIN)
    at = BEGIN + 10 * DAY
    assert (standing_of(found[alice.pk], at).spent, standing_of(found[bob.pk], at).spent) == (181_000, 60_333)


def test_a_tag_has_a_budget_for_what_is_tagged_so_paid_ahead_or_used(
    bob: Customer, alice: Customer, small: Item
) -> None:
    """Of two servers one is tagged, in another case: alone it counts. What is not provisioned yet counts by the tags it will have."""
    at = BEGIN + 10 * DAY
    for one in (alice, bob):
        tagged, _other = create(one, small, at=BEGIN, quantity=2)
        change_tags(tagged.pk, {"environment": "Production"}, actor=owner_of(one), at=BEGIN)
    found = {one.pk: budget_of(one, 900_000, tag="Environment=production") for one in (alice, bob)}
    assert (standing_of(found[alice.pk], at).spent, standing_of(found[bob.pk], at).spent) == (181_000, 60_333)
    offer = quote(
        alice, Action.CREATE, at, product=str(small.product_id), name="web", items=chosen(small), quantity=1, months=1,
        tags={"Environment": "production"},
    )  # fmt: skip
    order(offer, at=at)
    assert standing_of(found[alice.pk], at).spent == 362_000


def test_a_budget_goes_by_the_tags_of_today_and_money_that_comes_back_makes_room(alice: Customer, small: Item) -> None:
    """181,000 for 30 days, of which ten are left: 60,333 come back."""
    (server,) = create(alice, small, at=BEGIN)
    budget = budget_of(alice, 900_000, tag="Team=web")
    assert standing_of(budget, BEGIN).spent == 0
    change_tags(server.pk, {"Team": "web"}, actor=owner_of(alice), at=BEGIN)
    assert standing_of(budget, BEGIN).spent == 181_000
    delete_resource(server.pk, actor=owner_of(alice), at=BEGIN + 20 * DAY)
    assert standing_of(budget, BEGIN + 21 * DAY).spent == 120_667


def test_what_a_budget_counts_ahead_and_in_use_is_compared_alike(alice: Customer, bob: Customer, small: Item) -> None:
    """Straße is not STRASSE, wherever that is asked; upper and lower case are."""
    budgets = []
    for one in (alice, bob):
        for server, value in zip(create(one, small, at=BEGIN, quantity=2), ["Straße", "KẾ TOÁN"], strict=True):
            change_tags(server.pk, {"Team": value}, actor=owner_of(one), at=BEGIN)
        budgets.append([budget_of(one, 10**9, tag=f"Team={value}") for value in ("STRASSE", "Kế toán")])
    found = [[standing_of(budget, BEGIN + 10 * DAY).spent for budget in some] for some in budgets]
    assert found == [[0, 181_000], [0, 60_333]]


def test_there_is_one_budget_of_values_that_are_alike_and_each_of_others(alice: Customer) -> None:
    """An ı without its dot has the same capital as an i, and is another letter."""
    budget_of(alice, 100_000, tag="Team=I")
    budget_of(alice, 100_000, tag="Team=ı")
    with pytest.raises(BudgetThere):
        budget_of(alice, 100_000, tag="TEAM=i")


@pytest.mark.parametrize("tag", ["Environment", "!Environment", "=production", f"Environment={'x' * 121}", "\x00"])
def test_a_tag_is_named_with_its_value(alice: Customer, tag: str) -> None:
    with pytest.raises(NotATag):
        budget_of(alice, 100_000, tag=tag)


def test_uses_of_metered_items_count_as_they_are_reported(bob: Customer, small: Item, vserver: Product) -> None:
    make_metered(vserver, "traffic", 500)
    (server,) = create(bob, small, at=BEGIN)
    budget = budget_of(bob, 1_000_000)
    take(server, use(server, "a", "100", used_at=BEGIN + 5 * DAY), at=BEGIN + 5 * DAY)
    assert standing_of(budget, BEGIN + 10 * DAY).spent == 60_333 + 50_000


def test_many_budgets_take_as_many_queries_as_one(small: Item, vserver: Product) -> None:
    def some(count: int) -> list[Budget]:
        made = []
        for _each in range(count):
            for mode in ("prepaid", "postpaid"):
                customer = make_customer(mode=mode, credit=1_000_000)
                key = issue_customer_key(customer, "shop", actor=STAFF, at=BEGIN)[0]
                create(customer, small, at=BEGIN)
                made += [
                    budget_of(customer, 10**9),
                    budget_of(customer, 10**9, product=vserver),
                    budget_of(customer, 10**9, key=key),
                    budget_of(customer, 10**9, tag="Environment=production"),
                    budget_of(customer, 10**9, tag=f"Team={customer.pk}"),
                ]
        return made

    def queries(budgets: list[Budget]) -> int:
        with CaptureQueriesContext(connection) as captured:
            standings(budgets, at=NOON)
        return len(captured)

    some(1)
    few = queries(list(Budget.objects.with_what_they_are_about()))
    some(2)
    assert queries(list(Budget.objects.with_what_they_are_about())) == few


# What is told


def test_each_mark_is_told_once_a_month_the_highest_of_several(alice: Customer, small: Item) -> None:
    budget = budget_of(alice, 300_000)
    create(alice, small)  # 60 %
    watch_all(at=NOON)
    assert (marks(budget), told(alice)) == (["50"], [("budget_reached", "50")])
    create(alice, small)  # 120 %
    watch_all(at=NOON + DAY)
    assert marks(budget) == ["50", "80", "100"]
    assert told(alice) == [("budget_reached", "50"), ("budget_reached", "100")]


def test_one_customer_who_fails_leaves_the_others_their_marks(
    alice: Customer, bob: Customer, small: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are looked at together; whose look fails, or is refused, is looked at alone, and so is everybody else."""
    well, ill = budget_of(alice, 300_000), budget_of(bob, 300_000)
    create(alice, small)

    def fails_for_one(found: Collection[Standing], *, at: datetime) -> None:
        follow(found, at=at)
        if any(one.budget == ill for one in found):
            raise BudgetGone

    monkeypatch.setattr(watching, "follow", fails_for_one)
    watch_all(at=NOON)
    assert marks(well) == ["50"]


def test_a_new_month_begins_anew(bob: Customer, small: Item) -> None:
    budget = budget_of(bob, 120_000)
    create(bob, small, at=BEGIN)
    watch_all(at=BEGIN + 10 * DAY)
    watch_all(at=CalendarMonth(2026, 4).period.starts_at + 10 * DAY)
    assert Alert.objects.filter(budget=budget, mark="50").values_list("month", flat=True).count() == 2


def test_what_is_expected_is_told_after_three_days(bob: Customer, small: Item) -> None:
    budget = budget_of(bob, 120_000)
    create(bob, small, at=BEGIN)
    watch_all(at=BEGIN + 2 * DAY)
    assert marks(budget) == []
    watch_all(at=BEGIN + 3 * DAY)
    assert marks(budget) == ["forecast"]
    notice = Notice.objects.get(customer=bob, kind="budget_forecast")
    assert (notice.facts["spent"], notice.facts["expected"], notice.facts["limit"]) == (18_100, 187_033, 120_000)
    watch_all(at=BEGIN + 20 * DAY)  # 120,667: all of it is spent
    assert marks(budget) == ["forecast", "50", "80", "100"]


def test_use_is_expected_to_go_on_as_in_the_last_days(alice: Customer, small: Item, vserver: Product) -> None:
    """10 GB a day at 100 ₫: 10,000 in ten days and 21,000 more, beside the 181,000 that were paid ahead."""
    make_metered(vserver, "traffic", 100)
    every, own = budget_of(alice, 200_000), budget_of(alice, 200_000, product=vserver)
    [server] = create(alice, small, at=BEGIN)
    records = [use(server, str(day), 10, used_at=BEGIN + day * DAY + DAY / 2) for day in range(10)]
    assert take(server, *records, at=BEGIN + 10 * DAY) == ["accepted"] * 10
    watch_all(at=BEGIN + 10 * DAY)
    for budget in (every, own):
        found = standing_of(budget, BEGIN + 10 * DAY)
        assert (found.spent, found.expected) == (191_000, 212_000)
        assert marks(budget) == ["50", "80", "forecast"]


def test_raising_lets_the_marks_be_told_again(alice: Customer, small: Item) -> None:
    budget = budget_of(alice, 200_000)
    create(alice, small)  # 90 %
    change_budget(budget.pk, 400_000, actor=owner_of(alice), at=NOON)
    assert marks(budget) == ["50", "80"]
    create(alice, small)  # 90 % again
    assert marks(budget) == ["50", "80", "50", "80"]
    assert told(alice) == [("budget_reached", "80"), ("budget_reached", "80")]


def test_lowering_below_what_is_spent_asks_and_then_warns_at_once(alice: Customer, small: Item) -> None:
    budget = budget_of(alice, 1_000_000)
    create(alice, small)
    with pytest.raises(BelowSpent) as asked:
        change_budget(budget.pk, 150_000, actor=owner_of(alice), at=NOON)
    assert (asked.value.details["spent"], asked.value.details["limit"]) == (181_000, 150_000)
    budget.refresh_from_db()
    assert (budget.monthly_limit, told(alice)) == (1_000_000, [])

    change_budget(budget.pk, 150_000, confirmed=True, actor=owner_of(alice), at=NOON)
    assert told(alice) == [("budget_reached", "100")]


def test_lowering_above_what_is_spent_repeats_nothing(alice: Customer, small: Item) -> None:
    budget = budget_of(alice, 330_000)
    create(alice, small)  # 54 %
    change_budget(budget.pk, 300_000, actor=owner_of(alice), at=NOON)
    assert marks(budget) == ["50"]


def test_a_budget_that_is_set_below_what_is_spent_asks_too(alice: Customer, small: Item) -> None:
    create(alice, small)
    with pytest.raises(BelowSpent):
        budget_of(alice, 100_000, at=NOON)
    set_budget(alice, 100_000, confirmed=True, actor=owner_of(alice), at=NOON)
    assert told(alice) == [("budget_reached", "100")]


# What is refused


def test_there_is_one_budget_of_the_same_until_it_is_removed(alice: Customer) -> None:
    budget = budget_of(alice, 100_000)
    with pytest.raises(BudgetThere):
        budget_of(alice, 200_000)
    remove_budget(budget.pk, actor=owner_of(alice), at=NOON)
    remove_budget(budget.pk, actor=owner_of(alice), at=NOON + DAY)
    budget.refresh_from_db()
    assert budget.removed_at == NOON
    with pytest.raises(BudgetGone):
        change_budget(budget.pk, 300_000, actor=owner_of(alice), at=NOON)
    budget_of(alice, 200_000)


def test_somebody_elses_key_is_none(alice: Customer, bob: Customer) -> None:
    key = issue_customer_key(bob, "shop", actor=STAFF, at=NOON)[0]
    with pytest.raises(NothingOfThis):
        budget_of(alice, 100_000, key=key)
    assert not Budget.objects.exists()


# Who is told


def test_a_budget_names_who_of_the_recipients_is_told(alice: Customer, small: Item) -> None:
    asked = {
        name: ask_recipient(alice, f"{name}@books.example", "en", ["budget_reached"], actor=owner_of(alice), at=NOON)
        for name in ("anna", "bea")
    }
    Recipient.objects.update(confirmed_at=NOON, digest="")
    budget = budget_of(alice, 100_000)
    set_readers(budget.pk, [asked["bea"].pk], actor=owner_of(alice), at=NOON)
    create(alice, small)
    copies = Notice.objects.filter(kind="budget_reached", copy_to__isnull=False)
    assert [copy.recipient for copy in copies] == ["bea@books.example"]
    set_readers(budget.pk, [], actor=owner_of(alice), at=NOON)
    change_budget(budget.pk, 200_000, actor=owner_of(alice), at=NOON)
    assert sorted(copy.recipient for copy in copies.filter(facts__limit=200_000)) == [
        "anna@books.example",
        "bea@books.example",
    ]


def test_somebody_elses_recipients_are_not_told(alice: Customer, bob: Customer) -> None:
    theirs = ask_recipient(bob, "bea@books.example", "en", ["budget_reached"], actor=owner_of(bob), at=NOON)
    budget = budget_of(alice, 100_000)
    with pytest.raises(NotYourRecipients):
        set_readers(budget.pk, [theirs.pk], actor=owner_of(alice), at=NOON)
