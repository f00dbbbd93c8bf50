"""A customer transfers money with a reference of ours: exact, short, over, twice, late or unknown, each line has one end."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from accounts.four_eyes import approve, ask
from accounts.models import Customer, StaffAct
from catalog.models import Item
from invoices.models import Invoice
from kernel.references import is_reference
from ledger.services import Kind
from notifications.models import Notice
from orders.models import Action, Order
from orders.services.checkout import check_out
from orders.services.unpaid import end_unpaid_order, pay_from_wallet
from orders.tasks import expire_unpaid_orders
from payments.acts import SendBack
from payments.models import BankTransfer, ExpectedTransfer, Payment
from payments.origins import unspent_of
from payments.services import statements
from payments.services.expected import (
    NoTransfers,
    NotWaiting,
    ask_for_invoices,
    ask_for_top_up,
    give_up_transfer,
)
from payments.services.statements import Reading, look_at_unseen, read_lines
from payments.services.transfers import LessIsLeft, Line, SentBackAlready, record_bank_transfer
from payments.services.wallet import wallet_of
from tests.actions.books import refused
from tests.actions.test_bank_transfers import bills
from tests.actions.test_origins import spent
from tests.cast import (
    DAY,
    JOB,
    NOON,
    STAFF,
    chosen,
    fund,
    house_balance,
    make_colleague,
    make_customer,
    owner_of,
    quote,
    switch_mode,
)
from tests.refunds import topped_up

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=2)
FEED = BankTransfer.Channel.FEED


@pytest.fixture(autouse=True)
def our_account(settings: Any) -> None:
    settings.SELLER_BANK, settings.SELLER_BANK_ACCOUNT, settings.SELLER_BANK_BIN = "Vietcombank", "1017595600", "970436"


def comes(amount: int, note: str, number: str = "FT26069000001", *, at: datetime = LATER) -> Reading:
    """A line of the bank's statement."""
    line = Line(number, amount, note=f"MBVCB.327890.{note}.CT tu 0071000888888", payer="NGUYEN VAN A")
    return read_lines([line], channel=FEED, actor=JOB, at=at)


def topping_up(customer: Customer, amount: int = 200_000) -> ExpectedTransfer:
    return ask_for_top_up(customer, amount, actor=owner_of(customer), at=NOON)


def sends_back(transfer: BankTransfer, amount: int, number: str, *, at: datetime = LATER) -> StaffAct:
    """As two people decide it, after one of them has sent it at the bank."""
    one, two = make_colleague("one@portal.example"), make_colleague("two@portal.example")
    facts = {"transfer": transfer.pk, "number": number}
    asked = ask(SendBack, customer=None, amount=amount, facts=facts, reason="not ours", actor=one, at=at)
    return approve(asked.act.pk, actor=two, at=at).act


def ordered(customer: Customer, small: Item) -> tuple[Order, ExpectedTransfer]:
    """A server of 181,000 for a month, to be paid by bank transfer."""
    wish = {"product": str(small.product.pk), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    offer = quote(customer, Action.CREATE, **wish)
    order, payment = check_out(customer.pk, offer.pk, means="bank_transfer", key="k", actor=owner_of(customer), at=NOON)
    assert payment is None
    return order, ExpectedTransfer.objects.get(order_id=order.pk)


def state_of(order: Order) -> str:
    order.refresh_from_db()
    return str(order.state)


# Asking


def test_a_customer_is_asked_for_an_amount_under_a_reference_of_its_own() -> None:
    customer = make_customer()
    asked = topping_up(customer)
    assert (asked.amount, asked.kind, is_reference(asked.reference)) == (200_000, "top_up", True)
    assert asked.state(NOON) == "waiting"
    assert asked.state(NOON + 7 * DAY) == "expired"


def test_asking_for_the_same_again_shows_the_same_code_and_for_another_amount_a_new_one() -> None:
    customer = make_customer()
    first = topping_up(customer)
    assert topping_up(customer) == first
    second = topping_up(customer, 300_000)
    assert second.reference != first.reference
    first.refresh_from_db()
    assert first.state(NOON) == "closed"


def test_without_an_account_nobody_is_asked_for_a_transfer(settings: Any) -> None:
    settings.SELLER_BANK_BIN = ""
    customer = make_customer()
    with refused(NoTransfers):
        topping_up(customer)


def test_a_transfer_that_is_given_up_is_not_waited_for_and_its_money_is_credit_all_the_same() -> None:
    customer = make_customer()
    asked = topping_up(customer)
    give_up_transfer(asked.pk, at=NOON)
    with refused(NotWaiting):
        give_up_transfer(asked.pk, at=NOON)
    comes(200_000, asked.reference)
    assert wallet_of(customer.pk).credit == 200_000


# Top-ups


def test_a_transfer_with_its_reference_tops_the_wallet_up() -> None:
    customer = make_customer()
    asked = topping_up(customer)
    reading = comes(200_000, asked.reference)
    assert (reading.new, reading.given, reading.waiting) == (1, 1, 0)
    asked.refresh_from_db()
    assert (wallet_of(customer.pk).credit, asked.state(LATER)) == (200_000, "met")
    assert (house_balance(Kind.BANK), house_balance(Kind.SUSPENSE)) == (-200_000, 0)
    payment = Payment.objects.get()
    assert (payment.kind, payment.means, payment.state, payment.expected) == (
        "top_up", "bank_transfer", "succeeded", asked,
    )  # fmt: skip
    told = Notice.objects.get(kind=Notice.Kind.PAYMENT_RECEIVED).facts
    assert (told["amount"], told["more"], told["less"]) == (200_000, 0, 0)


def test_the_same_line_told_again_by_any_way_books_nothing() -> None:
    customer = make_customer()
    asked = topping_up(customer)
    comes(200_000, asked.reference)
    assert comes(200_000, asked.reference, "ft 26069-000001").known == 1
    assert comes(200_000, "something else").known == 1
    assert wallet_of(customer.pk).credit == 200_000
    assert BankTransfer.objects.count() == 1


def feed(number: str, amount: int, note: str, **more: object) -> Reading:
    return statements.read_feed(json.dumps({"tid": number, "amount": amount, "note": note, **more}).encode(), at=LATER)


def file(*rows: str) -> Reading:
    at = LATER + DAY / 2
    return statements.read_file("\n".join(rows).encode(), "csv", day=LATER.date(), actor=STAFF, at=at)


def test_a_file_from_a_spreadsheet_that_lost_the_zeros_of_our_account_books_nothing_twice(settings: Any) -> None:
    settings.SELLER_BANK_ACCOUNT = "0071000888888"
    customer = make_customer()
    asked = topping_up(customer)
    feed("FT1", 200_000, asked.reference, accountNumber="0071000888888")
    assert file("number,amount,note,account", f"FT1,200000,{asked.reference},71000888888").known == 1
    assert (wallet_of(customer.pk).credit, house_balance(Kind.BANK)) == (200_000, -200_000)


def test_money_on_an_account_that_nobody_was_asked_to_pay_into_waits_for_a_person() -> None:
    """It may be the same money, by another name of our account: nothing says that it is not."""
    customer = make_customer()
    asked = topping_up(customer)
    feed("FT1", 200_000, asked.reference)
    reading = feed("FT1", 200_000, asked.reference, accountNumber="5550001")
    assert (reading.new, reading.given) == (1, 0)
    assert (wallet_of(customer.pk).credit, house_balance(Kind.SUSPENSE)) == (200_000, 200_000)
    look_at_unseen(at=LATER + DAY)
    assert wallet_of(customer.pk).credit == 200_000


def test_what_another_channel_tells_under_another_number_waits_for_a_person() -> None:
    """The service calls it 92704 and the bank's file FT1: a second transfer of the same amount, or the same one."""
    customer = make_customer()
    asked = topping_up(customer)
    feed("92704", 200_000, asked.reference)
    assert file("number,amount,note", f"FT1,200000,{asked.reference}").waiting == 1
    assert (wallet_of(customer.pk).credit, house_balance(Kind.SUSPENSE)) == (200_000, 200_000)
    assert file("number,amount,note", f"FT2,150000,{asked.reference}").given == 1


def test_a_text_that_was_cut_within_a_character_holds_up_nobody() -> None:
    first, second = topping_up(make_customer()), topping_up(make_customer())
    lines = [{"tid": "FT1", "amount": 200_000, "note": f"{first.reference} \ud83d"},
             {"tid": "FT2", "amount": 200_000, "note": second.reference}]  # fmt: skip
    assert statements.read_feed(json.dumps(lines).encode(), at=LATER).given == 2


def test_the_same_number_with_another_amount_is_told_to_staff_and_books_nothing() -> None:
    asked = topping_up(make_customer())
    comes(200_000, asked.reference)
    assert comes(250_000, asked.reference).differing == ["FT26069000001"]
    assert house_balance(Kind.BANK) == -200_000


def test_transfers_that_come_in_two_parts_meet_what_was_asked_for_together() -> None:
    customer = make_customer()
    asked = topping_up(customer)
    comes(150_000, asked.reference, "A1")
    asked.refresh_from_db()
    assert asked.state(LATER) == "waiting"
    comes(50_000, asked.reference, "A2")
    asked.refresh_from_db()
    assert (asked.state(LATER), wallet_of(customer.pk).credit) == ("met", 200_000)
    first, second = Notice.objects.filter(kind=Notice.Kind.PAYMENT_RECEIVED).order_by("pk")
    assert (first.facts["less"], second.facts["less"], second.facts["more"]) == (50_000, 0, 0)


@pytest.mark.parametrize("spoilt", ["{0}X", "mua hang", "{1}", "{0} {2}"])
def test_a_text_that_names_nobody_or_two_waits_in_suspense(spoilt: str) -> None:
    first, second = topping_up(make_customer()), topping_up(make_customer())
    reference = first.reference
    mistyped = ("3" if reference[0] != "3" else "4") + reference[1:]
    note = spoilt.format(reference, mistyped, second.reference)
    reading = comes(200_000, note)
    if spoilt == "{0}X":  # what stands around it does not matter
        assert reading.given == 1
        return
    assert (reading.given, reading.waiting) == (0, 1)
    assert (house_balance(Kind.BANK), house_balance(Kind.SUSPENSE)) == (-200_000, 200_000)
    assert BankTransfer.objects.with_rest().count() == 1
    assert not Payment.objects.exists()


# Orders


def test_an_order_waits_a_day_for_its_transfer_and_goes_on_when_it_comes(small: Item) -> None:
    customer = make_customer()
    order, asked = ordered(customer, small)
    assert (state_of(order), order.expires_at, asked.amount) == ("awaiting_payment", NOON + DAY, 181_000)
    comes(181_000, asked.reference)
    assert (state_of(order), wallet_of(customer.pk).credit) == ("provisioning", 0)
    assert house_balance(Kind.ESCROW) == 181_000


def test_how_long_an_order_waits_is_a_setting(small: Item, settings: Any) -> None:
    settings.BANK_TRANSFER_ORDER_HOURS = 48
    order, _asked = ordered(make_customer(), small)
    assert order.expires_at == NOON + 2 * DAY


def test_too_little_stays_credit_the_order_waits_and_the_rest_sets_it_going(small: Item) -> None:
    customer = make_customer()
    order, asked = ordered(customer, small)
    comes(180_000, asked.reference, "A1")
    assert (state_of(order), wallet_of(customer.pk).credit) == ("awaiting_payment", 180_000)
    assert Payment.objects.get(transfer__key="A1").failure == "fell_short"
    comes(1_000, asked.reference, "A2")
    assert (state_of(order), wallet_of(customer.pk).credit) == ("provisioning", 0)


def test_too_little_is_kept_for_the_order_and_pays_no_other_invoice_by_itself(small: Item) -> None:
    customer, [bill] = bills(small, 1, pays_invoices_automatically=True)
    switch_mode(customer, "prepaid", at=NOON)
    _order, asked = ordered(customer, small)
    comes(100_000, asked.reference)
    bill.refresh_from_db()
    assert (bill.due, wallet_of(customer.pk).credit) == (60_333, 100_000)


def test_all_parts_of_a_transfer_are_what_paid_its_order(small: Item) -> None:
    """50,000 were there before, and 100,000 and 81,000 come: the order was paid with the transfer, and the 50,000 are what is left."""
    customer = make_customer()
    top_up = topped_up(customer, 50_000, at=NOON)
    _order, asked = ordered(customer, small)
    for number, amount in enumerate([100_000, 81_000]):
        comes(amount, asked.reference, f"A{number}")
    first, second = Payment.objects.filter(expected=asked).order_by("settled_at", "pk")
    assert spent(customer) == [[("bought", 100_000, first.pk), ("bought", 81_000, second.pk)]]
    assert [unspent_of(one) for one in (top_up, first, second)] == [50_000, 0, 0]


def test_too_little_can_be_made_up_from_the_wallet(small: Item) -> None:
    customer = make_customer(credit=5_000)
    order, asked = ordered(customer, small)
    comes(180_000, asked.reference)
    pay_from_wallet(order.pk, actor=owner_of(customer), at=LATER)
    asked.refresh_from_db()
    assert (state_of(order), wallet_of(customer.pk).credit) == ("provisioning", 4_000)
    assert asked.state(LATER) == "closed"


def test_too_much_pays_the_order_and_the_rest_is_credit(small: Item) -> None:
    customer = make_customer()
    order, asked = ordered(customer, small)
    comes(200_000, asked.reference)
    assert (state_of(order), wallet_of(customer.pk).credit) == ("provisioning", 19_000)
    assert Notice.objects.get(kind=Notice.Kind.PAYMENT_RECEIVED).facts["more"] == 19_000


def test_paying_twice_pays_the_order_once_and_the_second_is_credit(small: Item) -> None:
    customer = make_customer()
    order, asked = ordered(customer, small)
    comes(181_000, asked.reference, "A1")
    comes(181_000, asked.reference, "A2")
    assert (state_of(order), wallet_of(customer.pk).credit) == ("provisioning", 181_000)
    assert Payment.objects.get(transfer__key="A2").failure == "order_paid"


def test_money_for_an_order_that_has_expired_or_was_cancelled_is_credit(small: Item) -> None:
    customer = make_customer()
    order, asked = ordered(customer, small)
    expire_unpaid_orders(at=NOON + DAY)
    comes(181_000, asked.reference, at=NOON + DAY)
    assert (state_of(order), wallet_of(customer.pk).credit) == ("expired", 181_000)
    assert Payment.objects.get().failure == "order_expired"


def test_cancelling_an_order_stops_waiting_for_its_transfer(small: Item) -> None:
    customer = make_customer()
    order, asked = ordered(customer, small)
    end_unpaid_order(order.pk, expired=False, actor=owner_of(customer), at=NOON)
    asked.refresh_from_db()
    assert asked.state(NOON) == "closed"
    comes(181_000, asked.reference)
    assert wallet_of(customer.pk).credit == 181_000


def test_an_order_by_transfer_needs_no_credit_and_leaves_promotional_credit_alone(small: Item) -> None:
    customer = make_customer(credit=50_000)
    order, asked = ordered(customer, small)
    comes(181_000, asked.reference)
    assert (state_of(order), wallet_of(customer.pk).credit) == ("provisioning", 50_000)


# Invoices


def paying(customer: Customer, *invoices: Invoice) -> ExpectedTransfer:
    return ask_for_invoices(
        customer, [invoice.pk for invoice in invoices], actor=owner_of(customer), at=NOON + 11 * DAY
    )


@pytest.mark.parametrize(
    ("amount", "dues", "credit"),
    [(120_666, [0, 0], 0), (60_334, [0, 60_332], 0), (1, [60_332, 60_333], 0), (130_000, [0, 0], 9_334)],
)
def test_invoices_are_paid_as_far_as_a_transfer_reaches(small: Item, amount: int, dues: list[int], credit: int) -> None:
    customer, invoices = bills(small, 2)
    asked = paying(customer, *invoices)
    assert asked.amount == 120_666
    comes(amount, asked.reference, at=NOON + 12 * DAY)
    assert list(Invoice.objects.order_by("number").values_list("due", flat=True)) == dues
    assert wallet_of(customer.pk).credit == credit


def test_what_was_paid_otherwise_meanwhile_is_credit(small: Item) -> None:
    customer, [bill] = bills(small, 1)
    asked = paying(customer, bill)
    record_bank_transfer(
        customer.pk, 60_333, [bill.pk], reference="FT9", reason="statement", actor=STAFF, at=NOON + 12 * DAY
    )
    comes(60_333, asked.reference, at=NOON + 12 * DAY)
    assert wallet_of(customer.pk).credit == 60_333


# What nobody is known for


def test_staff_give_what_waits_in_suspense_and_it_leaves_there() -> None:
    customer = make_customer()
    comes(200_000, "chuyen tien", "FT26069000009")
    record_bank_transfer(
        customer.pk, 200_000, [], reference="FT26069000009", reason="customer showed it", actor=STAFF, at=LATER
    )
    assert (wallet_of(customer.pk).credit, house_balance(Kind.SUSPENSE)) == (200_000, 0)
    assert BankTransfer.objects.get().channel == "feed"


def test_staff_give_a_transfer_with_a_mistyped_reference_to_what_it_was_meant_for(small: Item) -> None:
    customer = make_customer()
    order, asked = ordered(customer, small)
    comes(181_000, "mistyped", "FT1")
    record_bank_transfer(
        customer.pk, 181_000, [], reference="FT1", expected_id=asked.pk, reason="typing error", actor=STAFF, at=LATER
    )
    assert state_of(order) == "provisioning"


def test_what_staff_typed_before_the_bank_told_it_is_booked_once() -> None:
    customer = make_customer()
    asked = topping_up(customer)
    record_bank_transfer(customer.pk, 200_000, [], reference="FT26069000001", reason="seen", actor=STAFF, at=NOON)
    assert comes(200_000, asked.reference).known == 1
    assert (wallet_of(customer.pk).credit, house_balance(Kind.BANK)) == (200_000, -200_000)


def test_what_is_nobodys_can_be_sent_back_and_no_more_than_is_left() -> None:
    comes(200_000, "nham tai khoan")
    transfer = BankTransfer.objects.get()
    sends_back(transfer, 150_000, "FT9")
    with refused(LessIsLeft, rest=50_000):
        sends_back(transfer, 50_001, "FT10")
    with refused(SentBackAlready, number="ft-9"):
        sends_back(transfer, 50_000, "ft-9")
    sends_back(transfer, 50_000, "FT10")
    assert (house_balance(Kind.BANK), house_balance(Kind.SUSPENSE)) == (0, 0)
    transfer.refresh_from_db()
    assert (transfer.returned, transfer.rest) == (200_000, 0)


def test_a_line_whose_owner_nobody_could_look_for_in_time_is_looked_at_by_the_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The process dies between putting a line on record and giving its money."""
    customer = make_customer()
    asked = topping_up(customer)

    def killed(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(statements, "match", killed)
        with pytest.raises(SystemExit):
            comes(200_000, asked.reference)
    assert (wallet_of(customer.pk).credit, house_balance(Kind.SUSPENSE)) == (0, 200_000)
    assert look_at_unseen(at=LATER).done == 1
    assert look_at_unseen(at=LATER).done == 0
    assert wallet_of(customer.pk).credit == 200_000


def test_the_value_date_is_kept() -> None:
    line = Line("FT1", 1_000, value_date=date(2026, 3, 10))
    read_lines([line], channel=FEED, actor=JOB, at=LATER)
    assert BankTransfer.objects.get().value_date == date(2026, 3, 10)
    fund(make_customer(), 1)
