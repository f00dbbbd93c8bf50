"""From offer to order: seals, expiry, keys, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Customer
from catalog.models import Item, Price, Product
from kernel.errors import InvalidInput
from ledger.services import InsufficientCredit
from orders.models import Action, Order, Quote
from orders.services.checkout import KeyOfAnotherOrder, MeansNeeded, OrderOpen, QuoteUsed, check_out, place_order
from orders.services.delete import delete_resource
from orders.services.quotes import QuoteChanged, QuoteExpired, UnknownQuote, make_quote
from orders.services.stories.base import NothingToDo, UnknownResource
from orders.services.stories.create import NotOnSale
from orders.services.unpaid import NotCancellable, end_unpaid_order
from payments.services.wallet import wallet_of
from tests.actions.books import nothing_changes, refused
from tests.cast import DAY, JOB, NOON, chosen, create, make_customer, make_item, make_product, order, owner_of, quote

pytestmark = pytest.mark.django_db


def offer(customer: Customer, item: Item, **changes: object) -> Quote:
    inputs = {"product": str(item.product_id), "name": "web", "items": chosen(item), "quantity": 1, "months": 1}
    return quote(customer, Action.CREATE, **(inputs | changes))


def test_a_quote_is_good_for_fifteen_minutes_and_not_a_second_longer(alice: Customer, small: Item) -> None:
    for age, is_good in ((timedelta(minutes=15), False), (timedelta(minutes=14, seconds=59), True)):
        made = offer(alice, small)
        if is_good:
            assert order(made, at=NOON + age).state == Order.State.PROVISIONING
        else:
            with refused(QuoteExpired):
                order(made, at=NOON + age)


def test_an_expired_quote_comes_back_as_a_fresh_one_at_the_price_of_now(alice: Customer, small: Item) -> None:
    made = offer(alice, small)
    small.prices.update(valid_until=NOON + timedelta(minutes=10))
    Price.objects.create(item=small, unit_price=Decimal(200_000), valid_from=NOON + timedelta(minutes=10))
    with refused(QuoteExpired) as caught:
        check_out(alice.pk, made.pk, means="wallet", key="k", actor=owner_of(alice), at=NOON + timedelta(minutes=15))
    fresh = Quote.objects.get(pk=caught.value.details["quote"])
    assert (made.total, fresh.total) == (181_000, 200_000)


def test_a_quote_whose_facts_have_changed_is_refused_with_what_changed(alice: Customer, small: Item) -> None:
    """A discount granted after the quote, valid since before it: the customer gets it, by a fresh quote."""
    made = offer(alice, small)
    alice.discounts.create(product=small.product, share=Decimal("0.1"), valid_from=NOON - DAY)
    with refused(QuoteChanged, was=181_000, now=162_900) as caught:
        check_out(alice.pk, made.pk, means="wallet", key="k", actor=owner_of(alice), at=NOON)
    assert Quote.objects.get(pk=caught.value.details["quote"]).total == 162_900


def test_a_price_that_changes_later_leaves_the_quote_alone(alice: Customer, small: Item) -> None:
    made = offer(alice, small)
    small.prices.update(valid_until=NOON + timedelta(minutes=1))
    Price.objects.create(item=small, unit_price=Decimal(200_000), valid_from=NOON + timedelta(minutes=1))
    assert order(made, at=NOON + timedelta(minutes=5)).total == 181_000


def test_the_quote_of_a_stranger_does_not_exist(alice: Customer, small: Item) -> None:
    made = offer(alice, small)
    stranger = make_customer(credit=1_000_000)
    with refused(UnknownQuote):
        place_order(stranger.pk, made.pk, means="wallet", key="k", actor=owner_of(stranger), at=NOON)


def test_the_resource_of_a_stranger_does_not_exist(alice: Customer, small: Item, large: Item) -> None:
    [server] = create(alice, small)
    stranger = make_customer(credit=1_000_000)
    for action, inputs in (
        (Action.RESIZE, {"resource": str(server.pk), "items": chosen(large)}),
        (Action.RENEW, {"resources": [str(server.pk)], "months": 1}),
        (Action.RECOVER, {"resource": str(server.pk), "months": 1}),
        (Action.RENEW, {"resources": [], "months": 1}),
        (Action.RENEW, {"resources": ["not-an-id"], "months": 1}),
    ):
        with refused(UnknownResource):
            quote(stranger, action, **inputs)


def test_a_double_submit_with_the_same_key_buys_once(alice: Customer, small: Item) -> None:
    made = offer(alice, small)
    first = order(made, key="click")
    with nothing_changes():
        assert order(made, key="click") == first
        assert order(made, key="click", at=NOON + DAY) == first, "even when the quote has expired by now"
    assert wallet_of(alice.pk).available == 10_000_000 - 181_000


def test_a_repeat_gets_its_answer_even_when_the_wallet_is_empty_by_now(small: Item) -> None:
    customer = make_customer(credit=181_000)
    made = offer(customer, small)
    first = order(made, key="click")
    assert wallet_of(customer.pk).available == 0
    with nothing_changes():
        assert order(made, key="click") == first


def test_a_key_belongs_to_one_quote_and_a_quote_to_one_order(alice: Customer, small: Item) -> None:
    one, two = offer(alice, small), offer(alice, small)
    order(one, key="click")
    with refused(KeyOfAnotherOrder):
        order(two, key="click")
    with refused(QuoteUsed):
        order(one, key="another")


def test_two_customers_may_use_the_same_key(alice: Customer, small: Item) -> None:
    other = make_customer(credit=1_000_000)
    assert order(offer(alice, small), key="k").pk != order(offer(other, small), key="k").pk


def test_too_little_credit_buys_nothing_and_says_what_is_lacking(small: Item) -> None:
    customer = make_customer(credit=180_999)
    made = offer(customer, small)
    with refused(InsufficientCredit, shortfall=1):
        order(made)


@pytest.mark.parametrize("means", ["none", "", "gift", "cheque"])
def test_what_costs_something_is_not_given_away(alice: Customer, small: Item, means: str) -> None:
    made = offer(alice, small)
    with refused(MeansNeeded):
        order(made, means=means)


def test_what_costs_nothing_needs_no_means(small: Item, bob: Customer) -> None:
    assert order(offer(bob, small), means="none").total == 0
    assert order(offer(bob, small), means="wallet").means == "none"


def test_only_one_order_at_a_time_for_a_resource(alice: Customer, small: Item, large: Item) -> None:
    [server] = create(alice, small)
    waiting = order(quote(alice, Action.RENEW, resources=[str(server.pk)], months=1), means="gateway")
    grow = quote(alice, Action.RESIZE, resource=str(server.pk), items=chosen(large))
    with refused(OrderOpen):
        order(grow)
    with refused(OrderOpen):
        delete_resource(server.pk, actor=owner_of(alice), at=NOON)
    end_unpaid_order(waiting.pk, expired=False, actor=JOB, at=NOON)
    assert order(grow).state == Order.State.PROVISIONING
    with refused(NotCancellable):
        end_unpaid_order(waiting.pk, expired=True, actor=JOB, at=NOON)


def test_a_product_that_is_not_on_sale(alice: Customer, small: Item) -> None:
    made = offer(alice, small)
    Product.objects.update(is_on_sale=False)
    with refused(NotOnSale):
        offer(alice, small)
    with refused(NotOnSale):
        order(made)


@pytest.mark.parametrize("name", ["", "   ", "x" * 91, "a\x00b", "two\nlines", "\ud800"])
def test_a_name_that_cannot_be_kept(alice: Customer, small: Item, name: str) -> None:
    with refused(InvalidInput, field="name"):
        offer(alice, small, name=name)


@pytest.mark.parametrize(
    "name", ["máy chủ số một", "🐘🚀", "👩‍👩‍👧‍👦", "x" * 90, "'; DROP TABLE orders_order; --", "<script>"]
)
def test_a_name_that_is_only_unusual(alice: Customer, small: Item, name: str) -> None:
    [first, second] = create(alice, small, name=name, quantity=2)
    assert {first.name, second.name} == {f"{name}-1", f"{name}-2"}
    assert first.invoices.get().resource_name == first.name


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": 0}, {"quantity": -1}, {"quantity": 101}, {"quantity": True}, {"quantity": "2"}, {"quantity": 1.5},
        {"months": 0}, {"months": 2}, {"months": -1}, {"months": True}, {"months": None}, {"months": "1"},
        {"auto_renew_months": 5}, {"auto_renew_months": True},
        {"items": []}, {"items": [{"item": "nothing", "quantity": 1}]}, {"items": [{"item": "small", "quantity": 0}]},
        {"items": [{"item": "small", "quantity": 1}, {"item": "small", "quantity": 1}]},
        {"items": [{"item": "small", "quantity": 1}, {"item": "large", "quantity": 1}]},
        {"items": [{"item": "ssd", "quantity": 10}]}, {"items": [{"item": "small"}, {"item": "ssd", "quantity": 1001}]},
        {"items": [{"item": "small"}, {"item": "ssd", "quantity": -1}]}, {"items": [{"item": "a\x00b"}]},
    ],
)  # fmt: skip
def test_wrong_wishes(alice: Customer, small: Item, large: Item, disk: Item, changes: dict[str, object]) -> None:
    with refused(InvalidInput):
        offer(alice, small, **changes)


def test_an_item_of_another_product_does_not_fit(alice: Customer, small: Item) -> None:
    other = make_item(make_product("vstorage"), "bucket", 1_000)
    with refused(InvalidInput):
        offer(alice, small, items=[{"item": str(other.pk), "quantity": 1}])


def test_an_order_too_large_to_write_down(alice: Customer, vserver: Product) -> None:
    dear = make_item(vserver, "dear", 30_000_000_000)
    with refused(InvalidInput):
        offer(alice, dear, months=36)


def test_resizing_to_what_it_is_changes_nothing(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    with refused(NothingToDo):
        quote(alice, Action.RESIZE, resource=str(server.pk), items=chosen(small))


@pytest.mark.parametrize(
    "end", ["tomorrow", "2026-05-01", "2026-05-01T00:00:00", "0001-01-01T00:00:00+07:00", "9999-12-31T23:59:59-07:00"]
)
def test_an_end_that_is_no_instant(alice: Customer, small: Item, end: str) -> None:
    [server] = create(alice, small)
    with refused(InvalidInput, field="match_end"):
        quote(alice, Action.RENEW, resources=[str(server.pk)], match_end=end)


def test_an_item_of_price_zero_is_delivered_like_any_other(alice: Customer, vserver: Product) -> None:
    gift = make_item(vserver, "gift", 0)
    [server] = create(alice, gift)
    invoice = server.invoices.get()
    assert (invoice.total, invoice.status, invoice.due) == (0, "paid", 0)
    assert wallet_of(alice.pk).available == 10_000_000
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + DAY)
    assert (wallet_of(alice.pk).available, invoice.credit_notes.count()) == (10_000_000, 0)


def test_seconds_are_cut_off_before_anything_is_counted(alice: Customer, small: Item) -> None:
    """Bought at 12:00:59 for 30 days: from 12:00 to 12:00."""
    [server] = create(alice, small, at=NOON + timedelta(seconds=59, microseconds=999_999))
    invoice = server.invoices.get()
    assert (invoice.period_start, invoice.period_end) == (NOON, NOON + 30 * DAY)
    assert server.paid_until == NOON + 30 * DAY


def test_making_a_quote_writes_nothing_but_the_quote(alice: Customer, small: Item) -> None:
    with nothing_changes():
        make_quote(
            alice,
            Action.CREATE,
            {"product": str(small.product_id), "name": "x", "items": chosen(small), "quantity": 3, "months": 1},
            at=NOON,
        )
    assert Quote.objects.get().total == 543_000
