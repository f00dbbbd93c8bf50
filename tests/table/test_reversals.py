"""What a bank took back, and gave back: kept by the database, whoever asks."""

from __future__ import annotations

import pytest

from payments.models import Reversal
from payments.services.given_back import give_back
from payments.services.reversals import take_back
from tests.cast import NOON, STAFF, make_customer
from tests.refunds import topped_up
from tests.table.attack import MARKS, refuse, run

pytestmark = MARKS


@pytest.fixture
def reversal(db: None) -> Reversal:
    payment = topped_up(make_customer(), 300_000)
    return take_back(payment.pk, 100_000, reference="CB-1", reason="dispute", actor=STAFF, at=NOON)


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("DELETE FROM payments_reversal", "keeps its rows"),
        ("UPDATE payments_reversal SET amount = 1, from_credit = 1", "frozen"),
        ("UPDATE payments_reversal SET reference = 'other'", "frozen"),
        ("UPDATE payments_reversal SET collected = 1", "no_more_is_collected_than_the_debt"),
        ("UPDATE payments_reversal SET given_back_at = now()", "what_was_given_back_is_not_owed"),
    ],
)
def test_what_was_taken_back_stands(reversal: Reversal, attack: str, said: str) -> None:
    refuse(attack, match=said)


def test_it_is_closed_and_given_back_once(reversal: Reversal) -> None:
    give_back(reversal.pk, reason="won", actor=STAFF, at=NOON)
    refuse("UPDATE payments_reversal SET given_back_at = NULL", match="frozen")
    refuse("UPDATE payments_reversal SET given_back_at = '2027-01-01'", match="frozen")
    refuse("UPDATE payments_reversal SET closed_at = '2027-01-01'", match="frozen")


def test_the_same_reference_takes_it_back_once(reversal: Reversal) -> None:
    again = "INSERT INTO payments_reversal (payment_id, customer_id, amount, reference, reason, from_credit, reopened, debt, collected, actor, at)"
    with_it = " SELECT payment_id, customer_id, 1, reference, 'x', 1, 0, 0, 0, 'x', now() FROM payments_reversal"
    refuse(again + with_it, match="money_is_taken_back_once_per_reference")
    run(again + with_it.replace(", reference,", ", 'CB-2',"))
