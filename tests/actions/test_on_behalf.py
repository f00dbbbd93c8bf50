"""Payment on behalf: somebody else pays, and everything that comes of it is the customer's, as if they had paid themselves."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from accounts.models import AuditEntry, Customer
from catalog.models import Item
from invoices.models import Invoice
from kernel.errors import InvalidInput
from ledger.models import Entry
from ledger.services import Kind
from notifications.delivery import deliver_notices
from notifications.models import Letter, Notice
from notifications.posting import deliver_letters
from orders.models import Action, Order
from orders.services.checkout import check_out
from orders.services.shared import UnknownOrder
from orders.services.unpaid import NotPayable, end_unpaid_order, pay_from_wallet
from orders.tasks import expire_unpaid_orders
from payments.gateways.base import Failed
from payments.models import Payment, PaymentRequest
from payments.origins import origins_of
from payments.services.behalf import (
    Asking,
    NotAskedAnyMore,
    TooManyRequests,
    TooManyToOne,
    ask_to_pay,
    withdraw_request,
)
from payments.services.gateway import start_invoice_payment
from payments.services.invoices import NothingDue, UnknownInvoice, pay_invoices_from_wallet
from payments.services.outcomes import record_outcome
from payments.services.paying_on_behalf import pay_on_behalf, transfer_on_behalf
from payments.services.refunds import returnable
from payments.services.reversals import take_back
from payments.services.shareable import due_on_behalf, shareable
from payments.services.wallet import wallet_of
from payments.tasks import expire_payment_requests
from store.links import digest_of
from tests.actions.books import refused
from tests.actions.conftest import Gate, paid
from tests.actions.test_bank_transfers import bills
from tests.actions.test_transfers_by_reference import comes
from tests.cast import DAY, JOB, MONTH, NOON, STAFF, answer, chosen, fund, house_balance, make_customer, owner_of, quote
from tests.portal.seen import the_time_being
from tests.refunds import topped_up

pytestmark = pytest.mark.django_db
LATER = NOON + 11 * DAY
FATHER = Asking("father@family.example", "Lan at home", "vi")


def ordered(customer: Customer, small: Item, *, at: Any = NOON) -> Order:
    """A server for 181,000 that somebody else is to pay."""
    offer = quote(
        customer,
        Action.CREATE,
        at,
        product=str(small.product_id),
        name="web",
        items=chosen(small),
        quantity=1,
        months=1,
    )
    order, payment = check_out(customer.pk, offer.pk, means="on_behalf", key="k", actor=owner_of(customer), at=at)
    assert payment is None
    return order


def asks(customer: Customer, *what: Order | Invoice, asking: Asking = FATHER, at: Any = LATER) -> PaymentRequest:
    kind = "order" if isinstance(what[0], Order) else "invoice"
    return ask_to_pay(customer, kind, [one.pk for one in what], asking, actor=owner_of(customer), at=at)


def arrives(payment: Payment, *, at: Any = LATER, amount: int | None = None) -> Payment:
    return record_outcome(payment.pk, paid(payment, at, amount), actor=JOB, at=at)


def state_of(request: PaymentRequest) -> str:
    return PaymentRequest.objects.get(pk=request.pk).state


def told(kind: str) -> list[dict[str, Any]]:
    rows = Letter if kind in Letter.Kind.values else Notice
    return [row.facts for row in rows.objects.filter(kind=kind).order_by("id")]


# --- Asking ---


def test_the_one_who_is_asked_gets_a_link_that_is_written_down_nowhere(small: Item, settings: Any) -> None:
    settings.SELLER_NAME = "Công ty Máy Chủ"
    customer, [bill] = bills(small, 1)
    request = asks(customer, bill)
    assert (request.amount, request.expires_at, request.kind) == (60_333, LATER + 3 * DAY, "invoice")
    Notice.objects.exclude(kind="payment_requested").update(state="sent", sent_at=LATER)
    mail.outbox.clear()
    assert deliver_notices(at=LATER).done == 1
    with the_time_being(LATER):
        assert deliver_letters(at=LATER).done == 1
    letters = {sent.to[0]: sent for sent in mail.outbox}
    letter = letters["father@family.example"]
    assert letter.subject == "Lan at home nhờ bạn thanh toán 60.333\N{NO-BREAK SPACE}₫"
    assert "Công ty Máy Chủ" in letter.body
    assert customer.name not in letter.body + letter.subject
    assert bill.number not in letter.body
    found = re.search(r"/pay/([\w-]{43})/", str(letter.body))
    assert found
    assert digest_of(found[1]) == request.digest
    assert "settings" not in letter.body
    asked = Letter.objects.get(kind="payer_asked")
    for row in (request, asked, AuditEntry.objects.get(verb="ask somebody to pay")):
        assert found[1] not in str(vars(row))
    assert "father@family.example" in letters[customer.email].body


def test_only_what_is_ones_own_and_due_can_be_shared(small: Item) -> None:
    customer, [bill] = bills(small, 1)
    order, stranger = ordered(make_customer(), small), make_customer()
    for own in (bill, order):
        with refused(UnknownInvoice if own is bill else UnknownOrder):
            asks(stranger, own)
    end_unpaid_order(order.pk, expired=False, actor=JOB, at=NOON)
    with refused(NotPayable):
        asks(order.customer, order, at=NOON)
    fund(customer, 100_000)
    pay_invoices_from_wallet(customer.pk, [bill.pk], actor=owner_of(customer), at=LATER)
    with refused(NothingDue):
        asks(customer, bill)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "https://evil.example",
            "Lan www.evil.example",
            "a@b",
            "evil.example",
            "Lan (evil.example)",
            "ngân-hàng.vn",
            "1.2.3.4",
        ),
        *(
            "evil\N{FULLWIDTH FULL STOP}example",
            "evil\N{IDEOGRAPHIC FULL STOP}example",
            "evil.e\N{VARIATION SELECTOR-1}xample",
        ),
        *("evil.\N{ZERO WIDTH JOINER}example", "x" * 61, "La\u202en"),
    ],
)
def test_the_name_in_the_mail_leads_nowhere(name: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Asking("father@family.example", name, "vi")
    assert refusal.value.details["field"] == "name"


@pytest.mark.parametrize("name", ["Lan", "J. R. Nguyễn", "Cty. TNHH A.B.C", "Lan No. 5", "3.5 Studio", "Lan..."])
def test_dots_of_names_are_no_addresses(name: str) -> None:
    assert Asking("father@family.example", name, "vi").shown_name == name


def test_nobody_is_mailed_more_than_five_times_a_day_whoever_asks(small: Item) -> None:
    for number in range(5):
        customer, [bill] = bills(small, 1)
        asking = Asking("Father@Family.example" if number % 2 else "father@family.example", "Lan", "vi")
        asks(customer, bill, asking=asking)
    customer, [bill] = bills(small, 1)
    with refused(TooManyToOne):
        asks(customer, bill)
    assert asks(customer, bill, asking=Asking("mother@family.example", "Lan", "vi")).state == "open"
    assert asks(customer, bill, at=LATER + DAY).state == "open"


def test_a_customer_mails_only_so_many_people_in_a_day(small: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payments.services.behalf.MOST_A_DAY", 2)
    customer, [bill] = bills(small, 1)
    for _ in range(2):
        withdraw_request(asks(customer, bill).pk, actor=owner_of(customer), at=LATER)
    with refused(TooManyRequests):
        asks(customer, bill)
    assert asks(customer, bill, at=LATER + DAY).state == "open"


def test_an_order_waits_as_long_as_its_link_is_valid(small: Item) -> None:
    customer = make_customer()
    order = ordered(customer, small)
    assert order.expires_at == NOON + timedelta(minutes=30)
    asks(customer, order, at=NOON)
    expire_unpaid_orders(at=NOON + 3 * DAY - timedelta(minutes=1))
    order.refresh_from_db()
    assert (order.state, order.expires_at) == ("awaiting_payment", NOON + 3 * DAY)
    expire_unpaid_orders(at=NOON + 3 * DAY)
    order.refresh_from_db()
    assert order.state == "expired"


# --- Paying ---


def test_an_order_is_paid_by_somebody_else_and_is_the_customers(small: Item, gate: Gate) -> None:
    customer = make_customer()
    order = ordered(customer, small)
    request = asks(customer, order, at=NOON)
    payment = pay_on_behalf(request.pk, gateway="gate", at=NOON)
    assert (payment.amount, payment.customer_id, payment.actor) == (181_000, customer.pk, "payer:father@family.example")
    arrives(payment, at=NOON)
    order = answer(Order.objects.get(pk=order.pk))
    assert (order.state, state_of(request)) == ("completed", "paid")
    [invoice] = Invoice.objects.filter(customer=customer)
    assert (invoice.status, invoice.customer_id, wallet_of(customer.pk).available) == ("paid", customer.pk, 0)
    assert told("payment_received")[0]["payer"] == "father@family.example"
    assert told("payer_thanked")[0] | {"amount": 181_000, "kept": 0} == told("payer_thanked")[0]


def test_promotional_credit_and_other_credit_of_the_customer_stay_theirs(small: Item, gate: Gate) -> None:
    customer = make_customer(credit=50_000)
    order = ordered(customer, small)
    arrives(pay_on_behalf(asks(customer, order, at=NOON).pk, gateway="gate", at=NOON), at=NOON)
    assert wallet_of(customer.pk).available == 50_000


def test_what_a_payer_brought_for_an_order_pays_it_and_not_the_customers_earlier_top_up(
    small: Item, gate: Gate
) -> None:
    """300,000 were topped up, a payer brings the 181,000 of the order: nothing of these can go back to them, all of the top-up can."""
    customer = make_customer()
    own = topped_up(customer, 300_000, gateway="gate")
    order = ordered(customer, small)
    payment = arrives(pay_on_behalf(asks(customer, order, at=NOON).pk, gateway="gate", at=NOON), at=NOON)
    assert (returnable(payment), returnable(own)) == (0, 300_000)
    entry = Entry.objects.get(customer=customer, amount=-181_000)
    assert [(one.amount, one.payment) for one in origins_of(customer.pk, [entry.pk])[entry.pk]] == [
        (181_000, payment.pk)
    ]

    connection.check_constraints()  # what was paid stands since another transaction
    take_back(payment.pk, 181_000, reference="CB-1", reason="chargeback", actor=STAFF, at=NOON)
    assert returnable(own) == 119_000, "the wallet stood in for what was taken back"


def test_what_a_payer_brought_beyond_the_order_is_theirs_to_have_back(small: Item, gate: Gate) -> None:
    """200,000 came for 181,000: 19,000 are left of them."""
    customer = make_customer()
    own = topped_up(customer, 300_000, gateway="gate")
    request = asks(customer, ordered(customer, small), at=NOON)
    payment = arrives(pay_on_behalf(request.pk, gateway="gate", at=NOON), at=NOON, amount=200_000)
    assert (returnable(payment), returnable(own)) == (19_000, 300_000)


def test_what_cannot_be_provided_is_credit_of_the_customer_and_both_hear_of_it(small: Item, gate: Gate) -> None:
    customer = make_customer()
    order = ordered(customer, small)
    request = asks(customer, order, at=NOON)
    arrives(pay_on_behalf(request.pk, gateway="gate", at=NOON), at=NOON)
    order = answer(Order.objects.get(pk=order.pk), succeed=False)
    assert (order.state, wallet_of(customer.pk).credit) == ("refunded", 181_000)
    assert told("provisioning_failed")[0]["amount"] == 181_000
    [kept] = Letter.objects.filter(kind="payer_money_kept")
    assert (kept.recipient, kept.facts["amount"]) == ("father@family.example", 181_000)


def test_invoices_are_paid_with_one_payment(small: Item, gate: Gate) -> None:
    customer, invoices = bills(small, 2)
    request = asks(customer, *invoices)
    assert request.amount == 120_666
    arrives(pay_on_behalf(request.pk, gateway="gate", at=LATER))
    assert [Invoice.objects.get(pk=one.pk).status for one in invoices] == ["paid", "paid"]
    assert (state_of(request), wallet_of(customer.pk).credit, house_balance(Kind.GATEWAY)) == ("paid", 0, -120_666)


def test_the_payer_pays_what_is_still_due(small: Item, gate: Gate) -> None:
    customer, [bill] = bills(small, 1, credit=20_000)
    request = asks(customer, bill)
    pay_invoices_from_wallet(customer.pk, [bill.pk], amount=20_000, actor=owner_of(customer), at=LATER)
    assert pay_on_behalf(request.pk, gateway="gate", at=LATER).amount == 40_333
    [part] = shareable("invoice").parts(request)
    assert (part.words, part.amount) == ("vserver s0", 40_333)


def test_who_pays_second_has_paid_credit_into_the_customers_wallet(small: Item, gate: Gate) -> None:
    customer = make_customer(credit=181_000)
    order = ordered(customer, small)
    request = asks(customer, order, at=NOON)
    payment = pay_on_behalf(request.pk, gateway="gate", at=NOON)
    pay_from_wallet(order.pk, actor=owner_of(customer), at=NOON)
    payment = arrives(payment, at=NOON)
    assert (wallet_of(customer.pk).credit, payment.failure, payment.kept) == (181_000, "order_paid", 181_000)
    assert told("payer_thanked")[0]["kept"] == 181_000
    assert state_of(request) == "paid"


def test_invoices_that_were_paid_in_the_meantime_leave_the_money_as_credit(small: Item, gate: Gate) -> None:
    customer, [bill] = bills(small, 1, credit=60_333)
    payment = pay_on_behalf(asks(customer, bill).pk, gateway="gate", at=LATER)
    pay_invoices_from_wallet(customer.pk, [bill.pk], actor=owner_of(customer), at=LATER)
    payment = arrives(payment)
    assert (payment.refunded, wallet_of(customer.pk).credit) == (60_333, 60_333)
    assert told("payer_thanked")[0]["kept"] == 60_333


def test_the_customers_own_payment_is_not_held_up_by_the_payers(small: Item, gate: Gate) -> None:
    customer, [bill] = bills(small, 1)
    pay_on_behalf(asks(customer, bill).pk, gateway="gate", at=LATER)
    own = start_invoice_payment(customer, (bill.pk,), gateway="gate", actor=owner_of(customer), at=LATER)
    assert own.is_open
    assert Payment.objects.open().count() == 2


def test_the_link_is_one_payment_however_often_it_is_begun(small: Item, gate: Gate) -> None:
    customer, [bill] = bills(small, 1)
    request = asks(customer, bill)
    first = pay_on_behalf(request.pk, gateway="gate", at=LATER)
    assert pay_on_behalf(request.pk, gateway="gate", at=LATER).pk == first.pk
    other = pay_on_behalf(request.pk, gateway="other", at=LATER)
    assert Payment.objects.get(pk=first.pk).state == "cancelled"
    arrives(other)
    with refused(NotAskedAnyMore):
        pay_on_behalf(request.pk, gateway="gate", at=LATER)
    arrives(first)  # the payer paid on the first page after all
    assert wallet_of(customer.pk).credit == 60_333


def test_a_failed_attempt_is_not_the_customers_failure_and_may_be_tried_again(small: Item, gate: Gate) -> None:
    customer, [bill] = bills(small, 1)
    request = asks(customer, bill)
    payment = pay_on_behalf(request.pk, gateway="gate", at=LATER)
    record_outcome(payment.pk, Failed("declined", "no"), actor=JOB, at=LATER)
    assert not told("payment_failed")
    assert pay_on_behalf(request.pk, gateway="gate", at=LATER).pk != payment.pk


def test_a_bank_transfer_pays_it_too(small: Item, settings: Any) -> None:
    settings.SELLER_BANK, settings.SELLER_BANK_ACCOUNT, settings.SELLER_BANK_BIN = "Vietcombank", "1017595600", "970436"
    customer = make_customer()
    order = ordered(customer, small)
    request = asks(customer, order, at=NOON)
    asked = transfer_on_behalf(request.pk, at=NOON)
    assert transfer_on_behalf(request.pk, at=NOON).pk == asked.pk
    comes(100_000, asked.reference, "A1", at=NOON)
    assert (state_of(request), wallet_of(customer.pk).credit) == ("open", 100_000)
    comes(81_000, asked.reference, "A2", at=NOON)
    assert (state_of(request), Order.objects.get().state) == ("paid", "provisioning")


def test_a_bank_transfer_for_invoices_comes_when_it_comes(small: Item, settings: Any) -> None:
    settings.SELLER_BANK, settings.SELLER_BANK_ACCOUNT, settings.SELLER_BANK_BIN = "Vietcombank", "1017595600", "970436"
    customer, [bill] = bills(small, 1)
    request = asks(customer, bill)
    asked = transfer_on_behalf(request.pk, at=LATER)
    expire_payment_requests(at=LATER + MONTH)
    comes(60_333, asked.reference, "A1", at=LATER + MONTH)
    bill.refresh_from_db()
    assert (bill.status, state_of(request)) == ("paid", "paid")


# --- Its end ---


def test_a_link_that_is_withdrawn_leads_to_no_payment(small: Item, gate: Gate) -> None:
    customer, [bill] = bills(small, 1)
    request = asks(customer, bill)
    payment = pay_on_behalf(request.pk, gateway="gate", at=LATER)
    withdraw_request(request.pk, actor=owner_of(customer), at=LATER)
    assert (state_of(request), Payment.objects.get(pk=payment.pk).state) == ("withdrawn", "cancelled")
    with refused(NotAskedAnyMore):
        pay_on_behalf(request.pk, gateway="gate", at=LATER)
    with refused(NotAskedAnyMore):
        withdraw_request(request.pk, actor=owner_of(customer), at=LATER)
    arrives(payment)  # it was on its way: it pays what it was for
    bill.refresh_from_db()
    assert bill.status == "paid"


def test_after_three_days_the_link_is_over_and_the_customer_hears_of_it(small: Item, gate: Gate) -> None:
    customer, [bill] = bills(small, 1)
    request = asks(customer, bill)
    end = LATER + 3 * DAY
    expire_payment_requests(at=end - timedelta(seconds=1))
    assert state_of(request) == "open"
    with refused(NotAskedAnyMore):
        pay_on_behalf(request.pk, gateway="gate", at=end)
    assert expire_payment_requests(at=end).done == 1
    assert state_of(request) == "expired"
    assert told("payment_request_expired") == [{"amount": 60_333, "payer": "father@family.example"}]
    assert expire_payment_requests(at=end).done == 0


def test_nobody_hears_of_an_end_with_nothing_left_to_pay(small: Item) -> None:
    customer, [bill] = bills(small, 1, credit=60_333)
    asks(customer, bill)
    pay_invoices_from_wallet(customer.pk, [bill.pk], actor=owner_of(customer), at=LATER)
    with the_time_being(LATER):
        deliver_letters(at=LATER)
    assert Letter.objects.get(kind="payer_asked").state == "overtaken"  # it was paid before the mail left
    expire_payment_requests(at=LATER + 3 * DAY)
    assert told("payment_request_expired") == []


def test_less_than_the_order_costs_is_not_made_up_from_the_customers_credit(small: Item, gate: Gate) -> None:
    customer = make_customer(credit=100_000)
    order = ordered(customer, small)
    payment = arrives(
        pay_on_behalf(asks(customer, order, at=NOON).pk, gateway="gate", at=NOON), at=NOON, amount=150_000
    )
    assert (payment.kept, Order.objects.get().state) == (150_000, "awaiting_payment")
    assert wallet_of(customer.pk).credit == 250_000


def test_a_payer_who_paid_too_little_is_still_asked_for_the_rest(small: Item, gate: Gate) -> None:
    """Of invoices of 60,333 each 100,000 came of 120,666: the link goes on for 20,666, and is paid with those."""
    customer, two = bills(small, 2)
    request = asks(customer, *two)
    arrives(pay_on_behalf(request.pk, gateway="gate", at=LATER), amount=100_000)
    assert state_of(request) == "open"
    rest = pay_on_behalf(request.pk, gateway="gate", at=LATER)
    assert rest.amount == 20_666
    arrives(rest)
    assert (state_of(request), {bill.status for bill in Invoice.objects.all()}) == ("paid", {"paid"})


def test_a_payer_who_paid_too_little_for_an_order_may_still_pay_it(small: Item, gate: Gate) -> None:
    """The order is paid as a whole: 150,000 are credit of the customer, and the link goes on for all of the 181,000."""
    customer = make_customer()
    request = asks(customer, ordered(customer, small), at=NOON)
    arrives(pay_on_behalf(request.pk, gateway="gate", at=NOON), at=NOON, amount=150_000)
    assert (state_of(request), Order.objects.get().state) == ("open", "awaiting_payment")
    again = pay_on_behalf(request.pk, gateway="gate", at=NOON)
    assert again.amount == 181_000
    arrives(again, at=NOON)
    assert (state_of(request), Order.objects.get().state) == ("paid", "provisioning")
    assert wallet_of(customer.pk).credit == 150_000


def test_nobody_is_asked_for_more_than_they_were_asked_for(small: Item, gate: Gate) -> None:
    """Of 60,333 the customer paid 20,333, and a bank takes that back: the payer's 40,000 are all that they were asked for."""
    customer, [bill] = bills(small, 1)
    own = topped_up(customer, 20_333, gateway="gate", at=LATER)
    request = asks(customer, bill)
    take_back(own.pk, 20_333, reference="CB-1", reason="dispute", actor=STAFF, at=LATER)
    payment = pay_on_behalf(request.pk, gateway="gate", at=LATER)
    assert payment.amount == 40_000
    arrives(payment)
    bill.refresh_from_db()
    assert (state_of(request), bill.due) == ("paid", 20_333)


def test_who_paid_a_part_is_asked_for_the_rest_of_what_they_were_asked_for_and_not_of_what_is_due(
    small: Item, gate: Gate
) -> None:
    """Asked for 40,000 of 60,333, whose other 20,333 a bank takes back: after 30,000 the payer's rest is 10,000 of the 30,333 due."""
    customer, [bill] = bills(small, 1)
    own = topped_up(customer, 20_333, gateway="gate", at=LATER)
    request = asks(customer, bill)
    take_back(own.pk, 20_333, reference="CB-1", reason="dispute", actor=STAFF, at=LATER)
    arrives(pay_on_behalf(request.pk, gateway="gate", at=LATER), amount=30_000)
    assert (state_of(request), due_on_behalf([request], at=NOON)) == ("open", {request.pk: 10_000})
    rest = pay_on_behalf(request.pk, gateway="gate", at=LATER)
    assert rest.amount == 10_000
    arrives(rest)
    bill.refresh_from_db()
    assert (state_of(request), bill.due, due_on_behalf([request], at=NOON)) == ("paid", 20_333, {})


def test_asking_again_and_again_keeps_no_order_open_for_ever(small: Item) -> None:
    """Placed at noon, it waits three days at most: whoever is asked on the second day has two, on the third one."""
    customer = make_customer()
    order = ordered(customer, small)
    for day in range(3):
        request = asks(customer, order, at=NOON + day * DAY)
        assert request.expires_at == NOON + 3 * DAY
    order.refresh_from_db()
    assert order.expires_at == NOON + 3 * DAY
    with refused(NotPayable):
        asks(customer, order, at=NOON + 3 * DAY)
    expire_unpaid_orders(at=NOON + 3 * DAY)
    order.refresh_from_db()
    assert order.state == "expired"
