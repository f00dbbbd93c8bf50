"""Money that went back to its source and that the bank takes as well: it is gone twice, and owed."""

from __future__ import annotations

from itertools import permutations

import pytest
from django.db import connection

from accounts.models import Customer
from catalog.models import Item
from invoices.models import Invoice
from ledger.services import Kind
from payments.failures import TAKEN_MEANWHILE
from payments.gateways.base import Failed, Outcome, Succeeded, TakenBack, Verdict
from payments.models import Payment, Refund, Reversal
from payments.services.debts import debt_of
from payments.services.outcomes import judge
from payments.services.refunds import record_refund, returnable
from payments.services.returns import RETURNS, check_refund, see_to_refunds
from payments.services.reversals import take_back
from payments.services.wallet import wallet_of
from tests.actions.conftest import Gate
from tests.cast import DAY, JOB, NOON, STAFF, create, house_balance, make_customer
from tests.refunds import returned, topped_up

pytestmark = pytest.mark.django_db
DONE = Succeeded("R-1", 200_000, NOON)
REFUSED = Failed("not_refundable", "")
DISPUTE = TakenBack("CB-1", 300_000, NOON)


@pytest.fixture
def payment(gate: Gate) -> Payment:
    """300,000, of which 200,000 are on their way back."""
    return topped_up(make_customer(), 300_000, gateway="gate")


def told(payment: Payment, outcome: Outcome) -> Verdict:
    connection.check_constraints()  # what was paid stands since another transaction
    return judge(payment.pk, outcome, actor=JOB, at=NOON + DAY)[1]


def stands(customer: Customer) -> tuple[int, int, int, int]:
    """Credit, debt, on its way back, at the gateway."""
    houses = house_balance(Kind.REFUNDS), -house_balance(Kind.GATEWAY)
    return wallet_of(customer.pk).credit, debt_of(customer), *houses


def test_a_dispute_after_a_finished_refund_is_booked_and_what_went_twice_is_a_debt(
    gate: Gate, payment: Payment
) -> None:
    """Of 300,000 200,000 went back; the bank takes all 300,000: 100,000 out of the wallet, 200,000 are owed."""
    refund = returned(payment, 200_000, by=gate)
    see_to_refunds(at=NOON)
    record_refund(refund.pk, DONE, at=NOON)
    assert told(payment, DISPUTE) == Verdict.ACCEPTED
    reversal = Reversal.objects.get()
    assert (reversal.from_credit, reversal.reopened, reversal.debt, reversal.closed_at) == (100_000, 0, 200_000, None)
    assert stands(payment.customer) == (0, 200_000, 0, -200_000)
    assert told(payment, DISPUTE) == Verdict.DUPLICATE
    payment.refresh_from_db()
    assert (payment.taken_back, payment.to_source, returnable(payment)) == (300_000, 200_000, 0)

    topped_up(payment.customer, 250_000, gateway="gate")
    assert stands(payment.customer) == (50_000, 0, 0, 50_000)


def test_all_that_went_back_can_be_taken_by_staff_from_a_line_of_the_statement(gate: Gate, payment: Payment) -> None:
    refund = returned(payment, 300_000, by=gate)
    see_to_refunds(at=NOON)
    record_refund(refund.pk, Succeeded("R-1", 300_000, NOON), at=NOON)
    payment.refresh_from_db()
    assert payment.state == "refunded"
    take_back(payment.pk, 300_000, reference="CB-1", reason="line", actor=STAFF, at=NOON + DAY)
    assert stands(payment.customer) == (0, 300_000, 0, -300_000)
    assert told(payment, TakenBack("CB-2", 1, NOON)) == Verdict.WRONG_AMOUNT


def test_no_invoice_opens_again_for_money_that_had_gone_back(gate: Gate, payment: Payment, small: Item) -> None:
    """300,000: 200,000 go back, other 181,000 pay a server. The bank takes 300,000: 100,000 by credit, none from that invoice."""
    refund = returned(payment, 200_000, by=gate)
    see_to_refunds(at=NOON)
    record_refund(refund.pk, DONE, at=NOON)
    topped_up(payment.customer, 181_000, gateway="gate", at=NOON)
    create(payment.customer, small, at=NOON + DAY)
    assert wallet_of(payment.customer_id).credit == 100_000
    told(payment, DISPUTE)
    assert (Reversal.objects.get().reopened, Invoice.objects.get().status) == (0, "paid")
    assert debt_of(payment.customer) == 200_000


@pytest.mark.parametrize("order", list(permutations(["sent", "ended", "taken"])), ids="-".join)
@pytest.mark.parametrize(("end", "debt", "held"), [(DONE, 200_000, -200_000), (REFUSED, 0, 0)], ids=["done", "refused"])
def test_whenever_the_bank_takes_it_the_end_is_the_same(
    gate: Gate, payment: Payment, order: tuple[str, ...], end: Outcome, debt: int, held: int
) -> None:
    """What had not left when the bank took it does not leave at all; else gone twice is owed, and what comes back pays that."""
    refund = returned(payment, 200_000, by=gate)
    steps = {
        "sent": lambda: see_to_refunds(at=NOON),
        "ended": lambda: (
            Refund.objects.filter(pk=refund.pk, state="under_way").exists() and record_refund(refund.pk, end, at=NOON)
        ),
        "taken": lambda: told(payment, DISPUTE),
    }
    for step in order:
        steps[step]()
    steps["ended"]()
    refund.refresh_from_db()
    if order.index("taken") < order.index("sent"):
        assert (refund.state, refund.failure, gate.refunded) == ("failed", f"{TAKEN_MEANWHILE}: ", [])
        debt = held = 0
    assert stands(payment.customer) == (0, debt, 0, held)
    assert Reversal.objects.get().amount == 300_000


def test_a_refund_that_has_left_is_asked_about_whatever_a_worker_had_read_before(
    gate: Gate, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker has read it as not sent yet. Another one sends it and a bank takes the payment, before the first goes on."""
    refund = returned(payment, 200_000, by=gate)
    gate.refund_known = DONE

    def meanwhile(*_: object, **__: object) -> None:
        monkeypatch.undo()
        monkeypatch.setattr("payments.gateways.gateway", lambda _code: gate)
        Refund.objects.update(check_at=NOON)
        see_to_refunds(at=NOON)
        told(payment, DISPUTE)

    monkeypatch.setattr(type(RETURNS), "count", meanwhile)
    check_refund(refund.pk, reason="the customer calls", actor=STAFF, at=NOON)
    refund.refresh_from_db()
    assert (refund.state, gate.refunded, stands(payment.customer)) == (
        "done",
        [(refund.reference, 200_000)],
        (0, 200_000, 0, -200_000),
    )
