"""A bank or gateway takes money back: credit first, then what was paid with it is open again, and the rest is a debt."""

from __future__ import annotations

import pytest
from django.db import connection
from django.urls import reverse

from accounts.four_eyes import approve, ask
from accounts.models import Customer
from catalog.models import Item
from invoices.models import Invoice
from ledger.services import Fact, Kind, spend
from lifecycle.models import Resource
from notifications.models import Notice
from orders.models import Action
from orders.services.delete import delete_resource
from orders.services.unpaid import end_unpaid_order
from payments.acts import AdjustCredit
from payments.gateways.base import TakenBack
from payments.models import Payment, Reversal
from payments.services.correct import correct_invoice
from payments.services.credit import grant_promotional_credit
from payments.services.debts import debt_of
from payments.services.gateway import start_top_up
from payments.services.outcomes import record_outcome
from payments.services.reversals import NotTakenBack, ReversalClosed, close_reversal, take_back
from payments.services.transfers import record_bank_transfer
from payments.services.wallet import wallet_of
from payments.tasks import pay_open_invoices
from tests.actions.books import nothing_changes, refused
from tests.actions.conftest import Gate, paid
from tests.actions.test_wallet import ordered_through_the_gate
from tests.cast import (
    DAY,
    JOB,
    MONTH,
    NOON,
    STAFF,
    answer,
    create,
    fund,
    house_balance,
    make_colleague,
    make_customer,
    order,
    owner_of,
    quote,
)
from tests.markup import markup
from tests.portal.seen import signed_in, the_time_being

pytestmark = pytest.mark.django_db


def top_up(customer: Customer, amount: int) -> Payment:
    payment = start_top_up(customer, amount, gateway="gate", actor=owner_of(customer), at=NOON)
    return record_outcome(payment.pk, paid(payment, NOON), actor=JOB, at=NOON)


def taken(payment: Payment, amount: int, reference: str = "CB-1") -> Reversal:
    connection.check_constraints()  # what was paid stands since another transaction
    return take_back(payment.pk, amount, reference=reference, reason="chargeback", actor=STAFF, at=NOON + 2 * DAY)


def parts(reversal: Reversal) -> tuple[int, int, int]:
    return reversal.from_credit, reversal.reopened, reversal.debt


def test_credit_that_is_still_there_is_taken_back(gate: Gate) -> None:
    customer = make_customer()
    payment = top_up(customer, 300_000)
    assert parts(taken(payment, 300_000)) == (300_000, 0, 0)
    assert (wallet_of(customer.pk).credit, house_balance(Kind.GATEWAY)) == (0, 0)
    told = Notice.objects.get(kind=Notice.Kind.PAYMENT_TAKEN_BACK).facts
    assert (told["amount"], told["from_credit"], told["reopened"], told["debt"]) == (300_000, 300_000, 0, 0)


def test_the_gateway_itself_may_say_so_and_saying_it_twice_changes_nothing(gate: Gate) -> None:
    customer = make_customer()
    payment = top_up(customer, 300_000)
    record_outcome(payment.pk, TakenBack("CB-1", 100_000, NOON), actor=JOB, at=NOON + DAY)
    with nothing_changes():
        record_outcome(payment.pk, TakenBack("CB-1", 100_000, NOON), actor=JOB, at=NOON + 2 * DAY)
    assert wallet_of(customer.pk).credit == 200_000


def test_what_was_spent_on_an_invoice_opens_it_again(gate: Gate, small: Item) -> None:
    """300,000 came, 181,000 were spent: 119,000 of credit are left and 181,000 of the invoice are open."""
    customer = make_customer()
    payment = top_up(customer, 300_000)
    create(customer, small, at=NOON + DAY)
    assert parts(taken(payment, 300_000)) == (119_000, 181_000, 0)
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.due, wallet_of(customer.pk).credit) == ("unpaid", 181_000, 0)

    fund(customer, 181_000)
    pay_open_invoices(at=NOON + 3 * DAY)
    invoice.refresh_from_db()
    assert (invoice.status, wallet_of(customer.pk).credit) == ("paid", 0)


def test_the_order_that_the_payment_itself_paid_is_open_again_and_later_ones_stay_paid(gate: Gate, small: Item) -> None:
    customer = make_customer()
    bought, payment = ordered_through_the_gate(customer, small)
    record_outcome(payment.pk, paid(payment, NOON), actor=JOB, at=NOON)
    bought.refresh_from_db()
    answer(bought)
    fund(customer, 181_000)
    create(customer, small, at=NOON + DAY, name="later")
    taken(payment, 100_000)
    first, later = Invoice.objects.order_by("issued_at")
    assert (first.status, first.due, later.status) == ("partially_paid", 100_000, "paid")


def test_promotional_credit_is_never_taken_for_it(gate: Gate, small: Item) -> None:
    """100,000 promotional and 81,000 bought credit paid 181,000: only 81,000 of the invoice can open again."""
    customer = make_customer()
    payment = top_up(customer, 81_000)
    grant_promotional_credit(customer, 100_000, expires_at=NOON + 2 * MONTH, reason="welcome", actor=STAFF, at=NOON)
    create(customer, small, at=NOON + DAY)
    grant_promotional_credit(customer, 50_000, expires_at=NOON + 2 * MONTH, reason="more", actor=STAFF, at=NOON)
    assert parts(taken(payment, 81_000)) == (0, 81_000, 0)
    assert (Invoice.objects.get().due, wallet_of(customer.pk).promotional) == (81_000, 50_000)


def test_what_was_given_back_since_is_not_opened_again_and_what_nobody_answers_for_is_a_debt(
    gate: Gate, small: Item
) -> None:
    """181,000 paid, 120,667 back on deletion and spent on something that is still in escrow: a debt of 120,667."""
    customer = make_customer()
    payment = top_up(customer, 181_000)
    [server] = create(customer, small)
    delete_resource(server.pk, actor=owner_of(customer), at=NOON + 10 * DAY)
    assert wallet_of(customer.pk).credit == 120_667
    fund(customer, 60_333)
    order(quote(customer, Action.CREATE, NOON + 10 * DAY, product=str(small.product_id), name="w",
                items=[{"item": "small"}], quantity=1, months=1))  # fmt: skip
    reversal = taken(payment, 181_000)
    assert parts(reversal) == (0, 60_333, 120_667)
    assert (debt_of(customer), house_balance(Kind.DEBTS)) == (120_667, -120_667)


def test_a_debt_is_collected_from_credit_that_comes_in_whatever_the_customer_chose(gate: Gate) -> None:
    customer = make_customer(pays_invoices_automatically=False)
    payment = top_up(customer, 181_000)
    spend(customer.pk, 181_000, into=Kind.ADJUSTMENTS, kind=Fact.ADJUSTMENT, source="opening:s", at=NOON)
    assert parts(taken(payment, 181_000)) == (0, 0, 181_000)
    top_up(customer, 100_000)
    assert (wallet_of(customer.pk).credit, debt_of(customer)) == (0, 81_000)
    fund(customer, 90_000)
    pay_open_invoices(at=NOON + 3 * DAY)
    assert (wallet_of(customer.pk).credit, debt_of(customer)) == (9_000, 0)
    assert house_balance(Kind.DEBTS) == 0


def test_what_comes_back_of_an_order_that_failed_pays_the_debt_before_it_is_credit(gate: Gate, small: Item) -> None:
    """181,000 are charged back while the server that they paid is being made. It is not made: 181,000 come back, and are owed."""
    customer = make_customer()
    payment = top_up(customer, 181_000)
    bought = order(quote(customer, Action.CREATE, NOON + DAY, product=str(small.product_id), name="w",
                         items=[{"item": "small"}], quantity=1, months=1))  # fmt: skip
    assert parts(taken(payment, 181_000)) == (0, 0, 181_000)
    answer(bought, succeed=False, at=NOON + 3 * DAY)
    assert (wallet_of(customer.pk).credit, debt_of(customer), house_balance(Kind.DEBTS)) == (0, 0, 0)


def in_debt(customer: Customer, amount: int) -> None:
    """So much was taken back after it had been spent on something that no invoice answers for."""
    payment = top_up(customer, amount)
    spend(customer.pk, amount, into=Kind.ADJUSTMENTS, kind=Fact.ADJUSTMENT, source=f"opening:{payment.pk}", at=NOON)
    assert parts(taken(payment, amount)) == (0, 0, amount)


def test_what_comes_back_of_a_deleted_server_pays_the_debt_before_it_is_credit(gate: Gate, small: Item) -> None:
    """20 of 30 days come back of 181,000: 120,667, of which 100,000 were owed."""
    customer = make_customer()
    fund(customer, 181_000)
    [server] = create(customer, small, at=NOON - DAY)
    in_debt(customer, 100_000)
    delete_resource(server.pk, actor=owner_of(customer), at=NOON + 9 * DAY)
    assert (wallet_of(customer.pk).credit, debt_of(customer), house_balance(Kind.DEBTS)) == (20_667, 0, 0)


def test_what_staff_credit_of_an_invoice_pays_the_debt_before_it_is_credit(gate: Gate, small: Item) -> None:
    customer = make_customer()
    fund(customer, 181_000)
    create(customer, small, at=NOON - DAY)
    in_debt(customer, 100_000)
    correct_invoice(Invoice.objects.get().pk, 30_000, note="goodwill", actor=STAFF, at=NOON + 3 * DAY)
    assert (wallet_of(customer.pk).credit, debt_of(customer)) == (0, 70_000)


def test_what_staff_give_pays_the_debt_before_it_is_credit(gate: Gate) -> None:
    customer = make_customer()
    in_debt(customer, 100_000)
    asked = ask(
        AdjustCredit, customer=customer, amount=40_000, reason="goodwill", actor=make_colleague(), at=NOON + 3 * DAY
    )
    approve(asked.act.pk, actor=make_colleague("second@portal.example"), at=NOON + 3 * DAY)
    assert (wallet_of(customer.pk).credit, debt_of(customer)) == (0, 60_000)


def test_money_for_an_order_that_has_ended_pays_the_debt_before_it_is_credit(gate: Gate, small: Item) -> None:
    customer = make_customer()
    in_debt(customer, 100_000)
    bought, payment = ordered_through_the_gate(customer, small)
    end_unpaid_order(bought.pk, expired=False, actor=owner_of(customer), at=NOON)
    record_outcome(payment.pk, paid(payment, NOON), actor=JOB, at=NOON + 3 * DAY)
    assert (wallet_of(customer.pk).credit, debt_of(customer)) == (81_000, 0)


def test_no_more_is_taken_back_than_came_and_never_from_the_wallet(gate: Gate, small: Item) -> None:
    customer = make_customer()
    payment = top_up(customer, 181_000)
    taken(payment, 100_000)
    with refused(NotTakenBack, left=81_000):
        taken(payment, 81_001, "CB-2")
    fund(customer, 200_000)
    create(customer, small)
    with refused(NotTakenBack, left=0):
        taken(Payment.objects.get(means="wallet"), 1, "CB-3")


def test_a_bank_takes_back_a_transfer(small: Item) -> None:
    customer = make_customer(mode="postpaid")
    [server] = create(customer, small)
    delete_resource(server.pk, actor=owner_of(customer), at=NOON + 10 * DAY)
    invoice = Invoice.objects.get()  # 60,333
    payment = record_bank_transfer(
        customer.pk, 100_000, [invoice.pk], reference="FT1", reason="statement", actor=STAFF, at=NOON + 11 * DAY
    )
    reversal = taken(payment, 100_000)
    invoice.refresh_from_db()
    assert (parts(reversal), invoice.due) == ((39_667, 60_333, 0), 60_333)
    assert house_balance(Kind.BANK) == 0


def test_a_case_is_closed_once(gate: Gate) -> None:
    reversal = taken(top_up(make_customer(), 50_000), 50_000)
    close_reversal(reversal.pk, reason="talked to them", actor=STAFF, at=NOON + 3 * DAY)
    with refused(ReversalClosed):
        close_reversal(reversal.pk, reason="again", actor=STAFF, at=NOON + 4 * DAY)


def test_a_smaller_configuration_of_what_is_owed_says_that_less_is_owed(gate: Gate, small: Item, large: Item) -> None:
    """
    The large server for 30 days costs 1,740,000 by gateway, and the bank takes all of it back: the invoice is open again.
    On the day after, the small one for the 28 days left costs less; nothing comes into the wallet, less is owed.
    """
    customer = make_customer()
    bought, payment = ordered_through_the_gate(customer, large)
    record_outcome(payment.pk, paid(payment, NOON), actor=JOB, at=NOON)
    answer(bought)
    taken(payment, payment.amount)
    [server] = Resource.objects.filter(customer=customer)
    invoice = Invoice.objects.get(resource=server)
    assert invoice.due == invoice.total
    with the_time_being(NOON + 2 * DAY):
        offer = quote(
            customer,
            Action.RESIZE,
            NOON + 2 * DAY,
            resource=str(server.pk),
            items=[{"item": small.code, "quantity": 1}],
        )
        page = markup(signed_in(customer).get(reverse("quote", args=[offer.pk])))
    assert offer.total < 0
    assert "Back to your wallet" not in page
    assert f'Less to pay of what you owe<span class="sub">{invoice.number}</span>' in page
    assert f"{-offer.total:,}" in page
