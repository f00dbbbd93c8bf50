"""What a key may spend a day, and what counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import KeySpending
from accounts.services.keys import KeyLimitReached, Terms, issue_customer_key, spend_by_key
from ledger.models import Transaction
from orders.models import Action, Order
from orders.services.checkout import place_order
from payments.services.wallet import wallet_of
from tests.cast import DAY, NOON, STAFF, chosen, quote
from tests.table.attack import refuse

pytestmark = pytest.mark.django_db
"""A server costs 181,000 a month."""


@pytest.fixture
def key(alice):
    return issue_customer_key(alice, "shop", Terms(daily_limit=500_000), actor=STAFF, at=NOON)[0]


def buy(alice, key, product, item, *, at=NOON, name="web"):
    offer = quote(
        alice, Action.CREATE, at, product=str(product.pk), name=name, items=chosen(item), quantity=1, months=1
    )
    return place_order(alice.pk, offer.pk, means=Order.Means.WALLET, key=f"k-{name}-{at}", actor=key.actor, at=at)


def test_a_key_spends_up_to_its_limit_and_no_dong_more(alice, key, vserver, small):
    buy(alice, key, vserver, small, name="a")
    buy(alice, key, vserver, small, name="b")
    before = Transaction.objects.count()

    with pytest.raises(KeyLimitReached) as refusal:
        buy(alice, key, vserver, small, name="c")

    assert refusal.value.details == {"limit": 500_000, "spent": 362_000, "amount": 181_000}
    assert Transaction.objects.count() == before
    assert wallet_of(alice.pk).available == 10_000_000 - 2 * 181_000
    assert KeySpending.objects.get().spent == 362_000


def test_to_the_dong_is_within(alice, key):
    spend_by_key(key.actor, 499_999, at=NOON)
    spend_by_key(key.actor, 1, at=NOON)
    with pytest.raises(KeyLimitReached):
        spend_by_key(key.actor, 1, at=NOON)


def test_the_day_is_that_of_the_billing_zone(alice, key):
    spend_by_key(key.actor, 500_000, at=NOON)
    with pytest.raises(KeyLimitReached):
        spend_by_key(key.actor, 1, at=NOON + timedelta(hours=11, minutes=59))  # 23:59 in Hà Nội
    spend_by_key(key.actor, 1, at=NOON + timedelta(hours=12))
    assert list(KeySpending.objects.order_by("day").values_list("spent", flat=True)) == [500_000, 1]


def test_a_key_without_a_limit_and_people_are_not_counted(alice, vserver, small):
    free = issue_customer_key(alice, "free", actor=STAFF, at=NOON)[0]
    buy(alice, free, vserver, small)
    spend_by_key(STAFF, 10**9, at=NOON)
    assert not KeySpending.objects.exists()


@pytest.mark.breaks_the_books
def test_the_database_counts_as_well(alice, key):
    spend_by_key(key.actor, 400_000, at=NOON)
    refuse("UPDATE accounts_keyspending SET spent = 500001", match="spends 500001 of 500000")
    refuse("UPDATE accounts_keyspending SET spent = 0", match="spends 0")
    refuse("UPDATE accounts_keyspending SET day = day + 1", match="frozen")
    refuse("DELETE FROM accounts_keyspending")
    refuse(
        "INSERT INTO accounts_keyspending (key_id, day, spent) SELECT key_id, day, 0 FROM accounts_keyspending",
        match="a_key_spends_once_a_day",
    )
    refuse("UPDATE accounts_customerkey SET daily_limit = NULL WHERE id = %s", key.pk, match="frozen")
    refuse("UPDATE accounts_customerkey SET carries = ARRAY['pay'] WHERE id = %s", key.pk, match="frozen")
    spend_by_key(key.actor, 100_000, at=NOON)
    spend_by_key(key.actor, 1, at=NOON + DAY)
