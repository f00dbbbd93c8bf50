"""What happens once: a second row for the same thing is refused by the database, whatever the code looked up before."""

from __future__ import annotations

import pytest
from django.db.models import Model

from accounts.models import Customer, IdempotencyKey
from catalog.models import Item
from ledger.models import Grant
from lifecycle.models import ProvisioningRequest
from notifications.models import Notice
from orders.models import Action, Order
from payments.models import GatewayNotice, Payment
from payments.services.credit import grant_promotional_credit
from tests.cast import DAY, NOON, STAFF, chosen, create, order, quote
from tests.table.attack import MARKS, refuse, run

pytestmark = MARKS


def again(model: type[Model], **changes: str) -> str:
    """INSERT of a copy of the only row of a table, with some columns changed (SQL expressions)."""
    columns = [field.column for field in model._meta.concrete_fields if not field.generated]
    if model._meta.pk and model._meta.pk.get_internal_type() == "BigAutoField":
        columns.remove("id")
    chosen = ", ".join(({"id": "gen_random_uuid()"} | changes).get(column, column) for column in columns)
    table = model._meta.db_table
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table}"


def test_a_transaction_of_a_gateway_pays_once(alice: Customer) -> None:
    common = {"customer": alice, "kind": "top_up", "means": "gateway", "amount": 1, "actor": "x", "created_at": NOON}
    for number in ("1", "2"):
        Payment.objects.create(reference=number, payable=f"top_up:{number}", gateway="g", **common)
    received = (
        "UPDATE payments_payment SET state = 'succeeded', captured = 1, gateway_txn_id = 'G-1' WHERE reference = %s"
    )
    run(received, "1")
    refuse(received, "2", match="one_payment_per_gateway_transaction")


def test_a_reference_is_given_once(alice: Customer, small: Item) -> None:
    create(alice, small)
    refuse(again(Payment, payable="'order:x'", order_id="NULL"), match="payment_reference_is_unique")


def test_a_key_leads_to_one_order(alice: Customer, small: Item) -> None:
    inputs = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    order(quote(alice, Action.CREATE, **inputs), means="gateway")
    other = quote(alice, Action.CREATE, **inputs)
    refuse(again(Order, quote_id=f"'{other.pk}'"), match="one_order_per_customer_and_key")


def test_a_team_is_asked_one_thing_at_a_time(alice: Customer, small: Item) -> None:
    inputs = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    order(quote(alice, Action.CREATE, **inputs))
    refuse(again(ProvisioningRequest), match="one_unanswered_request_per_resource")
    refuse(again(ProvisioningRequest, deadline="NULL"), match="an_expected_answer_has_a_deadline")


def test_a_notice_is_owed_once(alice: Customer, small: Item) -> None:
    create(alice, small)
    refuse(again(Notice), match="one_notice_per_kind_event_recipient")


def test_the_same_words_of_a_gateway_are_kept_once(alice: Customer) -> None:
    GatewayNotice.objects.create(gateway="g", digest="d", body="{}", is_genuine=True, received_at=NOON)
    refuse(again(GatewayNotice), match="one_row_per_gateway_and_words")


def test_a_key_of_a_client_has_one_answer(db: None) -> None:
    IdempotencyKey.objects.create(principal="p", key="k", fingerprint="f", created_at=NOON)
    refuse(again(IdempotencyKey), match="one_answer_per_principal_and_key")


@pytest.mark.parametrize("amount", ["0", "-1", "1000000000001"])
def test_a_grant_gives_something(alice: Customer, amount: str) -> None:
    grant_promotional_credit(alice, 1_000, expires_at=NOON + DAY, reason="welcome", actor=STAFF, at=NOON)
    refuse(again(Grant, amount=amount), match="a_grant_gives_something|what_is_left_is_part_of_it")


@pytest.mark.parametrize("total", ["-1", "1000000000001"])
def test_an_order_costs_nothing_or_more(alice: Customer, small: Item, total: str) -> None:
    inputs = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    order(quote(alice, Action.CREATE, **inputs), means="gateway")
    other = quote(alice, Action.CREATE, **inputs)
    refuse(again(Order, quote_id=f"'{other.pk}'", key="'other'", total=total), match="an_order_total_is_not_negative")
