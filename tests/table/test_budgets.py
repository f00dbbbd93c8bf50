"""What budgets promise, kept by the database, whoever asks."""

from __future__ import annotations

import pytest

from accounts.services.keys import issue_customer_key
from budgets.services.balance import set_balance_alert
from budgets.services.setting import Cap, lift_cap, remove_budget, set_budget, set_cap
from budgets.services.watching import watch_all
from catalog.models import Item
from tests.cast import NOON, STAFF, create, owner_of
from tests.table.attack import MARKS, refuse, run

pytestmark = MARKS
COPY = (
    "INSERT INTO budgets_budget (id, customer_id, scope, product_id, key_id, monthly_limit, raised, created_at, readers,"
    " refuses_orders, stops, chosen, starts_again)"
    " SELECT gen_random_uuid(), {}, created_at, readers, refuses_orders, stops, chosen, starts_again FROM budgets_budget"
)
TELL = (
    "INSERT INTO budgets_alert (budget_id, customer_id, month, raised, mark, monthly_limit, spent, expected, at)"
    " SELECT budget_id, customer_id, {}, at FROM budgets_alert WHERE mark = '50'"
)


@pytest.fixture
def budget(alice, small):
    """181,000 of 200,000 are spent: half of it, and 80 %, were told."""
    budget = set_budget(alice, 200_000, actor=owner_of(alice), at=NOON)
    create(alice, small)
    return budget


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("DELETE FROM budgets_budget", "keeps its rows|permission denied"),
        ("UPDATE budgets_budget SET scope = 'product', product_id = (SELECT id FROM catalog_product LIMIT 1)", "these facts are frozen"),
        ("UPDATE budgets_budget SET created_at = created_at + interval '1 day'", "these facts are frozen"),
        ("UPDATE budgets_budget SET monthly_limit = 0", "a_budgets_limit_is_sane"),
        ("UPDATE budgets_budget SET monthly_limit = monthly_limit + 1", "counts how often its limit was raised"),
        ("UPDATE budgets_budget SET raised = raised + 1", "counts how often its limit was raised"),
        ("UPDATE budgets_budget SET monthly_limit = monthly_limit - 1, raised = raised + 1", "counts how often its limit was raised"),
        ("UPDATE budgets_budget SET removed_at = created_at - interval '1 day'", "a_budget_is_removed_after_it_was_made"),
        (COPY.format("customer_id, scope, product_id, key_id, 5, 0"), "one_budget_of_the_same"),
        (COPY.format("customer_id, 'product', product_id, key_id, 5, 0"), "a_budget_is_about_what_it_says"),
        (COPY.format("customer_id, 'tag', product_id, key_id, 5, 0"), "a_budget_is_about_what_it_says"),
        ("UPDATE budgets_budget SET tag_key = 'Team', tag_value = 'web', scope = 'tag'", "these facts are frozen"),
        (COPY.format("customer_id, 'product', (SELECT id FROM catalog_product LIMIT 1), key_id, 5, 1"), "has not been raised"),
    ],
)  # fmt: skip
def test_a_budget_is_about_the_same_as_long_as_it_is_there(budget, attack: str, said: str) -> None:
    refuse(attack, match=said)


def test_a_tag_has_one_budget_in_upper_or_lower_case(alice) -> None:
    set_budget(alice, 200_000, tag="Team=Web", actor=owner_of(alice), at=NOON)
    columns, rows = COPY.format("customer_id, scope, product_id, key_id, 5, 0").split(" SELECT")
    columns, rows = (
        columns.replace("readers,", "readers, tag_key, tag_value,"),
        rows.replace("readers,", "readers, 'TEAM', 'web',"),
    )
    refuse(f"{columns} SELECT{rows}", match="one_budget_of_the_same_tag")


def test_what_was_removed_stays_as_it_was(budget, alice) -> None:
    remove_budget(budget.pk, actor=owner_of(alice), at=NOON)
    refuse("UPDATE budgets_budget SET removed_at = NULL", match="these facts are frozen")
    refuse("UPDATE budgets_budget SET monthly_limit = 1", match="these facts are frozen")
    refuse(TELL.format("month, raised, '100', 100, 100, NULL"), match="is another one by now")


def test_a_budget_is_not_about_another_customers_key(budget, bob) -> None:
    key = issue_customer_key(bob, "shop", actor=STAFF, at=NOON)[0]
    refuse(COPY.format("customer_id, 'key', NULL, %s, 5, 0"), key.pk, match="a_budget_is_about_its_customers_key")


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("DELETE FROM budgets_alert", "append-only|permission denied"),
        ("UPDATE budgets_alert SET spent = 0", "append-only|permission denied"),
        (TELL.format("month, raised, mark, monthly_limit, spent, expected"), "a_mark_is_told_once_a_month"),
        (TELL.format("month, raised, '100', monthly_limit, spent, expected"), "an_alert_tells_what_is_so"),
        (TELL.format("'2026-04', raised, mark, monthly_limit, 99999, expected"), "an_alert_tells_what_is_so"),
        (TELL.format("month, raised, 'forecast', monthly_limit, spent, monthly_limit"), "an_alert_tells_what_is_so"),
        (TELL.format("month, raised, 'forecast', monthly_limit, spent, NULL"), "an_alert_tells_what_is_so"),
        (TELL.format("'2026-04', raised + 1, mark, monthly_limit, spent, expected"), "is another one by now"),
        (TELL.format("'2026-04', raised, mark, monthly_limit - 1, spent, expected"), "is another one by now"),
    ],
)  # fmt: skip
def test_what_was_told_stays_and_was_so(budget, attack: str, said: str) -> None:
    refuse(attack, match=said)


def test_an_alert_is_of_its_budgets_customer(budget, bob) -> None:
    refuse(
        "INSERT INTO budgets_alert (budget_id, customer_id, month, raised, mark, monthly_limit, spent, at)"
        " SELECT budget_id, %s, '2026-04', raised, mark, monthly_limit, spent, at FROM budgets_alert WHERE mark = '50'",
        bob.pk,
        match="an_alert_is_its_budgets_customers",
    )


def test_the_limit_moves_with_its_count(budget) -> None:
    assert run("UPDATE budgets_budget SET monthly_limit = monthly_limit + 1, raised = raised + 1") == 1
    assert run("UPDATE budgets_budget SET monthly_limit = monthly_limit - 1") == 1


HIT = (
    "INSERT INTO budgets_hit (budget_id, customer_id, month, monthly_limit, spent, stopped, at, because)"
    " SELECT budget_id, customer_id, month, {}, 0, at, {} FROM budgets_hit"
)


@pytest.fixture
def hit(budget, alice):
    """A cap of 200,000 that 362,000 have reached."""
    set_cap(budget.pk, Cap(refuses_orders=True), actor=owner_of(alice), at=NOON)
    lift_cap(budget.pk, reason="for the test", actor=STAFF, at=NOON)
    (server,) = create(alice, Item.objects.get(code="small"))
    run("UPDATE budgets_budget SET lifted_until = NULL")
    watch_all(at=NOON)
    return server


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("DELETE FROM budgets_hit", "keeps its rows|permission denied"),
        ("UPDATE budgets_hit SET spent = spent + 1", "these facts are frozen"),
        ("UPDATE budgets_hit SET month = '2026-04'", "these facts are frozen"),
        ("UPDATE budgets_hit SET lifted_at = at", "what_is_lifted_has_a_reason"),
        ("UPDATE budgets_hit SET because = 'raised'", "what_is_lifted_has_a_reason"),
        ("UPDATE budgets_hit SET lifted_at = at - interval '1 second', because = 'raised'", "what_is_lifted_has_a_reason"),
        (HIT.format("monthly_limit, spent", "''"), "a_cap_stands_once"),
        (HIT.format("monthly_limit, monthly_limit - 1", "''"), "a_cap_is_reached_by_what_is_spent"),
        (HIT.format("monthly_limit - 1, spent", "''"), "does nothing, or is another one by now"),
        ("UPDATE budgets_budget SET stops = 'chosen'", "what_a_cap_stops_is_named_where_it_is_chosen"),
        ("UPDATE budgets_budget SET stops = 'all'", "what_a_cap_stops_is_named_where_it_is_chosen"),
        ("UPDATE budgets_budget SET chosen = ARRAY[gen_random_uuid()], stops = 'chosen'", "names a resource of somebody else"),
    ],
)  # fmt: skip
def test_that_a_cap_was_reached_stays(hit, attack: str, said: str) -> None:
    assert run("SELECT 1 FROM budgets_hit WHERE lifted_at IS NULL") == 1
    refuse(attack, match=said)


def test_a_cap_is_lifted_once(hit) -> None:
    run("UPDATE budgets_hit SET lifted_at = at, because = 'raised'")
    refuse("UPDATE budgets_hit SET lifted_at = NULL, because = ''", match="these facts are frozen")


def test_what_only_tells_is_never_hit(hit) -> None:
    run("UPDATE budgets_hit SET lifted_at = at, because = 'changed'")
    run("UPDATE budgets_budget SET refuses_orders = FALSE")
    refuse(HIT.format("monthly_limit, spent", "''"), match="does nothing, or is another one by now")


def test_only_what_is_stopped_is_stopped_at_a_cap(hit) -> None:
    refuse(
        "UPDATE lifecycle_resource SET stopped_for_cap = gen_random_uuid() WHERE id = %s",
        hit.pk,
        match="only_what_is_stopped_is_stopped_at_a_cap",
    )


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("DELETE FROM budgets_balancealert", "keeps its rows|permission denied"),
        ("UPDATE budgets_balancealert SET below = 0", "a_balance_alert_is_about_a_sane_amount"),
        ("UPDATE budgets_balancealert SET days = 366", "a_balance_alert_is_about_a_year_at_most"),
        ("UPDATE budgets_balancealert SET below = NULL, told_at = now()", "only_a_balance_alert_that_is_on_is_told"),
        ("UPDATE budgets_balancealert SET customer_id = (SELECT id FROM accounts_customer WHERE name = 'Bob')", "these facts are frozen"),
    ],
)  # fmt: skip
def test_a_balance_alert_is_sane_and_of_one_customer(alice, bob, attack: str, said: str) -> None:
    set_balance_alert(alice, below=1_000, days=None, actor=owner_of(alice), at=NOON)
    refuse(attack, match=said)
