"""Money at gateways that comes late, in another amount, or of which nobody says anything: none of it is lost."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils.translation import override

from accounts.models import Customer
from catalog.models import Item
from invoices.models import Invoice
from ledger.services import Kind
from notifications.models import Notice
from notifications.render import words_of
from orders.models import Order
from orders.services.checkout import check_out
from orders.services.delete import delete_resource
from orders.services.unpaid import end_unpaid_order
from payments.gateways.base import NOT_FOUND, Failed, Pending, Succeeded, Unknown
from payments.models import Payment
from payments.services.attempts import cancel_attempt
from payments.services.gateway import start_invoice_payment, start_top_up
from payments.services.held import NothingHeld, book_received, close_held
from payments.services.outcomes import record_outcome
from payments.services.wallet import wallet_of
from payments.tasks import check_payments
from tests.actions.books import refused
from tests.actions.conftest import Gate, paid
from tests.actions.test_wallet import ordered_through_the_gate
from tests.cast import DAY, JOB, NOON, STAFF, answer, create, house_balance, make_customer, owner_of
from tests.portal.seen import signed_in, the_time_being

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def topped_up(customer: Customer, amount: int = 78_000) -> Payment:
    return start_top_up(customer, amount, gateway="gate", actor=owner_of(customer), at=NOON)


def checked(payment: Payment, *, until: datetime, step: timedelta = MINUTE, since: datetime = NOON) -> Payment:
    """The job runs every minute (or `step`)."""
    at = since
    while at < until:
        at += step
        check_payments(at=at)
    payment.refresh_from_db()
    return payment


def settle(payment: Payment, amount: int) -> Payment:
    return record_outcome(payment.pk, paid(payment, NOON, amount), actor=JOB, at=NOON + HOUR)


def test_what_the_gateway_does_not_know_yet_may_still_be_paid(gate: Gate) -> None:
    """An order there can be paid for 15 minutes, and may be made while we ask."""
    payment = topped_up(make_customer())
    gate.known = Unknown(NOT_FOUND)
    assert checked(payment, until=NOON + 10 * MINUTE).is_open


# The customer gives up, then pays, and the notice of it is lost


def test_who_gives_up_and_pays_then_gets_the_credit_although_no_notice_came(gate: Gate) -> None:
    customer = make_customer()
    payment = topped_up(customer)
    cancel_attempt(payment.pk, actor=owner_of(customer), at=NOON + MINUTE)
    gate.known = Pending()
    checked(payment, until=NOON + 10 * MINUTE)
    gate.known = paid(payment, NOON + 12 * MINUTE)

    checked(payment, until=NOON + 20 * MINUTE, since=NOON + 10 * MINUTE)

    assert payment.state == Payment.State.SUCCEEDED
    assert wallet_of(customer.pk).credit == 78_000
    assert house_balance(Kind.GATEWAY) == -78_000


def test_what_was_called_never_paid_is_found_when_it_was_paid_after_all(gate: Gate) -> None:
    customer = make_customer()
    payment = topped_up(customer)
    gate.known = Unknown(NOT_FOUND)
    assert checked(payment, until=NOON + HOUR).state == Payment.State.FAILED
    gate.known = paid(payment, NOON + HOUR)

    checked(payment, until=NOON + 3 * HOUR, since=NOON + HOUR)
    check_payments(at=NOON + DAY)

    assert (payment.state, wallet_of(customer.pk).credit) == (Payment.State.SUCCEEDED, 78_000)
    assert Notice.objects.filter(kind=Notice.Kind.PAYMENT_RECEIVED).count() == 1


def test_the_payment_of_an_order_that_expired_is_found_and_becomes_credit(gate: Gate, small: Item) -> None:
    customer = make_customer()
    order, payment = ordered_through_the_gate(customer, small)
    end_unpaid_order(order.pk, expired=True, actor=JOB, at=NOON + HOUR)
    gate.known = paid(payment, NOON + HOUR)

    checked(payment, until=NOON + 2 * HOUR, since=NOON + HOUR)

    order.refresh_from_db()
    assert (order.state, payment.state) == (Order.State.EXPIRED, Payment.State.REFUNDED)
    assert wallet_of(customer.pk).credit == 181_000


@pytest.mark.parametrize("said", [Failed("cancelled", "no"), Pending(), Unknown("time-out")])
def test_a_gateway_is_asked_until_it_forgets_less_and_less_often(gate: Gate, said: object) -> None:
    """After 2 minutes first, then after half the age again, at most every six hours; never after its 48 hours."""
    payment = topped_up(make_customer())
    gate.known = said  # type: ignore[assignment]
    checked(payment, until=NOON + 3 * DAY, step=5 * MINUTE)
    assert payment.check_at is None
    assert 15 <= payment.checks <= 30
    assert not payment.is_open


def test_the_last_question_is_put_an_hour_before_the_gateway_forgets(gate: Gate) -> None:
    payment = topped_up(make_customer())
    cancel_attempt(payment.pk, actor=JOB, at=NOON)
    gate.known = Pending()
    checked(payment, until=NOON + 40 * HOUR, step=10 * MINUTE)
    last = payment.check_at
    while last and last < NOON + 47 * HOUR:
        check_payments(at=last)
        payment.refresh_from_db()
        last = payment.check_at
    assert last == NOON + 47 * HOUR


def test_an_attempt_that_the_gateway_never_ends_is_held_for_staff_and_stands_in_nobodys_way(gate: Gate) -> None:
    customer = make_customer()
    payment = topped_up(customer)
    gate.known = Pending(MINUTE)
    checked(payment, until=NOON + 2 * DAY, step=5 * MINUTE)
    assert (payment.state, payment.held) == (Payment.State.FAILED, Payment.Held.UNSETTLED)
    with override("en"):
        assert "staff find out" in payment.failure_words
    gate.known = None  # nobody asks any more
    check_payments(at=NOON + 400 * DAY)


def test_not_found_by_a_gateway_that_may_have_forgotten_proves_nothing(gate: Gate) -> None:
    payment = topped_up(make_customer())
    gate.known = Unknown(NOT_FOUND)
    check_payments(at=NOON + 3 * DAY)
    payment.refresh_from_db()
    assert (payment.state, payment.held) == (Payment.State.FAILED, Payment.Held.UNSETTLED)


# More or less than was asked for


def test_more_than_was_asked_for_is_credit(gate: Gate) -> None:
    customer = make_customer()
    payment = topped_up(customer, 100_000)
    settle(payment, 150_000)
    payment.refresh_from_db()
    assert (payment.state, payment.amount, payment.captured) == (Payment.State.SUCCEEDED, 100_000, 150_000)
    assert wallet_of(customer.pk).credit == 150_000
    told = Notice.objects.get(kind=Notice.Kind.PAYMENT_RECEIVED).facts
    assert (told["amount"], told["more"], told["less"]) == (150_000, 50_000, 0)


def test_more_than_an_order_costs_pays_it_and_the_rest_is_credit(gate: Gate, small: Item) -> None:
    customer = make_customer()
    order, payment = ordered_through_the_gate(customer, small)
    settle(payment, 200_000)
    order.refresh_from_db()
    assert (order.state, wallet_of(customer.pk).available) == (Order.State.PROVISIONING, 19_000)
    answer(order, succeed=False)
    payment.refresh_from_db()
    assert (payment.state, payment.refunded) == (Payment.State.REFUNDED, 200_000)
    assert wallet_of(customer.pk).credit == 200_000


def test_less_than_an_order_costs_is_credit_and_the_order_goes_on_waiting(gate: Gate, small: Item) -> None:
    customer = make_customer()
    order, payment = ordered_through_the_gate(customer, small)
    settle(payment, 180_000)
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.state, payment.refunded) == (Order.State.AWAITING_PAYMENT, 180_000)
    assert wallet_of(customer.pk).credit == 180_000


@pytest.mark.parametrize(("came", "due", "credit"), [(50_000, 10_333, 0), (70_000, 0, 9_667)])
def test_invoices_are_paid_with_what_came(gate: Gate, small: Item, came: int, due: int, credit: int) -> None:
    customer = make_customer(mode="postpaid")
    [server] = create(customer, small)
    delete_resource(server.pk, actor=owner_of(customer), at=NOON + 10 * DAY)
    invoice = Invoice.objects.get()  # 60,333
    payment = start_invoice_payment(
        customer, [invoice.pk], gateway="gate", actor=owner_of(customer), at=NOON + 10 * DAY
    )
    record_outcome(payment.pk, paid(payment, NOON, came), actor=JOB, at=NOON + 10 * DAY)
    invoice.refresh_from_db()
    assert (invoice.due, wallet_of(customer.pk).credit) == (due, credit)


def test_another_amount_on_an_attempt_that_failed_here_is_credited_as_well(gate: Gate) -> None:
    customer = make_customer()
    payment = topped_up(customer)
    record_outcome(payment.pk, Failed("never_paid", "no"), actor=JOB, at=NOON + HOUR)
    settle(payment, 77_000)
    payment.refresh_from_db()
    assert (payment.state, wallet_of(customer.pk).credit) == (Payment.State.SUCCEEDED, 77_000)


# What is held for staff has a way on


def test_more_than_the_gateway_can_take_is_held_and_blocks_nothing(gate: Gate, small: Item) -> None:
    customer = make_customer()
    order, payment = ordered_through_the_gate(customer, small)
    settle(payment, 50_000_001)
    payment.refresh_from_db()
    assert (payment.state, payment.held, payment.held_amount) == ("failed", Payment.Held.IMPLAUSIBLE, 50_000_001)
    assert (wallet_of(customer.pk).credit, house_balance(Kind.GATEWAY)) == (0, 0)
    again, second = check_out(
        customer.pk,
        order.quote_id,
        means="gateway",
        key="k",
        gateway="gate",
        actor=owner_of(customer),
        at=NOON + HOUR / 4,
    )
    assert (again.pk, second and second.is_open) == (order.pk, True)


def test_a_transaction_that_paid_something_else_is_held(gate: Gate) -> None:
    customer = make_customer()
    first, second = topped_up(customer), topped_up(customer)
    success = Succeeded("txn-1", 78_000, NOON)
    record_outcome(first.pk, success, actor=JOB, at=NOON)
    record_outcome(second.pk, success, actor=JOB, at=NOON)
    second.refresh_from_db()
    assert (second.state, second.held, second.held_txn_id) == ("failed", Payment.Held.USED_BEFORE, "txn-1")
    assert wallet_of(customer.pk).credit == 78_000


def test_staff_settle_what_they_found_at_the_gateway(gate: Gate) -> None:
    customer = make_customer()
    payment = topped_up(customer)
    settle(payment, 50_000_001)
    book_received(
        payment.pk, 78_000, gateway_txn_id="G-77", reason="seen in the gateway's list", actor=STAFF, at=NOON + DAY
    )
    payment.refresh_from_db()
    assert (payment.state, payment.captured, payment.held) == (Payment.State.SUCCEEDED, 78_000, "")
    assert (payment.gateway_txn_id, payment.held_amount) == ("G-77", None)
    assert wallet_of(customer.pk).credit == 78_000


def test_staff_close_what_brought_no_money_and_late_money_still_counts(gate: Gate) -> None:
    customer = make_customer()
    payment = topped_up(customer)
    with refused(NothingHeld):
        close_held(payment.pk, reason="not held", actor=STAFF, at=NOON)
    settle(payment, 50_000_001)
    close_held(payment.pk, reason="nothing there", actor=STAFF, at=NOON + DAY)
    payment.refresh_from_db()
    assert (payment.state, payment.held) == (Payment.State.FAILED, "")
    settle(payment, 78_000)
    assert wallet_of(customer.pk).credit == 78_000


# What is told follows what happened


@pytest.mark.parametrize("expired", [False, True])
@pytest.mark.parametrize("means", ["gateway", "top_up_and_pay"])
def test_money_for_an_order_that_has_ended_is_said_to_be_credit(gate: Gate, small: Item, expired, means) -> None:
    customer = make_customer(language="en")
    order, payment = ordered_through_the_gate(customer, small, means)
    end_unpaid_order(order.pk, expired=expired, actor=JOB, at=NOON + MINUTE)
    settle(payment, 181_000)
    payment.refresh_from_db()
    with override("en"):
        notice = Notice.objects.get(kind=Notice.Kind.PAYMENT_RECEIVED)
        said = words_of(notice).sentences[-1].replace("\xa0", " ")
        ended = "The time to pay the order was over" if expired else "The order was cancelled"
        assert said == f"{ended} before the money arrived. The 181,000 ₫ are credit in your wallet."
        with the_time_being(NOON + HOUR):
            for page in ("payment-return", "payment"):
                text = signed_in(customer).get(reverse(page, args=[payment.pk])).content.decode()
                assert f"{ended} before the money arrived." in text
                assert "Your order goes on now" not in text
    assert wallet_of(customer.pk).credit == 181_000
