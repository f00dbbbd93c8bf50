"""Lines of the bank's statement that are told many times at once, beside each other and beside staff."""

from __future__ import annotations

from typing import Any

import pytest

from billing_portal.auditor import violations
from ledger.services import Kind
from payments.models import BankTransfer, ExpectedTransfer, Payment
from payments.services.expected import ask_for_top_up
from payments.services.statements import look_at_unseen, read_lines
from payments.services.transfers import Line, TransferRecordedAlready, record_bank_transfer
from payments.services.wallet import wallet_of
from tests.cast import JOB, NOON, STAFF, house_balance, make_customer, owner_of
from tests.races.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def our_account(settings: Any) -> None:
    settings.SELLER_BANK, settings.SELLER_BANK_ACCOUNT, settings.SELLER_BANK_BIN = "Vietcombank", "1017595600", "970436"


def asked() -> ExpectedTransfer:
    customer = make_customer()
    return ask_for_top_up(customer, 200_000, actor=owner_of(customer), at=NOON)


def told(number: str, amount: int, note: str) -> Any:
    return lambda: read_lines([Line(number, amount, note=note)], channel=BankTransfer.Channel.FEED, actor=JOB, at=NOON)


def test_a_line_told_20_times_at_once_books_once() -> None:
    wanted = asked()
    readings = at_once([told("FT1", 200_000, wanted.reference)] * 20, threads=20)
    assert sum(reading.new for reading in readings) == 1
    look_at_unseen(at=NOON)
    assert wallet_of(wanted.customer_id).credit == 200_000
    assert (house_balance(Kind.BANK), house_balance(Kind.SUSPENSE)) == (-200_000, 0)
    assert violations() == []


def test_20_parts_at_once_meet_what_was_asked_for_once() -> None:
    wanted = asked()
    at_once([told(f"FT{number}", 10_000, wanted.reference) for number in range(20)], threads=10)
    wanted.refresh_from_db()
    assert (wallet_of(wanted.customer_id).credit, wanted.met_at) == (200_000, NOON)
    assert violations() == []


def test_the_bank_and_staff_tell_the_same_transfer_at_once() -> None:
    wanted = asked()

    def typed() -> Any:
        return record_bank_transfer(
            wanted.customer_id, 200_000, [], reference="FT1", reason="statement", actor=STAFF, at=NOON
        )

    results = at_once([told("FT1", 200_000, wanted.reference), typed] * 5, threads=10)
    look_at_unseen(at=NOON)
    assert sum(isinstance(result, Payment) for result in results) <= 1
    assert sum(isinstance(result, TransferRecordedAlready) for result in results) >= 4
    assert Payment.objects.count() == 1
    assert (wallet_of(wanted.customer_id).credit, house_balance(Kind.BANK)) == (200_000, -200_000)
    assert violations() == []
