"""Bank transfers: one reference however it is written, in parts that add up, and nothing that came waits for tomorrow."""

from __future__ import annotations

import pytest

from accounts.models import Customer
from catalog.models import Item
from invoices.models import Invoice
from kernel.keys import transfer_key
from ledger.services import Kind
from notifications.models import Notice
from orders.services.delete import delete_resource
from payments.models import BankTransfer, Payment
from payments.services.owed import settle_what_is_owed
from payments.services.transfers import TransferDiffers, TransferRecordedAlready, record_bank_transfer
from payments.services.wallet import wallet_of
from tests.actions.books import refused
from tests.cast import DAY, JOB, NOON, STAFF, create, fund, house_balance, make_customer, owner_of

pytestmark = pytest.mark.django_db
LATER = NOON + 11 * DAY


def record(
    customer: Customer, amount: int, *invoices: Invoice, reference: str = "FT26031000123", whole: int | None = None
) -> Payment:
    return record_bank_transfer(
        customer.pk, amount, [invoice.pk for invoice in invoices], reference=reference, whole=whole,
        reason="statement", actor=STAFF, at=LATER,
    )  # fmt: skip


def bills(small: Item, count: int, **fields: object) -> tuple[Customer, list[Invoice]]:
    """A postpaid customer with so many invoices of 60,333."""
    customer = make_customer(mode="postpaid", **fields)
    for number in range(count):
        [server] = create(customer, small, name=f"s{number}")
        delete_resource(server.pk, actor=owner_of(customer), at=NOON + 10 * DAY)
    return customer, list(Invoice.objects.filter(customer=customer).order_by("number"))


@pytest.mark.parametrize(
    "typed", ["ft 26031000123", "FT-26031000123 ", "ＦＴ２６０３１０００１２３", "ft.2603.1000.123"]
)
def test_a_reference_is_the_same_however_it_is_written(typed: str) -> None:
    customer = make_customer()
    record(customer, 50_000)
    with refused(TransferRecordedAlready, rest=0):
        record(customer, 50_000, reference=typed)
    assert wallet_of(customer.pk).credit == 50_000


def test_letters_and_digits_alone_are_compared() -> None:
    assert transfer_key(" ft 2603/1000-123 ") == "FT26031000123"
    assert transfer_key("đặt-cọc 1") == "ĐẶTCỌC1"


def test_one_transfer_is_split_over_two_customers_in_parts_that_add_up(small: Item) -> None:
    (first, [bill]), second = bills(small, 1), make_customer()
    record(first, 100_000, bill, whole=150_000)
    assert BankTransfer.objects.get().rest == 50_000
    with refused(TransferRecordedAlready, rest=50_000):
        record(second, 50_001, whole=150_000)
    with refused(TransferDiffers, amount=150_000):
        record(second, 50_000)
    record(second, 50_000, whole=150_000, reference="ft 26031000123")
    assert BankTransfer.objects.get().rest == 0
    bill.refresh_from_db()
    assert (bill.status, wallet_of(first.pk).credit, wallet_of(second.pk).credit) == ("paid", 39_667, 50_000)
    assert house_balance(Kind.BANK) == -150_000
    assert Payment.objects.filter(means="bank_transfer").values("reference").distinct().count() == 2


def test_what_a_transfer_brings_beyond_its_invoices_pays_the_other_open_ones_at_once(small: Item) -> None:
    customer, [first, second] = bills(small, 2, pays_invoices_automatically=True)
    record(customer, 100_000, first)
    second.refresh_from_db()
    assert (second.due, wallet_of(customer.pk).credit) == (20_666, 0)  # 60,333 - 39,667


def test_without_automatic_payment_it_is_credit(small: Item) -> None:
    customer, [first, second] = bills(small, 2, pays_invoices_automatically=False)
    record(customer, 100_000, first)
    second.refresh_from_db()
    assert (second.due, wallet_of(customer.pk).credit) == (60_333, 39_667)


def test_an_automatic_payment_names_the_invoices_that_it_reached_and_no_others(small: Item) -> None:
    """150,000 reach three of four invoices of 60,333, the third in part."""
    customer, invoices = bills(small, 4, pays_invoices_automatically=True)
    fund(customer, 150_000)
    payment = settle_what_is_owed(customer.pk, actor=JOB, at=LATER)
    assert payment is not None
    reached = [invoice.number for invoice in invoices[:3]]
    assert payment.description == ", ".join(reached)
    told = Notice.objects.get(kind=Notice.Kind.AUTOMATIC_PAYMENT).facts
    assert (told["amount"], told["numbers"], told["left"]) == (150_000, ", ".join(reached), 91_332)
