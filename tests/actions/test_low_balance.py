"""Telling prepaid customers that the wallet runs low."""

from __future__ import annotations

import pytest

from accounts.models import Customer
from budgets.models import BalanceAlert
from budgets.services.balance import Balance, balances_of, set_balance_alert, watch_balances
from catalog.models import Item
from ledger.models import Entry
from notifications.models import Notice
from notifications.truth import facts_now, holds
from tests.cast import DAY, NOON, create, fund, make_customer, owner_of

pytestmark = pytest.mark.django_db


def told(customer: Customer) -> list[tuple[int, int, int]]:
    notices = Notice.objects.filter(customer=customer, kind="balance_low").order_by("pk")
    return [(one.facts["available"], one.facts["rate"], one.facts["days"]) for one in notices]


def test_a_wallet_lasts_for_its_days_at_todays_rate(alice: Customer, small: Item, large: Item) -> None:
    """Two of 181,000 and one of 520,000 in 30 days are 29,400 a day; 362,000 and three times 520,000 are spent."""
    create(alice, small, quantity=2)
    create(alice, large, months=3)
    (found,) = balances_of([alice], at=NOON).values()
    assert found == Balance(10_000_000 - 362_000 - 1_560_000, 29_400)
    assert found.days == 274


def test_it_is_told_once_until_there_is_enough_again(small: Item) -> None:
    carol = make_customer(credit=500_000)
    set_balance_alert(carol, below=400_000, days=None, actor=owner_of(carol), at=NOON)
    assert told(carol) == []
    create(carol, small)
    watch_balances(at=NOON)
    watch_balances(at=NOON + DAY)
    assert told(carol) == [(319_000, 6_033, 52)]
    fund(carol, 100_000, at=NOON + DAY)
    watch_balances(at=NOON + DAY)
    assert BalanceAlert.objects.get().told_at is None
    create(carol, small, at=NOON + 2 * DAY)
    watch_balances(at=NOON + 2 * DAY)
    assert told(carol)[1:] == [(238_000, 12_067, 19)]


def test_days_are_counted_at_the_rate_of_what_runs(small: Item) -> None:
    carol = make_customer(credit=281_000)
    create(carol, small)  # 100,000 are left: 16 days of 6,033
    set_balance_alert(carol, below=None, days=16, actor=owner_of(carol), at=NOON)
    assert told(carol) == []
    set_balance_alert(carol, below=None, days=17, actor=owner_of(carol), at=NOON)
    assert told(carol) == [(100_000, 6_033, 16)]


def test_where_nothing_runs_only_the_amount_counts() -> None:
    carol = make_customer()
    set_balance_alert(carol, below=None, days=30, actor=owner_of(carol), at=NOON)
    assert told(carol) == []
    set_balance_alert(carol, below=1, days=30, actor=owner_of(carol), at=NOON)
    assert told(carol) == [(0, 0, 0)]


def test_it_is_not_told_any_more_when_there_is_enough_again() -> None:
    carol = make_customer()
    set_balance_alert(carol, below=1_000, days=None, actor=owner_of(carol), at=NOON)
    notice = Notice.objects.get(kind="balance_low")
    assert holds(notice, facts_now([notice])[notice.pk], at=NOON)
    fund(carol, 1_000, at=NOON)
    watch_balances(at=NOON)
    assert not holds(notice, facts_now([notice])[notice.pk], at=NOON)
    assert Entry.objects.exists()


def test_postpaid_customers_and_those_who_switched_it_off_are_told_nothing(bob: Customer) -> None:
    carol = make_customer()
    set_balance_alert(bob, below=1_000, days=None, actor=owner_of(bob), at=NOON)
    set_balance_alert(carol, below=None, days=None, actor=owner_of(carol), at=NOON)
    watch_balances(at=NOON + DAY)
    assert not Notice.objects.filter(kind="balance_low").exists()
