"""What a gateway received and under which number is written once, and success is not thinkable without both."""

from __future__ import annotations

import pytest

from accounts.models import Customer
from catalog.models import Item
from kernel.ids import new_id
from payments.models import ExpectedTransfer, Payment
from tests.cast import NOON, create
from tests.table.attack import MARKS, refuse, run

pytestmark = MARKS


@pytest.fixture
def attempt(alice: Customer) -> Payment:
    return Payment.objects.create(
        customer=alice, kind="top_up", means="gateway", gateway="g", reference="r", payable="top_up:1", amount=100_000, actor="x",
        created_at=NOON,
    )  # fmt: skip


@pytest.mark.parametrize(
    "received",
    [
        "captured = NULL, gateway_txn_id = NULL",
        "captured = 100000, gateway_txn_id = NULL",
        "captured = 100000, gateway_txn_id = ''",
        "captured = NULL, gateway_txn_id = 'G-1'",
        "captured = 0, gateway_txn_id = 'G-1'",
        "captured = 1000000000001, gateway_txn_id = 'G-1'",
    ],
)
def test_a_gateway_payment_succeeds_with_an_amount_and_a_number(attempt: Payment, received: str) -> None:
    refuse(f"UPDATE payments_payment SET state = 'succeeded', {received}", match="a_gateway_says_what_it_received")


@pytest.mark.parametrize("received", ["captured = 1", "gateway_txn_id = 'G-1'"])
def test_nothing_came_in_before_it_succeeds(attempt: Payment, received: str) -> None:
    refuse(f"UPDATE payments_payment SET {received}", match="a_gateway_says_what_it_received")


@pytest.mark.parametrize(
    "change",
    [
        "captured = captured + 1",
        "captured = NULL",
        "gateway_txn_id = 'G-2'",
        "gateway_txn_id = NULL",
        "promotional = 1",
    ],
)
def test_what_came_in_stands(attempt: Payment, change: str) -> None:
    run("UPDATE payments_payment SET state = 'succeeded', captured = 100000, gateway_txn_id = 'G-1'")
    refuse(f"UPDATE payments_payment SET {change}", match="frozen")


def test_what_went_back_only_grows(alice: Customer, small: Item) -> None:
    run("UPDATE payments_payment SET refunded = 0")  # nothing there yet
    payment = Payment.objects.create(
        customer=alice, kind="renewal", means="wallet", state="succeeded", reference="w", payable="renewal:2", amount=100, actor="x",
        created_at=NOON,
    )  # fmt: skip
    assert run("UPDATE payments_payment SET refunded = 60 WHERE id = %s", payment.pk) == 1
    refuse("UPDATE payments_payment SET refunded = 59 WHERE id = %s", payment.pk, match="frozen")
    refuse("UPDATE payments_payment SET refunded = 101 WHERE id = %s", payment.pk, match="a_payment_is_spent_once")


ATTEMPT = (
    "INSERT INTO payments_payment (id, customer_id, kind, means, gateway, reference, payable, order_id, invoice_ids, description, amount,"
    " promotional, allocated, refunded, state, actor, created_at, redirect_url, failure, checks)"
    " VALUES (gen_random_uuid(), %s, %s, 'gateway', 'g', gen_random_uuid(), %s, %s, '[]', '', 1, 0, 0, 0, 'created', 'x', now(), '', '', 0)"
)


def test_an_attempt_cannot_be_told_apart_by_a_blank(alice: Customer) -> None:
    """One attempt at a time for one order: a second one does not get in because its order is spelt otherwise."""
    order = new_id()
    run(ATTEMPT, alice.pk, "order", f"order:{order}", order)
    refuse(ATTEMPT, alice.pk, "order", f"order:{order}", order, match="one_open_attempt_per_payable")
    for spelt in (f"order:{order} ", f"ORDER:{order}", f"order:{new_id()}", f"order:{str(order).upper()}", "order:"):
        refuse(ATTEMPT, alice.pk, "order", spelt, order, match="an_attempt_names_what_it_pays")
    refuse(ATTEMPT, alice.pk, "order", f"order:{order}", None, match="an_attempt_names_what_it_pays")
    for spelt in ("top_up", "top_up:", "top_up:1 ", " top_up:1", "Top_up:1"):
        refuse(ATTEMPT, alice.pk, "top_up", spelt, None, match="an_attempt_names_what_it_pays")


def test_nor_can_an_expected_transfer(alice: Customer) -> None:
    row = ExpectedTransfer.objects.create(
        customer=alice,
        kind="top_up",
        payable=f"top_up:{alice.pk}",
        amount=1,
        actor="x",
        created_at=NOON,
        expires_at=NOON,
    )
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("ALTER TABLE payments_expectedtransfer DISABLE TRIGGER USER")
    refuse(
        "UPDATE payments_expectedtransfer SET payable = payable || ' ' WHERE id = %s", row.pk,
        match="an_expected_transfer_names_what_it_pays",
    )  # fmt: skip


def test_a_payment_by_wallet_has_no_number_of_a_gateway(alice: Customer, small: Item) -> None:
    create(alice, small)
    refuse("UPDATE payments_payment SET gateway_txn_id = 'G-1'", match="a_gateway_says_what_it_received")


def test_what_came_in_once_is_of_its_instant(attempt: Payment) -> None:
    """When it came in decides at which rate of VAT what it pays is taxed."""
    run("UPDATE payments_payment SET collected_at = created_at")
    refuse("UPDATE payments_payment SET collected_at = collected_at - interval '1 day'", match="frozen")
    refuse("UPDATE payments_payment SET collected_at = NULL", match="frozen")
