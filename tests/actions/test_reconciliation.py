"""What a gateway says that it moved on a day against what we have booked: every kind of difference is found, once."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import AuditEntry, Customer
from ledger.services import Kind
from payments.gateways.base import Failed, Moved, Movement, Outcome, Pending, Succeeded
from payments.models import BankTransfer, Payment, ReconciliationCase, Refund, StatementDay, StatementLine
from payments.services.differences import (
    DifferenceEnded,
    NoMoneyOfNobody,
    explain,
    standings,
    take_into_suspense,
)
from payments.services.gateway import start_top_up
from payments.services.outcomes import record_outcome
from payments.services.reconcile import begins, read_day
from payments.services.refunds import record_refund
from payments.services.reversals import take_back
from payments.services.statements import read_feed, read_file
from payments.services.transfers import Line, arrive, give, record_bank_transfer
from payments.services.wallet import wallet_of
from tests.actions.books import nothing_changes, refused
from tests.actions.conftest import Gate, paid
from tests.actions.test_transfers_by_reference import sends_back
from tests.cast import DAY, JOB, NOON, STAFF, house_balance, make_customer, owner_of
from tests.refunds import returned

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 10)


@pytest.fixture(autouse=True)
def _gate(gate: Gate) -> None:
    """Payments go through it."""


@pytest.fixture
def customer() -> Customer:
    return make_customer()


def started(customer: Customer, amount: int = 78_000, at: datetime = NOON) -> Payment:
    return start_top_up(customer, amount, gateway="gate", actor=owner_of(customer), at=at)


def booked(customer: Customer, amount: int = 78_000, at: datetime = NOON) -> Payment:
    payment = started(customer, amount, at)
    return record_outcome(payment.pk, paid(payment, at), actor=JOB, at=at)


def line(payment: Payment | None = None, **changes: Any) -> Moved:
    facts: dict[str, object] = {
        "movement": Movement.PAYMENT,
        "reference": "nobody's",
        "transaction": "T-9",
        "amount": 5_000,
    }
    if payment:
        found = paid(payment, NOON)
        facts |= {"reference": payment.reference, "transaction": found.gateway_txn_id, "amount": payment.amount}
    return Moved(**{**facts, "at": NOON, **changes})


def reads(*lines: Moved, day: date = TODAY) -> list[tuple[str, int | None, int | None]]:
    """What is found when the statement of a day is read: kind, their amount, ours."""
    statement, _new = StatementDay.objects.get_or_create(source="gate", day=day, defaults={"ask_at": NOON})
    read_day(statement, lines, actor="statements", at=NOON + DAY)
    return list(ReconciliationCase.objects.filter(day=day).order_by("pk").values_list("kind", "theirs", "ours"))


def test_a_day_on_which_both_agree_has_no_differences(customer: Customer) -> None:
    first, second = booked(customer), booked(customer, 90_000)

    assert reads(line(first), line(second)) == []
    assert [(s.source, s.until, s.open) for s in standings()] == [("gate", TODAY, 0)]


def test_each_kind_of_difference_is_found(customer: Customer) -> None:
    right, missing, other, twice = (booked(customer, amount) for amount in (71_000, 72_000, 73_000, 74_000))
    late, unheard = started(customer, 75_000), started(customer, 76_000)
    record_outcome(late.pk, Failed("expired", ""), actor=JOB, at=NOON)

    found = reads(
        line(right),
        line(other, amount=73_500),
        line(twice),
        line(twice),
        line(late),
        line(unheard),
        line(),
    )

    assert found == [
        ("amount", 73_500, 73_000),
        ("twice", 74_000, 74_000),
        ("late", 75_000, None),
        ("missing_here", 76_000, None),
        ("unknown", 5_000, None),
        ("missing_there", None, 72_000),
    ]
    assert ReconciliationCase.objects.get(kind="missing_there").payment == missing
    assert [(s.until, s.open) for s in standings()] == [(None, 6)]


def test_a_second_transaction_for_what_was_paid_already_is_found(customer: Customer) -> None:
    payment = booked(customer)

    assert reads(line(payment), line(payment, transaction="again")) == [("twice", 78_000, 78_000)]


def test_the_same_transaction_on_two_days_is_found_on_the_second(customer: Customer) -> None:
    payment = booked(customer)

    assert reads(line(payment)) == []
    assert reads(line(payment), day=TODAY + DAY) == [("twice", 78_000, 78_000)]


def test_reading_a_day_again_finds_nothing_new(customer: Customer) -> None:
    lines = [line(booked(customer)), line(), line()]
    reads(*lines)

    with nothing_changes():
        assert reads(*lines) == [("unknown", 5_000, None), ("twice", 5_000, None)]
    assert StatementLine.objects.count() == 3


def test_what_is_booked_around_midnight_may_stand_on_the_next_day(customer: Customer) -> None:
    reads(day=TODAY - timedelta(days=1))
    payment = booked(customer, at=begins(TODAY + timedelta(days=1)) - timedelta(minutes=10))

    assert reads() == []
    assert reads(day=TODAY + timedelta(days=1)) == [("missing_there", None, 78_000)]
    assert ReconciliationCase.objects.get().payment == payment


def test_a_payment_from_before_the_first_statement_is_not_missed(customer: Customer) -> None:
    booked(customer, at=NOON - 2 * DAY)
    old = started(customer, 90_000, at=NOON - 2 * DAY)
    record_outcome(old.pk, paid(old, NOON), actor=JOB, at=NOON)

    assert reads() == []


def test_a_late_success_that_staff_book_ends_its_case_by_itself(customer: Customer) -> None:
    payment = started(customer)
    record_outcome(payment.pk, Failed("expired", ""), actor=JOB, at=NOON)
    assert reads(line(payment)) == [("late", 78_000, None)]

    record_outcome(payment.pk, paid(payment, NOON), actor=STAFF, at=NOON)
    reads(line(payment))

    case = ReconciliationCase.objects.get()
    assert (case.resolution, case.resolved_by) == ("agrees", "statements")
    assert [(s.until, s.open) for s in standings()] == [(TODAY, 0)]


def test_a_payment_whose_line_comes_a_day_late_ends_its_case(customer: Customer) -> None:
    payment = booked(customer)
    assert reads() == [("missing_there", None, 78_000)]

    assert reads(line(payment), day=TODAY + timedelta(days=1)) == []
    assert ReconciliationCase.objects.get().resolution == "agrees"


def test_an_explanation_ends_a_difference_once_and_is_on_record(customer: Customer) -> None:
    reads(line())
    case = ReconciliationCase.objects.get()

    explain(case.pk, reason="their test of 10 March", actor=STAFF, at=NOON)

    case.refresh_from_db()
    assert (case.resolution, case.reason, case.resolved_by) == ("explained", "their test of 10 March", STAFF.name)
    assert AuditEntry.objects.get(verb="explain difference").reason == "their test of 10 March"
    with nothing_changes(), refused(DifferenceEnded):
        explain(case.pk, reason="again", actor=STAFF, at=NOON)
    assert standings()[0].until == TODAY


def test_nobodys_money_is_taken_into_suspense_and_given_to_whom_it_belongs(customer: Customer) -> None:
    reads(line(amount=78_000))
    case = ReconciliationCase.objects.get()

    transfer = take_into_suspense(case.pk, reason="theirs, the reference was cut", actor=STAFF, at=NOON)

    assert (house_balance(Kind.GATEWAY), house_balance(Kind.SUSPENSE)) == (-78_000, 78_000)
    assert (transfer.account, transfer.reference, transfer.rest) == ("gate", "T-9", 78_000)
    give(transfer.pk, Customer.objects.lock(customer.pk), 78_000, actor=STAFF, at=NOON)
    assert (wallet_of(customer.pk).credit, house_balance(Kind.SUSPENSE)) == (78_000, 0)
    with nothing_changes(), refused(DifferenceEnded):
        take_into_suspense(case.pk, reason="again", actor=STAFF, at=NOON)


def test_what_is_ours_already_is_not_taken_into_suspense(customer: Customer) -> None:
    reads(line(booked(customer), amount=79_000))

    with nothing_changes(), refused(NoMoneyOfNobody):
        take_into_suspense(ReconciliationCase.objects.get().pk, reason="no", actor=STAFF, at=NOON)
    assert not BankTransfer.objects.exists()


def test_money_that_was_taken_back_and_not_booked_is_found(customer: Customer) -> None:
    payment = booked(customer)

    found = reads(line(payment), line(payment, movement=Movement.TAKEN_BACK, transaction="CB-1"))

    assert found == [("missing_here", 78_000, None)]


def test_a_day_that_could_not_be_read_holds_up_what_is_reconciled(customer: Customer) -> None:
    reads(line(booked(customer)))
    StatementDay.objects.create(
        source="gate", day=TODAY + timedelta(days=1), ask_at=NOON, failure="ReadTimeout", tries=3
    )
    reads(day=TODAY + timedelta(days=2))

    (standing,) = standings()
    assert (standing.until, standing.latest, standing.unread) == (
        TODAY,
        TODAY + timedelta(days=2),
        TODAY + timedelta(days=1),
    )
    assert standing.failure == "ReadTimeout"


# The bank's files


def bank_file(*rows: str) -> list[tuple[str, int | None, int | None]]:
    text = "\n".join(["number,amount,note,date", *rows])
    read_file(text.encode(), "csv", actor=STAFF, at=NOON)
    return list(ReconciliationCase.objects.order_by("pk").values_list("kind", "theirs", "ours"))


def test_a_bank_statement_that_agrees_has_no_differences(customer: Customer) -> None:
    record_bank_transfer(
        customer.pk, 5_000, [], reference="FT1", value_date=TODAY, reason="seen online", actor=STAFF, at=NOON
    )

    assert bank_file("FT1,5000,x,2026-03-10", "FT2,7000,x,2026-03-10") == []
    assert [(each.source, each.until) for each in standings()] == [("bank:main", TODAY)]


def test_what_the_bank_does_not_know_tells_twice_or_otherwise_is_found(customer: Customer) -> None:
    for number, amount in (("FT1", 5_000), ("FT2", 6_000)):
        record_bank_transfer(
            customer.pk, amount, [], reference=number, value_date=TODAY, reason="seen online", actor=STAFF, at=NOON
        )

    found = bank_file("FT1,5500,x,2026-03-10", "FT3,7000,x,2026-03-10", "FT3,7000,x,2026-03-10")

    assert found == [("amount", 5_500, 5_000), ("twice", 7_000, 7_000), ("missing_there", None, 6_000)]
    bank_file("FT2,6000,x,2026-03-10")
    assert ReconciliationCase.objects.get(kind="missing_there").resolution == "agrees"


def told_by_the_feed(number: str, *, at: datetime = NOON, **more: object) -> None:
    read_feed(json.dumps({"tid": number, "amount": 5_000, "note": "x", **more}).encode(), at=at)


@pytest.mark.parametrize("dated", [{}, {"date": "2020-01-01"}, {"date": "2099-01-01"}])
def test_what_the_feed_told_and_no_statement_tells_is_found_whatever_day_it_said(dated: dict[str, str]) -> None:
    """Somebody who knows the secret of the feed can make up a transfer, but no line of the bank's own statement."""
    read_file(b"number,amount,note,date\nFT0,7000,x,2026-03-09", "csv", actor=STAFF, at=NOON)
    told_by_the_feed("MADEUP", **dated)
    assert bank_file("FT1,7000,x,2026-03-15") == [("missing_there", None, 5_000)]


def test_what_the_feed_tells_on_a_weekend_is_expected_with_the_statement_of_its_own_day() -> None:
    read_file(b"number,amount,note,date\nFT0,7000,x,2026-03-09", "csv", actor=STAFF, at=NOON)
    told_by_the_feed("FT1", date="2026-03-11")
    assert bank_file("FT2,7000,x,2026-03-10") == []
    assert bank_file("FT1,5000,x,2026-03-11") == []


def test_what_the_feed_told_after_a_day_is_not_expected_in_its_statement() -> None:
    told_by_the_feed("FT1", at=NOON + DAY)
    assert bank_file("FT2,7000,x,2026-03-10") == []


# What leaves our account at a bank


def test_what_was_sent_back_as_the_bank_says_is_no_difference() -> None:
    transfer = nobodys()
    sends_back(transfer, 5_000, "ft-9", at=NOON)
    assert bank_file("FT1,5000,x,2026-03-10", "FT9,-5000,back,2026-03-10") == []


def test_each_kind_of_difference_of_what_went_out_is_found() -> None:
    """Of 20,000 that were nobody's four parts went back; the bank knows one as another amount, one twice, one not; and a fee."""
    transfer = nobodys(20_000)
    for number, amount in (("OUT1", 1_000), ("OUT2", 2_000), ("OUT3", 3_000), ("OUT4", 4_000)):
        sends_back(transfer, amount, number, at=NOON)
    rows = ["FT1,20000,x", "OUT1,-1000,x", "OUT2,-2500,x", "OUT3,-3000,x", "OUT3,-3000,x", ",-11000,fee", ",-11000,fee"]

    found = bank_file(*(f"{row},2026-03-10" for row in rows))

    assert found == [
        ("amount", 2_500, 2_000),
        ("twice", 3_000, 3_000),
        ("unknown", 11_000, None),
        ("unknown", 11_000, None),
        ("missing_there", None, 4_000),
    ]
    missing = ReconciliationCase.objects.get(kind="missing_there")
    assert (missing.sent_back.number, missing.movement) == ("OUT4", "sent")
    bank_file("OUT4,-4000,x,2026-03-11")
    assert ReconciliationCase.objects.get(kind="missing_there").resolution == "agrees"


def test_what_went_out_before_staff_recorded_it_ends_with_their_record() -> None:
    transfer = nobodys()
    assert bank_file("FT1,5000,x,2026-03-10", "OUT1,-5000,x,2026-03-10") == [("unknown", 5_000, None)]
    sends_back(transfer, 5_000, "OUT1", at=NOON)
    assert ReconciliationCase.objects.get().resolution == "agrees"
    assert [(each.source, each.until) for each in standings()] == [("bank:main", TODAY)]


def test_what_a_bank_took_back_is_known_by_its_reference(customer: Customer) -> None:
    payment = record_bank_transfer(
        customer.pk, 5_000, [], reference="FT1", value_date=TODAY, reason="seen online", actor=STAFF, at=NOON
    )
    take_back(payment.pk, 5_000, reference="rv-1", reason="sent by mistake", actor=STAFF, at=NOON)
    assert bank_file("FT1,5000,x,2026-03-10") == [("missing_there", None, 5_000)]
    assert ReconciliationCase.objects.get().movement == "taken_back"
    bank_file("RV1,-5000,x,2026-03-11")
    assert [case.resolution for case in ReconciliationCase.objects.all()] == ["agrees"]


def nobodys(amount: int = 5_000) -> BankTransfer:
    line = Line("FT1", amount, value_date=TODAY)
    return arrive(line, channel=BankTransfer.Channel.CSV, actor=STAFF, at=NOON)[0]


# Refunds to the source


def sent(customer: Customer, outcome: Outcome | None = None) -> Refund:
    """100,000 of a top-up that the gateway has heard of."""
    payment = booked(customer, 300_000)
    refund = returned(payment, 100_000)
    Refund.objects.filter(pk=refund.pk).update(state="under_way", sent_at=NOON)
    return record_refund(refund.pk, outcome or Succeeded("R-1", 100_000, NOON), at=NOON)


def back(refund: Refund, **changes: Any) -> Moved:
    facts = {"movement": Movement.REFUND, "reference": refund.reference, "transaction": "R-1", "amount": refund.amount}
    return line(refund.payment, **{**facts, **changes})


def test_a_refund_that_both_know_is_no_difference(customer: Customer) -> None:
    refund = sent(customer)

    assert reads(line(refund.payment), back(refund)) == []


@pytest.mark.parametrize(
    ("outcome", "amount", "found"),
    [
        (None, 90_000, ("amount", 90_000, 100_000)),
        (Pending(), 100_000, ("missing_here", 100_000, None)),
        (Failed("not_refundable", ""), 100_000, ("late", 100_000, None)),
    ],
)
def test_a_refund_that_both_know_otherwise_is_found(
    customer: Customer, outcome: Outcome | None, amount: int, found: tuple[str, int, int | None]
) -> None:
    refund = sent(customer, outcome)

    assert reads(line(refund.payment), back(refund, amount=amount)) == [found]
    case = ReconciliationCase.objects.get()
    assert (case.refund, case.payment) == (refund, refund.payment)


def test_a_refund_that_one_side_alone_knows_is_found(customer: Customer) -> None:
    refund = sent(customer)

    assert reads(line(refund.payment), back(refund, reference="nobody's", transaction="R-9")) == [
        ("unknown", 100_000, None),
        ("missing_there", None, 100_000),
    ]


def test_a_refund_twice_in_the_statement_is_found(customer: Customer) -> None:
    refund = sent(customer)

    assert reads(line(refund.payment), back(refund), back(refund, transaction="R-2")) == [("twice", 100_000, 100_000)]


def test_a_refund_that_we_hear_of_later_ends_its_difference(customer: Customer) -> None:
    refund = sent(customer, Pending())
    reads(line(refund.payment), back(refund))
    record_refund(refund.pk, Succeeded("R-1", 100_000, NOON), at=NOON + DAY)

    reads(day=TODAY + DAY)
    assert ReconciliationCase.objects.get().resolution == "agrees"


def test_a_fee_without_a_number_is_not_a_reversal() -> None:
    customer = make_customer()
    payment = record_bank_transfer(
        customer.pk, 5_000, [], reference="FT1", value_date=TODAY, reason="seen online", actor=STAFF, at=NOON
    )
    take_back(payment.pk, 5_000, reference="rv-1", reason="sent by mistake", actor=STAFF, at=NOON)
    found = bank_file("FT1,5000,x,2026-03-10", ",-11000,fee,2026-03-10")
    assert found == [("unknown", 11_000, None), ("missing_there", None, 5_000)]


def test_money_out_without_a_number_is_asked_about_however_large() -> None:
    customer = make_customer()
    payment = record_bank_transfer(
        customer.pk, 5_000, [], reference="FT1", value_date=TODAY, reason="seen online", actor=STAFF, at=NOON
    )
    take_back(payment.pk, 5_000, reference="rv-1", reason="sent by mistake", actor=STAFF, at=NOON)
    found = bank_file(
        "FT1,5000,x,2026-03-10", "RV1,-5000,x,2026-03-10", ",-5000,cash,2026-03-10", ",-5000,cash,2026-03-10"
    )
    assert found == [("unknown", 5_000, None), ("unknown", 5_000, None)]


def test_what_was_sent_back_without_a_number_explains_nothing() -> None:
    transfer = nobodys()
    sends_back(transfer, 5_000, "", at=NOON)
    bank_file("FT1,5000,x,2026-03-10", ",-5000,cash,2026-03-10", ",-5000,cash,2026-03-10")
    assert list(ReconciliationCase.objects.values_list("resolution", flat=True)) == ["", ""]
