"""What a payment gave to invoices is what its allocations say, and no setting switches such a promise off."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from accounts.models import Customer
from catalog.models import Item
from payments.models import Allocation, Payment
from tests.cast import NOON, create
from tests.table.attack import MARKS, refuse, refused, run

pytestmark = MARKS


def paid_by_wallet(customer: Customer, **facts: Any) -> Payment:
    common: dict[str, Any] = {
        "kind": "renewal",
        "means": "wallet",
        "state": "succeeded",
        "actor": "x",
        "created_at": NOON,
    }
    return Payment.objects.create(customer=customer, reference="r", payable="p", amount=100_000, **(common | facts))


def test_only_allocations_say_what_a_payment_gave(alice: Customer, small: Item) -> None:
    create(alice, small)
    refuse("UPDATE payments_payment SET allocated = allocated - 1", match="frozen")


def test_a_payment_born_given_away_wants_its_allocations(alice: Customer) -> None:
    with refused("says that it was given to invoices"):
        paid_by_wallet(alice, allocated=100_000)
        run("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_payment_born_given_away_is_not_given_away_twice(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    with refused("nobody_pays_more_than_is_due"):
        Allocation.objects.create(
            payment=paid_by_wallet(alice, allocated=100_000),
            invoice=server.invoices.get(),
            customer=alice,
            amount=100_000,
            at=NOON,
        )


def test_no_setting_of_a_session_switches_a_promise_off(alice: Customer, small: Item) -> None:
    create(alice, small)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'payments_allocation'::regclass AND tgname LIKE %s",
            ["pgtrigger%"],
        )
        names = [name for (name,) in cursor.fetchall()]
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [f"{{{','.join(names)}}}"])
    assert len(names) == 2
    refuse("UPDATE payments_allocation SET amount = 1", match="append-only")


@pytest.mark.parametrize("column", ["refunded", "promotional", "allocated"])
def test_a_top_up_is_credit_and_neither_pays_nor_returns(alice: Customer, column: str) -> None:
    with refused("a_top_up_pays_nothing"):
        paid_by_wallet(alice, **{"kind": "top_up", column: 1})
