"""Budgets about many resources: what is alike is priced once, and comes to what each costs alone, to the đồng."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Customer, CustomerKey
from accounts.services.keys import issue_customer_key
from budgets.models import Budget
from budgets.paid import paid_of
from budgets.queries import standings
from catalog import pricing
from catalog.models import Discount, Item
from invoices.services import usage
from invoices.services.outlook import Ahead, outlook_of
from kernel.periods import CalendarMonth
from lifecycle.models import Resource
from lifecycle.services.tags import change_tags
from orders.models import Action
from orders.services.checkout import place_order
from orders.services.delete import delete_resource
from tests.actions.test_budgets import BEGIN, budget_of, standing_of
from tests.actions.test_usage_intake import take, use
from tests.cast import (
    DAY,
    STAFF,
    answer,
    chosen,
    create,
    enter,
    make_item,
    make_metered,
    make_product,
    owner_of,
    quote,
    resize,
    taxed_at,
)

pytestmark = pytest.mark.django_db

TENTH = BEGIN + 10 * DAY


def tag(resource: Resource, **tags: str) -> None:
    change_tags(resource.pk, tags, actor=owner_of(resource.customer), at=TENTH)


@pytest.fixture
def mixed(bob: Customer, small: Item, large: Item) -> list[Resource]:
    """
    Two products, one with VAT on top and at a rate that changes on the 6th, one at a discount; some are resized, deleted and metered, some
    began in the month. Those of a kind that begins with the same minute are alike.
    """
    category = taxed_at("0.1")
    enter(category, "2026-03-06", "0.08")
    storage = make_product("storage")
    disk = make_item(storage, "disk", "33333.3", includes_vat=False, tax_category=category)
    make_metered(storage, "traffic", "7.7", included=Decimal(10))
    Discount.objects.create(customer=bob, product=storage, share=Decimal("0.125"), valid_from=BEGIN + 2 * DAY)
    found = [
        *create(bob, small, at=BEGIN - 3 * DAY, quantity=5),
        *create(bob, (disk, 3), at=BEGIN - 3 * DAY, quantity=5, name="disk"),
        *create(bob, large, at=BEGIN + 2 * DAY + timedelta(minutes=7), quantity=3, name="late"),
    ]
    resize(found[0], large, at=BEGIN + 4 * DAY + timedelta(minutes=13))
    delete_resource(found[1].pk, actor=owner_of(bob), at=BEGIN + 3 * DAY)
    key = issue_customer_key(bob, "shop", actor=STAFF, at=BEGIN)[0]
    offer = quote(
        bob, Action.CREATE, BEGIN, product=str(small.product_id), name="web", items=chosen(small), quantity=2, months=1
    )
    placed = answer(place_order(bob.pk, offer.pk, means="wallet", key="k", actor=key.actor, at=BEGIN), at=BEGIN)
    found += [item.resource for item in placed.items.select_related("resource")]
    uses = [use(found[number], str(number), f"{number}00.5", used_at=BEGIN + number * DAY) for number in (6, 7, 8)]
    assert take(found[6], *uses, at=TENTH) == ["accepted"] * 3
    for number, one in enumerate(found):
        tag(
            one,
            Environment=("production", "Production", "test")[number % 3],
            Team=("web", "db")[number % 2],
            Row=str(number),
        )
    return found


def alone(one: Resource, customer: Customer) -> Ahead:
    return outlook_of([customer], at=TENTH, by="resource", only=[one.pk])[customer.pk].total


def test_what_is_alike_is_priced_once_and_comes_to_what_each_costs_alone(bob: Customer, mixed: list[Resource]) -> None:
    each = {one.pk: alone(one, bob) for one in mixed}
    assert len({cost.so_far for cost in each.values()}) > 6, "they are mixed"
    for wish, about in (
        ("Environment=production", [one for number, one in enumerate(mixed) if number % 3 != 2]),
        ("team=WEB", mixed[::2]),
        ("Team=db", mixed[1::2]),
        ("Row=6", [mixed[6]]),
    ):
        found = standing_of(budget_of(bob, 10**11, tag=wish), TENTH)
        expected = sum((each[one.pk] for one in about), Ahead())
        assert (found.spent, found.expected) == (expected.so_far, expected.expected), wish
    by_key = standing_of(budget_of(bob, 10**11, key=CustomerKey.objects.get()), TENTH)
    assert by_key.spent == sum(each[one.pk].so_far for one in mixed[-2:]) == 2 * 60_333


def test_three_that_are_alike_cost_three_times_what_one_does(bob: Customer, small: Item) -> None:
    """Ten days of 181,000 are 60,333.33: three bills of 60,333 each, and not 181,000."""
    for one in create(bob, small, at=BEGIN, quantity=3):
        tag(one, Team="web")
    assert standing_of(budget_of(bob, 10**9, tag="Team=web"), TENTH).spent == 180_999


def test_who_of_many_is_in_several_budgets_counts_in_each(bob: Customer, alice: Customer, small: Item) -> None:
    first, second = create(bob, small, at=BEGIN, quantity=2)
    tag(first, Team="web", Environment="production")
    tag(second, Team="web")
    wishes = ("Team=web", "Environment=production", "Team=db")
    mine = [budget_of(bob, 10**9, tag=wish).pk for wish in wishes]
    theirs = [budget_of(alice, 10**9, tag=wish).pk for wish in wishes]
    found = standings(list(Budget.objects.with_what_they_are_about()), at=TENTH)
    spent = {one.budget.pk: one.spent for one in found}
    assert [spent[pk] for pk in mine] == [120_666, 60_333, 0]
    assert [spent[pk] for pk in theirs] == [0, 0, 0]


def test_neither_queries_nor_prices_grow_with_the_resources_of_a_tag(
    bob: Customer, alice: Customer, small: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    def some(count: int) -> None:
        for customer in (bob, alice):  # each is tagged differently in what nobody asks about
            for one in create(customer, small, at=BEGIN - DAY, quantity=count):
                tag(one, Team="web", Row=str(one.pk))

    def asked() -> tuple[int, int]:
        priced = 0

        def counted(*given: object) -> pricing.Line:
            nonlocal priced
            priced += 1
            return pricing.price_line(*given)

        with monkeypatch.context() as patched, CaptureQueriesContext(connection) as queries:
            patched.setattr(usage, "price_line", counted)
            standings(list(Budget.objects.with_what_they_are_about()), at=TENTH)
        return len(queries), priced

    for customer in (bob, alice):
        budget_of(customer, 10**9, tag="Team=web")
    some(1)
    few = asked()
    some(7)
    assert asked() == few
    assert few[1] == 2, "until now, and by the month's end"


def test_what_was_paid_ahead_is_told_apart_by_the_tags_that_are_asked_about_alone(alice: Customer, small: Item) -> None:
    for row, one in enumerate(create(alice, small, at=BEGIN, quantity=5)):
        tag(one, Team="web" if row else "db", Row=str(row))
    budgets = [budget_of(alice, 10**9, tag="Team=WEB").pk]
    found = paid_of({alice.pk}, CalendarMonth.of(BEGIN).period, by_tags=budgets)
    assert sorted((one.spent, one.tags) for one in found) == [(181_000, None), (724_000, {"Team": "WEB"})]
