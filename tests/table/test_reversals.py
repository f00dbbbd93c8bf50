"""What a bank took back, and gave back: kept by the database, whoever asks."""

from __future__ import annotations

import pytest

from payments.models import Payment, Reversal
from payments.services.given_back import give_back
from payments.services.reversals import name_as_told, take_back
from tests.cast import NOON, STAFF, make_customer
from tests.refunds import topped_up
from tests.table.attack import MARKS, refuse, run

pytestmark = MARKS


@pytest.fixture
def reversal(db: None) -> Reversal:
    payment = topped_up(make_customer(), 300_000)
    return take_back(payment.pk, 100_000, reference="CB-1", reason="dispute", actor=STAFF, at=NOON)


AGAIN = (
    "INSERT INTO payments_reversal (payment_id, customer_id, amount, reference, reason, from_credit, reopened, debt, collected, actor, at)"
)  # fmt: skip
COPY = " SELECT payment_id, customer_id, 1, reference, 'x', 1, 0, 0, 0, 'x', now() FROM payments_reversal"
GIVEN = "UPDATE payments_reversal SET given_back_at = now(), given_back = "


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("DELETE FROM payments_reversal", "keeps its rows"),
        ("UPDATE payments_reversal SET amount = 1, from_credit = 1", "frozen"),
        ("UPDATE payments_reversal SET reference = 'other'", "frozen"),
        ("UPDATE payments_reversal SET collected = 1", "no_more_is_collected_than_the_debt"),
        ("UPDATE payments_reversal SET given_back_at = now()", "something_is_given_back_at_an_instant"),
        ("UPDATE payments_reversal SET given_back = 1", "something_is_given_back_at_an_instant"),
        (f"{GIVEN} 100001, closed_at = now()", "something_is_given_back_at_an_instant"),
        (f"{GIVEN} -1", "something_is_given_back_at_an_instant"),
        (f"{GIVEN} 100000", "nobody_looks_at_what_was_won"),
    ],
)
def test_what_was_taken_back_stands(reversal: Reversal, attack: str, said: str) -> None:
    refuse(attack, match=said)


def test_what_was_given_back_is_not_owed_any_more(db: None) -> None:
    payment = topped_up(make_customer(), 300_000)
    run(
        AGAIN + " SELECT id, customer_id, 300000, 'CB-1', 'x', 0, 0, 300000, 0, 'x', now() FROM payments_payment WHERE id = %s",
        payment.pk,
    )  # fmt: skip
    refuse(f"{GIVEN} 100000, collected = 99999", match="what_was_given_back_is_not_owed")
    run(f"{GIVEN} 100000, collected = 100000")


def test_it_is_closed_and_given_back_once(reversal: Reversal) -> None:
    give_back(reversal.pk, 100_000, reason="won", actor=STAFF, at=NOON)
    refuse("UPDATE payments_reversal SET given_back_at = NULL, given_back = 0", match="frozen")
    refuse("UPDATE payments_reversal SET given_back_at = '2027-01-01'", match="frozen")
    refuse("UPDATE payments_reversal SET given_back = 1", match="frozen")
    refuse("UPDATE payments_reversal SET closed_at = '2027-01-01'", match="frozen")


def test_the_same_reference_takes_it_back_once(reversal: Reversal) -> None:
    refuse(AGAIN + COPY, match="money_is_taken_back_once_per_reference")
    run(AGAIN + COPY.replace(", reference,", ", 'CB-2',"))


def test_what_is_taken_back_of_a_payment_adds_up_by_itself(reversal: Reversal) -> None:
    """Nobody writes it, as its own value or another: it is the sum of what was taken, less what was given back."""
    refuse("UPDATE payments_payment SET taken_back = 0", match="frozen")
    refuse("UPDATE payments_payment SET taken_back = taken_back + 1", match="frozen")
    run(AGAIN + COPY.replace(", reference,", ", 'CB-2',"))
    run(f"{GIVEN} 40000 WHERE reference = 'CB-1'")
    assert Payment.objects.get().taken_back == 60_001


def test_no_more_is_taken_back_than_came(reversal: Reversal) -> None:
    more = " SELECT payment_id, customer_id, 200001, 'CB-2', 'x', 200001, 0, 0, 0, 'x', now() FROM payments_reversal"
    refuse(AGAIN + more, match="no_more_is_taken_back_than_came")


@pytest.mark.parametrize("state", ["wallet", "processing"])
def test_only_what_has_come_from_outside_is_taken_back(reversal: Reversal, state: str) -> None:
    customer = reversal.customer
    if state == "wallet":
        facts = {"kind": "renewal", "means": "wallet", "state": "succeeded", "payable": "renewal:1"}
    else:
        facts = {"kind": "top_up", "means": "gateway", "gateway": "g", "payable": "top_up:1"}
    Payment.objects.create(customer=customer, reference="r", amount=9, actor="x", created_at=NOON, **facts)
    it = " SELECT id, customer_id, 1, 'CB-9', 'x', 1, 0, 0, 0, 'x', now() FROM payments_payment WHERE reference = 'r'"
    refuse(AGAIN + it, match="only what has come from outside")


@pytest.mark.parametrize("column", ["collected", "given_back"])
def test_of_a_new_one_nothing_is_here_again(reversal: Reversal, column: str) -> None:
    begun = AGAIN.replace(", collected,", f", {'collected, given_back' if column == 'given_back' else 'collected'},")
    values = "0, 1" if column == "given_back" else "1"
    row = f" SELECT payment_id, customer_id, 1, 'CB-2', 'x', 0, 0, 1, {values}, 'x', now() FROM payments_reversal"
    refuse(begun + row, match="adds up nothing yet")


def test_a_statement_names_one_and_says_it_once(reversal: Reversal) -> None:
    name_as_told(reversal.pk, "dp-1", reason="the letter", actor=STAFF, at=NOON)
    refuse("UPDATE payments_reversal SET told_as = 'dp-2'", match="frozen")
    run(AGAIN + COPY.replace(", reference,", ", 'CB-2',"))
    refuse("UPDATE payments_reversal SET told_as = 'dp-1' WHERE reference = 'CB-2'", match="a_statement_names_one")
