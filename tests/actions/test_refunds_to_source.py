"""What is left of a top-up goes back to where it came from: by two people, once, and never more than is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import connection

from accounts.four_eyes import OwnApproval, approve, ask, refuse
from accounts.models import AuditEntry, Customer, StaffAct, User
from catalog.models import Item
from kernel.actors import Actor
from ledger.services import Kind
from notifications.models import Notice
from payments import gateways
from payments.acts import DecideRefund, RefundTopUp
from payments.gateways.base import NOT_FOUND, Failed, Outcome, Pending, Succeeded, Unknown
from payments.models import Payment, Refund
from payments.services.credit import adjust_credit
from payments.services.gateway import start_top_up
from payments.services.outcomes import record_outcome
from payments.services.refunds import NotReturnable, RefundEnded, RefundOpen, judge_refund, returnable
from payments.services.returns import check_refund
from payments.services.reversals import take_back
from payments.services.wallet import wallet_of
from payments.story import story_of
from payments.tasks import see_to_refunds
from tests.actions.books import nothing_changes, refused
from tests.actions.conftest import Gate, paid
from tests.cast import DAY, JOB, NOON, STAFF, create, house_balance, make_colleague, make_customer, owner_of

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LATER = NOON + DAY


@pytest.fixture
def customer(gate: Gate) -> Customer:
    return make_customer()


@pytest.fixture
def people() -> tuple[Actor, Actor]:
    return make_colleague("one@portal.example"), make_colleague("two@portal.example")


def top_up(customer: Customer, amount: int, at: Any = NOON) -> Payment:
    payment = start_top_up(customer, amount, gateway="gate", actor=owner_of(customer), at=at)
    return record_outcome(payment.pk, paid(payment, at), actor=JOB, at=at)


def asked(payment: Payment, amount: int, by: Actor) -> StaffAct:
    connection.check_constraints()  # what was paid stands since another transaction
    facts = {"payment": str(payment.pk)}
    return ask(
        RefundTopUp, customer=payment.customer, amount=amount, subject=payment.reference, facts=facts, reason="moved away", actor=by, at=LATER
    ).act  # fmt: skip


def begun(payment: Payment, amount: int, people: tuple[Actor, Actor]) -> Refund:
    refund = approve(asked(payment, amount, people[0]).pk, actor=people[1], at=LATER).result
    assert isinstance(refund, Refund)
    connection.check_constraints()
    return refund


def arrived(amount: int, number: str = "R-1") -> Succeeded:
    return Succeeded(number, amount, LATER)


def test_nothing_moves_until_somebody_else_has_approved(gate: Gate, customer: Customer, people: Any) -> None:
    payment = top_up(customer, 300_000)
    act = asked(payment, 300_000, people[0])
    see_to_refunds(at=LATER)
    assert (act.state, gate.refunded, Refund.objects.count()) == ("waiting", [], 0)
    assert wallet_of(customer.pk).credit == 300_000
    with refused(OwnApproval):
        approve(act.pk, actor=people[0], at=LATER)
    refuse(act.pk, reason="no", actor=people[1], at=LATER)
    assert (Refund.objects.count(), wallet_of(customer.pk).credit) == (0, 300_000)


def test_no_setting_lets_one_person_return_money(settings: Any, gate: Gate, customer: Customer, people: Any) -> None:
    User.objects.filter(email=people[0].name).update(is_superuser=True)
    act = asked(top_up(customer, 300_000), 1_000, people[0])
    assert act.state == "waiting"


def test_what_is_approved_leaves_the_wallet_and_then_the_house(gate: Gate, customer: Customer, people: Any) -> None:
    """300,000 came, 120,000 go back: 180,000 of credit are left, and 180,000 at the gateway once it has confirmed."""
    payment = top_up(customer, 300_000)
    refund = begun(payment, 120_000, people)
    assert (wallet_of(customer.pk).credit, house_balance(Kind.REFUNDS), house_balance(Kind.GATEWAY)) == (
        180_000, 120_000, -300_000,
    )  # fmt: skip
    assert gate.refunded == [], "the gateway hears of it when it is committed"

    gate.refund_answer = arrived(120_000)
    see_to_refunds(at=LATER)
    refund.refresh_from_db()
    payment.refresh_from_db()
    assert gate.refunded == [(refund.reference, 120_000)]
    assert (refund.state, refund.gateway_txn_id, payment.to_source, payment.state) == (
        "done",
        "R-1",
        120_000,
        "succeeded",
    )
    assert (house_balance(Kind.REFUNDS), house_balance(Kind.GATEWAY)) == (0, -180_000)
    kinds = (
        Notice.objects.filter(kind__startswith="refund")
        .order_by("pk")
        .values_list("kind", "facts__amount", "facts__account")
    )
    assert list(kinds) == [("refund_begun", 120_000, "gate|"), ("refund_done", 120_000, "gate|")]
    assert AuditEntry.objects.get(verb="refund top-up").facts["amount"] == 120_000


def test_the_rest_goes_back_in_parts_and_then_the_payment_is_refunded(
    gate: Gate, customer: Customer, people: Any
) -> None:
    payment = top_up(customer, 300_000)
    for number, amount in enumerate([100_000, 200_000]):
        gate.refund_answer = arrived(amount, f"R-{number}")
        begun(payment, amount, people)
        see_to_refunds(at=LATER)
    payment.refresh_from_db()
    assert (payment.state, payment.to_source, wallet_of(customer.pk).credit) == ("refunded", 300_000, 0)
    with refused(NotReturnable):
        asked(payment, 1_000, people[0])


def test_a_gateway_that_refuses_makes_it_credit_again(gate: Gate, customer: Customer, people: Any) -> None:
    payment = top_up(customer, 300_000)
    refund = begun(payment, 300_000, people)
    gate.refund_answer = Failed("not_refundable", "no")
    see_to_refunds(at=LATER)
    refund.refresh_from_db()
    payment.refresh_from_db()
    assert (refund.state, payment.to_source, payment.state) == ("failed", 0, "succeeded")
    assert (wallet_of(customer.pk).credit, house_balance(Kind.REFUNDS), house_balance(Kind.GATEWAY)) == (
        300_000,
        0,
        -300_000,
    )
    assert Notice.objects.get(kind="refund_failed").facts["failure"] == "not_refundable: no"
    assert returnable(payment) == 300_000


def test_a_lost_answer_is_asked_about_and_not_sent_again(gate: Gate, customer: Customer, people: Any) -> None:
    refund = begun(top_up(customer, 300_000), 300_000, people)
    gate.refund_answer = Unknown("time-out")
    see_to_refunds(at=LATER)
    gate.refund_known = Pending()
    see_to_refunds(at=LATER + HOUR)
    gate.refund_known = arrived(300_000)
    see_to_refunds(at=LATER + DAY)
    refund.refresh_from_db()
    assert (gate.refunded, refund.state) == ([(refund.reference, 300_000)], "done")


def test_what_never_reached_the_gateway_is_sent_again_under_the_same_reference(
    gate: Gate, customer: Customer, people: Any
) -> None:
    refund = begun(top_up(customer, 300_000), 300_000, people)
    gate.refund_answer, gate.refund_known = Unknown("connection refused"), Unknown(NOT_FOUND)
    see_to_refunds(at=LATER)
    gate.refund_answer = arrived(300_000)
    see_to_refunds(at=LATER + HOUR)
    refund.refresh_from_db()
    assert (gate.refunded, refund.state) == ([(refund.reference, 300_000)] * 2, "done")


def test_what_the_gateway_may_have_forgotten_is_not_sent_again(gate: Gate, customer: Customer, people: Any) -> None:
    """The top-up was made 24 hours before; the gateway remembers for 48, so 24 hours later it may have sent the money and forgotten."""
    refund = begun(top_up(customer, 300_000), 300_000, people)
    gate.refund_answer, gate.refund_known = Unknown("time-out"), Unknown(NOT_FOUND)
    see_to_refunds(at=LATER)
    gate.refund_answer = arrived(300_000)
    see_to_refunds(at=LATER + DAY)
    refund.refresh_from_db()
    assert (gate.refunded, refund.state, refund.failure) == ([(refund.reference, 300_000)], "under_way", "not_found")


def test_asking_about_a_refund_that_waits_for_staff_sends_nothing(gate: Gate, customer: Customer, people: Any) -> None:
    """The top-up is an hour old, but nobody is to ask about the refund any more."""
    refund = begun(top_up(customer, 300_000, LATER - HOUR), 300_000, people)
    gate.refund_answer, gate.refund_known = Unknown("time-out"), Unknown(NOT_FOUND)
    see_to_refunds(at=LATER)
    Refund.objects.filter(pk=refund.pk).update(check_at=None)
    gate.refund_answer = arrived(300_000)
    check_refund(refund.pk, reason="look", actor=people[0], at=LATER + MINUTE)
    refund.refresh_from_db()
    assert (gate.refunded, refund.state) == ([(refund.reference, 300_000)], "under_way")


def test_a_refusal_of_what_is_sent_again_gives_no_credit_back(gate: Gate, customer: Customer, people: Any) -> None:
    """The first may have moved the 300,000: they are no credit before the gateway says of the refund itself that it failed."""
    refund = begun(top_up(customer, 300_000), 300_000, people)
    gate.refund_answer, gate.refund_known = Unknown("time-out"), Unknown(NOT_FOUND)
    see_to_refunds(at=LATER)
    gate.refund_answer = Failed("not_refundable", "no")
    see_to_refunds(at=LATER + HOUR)
    refund.refresh_from_db()
    assert (len(gate.refunded), refund.state, refund.failure) == (2, "under_way", "not_refundable: no")
    assert (wallet_of(customer.pk).credit, house_balance(Kind.REFUNDS)) == (0, 300_000)


def test_a_refund_whose_gateway_was_removed_waits_for_two_people(
    gate: Gate, customer: Customer, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(code: str) -> Gate:
        raise gateways.UnknownGateway(code)

    refund = begun(top_up(customer, 300_000), 300_000, people)
    gate.refund_answer = Unknown("time-out")
    see_to_refunds(at=LATER)
    monkeypatch.setattr(gateways, "gateway", none)
    see_to_refunds(at=LATER + HOUR)
    assert [one.reference for one in Refund.objects.stuck()] == [refund.reference]


def test_an_earlier_refund_of_the_same_amount_is_not_taken_for_this_one(
    gate: Gate, customer: Customer, people: Any
) -> None:
    """A gateway that tells of a payment's latest movement alone says the first one's number when the second never reached it."""
    payment = top_up(customer, 300_000)
    gate.refund_answer = arrived(100_000, "R-1")
    begun(payment, 100_000, people)
    see_to_refunds(at=LATER)
    second = begun(payment, 100_000, people)
    gate.refund_answer, gate.refund_known = Unknown("connection refused"), arrived(100_000, "R-1")
    see_to_refunds(at=LATER + MINUTE)
    gate.refund_answer = arrived(100_000, "R-2")
    see_to_refunds(at=LATER + HOUR)
    second.refresh_from_db()
    assert (second.state, second.gateway_txn_id) == ("done", "R-2")


@pytest.mark.parametrize("late", [Succeeded("R-9", 300_000, LATER), Failed("refund_failed", ""), Unknown("?")])
def test_an_end_stands_whatever_is_said_later(gate: Gate, customer: Customer, people: Any, late: Outcome) -> None:
    refund = begun(top_up(customer, 300_000), 300_000, people)
    gate.refund_answer = arrived(300_000)
    see_to_refunds(at=LATER)
    gate.refund_known = late
    with nothing_changes():
        see_to_refunds(at=LATER + DAY)
        check_refund(refund.pk, reason="look", actor=people[0], at=LATER + DAY)


def test_a_refund_that_was_made_may_fail_afterwards_where_gateways_do_that(
    gate: Gate, customer: Customer, people: Any
) -> None:
    """All 300,000 went back, and came back to the gateway: they are credit again, and the top-up is not refunded any more."""
    gate.caps = replace(gate.caps, refunds_come_back=True)
    payment = top_up(customer, 300_000)
    refund = begun(payment, 300_000, people)
    gate.refund_answer = arrived(300_000)
    see_to_refunds(at=LATER)
    gate.refund_known = Failed("refund_failed", "expired_or_canceled_card")
    check_refund(refund.pk, reason="statement", actor=people[0], at=LATER + DAY)
    refund.refresh_from_db()
    payment.refresh_from_db()
    assert (refund.state, refund.settled_at, refund.came_back_at) == ("failed", LATER, LATER + DAY)
    assert (payment.state, payment.to_source, returnable(payment)) == ("succeeded", 0, 300_000)
    assert (wallet_of(customer.pk).credit, house_balance(Kind.GATEWAY)) == (300_000, -300_000)
    assert [step.code for step in story_of(payment)][:2] == ["refund_failed", "refund_done"]
    with nothing_changes():
        check_refund(refund.pk, reason="again", actor=people[0], at=LATER + 2 * DAY)


@pytest.mark.parametrize("order", list(permutations(["done", "failed", "pending", "unknown"])), ids="-".join)
@pytest.mark.parametrize("comes_back", [False, True])
def test_in_whatever_order_a_refund_is_told_the_end_is_the_same(
    gate: Gate, customer: Customer, people: Any, order: tuple[str, ...], comes_back: bool
) -> None:
    """Where a refund can fail afterwards, the failure beats all; elsewhere an end stands, and only one of the two is ever told."""
    gate.caps = replace(gate.caps, refunds_come_back=comes_back)
    payment = top_up(customer, 300_000)
    refund = begun(payment, 100_000, people)
    see_to_refunds(at=LATER)
    told = {
        "done": arrived(100_000),
        "failed": Failed("refund_failed", ""),
        "pending": Pending(),
        "unknown": Unknown("?"),
    }
    for name in [*order, *order]:
        judge_refund(payment.pk, refund.reference, told[name], at=LATER)
    refund.refresh_from_db()
    is_failed = comes_back or order.index("failed") < order.index("done")
    assert refund.state == ("failed" if is_failed else "done")
    credit = 300_000 if is_failed else 200_000
    assert (wallet_of(customer.pk).credit, -house_balance(Kind.GATEWAY)) == (credit, credit)


def test_one_refund_of_a_payment_at_a_time(gate: Gate, customer: Customer, people: Any) -> None:
    payment = top_up(customer, 300_000)
    begun(payment, 100_000, people)
    with refused(RefundOpen):
        asked(payment, 100_000, people[0])


def test_what_was_spent_does_not_go_back(gate: Gate, customer: Customer, people: Any, small: Item) -> None:
    """300,000, of which 181,000 were spent: 119,000 are left, and a correction by staff does not add to them."""
    payment = top_up(customer, 300_000)
    create(customer, small, at=NOON)
    assert returnable(payment) == 119_000
    key = StaffAct.objects.create(
        act="adjust-credit", state="alone", customer=customer, amount=50_000, reason="r", asked_by=people[0].name, asked_at=NOON,
        decided_by=people[0].name, decided_at=NOON,
    ).pk  # fmt: skip
    adjust_credit(customer, 50_000, key=key, reason="goodwill", actor=STAFF, at=NOON)
    assert returnable(payment) == 119_000
    with refused(NotReturnable):
        asked(payment, 119_001, people[0])


def test_credit_is_spent_in_the_order_in_which_it_came(
    gate: Gate, customer: Customer, people: Any, small: Item
) -> None:
    """200,000 and later 100,000 came; 181,000 were spent: 19,000 of the first are left and all of the second."""
    first, second = top_up(customer, 200_000), top_up(customer, 100_000, NOON + MINUTE)
    create(customer, small, at=NOON + HOUR)
    assert (returnable(first), returnable(second)) == (19_000, 100_000)
    gate.refund_answer = arrived(100_000)
    begun(second, 100_000, people)
    see_to_refunds(at=LATER)
    assert (returnable(first), returnable(Payment.objects.get(pk=second.pk))) == (19_000, 0)


def test_what_the_bank_took_back_does_not_go_back_as_well(gate: Gate, customer: Customer, people: Any) -> None:
    payment = top_up(customer, 300_000)
    take_back(payment.pk, 200_000, reference="CB-1", reason="chargeback", actor=STAFF, at=NOON)
    payment.refresh_from_db()
    assert returnable(payment) == 100_000


def test_what_was_spent_while_it_waited_for_approval_does_not_go_back(
    gate: Gate, customer: Customer, people: Any, small: Item
) -> None:
    act = asked(top_up(customer, 300_000), 300_000, people[0])
    create(customer, small, at=NOON)
    with refused(NotReturnable):
        approve(act.pk, actor=people[1], at=LATER)


def test_a_refund_that_the_gateway_forgot_waits_for_two_people(gate: Gate, customer: Customer, people: Any) -> None:
    refund = begun(top_up(customer, 300_000), 300_000, people)
    gate.refund_answer = gate.refund_known = Unknown("time-out")
    for hours in (0, 10, 30, 47, 60):
        see_to_refunds(at=LATER + hours * HOUR)
    refund.refresh_from_db()
    assert (refund.state, refund.check_at) == ("under_way", None)

    facts = {"refund": str(refund.pk), "gateway_txn_id": ""}
    about: dict[str, Any] = {"customer": customer, "amount": 300_000, "facts": facts, "reason": "r", "at": LATER}
    act = ask(DecideRefund, subject=refund.reference, actor=people[0], **about).act
    assert act.state == "waiting"
    approve(act.pk, actor=people[1], at=LATER)
    refund.refresh_from_db()
    assert (refund.state, wallet_of(customer.pk).credit) == ("failed", 300_000)
    with refused(RefundEnded):
        ask(DecideRefund, subject=refund.reference, actor=people[0], **about)
