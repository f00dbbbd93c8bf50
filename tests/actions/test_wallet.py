"""Wallet, promotional credit, and gateway outcomes in every order."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from accounts.models import Customer
from catalog.models import Item
from invoices.models import Invoice
from ledger.services import Kind
from orders.models import Action, Order
from orders.services.checkout import check_out
from orders.services.delete import delete_resource
from orders.services.unpaid import end_unpaid_order, pay_again
from payments.gateways.base import Failed, Outcome, Pending, Succeeded, Unknown
from payments.models import Payment
from payments.services.credit import expire_promotional_credit, grant_promotional_credit
from payments.services.gateway import start_top_up
from payments.services.invoices import AmountTooLarge, NothingDue, pay_invoices_from_wallet
from payments.services.outcomes import record_outcome
from payments.services.owed import settle_what_is_owed
from payments.services.wallet import wallet_of
from store.tally import Tally
from tests.actions.books import refused
from tests.actions.conftest import Gate, paid
from tests.cast import DAY, JOB, MONTH, NOON, STAFF, answer, create, fund, house_balance, make_customer, owner_of, quote
from tests.links import linked_account

pytestmark = pytest.mark.django_db


def ordered_through_the_gate(customer: Customer, item: Item, means: str = "gateway") -> tuple[Order, Payment]:
    offer = quote(
        customer,
        Action.CREATE,
        product=str(item.product_id),
        name="w",
        items=[{"item": item.code}],
        quantity=1,
        months=1,
    )
    order, payment = check_out(
        customer.pk, offer.pk, means=means, key="k", gateway="gate", actor=owner_of(customer), at=NOON
    )
    assert payment is not None
    return order, payment


def settle(payment: Payment, outcome: Outcome) -> Payment:
    return record_outcome(payment.pk, outcome, actor=JOB, at=NOON + DAY / 24)


@pytest.mark.parametrize("order_of_news", list(permutations(["success", "failed", "pending", "unknown"])))
def test_whatever_the_order_of_the_news_the_money_arrives_once(gate: Gate, order_of_news: tuple[str, ...]) -> None:
    customer = make_customer()
    payment = start_top_up(customer, 50_000, gateway="gate", actor=owner_of(customer), at=NOON)
    news: dict[str, Outcome] = {
        "success": paid(payment, NOON), "failed": Failed("no", "no"), "pending": Pending(), "unknown": Unknown("time-out"),
    }  # fmt: skip
    for kind in order_of_news * 2:
        settle(payment, news[kind])
    payment.refresh_from_db()
    assert payment.state == Payment.State.SUCCEEDED
    assert wallet_of(customer.pk).credit == 50_000
    assert house_balance(Kind.GATEWAY) == -50_000


def test_success_after_the_order_was_cancelled_is_wallet_credit(gate: Gate, small: Item) -> None:
    customer = make_customer()
    order, payment = ordered_through_the_gate(customer, small)
    end_unpaid_order(order.pk, expired=False, actor=owner_of(customer), at=NOON)
    settle(payment, paid(payment, NOON))
    order.refresh_from_db()
    assert (order.state, wallet_of(customer.pk).credit) == (Order.State.CANCELLED, 181_000)
    assert not order.items.exclude(resource=None).exists()


@pytest.mark.parametrize("means", ["gateway", "top_up_and_pay"])
def test_an_order_goes_on_when_the_gateway_says_at_once_that_it_is_paid(gate: Gate, small: Item, means: str) -> None:
    gate.answer = Succeeded("txn-1", 181_000, NOON)
    customer = make_customer()
    order, payment = ordered_through_the_gate(customer, small, means)
    order.refresh_from_db()
    assert (order.state, payment.state) == (Order.State.PROVISIONING, Payment.State.SUCCEEDED)
    assert wallet_of(customer.pk).available == 0


def test_nothing_is_asked_for_at_a_gateway_that_nobody_would_take(gate: Gate) -> None:
    customer = make_customer()
    with pytest.raises(KeyError):
        start_top_up(customer, 50_000, gateway="gate", actor=JOB, at=NOON, payable="nobody:1")
    assert gate.started == []
    assert not Payment.objects.exists()


def test_top_up_and_pay_charges_what_the_wallet_lacks(gate: Gate, small: Item) -> None:
    customer = make_customer(credit=100_000)
    order, payment = ordered_through_the_gate(customer, small, "top_up_and_pay")
    assert payment.amount == 81_000
    settle(payment, paid(payment, NOON))
    order.refresh_from_db()
    assert (order.state, wallet_of(customer.pk).available) == (Order.State.PROVISIONING, 0)
    answer(order, at=order.paid_at)
    assert Invoice.objects.get().status == "paid"


def test_promotional_credit_goes_first_and_comes_back_as_promotional(small: Item) -> None:
    """100,000 promotional and 81,000 bought credit paid 181,000. Ten of thirty days unused: 60,333 back, of it 33,333."""
    customer = make_customer(credit=200_000)
    grant_promotional_credit(customer, 100_000, expires_at=NOON + 2 * MONTH, reason="welcome", actor=STAFF, at=NOON)
    [server] = create(customer, small)
    wallet = wallet_of(customer.pk)
    assert (wallet.promotional, wallet.credit) == (0, 119_000)
    delete_resource(server.pk, actor=owner_of(customer), at=NOON + 20 * DAY)
    wallet = wallet_of(customer.pk)
    assert (wallet.promotional, wallet.credit) == (33_333, 119_000 + 27_000)


def test_a_failed_order_gives_promotional_credit_back_as_such(small: Item) -> None:
    customer = make_customer(credit=100_000)
    grant_promotional_credit(customer, 100_000, expires_at=NOON + MONTH, reason="welcome", actor=STAFF, at=NOON)
    offer = quote(
        customer,
        Action.CREATE,
        product=str(small.product_id),
        name="w",
        items=[{"item": "small"}],
        quantity=1,
        months=1,
    )
    order, _ = check_out(customer.pk, offer.pk, means="wallet", key="k", actor=owner_of(customer), at=NOON)
    answer(order, succeed=False)
    wallet = wallet_of(customer.pk)
    assert (wallet.promotional, wallet.credit) == (100_000, 100_000)


def test_what_is_left_of_promotional_credit_is_taken_back_at_its_end(small: Item) -> None:
    customer = make_customer()
    grant_promotional_credit(customer, 50_000, expires_at=NOON + DAY, reason="short", actor=STAFF, at=NOON)
    grant_promotional_credit(customer, 200_000, expires_at=NOON + MONTH, reason="long", actor=STAFF, at=NOON)
    create(customer, small)  # 181,000: the 50,000 and 131,000 of the others
    assert expire_promotional_credit(at=NOON + DAY) == Tally(0)
    assert wallet_of(customer.pk).promotional == 69_000
    assert expire_promotional_credit(at=NOON + MONTH) == Tally(1)
    assert wallet_of(customer.pk).promotional == 0
    assert expire_promotional_credit(at=NOON + MONTH) == Tally(0)


def postpaid_with_bills(small: Item, large: Item) -> tuple[Customer, Invoice, Invoice]:
    """Two invoices of the same instant: 60,333 and 173,333."""
    customer = make_customer(mode="postpaid")
    [cheap], [dear] = create(customer, small, name="cheap"), create(customer, large, name="dear")
    for server in (dear, cheap):
        delete_resource(server.pk, actor=owner_of(customer), at=NOON + 10 * DAY)
    return customer, cheap.invoices.get(), dear.invoices.get()


def test_the_older_then_the_smaller_invoice_is_paid_first_the_last_in_part(small: Item, large: Item) -> None:
    customer, cheap, dear = postpaid_with_bills(small, large)
    fund(customer, 100_000)
    payment = settle_what_is_owed(customer.pk, actor=JOB, at=NOON + 11 * DAY)
    assert payment is not None
    cheap.refresh_from_db()
    dear.refresh_from_db()
    assert (cheap.status, dear.status, dear.due) == ("paid", "partially_paid", 173_333 - 39_667)
    assert settle_what_is_owed(customer.pk, actor=JOB, at=NOON + 12 * DAY) is None


def test_nobody_pays_nothing_or_more_than_is_due(small: Item, large: Item) -> None:
    customer, cheap, _dear = postpaid_with_bills(small, large)
    fund(customer, 1_000_000)
    who = {"actor": owner_of(customer), "at": NOON + 11 * DAY}
    with refused(AmountTooLarge, due=60_333):
        pay_invoices_from_wallet(customer.pk, [cheap.pk], amount=60_334, **who)
    pay_invoices_from_wallet(customer.pk, [cheap.pk], **who)
    with refused(NothingDue):
        pay_invoices_from_wallet(customer.pk, [cheap.pk], **who)


def test_another_way_to_pay_an_order_takes_the_place_of_the_one_before_and_the_same_way_is_the_same(
    gate: Gate, small: Item
) -> None:
    """Back from one gateway's page, and on to another's: two attempts, of which the first is given up. Its money still counts."""
    customer = make_customer()
    order, first = ordered_through_the_gate(customer, small)
    assert pay_again(order.pk, gateway="gate", actor=owner_of(customer), at=NOON).pk == first.pk
    second = pay_again(order.pk, gateway="other", actor=owner_of(customer), at=NOON)
    first.refresh_from_db()
    assert (second.gateway, first.state, first.cancelled_by) == ("other", "cancelled", owner_of(customer).name)
    settle(second, Succeeded("txn-2", 181_000, NOON))
    settle(first, Succeeded("txn-1", 181_000, NOON))
    order.refresh_from_db()
    assert (order.state, wallet_of(customer.pk).credit) == (Order.State.PROVISIONING, 181_000)


def test_a_charge_of_a_linked_account_is_not_given_up_for_another_way(linking: Any, small: Item) -> None:
    """It may be made already: what is pressed meanwhile leads to it."""
    linking.charge_answer = Pending()
    customer = make_customer()
    linked = linked_account(customer)
    offer = quote(
        customer,
        Action.CREATE,
        product=str(small.product_id),
        name="w",
        items=[{"item": small.code}],
        quantity=1,
        months=1,
    )
    order, charge = check_out(
        customer.pk, offer.pk, means="gateway", key="k", gateway=f"linked:{linked.pk}", actor=owner_of(customer), at=NOON
    )  # fmt: skip
    assert charge is not None
    assert pay_again(order.pk, gateway="gate", actor=owner_of(customer), at=NOON).pk == charge.pk
    assert Payment.objects.get().is_open
