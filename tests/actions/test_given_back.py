"""A dispute is won: what the bank had taken back is ours again, and everything is as if it had not been."""

from __future__ import annotations

from itertools import permutations

import pytest
from django.db import connection

from accounts.models import Customer
from catalog.models import Item
from invoices.models import Invoice
from kernel.errors import InvalidInput
from ledger.models import Entry
from ledger.services import Fact, Kind, spend
from notifications.models import Notice
from payments.failures import TAKEN_MEANWHILE
from payments.gateways.base import Failed, GivenBack, Outcome, Succeeded, TakenBack, Unknown, Verdict
from payments.models import AutomaticCharge, Payment, Refund, Reversal
from payments.origins import credit_by_kind
from payments.queries import in_and_spent
from payments.services.debts import debt_of
from payments.services.gateway import start_invoice_payment, start_top_up
from payments.services.given_back import GivenBackBefore, give_back
from payments.services.outcomes import judge, record_outcome
from payments.services.refunds import record_refund, returnable
from payments.services.returns import see_to_refunds
from payments.services.transfers import record_bank_transfer
from payments.services.wallet import wallet_of
from tests.actions.books import refused
from tests.actions.conftest import Gate
from tests.actions.test_bank_transfers import bills
from tests.cast import DAY, JOB, NOON, STAFF, create, house_balance, make_customer, owner_of
from tests.every_order import Orders
from tests.links import linked_account, tops_up
from tests.refunds import returned, topped_up

pytestmark = pytest.mark.django_db
LOST, WON = TakenBack("dp-1", 300_000, NOON, of="txn-1"), GivenBack("dp-1", 300_000, NOON, of="txn-1")
CAME = Succeeded("txn-1", 300_000, NOON)


@pytest.fixture
def customer(gate: Gate) -> Customer:
    return make_customer(pays_invoices_automatically=False)


@pytest.fixture
def begun(customer: Customer) -> Payment:
    return start_top_up(customer, 300_000, gateway="gate", actor=owner_of(customer), at=NOON)


def told(payment: Payment, *outcomes: Outcome) -> Verdict:
    for outcome in outcomes:
        connection.check_constraints()  # what was paid stands since another transaction
        verdict = judge(payment.pk, outcome, actor=JOB, at=NOON + DAY)[1]
    return verdict


def test_what_is_won_back_is_credit_that_can_go_back_to_its_source(customer: Customer, begun: Payment) -> None:
    told(begun, CAME, LOST)
    assert wallet_of(customer.pk).credit == 0
    assert told(begun, WON) == Verdict.ACCEPTED
    assert told(begun, WON, LOST) == Verdict.DUPLICATE
    begun.refresh_from_db()
    assert (wallet_of(customer.pk).credit, house_balance(Kind.GATEWAY)) == (300_000, -300_000)
    assert (begun.state, begun.taken_back, returnable(begun)) == ("succeeded", 0, 300_000)
    assert credit_by_kind(customer.pk) == {"bought": 300_000}
    facts = Notice.objects.get(kind=Notice.Kind.PAYMENT_GIVEN_BACK).facts
    assert (facts["amount"], facts["debt"], facts["credit"]) == (300_000, 0, 300_000)
    assert Reversal.objects.get().closed_at == NOON + DAY


def test_the_invoice_that_was_opened_is_paid_again(customer: Customer, begun: Payment, small: Item) -> None:
    """181,000 of 300,000 were spent on a server: after the dispute its invoice is open, after the victory paid as before."""
    told(begun, CAME)
    create(customer, small, at=NOON + DAY)
    told(begun, LOST)
    assert Invoice.objects.get().due == 181_000
    told(begun, WON)
    assert (Invoice.objects.get().status, wallet_of(customer.pk).credit) == ("paid", 119_000)
    assert credit_by_kind(customer.pk) == {"bought": 119_000}


def test_what_is_still_owed_is_paid_by_it_and_what_was_collected_is_credit(customer: Customer, begun: Payment) -> None:
    """300,000 are spent and taken back: a debt, of which 100,000 are collected before the rest of it is forgiven by the victory."""
    told(begun, CAME)
    spend(customer.pk, 300_000, into=Kind.ADJUSTMENTS, kind=Fact.ADJUSTMENT, source="opening:s", at=NOON)
    told(begun, LOST)
    topped_up(customer, 100_000, gateway="gate")
    assert (debt_of(customer), wallet_of(customer.pk).credit) == (200_000, 0)
    told(begun, WON)
    assert (debt_of(customer), wallet_of(customer.pk).credit, house_balance(Kind.DEBTS)) == (0, 100_000, 0)


def test_staff_book_a_victory_once_also_of_a_bank_transfer(customer: Customer, begun: Payment) -> None:
    paid = record_bank_transfer(customer.pk, 100_000, [], reference="FT1", reason="s", actor=STAFF, at=NOON)
    told(paid, TakenBack("B-1", 100_000, NOON))
    reversal = Reversal.objects.get()
    give_back(reversal.pk, 100_000, reason="letter of the bank", actor=STAFF, at=NOON + DAY)
    assert (wallet_of(customer.pk).credit, house_balance(Kind.BANK)) == (100_000, -100_000)
    with refused(GivenBackBefore):
        give_back(reversal.pk, 100_000, reason="again", actor=STAFF, at=NOON + DAY)


def test_more_than_was_taken_is_not_believed(customer: Customer, begun: Payment) -> None:
    told(begun, CAME, LOST)
    assert told(begun, GivenBack("dp-1", 300_001, NOON, of="txn-1")) == Verdict.WRONG_AMOUNT
    assert wallet_of(customer.pk).credit == 0
    reversal = Reversal.objects.get()
    for amount in (0, 300_001):
        with refused(InvalidInput):
            give_back(reversal.pk, amount, reason="letter", actor=STAFF, at=NOON + DAY)


# A part is won

PART = GivenBack("dp-1", 120_000, NOON, of="txn-1", taken=300_000)


def test_of_a_dispute_that_was_won_in_part_the_rest_stays_away_and_the_case_stays_open(
    customer: Customer, begun: Payment
) -> None:
    assert told(begun, CAME, LOST, PART) == Verdict.ACCEPTED
    assert told(begun, PART, LOST) == Verdict.DUPLICATE
    assert told(begun, WON) == Verdict.WRONG_AMOUNT
    begun.refresh_from_db()
    assert (begun.taken_back, returnable(begun)) == (180_000, 120_000)
    assert (wallet_of(customer.pk).credit, house_balance(Kind.GATEWAY)) == (120_000, -120_000)
    reversal = Reversal.objects.get()
    assert (reversal.given_back, reversal.closed_at) == (120_000, None)
    facts = Notice.objects.get(kind=Notice.Kind.PAYMENT_GIVEN_BACK).facts
    assert (facts["amount"], facts["credit"], facts["lost"]) == (120_000, 120_000, 180_000)


def test_the_part_pays_what_is_owed_first_and_then_the_invoice_as_far_as_it_goes(
    customer: Customer, begun: Payment, small: Item
) -> None:
    """Of 300,000 181,000 paid a server and 100,000 something else: the bank takes 19,000 of credit, opens 181,000, 100,000 are owed."""
    told(begun, CAME)
    create(customer, small, at=NOON + DAY)
    spend(customer.pk, 100_000, into=Kind.ADJUSTMENTS, kind=Fact.ADJUSTMENT, source="opening:s", at=NOON)
    told(begun, LOST)
    assert (Invoice.objects.get().due, debt_of(customer), wallet_of(customer.pk).credit) == (181_000, 100_000, 0)
    told(begun, PART)
    assert (Invoice.objects.get().due, debt_of(customer), wallet_of(customer.pk).credit) == (161_000, 0, 0)
    assert house_balance(Kind.DEBTS) == 0


def test_a_part_that_is_less_than_what_is_owed_leaves_the_rest_owed(customer: Customer, begun: Payment) -> None:
    told(begun, CAME)
    spend(customer.pk, 300_000, into=Kind.ADJUSTMENTS, kind=Fact.ADJUSTMENT, source="opening:s", at=NOON)
    told(begun, LOST, PART)
    assert (debt_of(customer), wallet_of(customer.pk).credit) == (180_000, 0)
    topped_up(customer, 200_000, gateway="gate")
    assert (debt_of(customer), wallet_of(customer.pk).credit, house_balance(Kind.DEBTS)) == (0, 20_000, 0)


@pytest.mark.parametrize("taken", [300_000, 0], ids=["says of how much", "does not say"])
def test_in_whatever_order_a_part_is_told_the_end_is_the_same(customer: Customer, begun: Payment, taken: int) -> None:
    """Who does not say of how much it is a part has to be told the loss before, or the payment."""
    part = GivenBack("dp-1", 120_000, NOON, of="txn-1", taken=taken)
    outcomes = [CAME, Failed("expired", ""), LOST, part, part] if taken else [CAME, LOST, part]
    orders = Orders([lambda each=each: told(begun, each) for each in outcomes], lambda: look_at(begun))
    orders.follow()
    ends = {end[:5] for end in orders.ends}
    if taken:
        assert ends == {("succeeded", "", 180_000, 300_000, 120_000)}
    else:  # the victory alone, after the payment: of as much as it says; the loss of more is then a difference in the statement
        assert ends == {("succeeded", "", 180_000, 300_000, 120_000), ("succeeded", "", 0, 300_000, 300_000)}


def test_staff_who_have_seen_it_at_the_gateway_are_believed_and_its_loss_is_not_forgotten(
    customer: Customer, begun: Payment
) -> None:
    assert told(begun, LOST, CAME) == Verdict.DUPLICATE
    record_outcome(begun.pk, CAME, actor=STAFF, at=NOON + DAY, looked_up=True)
    reversal = Reversal.objects.get()
    assert (wallet_of(customer.pk).credit, house_balance(Kind.GATEWAY)) == (0, 0)
    assert (reversal.reference, reversal.amount, reversal.closed_at) == ("dp-1", 300_000, None)
    assert told(begun, WON) == Verdict.ACCEPTED
    assert wallet_of(customer.pk).credit == 300_000


def test_another_transaction_than_the_one_that_was_lost_is_not_lost_with_it(customer: Customer, begun: Payment) -> None:
    told(begun, LOST)
    record_outcome(begun.pk, Succeeded("txn-2", 300_000, NOON), actor=STAFF, at=NOON + DAY, looked_up=True)
    assert (wallet_of(customer.pk).credit, Reversal.objects.exists()) == (300_000, False)


def test_what_is_due_again_is_not_spent_and_is_not_spent_twice(gate: Gate, customer: Customer, small: Item) -> None:
    """A bill of 60,333 is paid at the gateway, the payment lost and won: 60,333 came and were spent, in between nothing of either."""
    customer, [bill] = bills(small, 1)
    payment = start_invoice_payment(customer, [bill.pk], gateway="gate", actor=owner_of(customer), at=NOON)
    came = Succeeded("txn-9", 60_333, NOON)
    lost, won = TakenBack("dp-9", 60_333, NOON, of="txn-9"), GivenBack("dp-9", 60_333, NOON, of="txn-9")
    sums = []
    for outcome in (came, lost, won):
        told(payment, outcome)
        sums.append(in_and_spent(Payment.objects.filter(customer=customer)))
    assert sums == [(60_333, 60_333), (0, 0), (60_333, 60_333)]


@pytest.mark.parametrize(
    ("order", "is_on"), [([CAME, WON, LOST], True), ([CAME, LOST, WON], False)], ids=["won first", "lost first"]
)
def test_a_victory_that_is_told_before_the_loss_switches_nothing_off(
    customer: Customer, begun: Payment, order: list[Outcome], is_on: bool
) -> None:
    """Nothing was away in between. Who heard of the loss first has been told, and decides anew."""
    tops_up(linked_account(customer), below=100_000)
    told(begun, *order)
    assert (wallet_of(customer.pk).credit, AutomaticCharge.objects.get().is_on) == (300_000, is_on)


def look_at(payment: Payment) -> object:
    entries = Entry.objects.filter(customer=payment.customer_id).order_by("transaction__kind", "amount")
    return (
        *Payment.objects.values_list("state", "failure", "taken_back", "captured").get(pk=payment.pk),
        wallet_of(payment.customer_id).credit,
        tuple(entries.values_list("transaction__kind", "amount")),
        tuple(Reversal.objects.values_list("amount", "debt", "collected", "given_back_at", "closed_at")),
    )


@pytest.mark.parametrize("amount", [300_000, 120_000], ids=["all", "part"])
def test_in_whatever_order_a_won_dispute_is_told_the_end_is_the_same(
    customer: Customer, begun: Payment, amount: int
) -> None:
    """All of it may be told before the payment. Of a part the whole has to come in first, so that is told again."""
    lost, won = TakenBack("dp-1", amount, NOON, of="txn-1"), GivenBack("dp-1", amount, NOON, of="txn-1")
    outcomes = [CAME, Failed("expired", ""), Unknown("?"), lost, won, won]
    orders = Orders([lambda each=each: told(begun, each) for each in outcomes], lambda: look_at(begun))
    orders.follow()
    [end] = orders.ends
    assert end[:5] == ("succeeded", "", 0, 300_000, 300_000)


@pytest.mark.parametrize("order", list(permutations(["sent", "ended", "lost", "won"])), ids="-".join)
@pytest.mark.parametrize(
    "end", [Succeeded("R-1", 200_000, NOON), Failed("not_refundable", "")], ids=["done", "refused"]
)
def test_a_refund_in_between_changes_nothing(
    gate: Gate, customer: Customer, begun: Payment, order: tuple[str, ...], end: Outcome
) -> None:
    """Of 300,000 200,000 go back, or are credit again; a dispute about all of it is won, sooner or later."""
    told(begun, CAME)
    refund = returned(begun, 200_000, by=gate)

    def ended() -> None:
        if Refund.objects.filter(pk=refund.pk, state="under_way").exists():
            record_refund(refund.pk, end, at=NOON)

    steps = {
        "sent": lambda: see_to_refunds(at=NOON),
        "ended": ended,
        "lost": lambda: told(begun, LOST),
        "won": lambda: told(begun, WON),
    }
    for step in order:
        steps[step]()
    ended()
    refund.refresh_from_db()
    left = 100_000 if refund.state == "done" else 300_000
    assert (refund.state, refund.failure.partition(":")[0]) in {
        ("done", ""),
        ("failed", "not_refundable"),
        ("failed", TAKEN_MEANWHILE),
    }
    assert (wallet_of(customer.pk).credit, debt_of(customer), -house_balance(Kind.GATEWAY)) == (left, 0, left)
