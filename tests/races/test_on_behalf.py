"""Whoever pays beside somebody else: the payer beside the customer, the customer beside what is done about debts."""

from __future__ import annotations

import pytest

from billing_portal.auditor import violations
from invoices.models import DunningStep, Invoice
from invoices.services.standing import standing_of
from invoices.tasks import climb_ladder
from kernel.errors import DomainError
from ledger.services import Fact, Kind, spend
from payments.models import Payment, PaymentRequest
from payments.services.behalf import Asking, ask_to_pay, withdraw_request
from payments.services.gateway import start_top_up
from payments.services.invoices import pay_invoices_from_wallet
from payments.services.outcomes import record_outcome
from payments.services.owed import settle_what_is_owed
from payments.services.paying_on_behalf import pay_on_behalf
from payments.services.reversals import take_back
from payments.services.wallet import wallet_of
from tests.actions.conftest import Gate, gate, paid
from tests.actions.test_bank_transfers import bills
from tests.cast import DAY, JOB, NOON, STAFF, fund, make_customer, make_item, make_product, owner_of
from tests.debts import morning, usage_invoice
from tests.races.test_races import at_once

__all__ = ["gate"]
pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + 11 * DAY


def asked(credit: int = 0) -> tuple[PaymentRequest, Invoice]:
    small = make_item(make_product("vserver"), "small", 181_000)
    customer, [bill] = bills(small, 1, credit=credit)
    asking = Asking("father@family.example", "Lan", "en")
    return ask_to_pay(customer, "invoice", [bill.pk], asking, actor=owner_of(customer), at=LATER), bill


def test_the_money_of_payer_and_customer_at_once_pays_once_and_the_rest_is_credit(gate: Gate) -> None:
    request, bill = asked(credit=60_333)
    customer = request.customer
    payment = pay_on_behalf(request.pk, gateway="gate", at=LATER)
    at_once(
        [lambda: record_outcome(payment.pk, paid(payment, LATER), actor=JOB, at=LATER)] * 4
        + [lambda: pay_invoices_from_wallet(customer.pk, [bill.pk], actor=owner_of(customer), at=LATER)]
    )
    bill.refresh_from_db()
    assert (bill.status, wallet_of(customer.pk).credit) == ("paid", 60_333)
    assert PaymentRequest.objects.get().state == "paid"
    assert violations() == []


def test_a_form_that_is_sent_many_times_at_once_is_one_attempt(gate: Gate) -> None:
    request, _bill = asked()
    results = at_once([lambda: pay_on_behalf(request.pk, gateway="gate", at=LATER)] * 4)
    assert len({result.pk for result in results}) == 1
    assert len(gate.started) == 1


def test_withdrawing_beside_the_payer_comes_before_or_after(gate: Gate) -> None:
    request, _bill = asked()
    began, withdrawn = at_once(
        [
            lambda: pay_on_behalf(request.pk, gateway="gate", at=LATER),
            lambda: withdraw_request(request.pk, actor=owner_of(request.customer), at=LATER),
        ]
    )
    assert isinstance(withdrawn, PaymentRequest)
    assert isinstance(began, Payment | DomainError)
    assert not Payment.objects.exclude(state="cancelled").exists()


def test_a_debt_is_collected_once_beside_a_payment_from_the_same_credit(gate: Gate) -> None:
    """60,000 of credit, 40,000 of debt and an invoice of 60,333: whichever is first, every đồng goes to one of them."""
    small = make_item(make_product("vserver"), "small", 181_000)
    customer, [bill] = bills(small, 1, pays_invoices_automatically=False)
    payment = start_top_up(customer, 40_000, gateway="gate", actor=owner_of(customer), at=NOON)
    record_outcome(payment.pk, paid(payment, NOON), actor=JOB, at=NOON)
    spend(customer.pk, 40_000, into=Kind.ADJUSTMENTS, kind=Fact.ADJUSTMENT, source="opening:spent", at=NOON)
    reversal = take_back(payment.pk, 40_000, reference="CB-1", reason="chargeback", actor=STAFF, at=LATER)
    assert reversal.debt == 40_000
    fund(customer, 60_000)
    pay = lambda: pay_invoices_from_wallet(  # noqa: E731
        customer.pk, [bill.pk], amount=60_000, actor=owner_of(customer), at=LATER
    )
    results = at_once([lambda: settle_what_is_owed(customer.pk, actor=JOB, at=LATER)] * 3 + [pay])
    reversal.refresh_from_db()
    bill.refresh_from_db()
    if isinstance(results[-1], Payment):
        assert (reversal.collected, bill.paid, wallet_of(customer.pk).credit) == (0, 60_000, 0)
    else:
        assert (reversal.collected, bill.paid, wallet_of(customer.pk).credit) == (40_000, 0, 20_000)


def test_a_ladder_that_is_climbed_beside_the_payment_leaves_nobody_blocked_who_owes_nothing() -> None:
    small = make_item(make_product("vserver"), "small", 181_000)
    customer = make_customer(mode="postpaid", pays_invoices_automatically=False)
    bill = usage_invoice(customer, small)
    for announced in (morning(26), morning(3, 6)):
        climb_ladder(at=announced)
    at = morning(6, 6)  # orders are blocked on this day
    fund(customer, bill.due)
    at_once(
        [
            lambda: climb_ladder(at=at),
            lambda: pay_invoices_from_wallet(customer.pk, [bill.pk], actor=owner_of(customer), at=at),
        ]
    )
    assert not standing_of(customer, at=at).is_blocked
    assert not standing_of(customer, at=at).is_stopped
    assert DunningStep.objects.filter(customer=customer).exists()
    assert violations() == []
