"""The auditor at work: whom it looks at, and what becomes of what it finds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import Customer
from billing_portal.auditor import audit_the_touched
from billing_portal.auditor.touched import touched_customers
from billing_portal.jobs import carry_out
from billing_portal.models import AuditLook, Finding, JobRun
from billing_portal.schedule import BY_NAME
from catalog.models import Item
from invoices.models import Hold
from payments.services.allowed import may_be_charged_automatically
from tests.auditing import broken_books
from tests.cast import (
    DAY,
    NOON,
    create,
    make_customer,
)
from tests.owner import around_all_guards
from tests.table.attack import run

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]


def plant(sql: str) -> None:
    connection.check_constraints()
    with around_all_guards():
        run(sql)


def looked(times: int = 1) -> None:
    for _time in range(times):
        audit_the_touched(at=NOON)


def test_only_those_with_whom_something_has_happened_are_looked_at(alice: Customer, small: Item) -> None:
    mallory = make_customer("Mallory", credit=1_000_000)
    looked(2)
    assert touched_customers()[0] == []
    create(mallory, small)
    assert touched_customers()[0] == [mallory.pk]
    looked()
    assert touched_customers()[0] == [mallory.pk]  # once more: a row may have been committed late
    looked()
    assert touched_customers()[0] == []
    assert list(AuditLook.objects.order_by("pk").values_list("customers", flat=True)) == [0, 0, 1, 1]


def test_what_is_found_parks_the_customer_alarms_and_is_shown_to_staff(
    alice: Customer, small: Item, caplog: pytest.LogCaptureFixture
) -> None:
    looked(2)
    create(alice, small)
    plant("UPDATE ledger_account SET balance = balance + 1 WHERE kind = 'credit'")
    job = carry_out(BY_NAME["audit-touched"], at=NOON)

    assert job.outcome == JobRun.Outcome.FAILED
    assert any(record.levelname == "CRITICAL" for record in caplog.records)
    hold = Hold.objects.get()
    assert (hold.customer, hold.kind, hold.actor) == (alice, "in_doubt", "job:audit")
    assert not may_be_charged_automatically(alice, at=NOON)
    found = Finding.objects.open().filter(customer=alice)
    assert "a touched wallet's balance is the sum of its entries" in {finding.claim for finding in found}

    carry_out(BY_NAME["audit-touched"], at=NOON + timedelta(minutes=5))
    assert Hold.objects.count() == 1
    assert {finding.seen_at for finding in Finding.objects.open()} == {NOON + timedelta(minutes=5)}


def test_the_night_closes_what_is_gone_and_leaves_the_hold_to_people(alice: Customer, small: Item) -> None:
    create(alice, small)
    plant("UPDATE payments_payment SET allocated = allocated - 1")
    carry_out(BY_NAME["audit"], at=NOON)
    assert Finding.objects.open().exists()
    plant("UPDATE payments_payment SET allocated = allocated + 1")
    assert carry_out(BY_NAME["audit"], at=NOON + DAY).outcome == JobRun.Outcome.DONE
    assert not Finding.objects.open().exists()
    assert not may_be_charged_automatically(alice, at=NOON + DAY)


def test_after_each_test_all_claims_are_asked_at_once(alice: Customer) -> None:
    assert broken_books() == []
    plant("UPDATE ledger_account SET balance = balance + 1 WHERE customer_id IS NOT NULL")
    assert [sentence.partition(" (")[0] for sentence in broken_books()] == [
        "not true: a wallet's balance is the sum of its entries",
        "not true: the balance after the latest entry is the balance",
        "not true: what is left of each kind of credit adds up to the credit",
    ]
