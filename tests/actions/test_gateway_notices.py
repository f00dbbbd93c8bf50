"""What a gateway tells by itself: judged once, under the lock, and the answer is what was done."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger.services import Kind
from payments import gateways
from payments.gateways.base import Failed, GivenBack, Outcome, Report, Succeeded, TakenBack, Unknown, Verdict
from payments.models import GatewayNotice, Payment, Reversal
from payments.services import notices
from payments.services.gateway import start_top_up
from payments.services.outcomes import record_outcome
from payments.services.reversals import take_back
from payments.services.wallet import wallet_of
from tests.actions.books import nothing_changes
from tests.actions.conftest import Gate, paid
from tests.cast import JOB, NOON, STAFF, house_balance, make_customer, owner_of
from tests.table.attack import refuse

pytestmark = pytest.mark.django_db


class NamingGate(Gate):
    """Tells of payments by its own transaction alone; whose it is has to be asked."""

    of = ""
    whose: str | Unknown = ""
    asked = 0

    def our_name_of(self, transaction: str) -> str | Unknown:
        self.asked += 1
        return self.whose


class Teller:
    """The gateway tells something of a top-up of 78,000; returns what we answer."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.customer = make_customer()
        self.payment = start_top_up(self.customer, 78_000, gateway="gate", actor=owner_of(self.customer), at=NOON)

    def tells(self, outcome: Outcome) -> Verdict:
        of = self.gate.of if isinstance(self.gate, NamingGate) else ""
        self.gate.report = Report("" if of else self.payment.reference, outcome, transaction=of)
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


def test_what_staff_booked_by_letter_is_not_booked_again_when_the_gateway_tells_it_under_a_name_of_its_own(
    teller: Teller,
) -> None:
    """28,000 of 78,000 by the bank's letter: the gateway's 28,000 are left to staff, its 10,000 are another dispute."""
    teller.tells(paid(teller.payment, NOON))
    connection.check_constraints()
    take_back(teller.payment.pk, 28_000, reference="CB-1", reason="letter", actor=STAFF, at=NOON)
    assert teller.tells(TakenBack("dp-1", 28_000, NOON)) == Verdict.WRONG_AMOUNT
    assert teller.tells(TakenBack("cb-1", 28_000, NOON)) == Verdict.DUPLICATE
    assert teller.credit == 50_000
    assert teller.tells(TakenBack("dp-2", 10_000, NOON)) == Verdict.ACCEPTED
    assert teller.tells(TakenBack("dp-3", 10_000, NOON)) == Verdict.ACCEPTED
    assert teller.credit == 30_000


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


@pytest.fixture
def naming(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> Teller:
    made = NamingGate()
    monkeypatch.setattr(gateways, "gateway", lambda _code: made)
    return Teller(made)


def test_a_dispute_whose_payment_could_not_be_read_is_told_again_and_not_lost(naming: Teller) -> None:
    gate = naming.gate
    assert isinstance(gate, NamingGate)
    gate.whose, gate.of = Unknown("HTTP 500"), "pi_1"
    lost = TakenBack("dp_1", 78_000, NOON, of="pi_1")
    assert [naming.tells(lost), naming.tells(lost)] == [Verdict.RETRY_LATER, Verdict.RETRY_LATER]
    assert (naming.payment.is_open, verdicts()) == (True, [""])

    gate.whose = naming.payment.reference
    assert naming.tells(lost) == Verdict.ACCEPTED
    assert (naming.payment.state, verdicts(), gate.asked) == (Payment.State.FAILED, ["accepted"], 3)


@pytest.mark.parametrize("moved", [TakenBack, GivenBack])
def test_whose_a_dispute_is_needs_no_question_once_its_payment_has_come_in(
    naming: Teller, moved: type[TakenBack | GivenBack]
) -> None:
    gate = naming.gate
    assert isinstance(gate, NamingGate)
    naming.tells(Succeeded("pi_1", 78_000, NOON))
    gate.whose, gate.of = Unknown("HTTP 500"), "pi_1"
    assert naming.tells(moved("dp_1", 78_000, NOON, of="pi_1")) == Verdict.ACCEPTED
    assert (naming.credit, gate.asked) == ({TakenBack: 0, GivenBack: 78_000}[moved], 0)


def test_what_the_gateway_names_and_is_none_of_ours_is_answered_and_done_with(naming: Teller) -> None:
    gate = naming.gate
    assert isinstance(gate, NamingGate)
    gate.of = "pi_2"
    for gate.whose, said in ((Unknown("HTTP 500"), Verdict.RETRY_LATER), ("", Verdict.UNKNOWN_REFERENCE)):
        assert naming.tells(TakenBack("dp_2", 78_000, NOON, of="pi_2")) == said
    assert (naming.payment.is_open, verdicts()) == (True, ["unknown_reference"])


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
