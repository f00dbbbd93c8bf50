"""What a key may spend a day, and what counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import KeySpending
from accounts.services.keys import KeyLimitReached, Terms, issue_customer_key, rotate_customer_key, spend_by_key
from ledger.models import Transaction
from orders.models import Action, Order
from orders.services.checkout import check_out, place_order
from payments.models import Payment
from payments.services.gateway import start_invoice_payment, start_top_up
from payments.services.wallet import wallet_of
from tests.actions.test_bank_transfers import bills
from tests.cast import DAY, NOON, STAFF, chosen, fund, make_customer, quote
from tests.links import linked_account
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


def check_out_by(key, customer, item, *, months=1, gateway="gate"):
    wish = {"product": str(item.product_id), "name": "web", "items": chosen(item), "quantity": 1, "months": months}
    offer = quote(customer, Action.CREATE, **wish)
    return check_out(customer.pk, offer.pk, means="top_up_and_pay", key="k", gateway=gateway, actor=key.actor, at=NOON)


def limited(customer, amount):
    return issue_customer_key(customer, "shop", Terms(daily_limit=amount), actor=STAFF, at=NOON)[0]


def test_what_the_wallet_gives_beside_a_top_up_on_a_gateways_page_is_spent_by_the_key(gate, small):
    """Six months cost 1,086,000. The wallet has 1,000,000, so whoever brings 86,000 would have it all spent, by a key for 500,000."""
    customer = make_customer(credit=1_000_000)
    key = limited(customer, 500_000)
    with pytest.raises(KeyLimitReached) as refusal:
        check_out_by(key, customer, small, months=6)
    assert refusal.value.details["amount"] == 1_000_000
    assert (Order.objects.get().state, Payment.objects.count(), KeySpending.objects.count()) == ("cancelled", 0, 0)


def test_what_the_wallet_gives_and_what_is_charged_count_once(linking, small):
    """181,000, of which the wallet has 100,000: to the đồng what the key may spend."""
    customer = make_customer(credit=100_000)
    key, account = limited(customer, 181_000), linked_account(customer)
    order, payment = check_out_by(key, customer, small, gateway=f"linked:{account.pk}")
    order.refresh_from_db()
    assert (order.state, payment.state, linking.charged) == ("provisioning", "succeeded", [81_000])
    assert KeySpending.objects.get().spent == 181_000


def test_what_was_charged_is_booked_whatever_else_it_pays_by_itself(linking, small):
    """A key for 100,000 tops up by 100,000; the customer wants open invoices paid from what comes, and that is no act of the key."""
    customer, [bill] = bills(small, 1, pays_invoices_automatically=True)
    key, account = limited(customer, 100_000), linked_account(customer)
    way = f"linked:{account.pk}"
    payment = start_top_up(customer, 100_000, gateway=way, actor=key.actor, at=NOON + 11 * DAY)
    bill.refresh_from_db()
    assert (payment.state, bill.due, wallet_of(customer.pk).credit) == ("succeeded", 0, 39_667)
    assert KeySpending.objects.get().spent == 100_000


def test_what_the_wallet_gives_for_invoices_beside_a_top_up_is_spent_by_the_key(gate, small):
    """60,333 are due and the wallet has 50,000: whoever brings 10,333 has 50,000 spent, by a key for 40,000."""
    customer, [bill] = bills(small, 1)
    fund(customer, 50_000)
    with pytest.raises(KeyLimitReached) as refusal:
        start_invoice_payment(
            customer,
            (bill.pk,),
            gateway="gate",
            all_credit_first=True,
            actor=limited(customer, 40_000).actor,
            at=NOON + 11 * DAY,
        )
    assert (refusal.value.details["amount"], Payment.objects.count()) == (50_000, 0)


def test_a_key_and_the_one_in_its_place_spend_one_limit_together(alice, key):
    """300,000 by the first, 150,000 by the second: 50,000 are left for all. A day later the first still works, the second does not."""
    spend_by_key(key.actor, 300_000, at=NOON)
    second = rotate_customer_key(key, overlap=DAY, actor=STAFF, at=NOON)[0]
    spend_by_key(second.actor, 150_000, at=NOON)
    for one in (key, second):
        with pytest.raises(KeyLimitReached):
            spend_by_key(one.actor, 50_001, at=NOON)
    third = rotate_customer_key(second, overlap=timedelta(hours=1), actor=STAFF, at=NOON)[0]
    spend_by_key(third.actor, 50_000, at=NOON)
    with pytest.raises(KeyLimitReached):
        spend_by_key(second.actor, 1, at=NOON)

    tomorrow = NOON + DAY - timedelta(hours=1)
    spend_by_key(third.actor, 400_000, at=tomorrow)
    spend_by_key(key.actor, 100_000, at=tomorrow)
    with pytest.raises(KeyLimitReached):
        spend_by_key(third.actor, 1, at=tomorrow)
    spend_by_key(third.actor, 500_000, at=NOON + 2 * DAY)


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
