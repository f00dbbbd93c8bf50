"""What we booked as taken back and given back, against a statement that tells otherwise: found, and ended by the act that is right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.services import Fact, Kind, spend
from notifications.models import Notice
from payments.gateways.base import Failed, GivenBack, Moved, Movement, Pending, Succeeded, TakenBack
from payments.models import Payment, ReconciliationCase, Refund, Reversal
from payments.services.after_all import NotRefused, book_carried_out
from payments.services.debts import debt_of
from payments.services.differences import standings
from payments.services.given_back import give_back
from payments.services.outcomes import record_outcome
from payments.services.refunds import record_refund
from payments.services.reversals import TakenBackBefore, name_as_told, take_back
from payments.services.wallet import wallet_of
from tests.actions.books import nothing_changes, refused
from tests.actions.conftest import Gate
from tests.actions.test_reconciliation import TODAY, back, booked, line, reads, sent
from tests.cast import DAY, JOB, NOON, STAFF, house_balance, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _gate(gate: Gate) -> None:
    """Payments go through it."""


@pytest.fixture
def payment(gate: Gate) -> Payment:
    return booked(make_customer())


def taken(payment: Payment, reference: str = "CB-1", amount: int = 40_000) -> Reversal:
    return take_back(payment.pk, amount, reference=reference, reason="letter", is_another=True, actor=STAFF, at=NOON)


def told(payment: Payment, name: str = "CB-1", amount: int = 40_000, movement: Movement = Movement.TAKEN_BACK) -> Moved:
    return line(payment, movement=movement, transaction=name, amount=amount)


def open_cases() -> list[tuple[str, str]]:
    return list(ReconciliationCase.objects.filter(resolved_at=None).order_by("pk").values_list("kind", "movement"))


def test_what_both_tell_of_a_reversal_both_ways_is_no_difference(payment: Payment) -> None:
    give_back(taken(payment).pk, 15_000, reason="won in part", actor=STAFF, at=NOON)
    lines = told(payment, "cb-1"), told(payment, "CB-1", 15_000, Movement.GIVEN_BACK)
    assert reads(line(payment), *lines) == []


def test_what_was_taken_back_here_alone_is_found_and_holds_up_what_is_reconciled(payment: Payment) -> None:
    reversal = taken(payment)
    assert reads(line(payment)) == [("missing_there", None, 40_000)]
    case = ReconciliationCase.objects.get()
    assert (case.reversal, case.movement, case.payment) == (reversal, "taken_back", None)
    assert standings()[0].until is None
    with nothing_changes():
        reads(line(payment))


def test_what_was_given_back_here_alone_is_found_as_well(payment: Payment) -> None:
    give_back(taken(payment).pk, 15_000, reason="letter", actor=STAFF, at=NOON)
    assert reads(line(payment), told(payment)) == [("missing_there", None, 15_000)]
    assert open_cases() == [("missing_there", "given_back")]


def test_another_amount_each_way_is_found(payment: Payment) -> None:
    give_back(taken(payment).pk, 15_000, reason="letter", actor=STAFF, at=NOON)
    lines = told(payment, amount=41_000), told(payment, "CB-1", 16_000, Movement.GIVEN_BACK)
    assert reads(line(payment), *lines) == [("amount", 41_000, 40_000), ("amount", 16_000, 15_000)]
    assert ReconciliationCase.objects.filter(reversal=Reversal.objects.get()).count() == 2


def test_a_line_of_a_later_day_ends_it(payment: Payment) -> None:
    taken(payment)
    reads(line(payment))
    assert reads(told(payment), day=TODAY + DAY) == []
    assert open_cases() == []


def test_what_was_never_taken_is_given_back_and_both_agree(payment: Payment) -> None:
    """Neither way of it moved at the gateway, so neither is missed."""
    reversal = taken(payment)
    reads(line(payment))
    give_back(reversal.pk, 40_000, reason="they know nothing of it", actor=STAFF, at=NOON)
    reads(line(payment))
    assert open_cases() == []
    assert wallet_of(payment.customer_id).credit == 78_000


def test_what_a_letter_names_otherwise_is_the_line_once_staff_say_so(payment: Payment) -> None:
    """Booked as CB-1, told as dp-1: two differences, both ended by one act, and the victory of dp-1 finds its loss."""
    reversal, other = taken(payment), taken(payment, "CB-2", 10_000)
    lines = line(payment), told(payment, "dp-1"), told(payment, "CB-2", 10_000)
    assert reads(*lines) == [("missing_here", 40_000, None), ("missing_there", None, 40_000)]

    name_as_told(reversal.pk, "dp-1", reason="the letter is about it", actor=STAFF, at=NOON)
    with refused(TakenBackBefore):
        name_as_told(reversal.pk, "dp-2", reason="again", actor=STAFF, at=NOON)
    with refused(TakenBackBefore):
        name_as_told(other.pk, "DP-1", reason="the same name", actor=STAFF, at=NOON)
    reads(*lines)
    assert open_cases() == []

    record_outcome(payment.pk, TakenBack("dp-1", 40_000, NOON), actor=JOB, at=NOON)
    record_outcome(payment.pk, GivenBack("dp-1", 40_000, NOON), actor=JOB, at=NOON)
    assert wallet_of(payment.customer_id).credit == 68_000
    assert reads(told(payment, "dp-1", 40_000, Movement.GIVEN_BACK), day=TODAY + DAY) == []


# A refund that was carried out after it had been refused


@pytest.fixture
def refused_refund(gate: Gate) -> Refund:
    """Of 300,000 100,000 were to go back; the gateway refused, so all of it is credit."""
    return sent(make_customer(), Failed("not_refundable", ""))


def carried_out(refund: Refund) -> Reversal:
    return book_carried_out(refund.pk, reason="in its statement", actor=STAFF, at=NOON)


def test_its_credit_is_taken_again_and_its_difference_ends(refused_refund: Refund) -> None:
    customer, payment = refused_refund.customer, refused_refund.payment
    assert reads(line(payment), back(refused_refund)) == [("late", 100_000, None)]
    reversal = carried_out(refused_refund)
    assert (wallet_of(customer.pk).credit, house_balance(Kind.GATEWAY)) == (200_000, -200_000)
    assert (reversal.from_credit, reversal.debt, reversal.closed_at) == (100_000, 0, NOON)
    facts = Notice.objects.get(kind=Notice.Kind.PAYMENT_TAKEN_BACK).facts
    assert facts["returned_to"] == "gate|"
    reads(line(payment), back(refused_refund))
    assert open_cases() == []
    with nothing_changes():
        carried_out(refused_refund)


def test_what_was_spent_of_it_meanwhile_is_owed(refused_refund: Refund) -> None:
    customer = refused_refund.customer
    spend(customer.pk, 250_000, into=Kind.ADJUSTMENTS, kind=Fact.ADJUSTMENT, source="opening:s", at=NOON)
    carried_out(refused_refund)
    assert (wallet_of(customer.pk).credit, debt_of(customer)) == (0, 50_000)


def came_back(gate: Gate) -> Refund:
    gate.caps = replace(gate.caps, refunds_come_back=True)
    return record_refund(sent(make_customer()).pk, Failed("bounced", ""), at=NOON)


def test_a_refund_with_another_end_or_none_was_not_refused(gate: Gate) -> None:
    done = Succeeded("R-2", 100_000, NOON)
    for refund in (sent(make_customer(), done), sent(make_customer(), Pending()), came_back(gate)):
        with refused(NotRefused):
            carried_out(refund)


def test_a_refund_that_came_back_here_alone_is_found_and_a_line_of_it_ends_that(gate: Gate) -> None:
    refund = came_back(gate)
    assert reads(line(refund.payment), back(refund)) == [("missing_there", None, 100_000)]
    assert open_cases() == [("missing_there", "came_back")]
    reads(back(refund, movement=Movement.CAME_BACK), day=TODAY + DAY)
    assert open_cases() == []
