"""What arrived at the bank and what customers were asked for: kept by the database, whoever asks."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from ledger.models import Transaction
from ledger.services import Fact, Kind, post
from payments.models import BankTransfer
from tests.actions.test_transfers_by_reference import comes, sends_back, topping_up
from tests.cast import NOON, make_customer
from tests.table.attack import refuse

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]


@pytest.fixture(autouse=True)
def our_account(settings: Any) -> None:
    settings.SELLER_BANK, settings.SELLER_BANK_ACCOUNT, settings.SELLER_BANK_BIN = "Vietcombank", "1017595600", "970436"


def test_a_fact_without_a_customer_is_about_money_at_the_bank() -> None:
    with pytest.raises(IntegrityError, match="only_bank_money_is_nobodys"), transaction.atomic():
        Transaction.objects.create(kind="top_up", source="1", customer=None, at=NOON)
    post(Fact.BANK_ARRIVAL, "x", {Kind.BANK: -5, Kind.SUSPENSE: 5}, customer_id=None, at=NOON)
    with pytest.raises(IntegrityError, match="one_fact_is_posted_once"), transaction.atomic():
        Transaction.objects.create(kind="bank_arrival", source="x", customer=None, at=NOON)


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("UPDATE payments_banktransfer SET note = 'other'", "these facts are frozen"),
        ("UPDATE payments_banktransfer SET assigned = 0", "permission denied|these facts are frozen"),
        ("UPDATE payments_banktransfer SET returned = 1", "permission denied|these facts are frozen"),
        ("INSERT INTO payments_banktransfer (account, key, reference, amount, channel, note, payer, assigned, returned, actor, at) VALUES ('main', 'K', 'K', 5, 'feed', '', '', 5, 0, '', now())", "adds up nothing yet"),
        ("INSERT INTO payments_banktransfer (account, key, reference, amount, channel, note, payer, assigned, returned, actor, at) VALUES ('main', 'K', 'K', 5, 'feed', '', '', 0, 5, '', now())", "adds up nothing yet"),
        ("UPDATE payments_payment SET transfer_id = NULL", "these facts are frozen"),
        ("INSERT INTO payments_payment SELECT (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(), 'reference', 'again', 'amount', 1))).* FROM payments_payment p", "no_more_of_a_transfer_is_given"),
        ("DELETE FROM payments_expectedtransfer", "keeps its rows"),
        ("UPDATE payments_expectedtransfer SET amount = 1", "these facts are frozen"),
        ("UPDATE payments_expectedtransfer SET met_at = NULL", "these facts are frozen"),
        ("UPDATE payments_expectedtransfer SET order_id = id", "these facts are frozen"),
        ("INSERT INTO payments_expectedtransfer SELECT (jsonb_populate_record(x, '{\"id\": \"0199ad00-0000-7000-8000-000000000001\"}')).* FROM payments_expectedtransfer x", "a_transfers_reference_is_given_once"),
        ("UPDATE payments_payment SET expected_id = NULL", "these facts are frozen"),
    ],
)  # fmt: skip
def test_what_arrived_and_what_was_asked_for_stands(attack: str, said: str) -> None:
    asked = topping_up(make_customer())
    comes(200_000, asked.reference)
    with pytest.raises(Exception, match=said), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)


SENT_BACK = """
INSERT INTO payments_sentback (transfer_id, act_id, account, amount, number, key, at)
SELECT transfer_id, {act}, {account}, {amount}, 'FT8', '{key}', {at} FROM payments_sentback
"""


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("UPDATE payments_sentback SET amount = 1", "append-only|permission denied"),
        ("DELETE FROM payments_sentback", "append-only|permission denied"),
        (SENT_BACK.format(act="NULL", account="'other'", amount=1, key="FT8", at="at"), "came to the account other"),
        (SENT_BACK.format(act="NULL", account="account", amount=0, key="FT8", at="at"), "what_is_sent_back_is_an_amount"),
        (SENT_BACK.format(act="NULL", account="account", amount=1, key="FT7", at="at"), "what_goes_out_is_known_once"),
        (SENT_BACK.format(act="act_id", account="account", amount=1, key="FT8", at="at"), "act_id"),
        (SENT_BACK.format(act="NULL", account="account", amount=60_000, key="FT8", at="at"), "no_more_of_a_transfer_is_given"),
        (SENT_BACK.format(act="NULL", account="account", amount=1, key="FT8", at="at") + "; SET CONSTRAINTS ALL IMMEDIATE", "not decided by people"),
    ],
)  # fmt: skip
def test_what_is_sent_back_is_decided_by_people_and_returns_its_transfer(attack: str, said: str) -> None:
    """150,000 of 200,000 went back; nobody decided about the rest."""
    comes(200_000, "mua hang")
    transfer = BankTransfer.objects.get()
    sends_back(transfer, 150_000, "FT7")
    connection.check_constraints()
    transfer.refresh_from_db()
    assert transfer.returned == 150_000
    refuse(attack, match=said)
