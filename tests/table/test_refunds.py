"""What goes back to its source: kept by the database, whoever asks."""

from __future__ import annotations

import pytest
from django.db import connection

from accounts.models import Customer
from payments.models import Payment, Refund
from payments.services.reversals import take_back
from tests.cast import NOON, STAFF, make_colleague, make_customer
from tests.refunds import returned, topped_up
from tests.table.attack import MARKS, refuse, refused, run

pytestmark = MARKS


@pytest.fixture
def customer(db: None) -> Customer:
    return make_customer()


@pytest.fixture
def payment(customer: Customer) -> Payment:
    return topped_up(customer, 300_000)


@pytest.fixture
def refund(payment: Payment) -> Refund:
    return returned(payment, 100_000)


ANOTHER = """
INSERT INTO payments_refund (id, payment_id, customer_id, act_id, gateway, reference, amount, state, approved_at, failure, checks)
SELECT gen_random_uuid(), p.id, p.customer_id, a.id, p.gateway, 'another', {amount}, 'approved', now(), '', 0
FROM payments_payment p, accounts_staffact a WHERE p.{which}
"""


def act_of(customer: Customer, amount: int, state: str = "approved", *, payment: Payment | None = None) -> None:
    """As an application that is wrong would write it; about the customer's payment, unless another one is named."""
    about = payment or Payment.objects.filter(customer=customer).first()
    one, two = make_colleague("one@portal.example").name, make_colleague("two@portal.example").name
    decided = "NULL, ''" if state == "waiting" else f"now(), '{two}'"
    run(
        "INSERT INTO accounts_staffact (act, state, customer_id, subject, amount, facts, reason, asked_by, asked_at, decided_at, decided_by,"
        " decided_because) SELECT 'refund-top-up', 'waiting', %s, '', %s, jsonb_build_object('payment', %s::text), 'r', %s, now(), NULL, '', ''",
        customer.pk, amount, str(about and about.pk), one,
    )  # fmt: skip
    if state != "waiting":
        run(
            f"UPDATE accounts_staffact SET state = %s, (decided_at, decided_by) = ({decided}) WHERE state = 'waiting'",
            state,
        )


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("DELETE FROM payments_refund", "keeps its rows"),
        ("UPDATE payments_refund SET amount = amount + 1", "frozen"),
        ("UPDATE payments_refund SET reference = 'other'", "frozen"),
        ("UPDATE payments_refund SET gateway = 'other'", "frozen"),
        ("UPDATE payments_refund SET act_id = act_id + 1", "frozen"),
        ("UPDATE payments_refund SET state = 'done', sent_at = now(), settled_at = now(), gateway_txn_id = 'R', check_at = NULL", "cannot move from approved to done"),
        ("UPDATE payments_refund SET state = 'under_way'", "a_refund_says_how_it_stands"),
        ("UPDATE payments_refund SET settled_at = now()", "a_refund_says_how_it_stands"),
        ("UPDATE payments_refund SET state = 'failed', settled_at = now(), check_at = NULL", "a_refund_says_how_it_stands"),
        ("UPDATE payments_payment SET to_source = 0", "frozen"),
    ],
)  # fmt: skip
def test_what_was_decided_stands(refund: Refund, attack: str, said: str) -> None:
    refuse(attack, match=said)


def test_how_it_was_sent_and_ended_stands(refund: Refund) -> None:
    run("UPDATE payments_refund SET state = 'under_way', sent_at = now()")
    refuse("UPDATE payments_refund SET sent_at = '2026-01-01'", match="frozen")
    refuse(
        "UPDATE payments_refund SET state = 'done', settled_at = now(), check_at = NULL",
        match="a_refund_says_how_it_stands",
    )
    run("UPDATE payments_refund SET state = 'done', settled_at = now(), check_at = NULL, gateway_txn_id = 'R-1'")
    refuse("UPDATE payments_refund SET gateway_txn_id = 'R-2'", match="frozen")
    refuse("UPDATE payments_refund SET state = 'under_way'", match="cannot move from done to under_way")
    refuse("UPDATE payments_refund SET state = 'failed', failure = 'x'", match="a_refund_says_how_it_stands")
    refuse("UPDATE payments_refund SET came_back_at = now()", match="a_refund_says_how_it_stands")


def test_what_came_back_counts_no_more_and_came_back_once(payment: Payment, refund: Refund) -> None:
    run("UPDATE payments_refund SET state = 'under_way', sent_at = now()")
    run("UPDATE payments_refund SET state = 'done', settled_at = now(), check_at = NULL, gateway_txn_id = 'R-1'")
    run("UPDATE payments_refund SET state = 'failed', failure = 'x', came_back_at = now()")
    payment.refresh_from_db()
    assert payment.to_source == 0
    refuse("UPDATE payments_refund SET came_back_at = '2026-01-01'", match="frozen")
    refuse("UPDATE payments_refund SET state = 'done'", match="cannot move from failed to done")


def test_a_payment_is_refunded_no_more_only_if_something_came_back(customer: Customer) -> None:
    payment = topped_up(customer, 5_000)
    returned(payment, 5_000)
    run("UPDATE payments_payment SET state = 'refunded' WHERE id = %s", payment.pk)
    refuse("UPDATE payments_payment SET state = 'succeeded'", match="nothing of payment")


def test_what_failed_counts_no_more(payment: Payment, refund: Refund) -> None:
    run("UPDATE payments_refund SET state = 'failed', failure = 'x', settled_at = now(), check_at = NULL")
    payment.refresh_from_db()
    assert payment.to_source == 0
    refuse("UPDATE payments_refund SET state = 'under_way'", match="cannot move from failed to under_way")


def test_no_more_goes_back_than_came(customer: Customer, payment: Payment) -> None:
    act_of(customer, 300_001)
    refuse(ANOTHER.format(amount=300_001, which="kind = 'top_up'"), match="more than is left of its payment")


def test_what_the_bank_took_back_does_not_go_back_as_well(customer: Customer, payment: Payment) -> None:
    take_back(payment.pk, 1, reference="CB-1", reason="dispute", actor=STAFF, at=NOON)
    act_of(customer, 300_000)
    refuse(ANOTHER.format(amount=300_000, which="kind = 'top_up'"), match="more than is left of its payment")


def test_the_bank_may_take_what_had_gone_back(payment: Payment, refund: Refund) -> None:
    take_back(payment.pk, 300_000, reference="CB-1", reason="dispute", actor=STAFF, at=NOON)
    payment.refresh_from_db()
    assert (payment.taken_back, payment.to_source) == (300_000, 100_000)


def test_one_at_a_time(customer: Customer, refund: Refund) -> None:
    act_of(customer, 5)
    newest = " AND a.id = (SELECT max(id) FROM accounts_staffact)"
    refuse(ANOTHER.format(amount=5, which="kind = 'top_up'") + newest, match="one_refund_of_a_payment_at_a_time")


def test_one_transaction_of_the_gateway_is_one_refund(customer: Customer, refund: Refund) -> None:
    run("UPDATE payments_refund SET state = 'under_way', sent_at = now()")
    run("UPDATE payments_refund SET state = 'done', settled_at = now(), check_at = NULL, gateway_txn_id = 'R-1'")
    second = returned(topped_up(customer, 5_000), 5_000)
    run("UPDATE payments_refund SET state = 'under_way', sent_at = now() WHERE id = %s", second.pk)
    refuse(
        "UPDATE payments_refund SET state = 'done', settled_at = now(), check_at = NULL, gateway_txn_id = 'R-1' WHERE id = %s",
        second.pk, match="one_refund_per_gateway_transaction",
    )  # fmt: skip


@pytest.mark.parametrize("state", ["waiting", "refused"])
def test_nobody_returns_money_alone(customer: Customer, payment: Payment, state: str) -> None:
    act_of(customer, 5, state)
    with refused("was not decided by two people"):
        run(ANOTHER.format(amount=5, which="kind = 'top_up'"))
        connection.check_constraints()


def test_what_was_decided_of_one_payment_returns_no_other(customer: Customer, payment: Payment) -> None:
    other = topped_up(customer, 5_000)
    act_of(customer, 5, payment=other)
    with refused("was not decided by two people"):
        run(ANOTHER.format(amount=5, which=f"id = '{payment.pk}'"))
        connection.check_constraints()


@pytest.mark.parametrize("column", ["to_source", "taken_back"])
def test_of_a_new_payment_nothing_is_gone_yet(payment: Payment, column: str) -> None:
    columns = "customer_id, kind, means, gateway, payable, invoice_ids, description, amount, promotional, allocated, refunded, state, actor, cancelled_by, created_at, redirect_url, failure, checks, held, held_txn_id"
    refuse(
        f"INSERT INTO payments_payment (id, reference, {column}, {columns})"
        f" SELECT gen_random_uuid(), 'new', 1, {columns.replace(', state,', ', $$created$$,')} FROM payments_payment",
        match="adds up nothing yet",
    )


def test_only_a_top_up_that_arrived_goes_back(customer: Customer) -> None:
    Payment.objects.create(
        customer=customer, kind="top_up", means="gateway", gateway="sandbox", reference="x", payable="top_up:x", amount=9, actor="x",
        created_at=NOON,
    )  # fmt: skip
    act_of(customer, 5)
    refuse(ANOTHER.format(amount=5, which="reference = 'x'"), match="only a top-up that has succeeded")
