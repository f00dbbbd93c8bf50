"""Promotional credit that was given, attacked by plain SQL: what is left of a grant is what was given less what was used."""

from __future__ import annotations

import pytest

from accounts.models import Customer
from ledger.models import Grant, Transaction
from payments.services.credit import grant_promotional_credit
from tests.cast import DAY, NOON, STAFF
from tests.owner import around_all_guards
from tests.table.attack import MARKS, refuse, run

pytestmark = MARKS


@pytest.fixture
def grant(alice: Customer) -> Grant:
    """50,000 for a day."""
    grant_promotional_credit(alice, 50_000, expires_at=NOON + DAY, reason="welcome", actor=STAFF, at=NOON)
    return Grant.objects.get()


def rests() -> list[int]:
    return list(Grant.objects.order_by("pk").values_list("rest", flat=True))


ANOTHER = """
INSERT INTO ledger_grant (customer_id, kind, amount, rest, products, expires_at, reason, returned_by_id, at)
SELECT customer_id, kind, %s, 1, products, expires_at, reason, %s, at FROM ledger_grant ORDER BY id LIMIT 1
"""


def test_a_grant_starts_whole_whatever_is_written(grant: Grant) -> None:
    run(ANOTHER, 50_000, None)
    assert rests() == [50_000, 50_000]


def test_a_use_takes_its_amount_from_what_is_left(grant: Grant) -> None:
    run(
        "INSERT INTO ledger_grantuse (grant_id, transaction_id, amount) SELECT %s, min(id), 20000 FROM ledger_transaction",
        grant.pk,
    )
    assert rests() == [30_000]


@pytest.mark.parametrize(("kind", "owner"), [("order_payment", "alice"), ("order_refund", "bob")])
def test_only_a_refund_to_its_customer_gives_a_grant_anew(
    grant: Grant, kind: str, owner: str, request: pytest.FixtureRequest
) -> None:
    returned = came_back(kind, request.getfixturevalue(owner))
    refuse(ANOTHER, 1, returned, match="returned less promotional credit to this customer than is given anew")


def test_no_more_is_given_anew_than_came_back(grant: Grant, alice: Customer) -> None:
    returned = came_back("order_refund", alice)
    refuse(ANOTHER, 20_001, returned, match="returned less promotional credit")
    run(ANOTHER, 15_000, returned)
    refuse(ANOTHER, 5_001, returned, match="returned less promotional credit")
    run(ANOTHER, 5_000, returned)


def came_back(kind: str, customer: Customer) -> int:
    """A transaction that gave this customer's promotional credit 20,000."""
    with around_all_guards():
        run(
            "INSERT INTO ledger_account (kind, customer_id, balance, held) VALUES ('promotional', %s, 0, 0) ON CONFLICT DO NOTHING",
            customer.pk,
        )
        transaction = Transaction.objects.create(kind=kind, source="x", customer=customer, at=NOON)
        run(
            "INSERT INTO ledger_entry (transaction_id, account_id, amount) SELECT %s, id, 20000 FROM ledger_account WHERE kind = 'promotional' AND customer_id = %s",
            transaction.pk,
            customer.pk,
        )
    return transaction.pk
