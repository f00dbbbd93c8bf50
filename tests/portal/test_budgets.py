"""The page of budgets."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.may import Role
from budgets.models import Budget, Stops
from budgets.services.setting import Cap, change_budget, set_budget, set_cap
from kernel.periods import CalendarMonth
from tests.cast import NOON, create, owner_of
from tests.markup import markup
from tests.portal.seen import said, signed_in, the_time_being

pytestmark = pytest.mark.django_db
PAGE = reverse("budgets")


@pytest.fixture(autouse=True)
def _noon():
    with the_time_being(NOON):
        yield


@pytest.fixture
def owner(alice):
    return signed_in(alice)


def test_a_budget_is_set_fills_and_is_removed(owner, alice, small):
    assert "No budgets yet" in markup(owner.get(PAGE))
    assert owner.post(PAGE, {"of": "everything", "limit": "200.000"}).status_code == 302
    create(alice, small)
    shown = markup(owner.get(PAGE))
    assert "within the limit" in shown
    assert "90 %" in shown
    assert 'value="200,000"' in shown, "as amounts stand on the page"
    budget = Budget.objects.get()
    owner.post(reverse("budget-remove", args=[budget.pk]))
    assert "No budgets yet" in markup(owner.get(PAGE))


def test_a_limit_below_what_is_spent_is_asked_about(owner, alice, small):
    create(alice, small)
    asked = owner.post(PAGE, {"of": "everything", "limit": "100000"})
    assert asked.status_code == 400
    assert "are spent this month already" in markup(asked)
    assert 'type="checkbox"' in markup(asked)
    assert not Budget.objects.exists()
    assert owner.post(PAGE, {"of": "everything", "limit": "100000", "confirmed": "on"}).status_code == 302
    assert "all of it is spent" in markup(owner.get(PAGE))
    budget = Budget.objects.get()
    change = reverse("budget-change", args=[budget.pk])
    asked = owner.post(change, {"limit": "90000"})
    assert (asked.status_code, "I know that so much is spent already" in markup(asked)) == (400, True)
    assert said(owner.post(change, {"limit": "400000"})) == ["The limit is 400,000\xa0₫ now."]


def test_who_may_not_change_the_wallet_looks_only(alice):
    viewer = signed_in(alice, Role.VIEWER)
    assert "Set the budget" not in markup(viewer.get(PAGE))
    assert viewer.post(PAGE, {"of": "everything", "limit": "1"}).status_code == 403
    assert signed_in(alice, Role.TECHNICAL).get(PAGE).status_code == 403
    assert signed_in(alice, Role.BILLING).post(PAGE, {"of": "everything", "limit": "5"}).status_code == 302


def test_what_happens_when_it_is_spent_is_chosen(owner, alice, small):
    (server,) = create(alice, small)
    owner.post(PAGE, {"of": "everything", "limit": "200000"})
    budget = Budget.objects.get()
    assert "We only tell you." in markup(owner.get(PAGE))
    cap = reverse("budget-cap", args=[budget.pk])
    assert owner.post(cap, {"stops": "chosen", "starts_again": "yes"}).status_code == 400
    wish = {"refuses_orders": "on", "stops": "chosen", "chosen": [str(server.pk)], "starts_again": "no"}
    assert owner.post(cap, wish).status_code == 302
    shown = markup(owner.get(PAGE))
    assert "New orders are refused." in shown
    assert "Resources to be stopped: 1." in shown
    owner.post(reverse("budget-change", args=[budget.pk]), {"limit": "100000", "confirmed": "on"})
    assert "the cap is reached" in markup(owner.get(PAGE))
    assert "Stopped because a cap was reached" in markup(owner.get(reverse("resource", args=[server.pk])))


def test_a_cap_of_the_month_before_is_not_said_to_be_raised(alice, small):
    """It lets go of what it stopped within a minute of the new month."""
    (server,) = create(alice, small)
    budget = set_budget(alice, 200_000, actor=owner_of(alice), at=NOON)
    chosen = Cap(refuses_orders=True, stops=Stops.CHOSEN, chosen=[server.pk])
    set_cap(budget.pk, chosen, actor=owner_of(alice), at=NOON)
    change_budget(budget.pk, 100_000, confirmed=True, actor=owner_of(alice), at=NOON)
    pages = reverse("home"), reverse("resource", args=[server.pk])
    for at, stands in ((NOON, True), (CalendarMonth.of(NOON).period.ends_at, False)):
        with the_time_being(at):
            home, page = (markup(signed_in(alice).get(one)) for one in pages)
        assert ("A cap is reached" in home, "Raise the cap" in page) == (stands, stands)
        assert ("lets go of it within a minute" in page) != stands


def test_what_a_cap_stops_is_chosen_by_who_may_stop_resources(owner, alice):
    owner.post(PAGE, {"of": "everything", "limit": "200000"})
    cap = reverse("budget-cap", args=[Budget.objects.get().pk])
    billing = signed_in(alice, Role.BILLING)
    assert billing.post(cap, {"stops": "postpaid", "starts_again": "yes"}).status_code == 403
    assert billing.post(cap, {"refuses_orders": "on", "stops": "", "starts_again": "yes"}).status_code == 302
    assert Budget.objects.get().acts == "refuse"
    owner.post(cap, {"stops": "postpaid", "starts_again": "yes"})
    limit = reverse("budget-change", args=[Budget.objects.get().pk])
    assert billing.post(limit, {"limit": "1"}).status_code == 403, "lowered, it may stop at once"
    assert billing.post(limit, {"limit": "300000"}).status_code == 302
    assert Budget.objects.get().monthly_limit == 300_000


def test_last_month_can_be_looked_at_with_another_limit(owner, alice):
    owner.post(PAGE, {"of": "everything", "limit": "200000"})
    page = reverse("budget-last-month", args=[Budget.objects.get().pk])
    assert "200,000" in markup(owner.get(page))
    assert "5,000" in markup(owner.get(page, {"limit": "5000"}))
    assert owner.get(page, {"limit": "nothing"}).status_code == 200


def test_a_low_balance_is_told_to_who_wants_it(owner, alice, bob, small):
    create(alice, small)
    assert "1627 days" in markup(owner.get(PAGE))
    place = reverse("balance-alert")
    assert owner.post(place, {"below": "nothing"}).status_code == 400
    assert said(owner.post(place, {"below": "1.000.000", "days": "7"})) == ["We tell you when your wallet runs low."]
    assert said(owner.post(place, {}))[-1] == "We do not tell you when your wallet runs low."
    assert "Low balance" not in markup(signed_in(bob).get(PAGE))
