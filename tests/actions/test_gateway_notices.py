"""What a gateway tells by itself: judged once, under the lock, and the answer is what was done."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger.services import Kind
from payments.gateways.base import Failed, Outcome, Report, Succeeded, TakenBack, Verdict
from payments.models import GatewayNotice, Payment, Reversal
from payments.services import notices
from payments.services.gateway import start_top_up
from payments.services.outcomes import record_outcome
from payments.services.wallet import wallet_of
from tests.actions.books import nothing_changes
from tests.actions.conftest import Gate, paid
from tests.cast import JOB, NOON, house_balance, make_customer, owner_of
from tests.table.attack import refuse

pytestmark = pytest.mark.django_db


class Teller:
    """The gateway tells something of a top-up of 78,000; returns what we answer."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.customer = make_customer()
        self.payment = start_top_up(self.customer, 78_000, gateway="gate", actor=owner_of(self.customer), at=NOON)

    def tells(self, outcome: Outcome) -> Verdict:
        self.gate.report = Report(self.payment.reference, outcome)
        _status, _type, said = notices.handle_notice("gate", repr(outcome).encode(), {}, at=NOON)
        self.payment.refresh_from_db()
        return Verdict(said.decode())

    @property
    def credit(self) -> int:
        return wallet_of(self.customer.pk).credit


@pytest.fixture
def teller(gate: Gate) -> Teller:
    return Teller(gate)


def verdicts() -> list[str]:
    return list(GatewayNotice.objects.order_by("pk").values_list("verdict", flat=True))


def test_a_success_is_booked_once_and_the_verdict_is_kept_with_it(teller: Teller) -> None:
    success = paid(teller.payment, NOON)
    assert teller.tells(success) == Verdict.ACCEPTED
    with nothing_changes():
        assert teller.tells(success) == Verdict.DUPLICATE
    assert (teller.credit, house_balance(Kind.GATEWAY), verdicts()) == (78_000, -78_000, ["accepted"])


def test_a_failure_that_is_told_ends_the_attempt_and_changes_no_success(teller: Teller) -> None:
    assert teller.tells(Failed("declined", "no")) == Verdict.ACCEPTED
    assert teller.payment.state == Payment.State.FAILED
    assert teller.tells(paid(teller.payment, NOON)) == Verdict.ACCEPTED
    assert teller.tells(Failed("expired", "no")) == Verdict.DUPLICATE
    assert (teller.payment.state, teller.credit) == (Payment.State.SUCCEEDED, 78_000)


def test_a_transaction_that_paid_something_else_is_held_whoever_tells_of_it(teller: Teller) -> None:
    other = start_top_up(teller.customer, 50_000, gateway="gate", actor=owner_of(teller.customer), at=NOON)
    record_outcome(other.pk, Succeeded("txn-1", 50_000, NOON), actor=JOB, at=NOON)
    assert teller.tells(Succeeded("txn-1", 78_000, NOON)) == Verdict.DUPLICATE
    assert (teller.payment.state, teller.payment.held) == (Payment.State.FAILED, Payment.Held.USED_BEFORE)
    assert teller.credit == 50_000


def test_more_than_the_gateway_can_take_is_a_wrong_amount(teller: Teller) -> None:
    assert teller.tells(paid(teller.payment, NOON, 50_000_001)) == Verdict.WRONG_AMOUNT
    assert (teller.payment.held, teller.credit, verdicts()) == (Payment.Held.IMPLAUSIBLE, 0, ["wrong_amount"])


def test_money_that_is_told_to_be_taken_back_is_booked_once_under_each_reference(teller: Teller) -> None:
    teller.tells(paid(teller.payment, NOON))
    assert teller.tells(TakenBack("CB-1", 28_000, NOON)) == Verdict.ACCEPTED
    assert teller.tells(TakenBack("CB-1", 28_000, NOON)) == Verdict.DUPLICATE
    assert teller.tells(TakenBack("CB-2", 50_001, NOON)) == Verdict.WRONG_AMOUNT
    assert (teller.credit, Reversal.objects.get().amount) == (50_000, 28_000)


def test_taken_back_before_we_heard_that_it_came_is_no_money_either_way(teller: Teller) -> None:
    assert teller.tells(TakenBack("txn-1", 78_000, NOON)) == Verdict.ACCEPTED
    assert teller.tells(Succeeded("txn-1", 78_000, NOON)) == Verdict.DUPLICATE
    assert (teller.payment.state, teller.credit, verdicts()) == (Payment.State.FAILED, 0, ["accepted", "duplicate"])


def test_what_was_taken_is_known_by_the_transaction_that_it_was_taken_of(teller: Teller) -> None:
    dispute = TakenBack("dispute-1", 78_000, NOON, of="txn-1")
    assert teller.tells(dispute) == Verdict.ACCEPTED
    assert teller.tells(Succeeded("txn-1", 78_000, NOON)) == Verdict.DUPLICATE
    assert (teller.payment.state, teller.credit) == (Payment.State.FAILED, 0)


def test_a_part_that_is_taken_back_is_told_again_until_the_whole_has_come_in(teller: Teller) -> None:
    part = TakenBack("dispute-1", 28_000, NOON, of="txn-1")
    assert teller.tells(part) == Verdict.RETRY_LATER
    assert (teller.payment.is_open, verdicts()) == (True, [""])
    teller.tells(Succeeded("txn-1", 78_000, NOON))
    assert teller.tells(part) == Verdict.ACCEPTED
    assert (teller.credit, Reversal.objects.get().amount) == (50_000, 28_000)
    assert verdicts() == ["accepted", "accepted"]


def test_a_notice_is_on_record_when_what_it_brings_about_fails_and_counts_when_it_is_told_again(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a defect of ours")

    with monkeypatch.context() as patched:
        patched.setattr("payments.services.purposes.settle_owed_by", broken)
        with pytest.raises(RuntimeError):
            teller.tells(paid(teller.payment, NOON))
    assert (teller.credit, verdicts()) == (0, [""])

    assert teller.tells(paid(teller.payment, NOON)) == Verdict.ACCEPTED
    assert (teller.credit, verdicts()) == (78_000, ["accepted"])


@pytest.mark.parametrize("told", ["success", "taken back"])
def test_the_customer_is_held_once_on_the_way(teller: Teller, told: str) -> None:
    if told == "taken back":
        teller.tells(paid(teller.payment, NOON))
    with CaptureQueriesContext(connection) as queries:
        teller.tells(paid(teller.payment, NOON) if told == "success" else TakenBack("CB-1", 1_000, NOON))
    held = [sql for query in queries if "FOR NO KEY UPDATE" in (sql := query["sql"] or "")]
    assert len([sql for sql in held if 'FROM "accounts_customer"' in sql]) == 1
    assert len([sql for sql in held if 'FROM "payments_payment"' in sql]) == 1


def test_what_was_told_and_how_it_was_judged_stands(teller: Teller) -> None:
    teller.tells(paid(teller.payment, NOON))
    refuse("UPDATE payments_gatewaynotice SET body = 'other'", match="frozen")
    refuse("UPDATE payments_gatewaynotice SET verdict = 'duplicate'", match="frozen")
    refuse("UPDATE payments_gatewaynotice SET verdict = ''", match="frozen")
    refuse("DELETE FROM payments_gatewaynotice", match="nothing is deleted|permission denied")
