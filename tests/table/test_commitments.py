"""Commitments: what the database refuses of them, of their months, and of who has one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection

from accounts.models import BillingModeSwitch, Customer
from catalog.models import Commitment, CommitmentOffer, Item
from invoices.models import CommittedMonth, Invoice, InvoiceLine
from invoices.services.month_end import bill_ended_months
from kernel.periods import CalendarMonth
from tests.actions.test_commitments import committed
from tests.cast import JOB, NOON, create, make_customer
from tests.table.attack import MARKS, refuse, refused, run
from tests.table.test_tags import COPY_OF
from tests.table.test_written_in_stone import copy_of

pytestmark = MARKS
APRIL = CalendarMonth(2026, 4)


def row(customer: Customer, **terms: object) -> Commitment:
    usual = {"amount": 1, "share": "0.1", "starts_on": date(2026, 4, 1), "ends_on": date(2026, 6, 1)}
    return Commitment.objects.create(customer=customer, agreed_at=NOON, agreed_by="x", **{**usual, **terms})


@pytest.mark.parametrize(
    ("terms", "rule"),
    [
        ({"amount": 0}, "a_commitment_is_of_a_spend_that_can_be_billed"),
        ({"amount": 10**11 + 1}, "a_commitment_is_of_a_spend_that_can_be_billed"),
        ({"share": "0"}, "a_commitment_takes_a_share_off"),
        ({"share": "1"}, "a_commitment_takes_a_share_off"),
        ({"starts_on": date(2026, 4, 2)}, "a_commitment_is_of_whole_months"),
        ({"ends_on": date(2026, 5, 31)}, "a_commitment_is_of_whole_months"),
        ({"ends_on": date(2026, 3, 1)}, "a_commitment_is_of_whole_months"),
    ],
)
def test_a_commitment_that_cannot_be(bob: Customer, terms: dict[str, object], rule: str) -> None:
    with refused(rule):
        row(bob, **terms)


@pytest.mark.parametrize(
    ("terms", "rule"),
    [
        ({"amount": 0}, "an_offer_is_of_a_spend_that_can_be_billed"),
        ({"share": "1"}, "an_offer_takes_a_share_off"),
        ({"months": 37}, "an_offer_is_for_one_to_thirty_six_months"),
        ({"valid_until": NOON - timedelta(days=1)}, "an_offer_opens_before_it_closes"),
    ],
)
def test_an_offer_that_cannot_be(terms: dict[str, object], rule: str) -> None:
    usual = {"name": "a", "name_en": "a", "amount": 1, "share": "0.1", "months": 1, "valid_from": NOON}
    with refused(rule):
        CommitmentOffer.objects.create(**{**usual, **terms})


def test_commitments_of_a_customer_never_overlap(bob: Customer) -> None:
    row(bob)
    with refused("commitments_of_a_customer_never_overlap"):
        row(bob, starts_on=date(2026, 5, 1), ends_on=date(2026, 7, 1))
    row(bob, starts_on=date(2026, 6, 1), ends_on=date(2026, 7, 1))


def test_one_commitment_is_followed_by_one(bob: Customer) -> None:
    first = row(bob)
    row(bob, starts_on=date(2026, 6, 1), ends_on=date(2026, 7, 1), follows=first)
    with refused("one_commitment_follows_another"):
        row(bob, starts_on=date(2026, 7, 1), ends_on=date(2026, 8, 1), follows=first)


@pytest.mark.parametrize("change", ["amount = 2", "share = 0.2", "starts_on = '2026-05-01'", "agreed_by = 'y'"])
def test_a_commitment_stays_as_agreed(bob: Customer, change: str) -> None:
    row(bob)
    refuse(f"UPDATE catalog_commitment SET {change}", match="frozen")


def test_its_end_only_comes_nearer(bob: Customer) -> None:
    row(bob)
    refuse("UPDATE catalog_commitment SET ends_on = '2026-07-01'", match="frozen")
    assert run("UPDATE catalog_commitment SET ends_on = '2026-05-01', renews = TRUE") == 1


def test_only_who_pays_afterwards_commits(alice: Customer) -> None:
    with refused("does not pay afterwards"):
        row(alice)


def test_a_switch_leaves_nobody_who_is_committed(bob: Customer) -> None:
    row(bob)
    switch = {"customer": bob, "from_mode": "postpaid", "to_mode": "prepaid", "reason": "x", "plan": {}, "actor": "x"}
    with refused("has committed to a spend"):
        BillingModeSwitch.objects.create(**switch, at=NOON)


@pytest.fixture
def billed(bob: Customer, small: Item) -> CommittedMonth:
    """April: 162,900 of 1,000,000."""
    create(bob, small)
    committed(bob)
    bill_ended_months(actor=JOB, at=APRIL.period.ends_at)
    return CommittedMonth.objects.get()


@pytest.mark.parametrize("change", ["counted = 0", "shortfall = 0", "month = '2026-05'", "invoice_id = NULL"])
def test_what_was_decided_stays(billed: CommittedMonth, change: str) -> None:
    refuse(f"UPDATE invoices_committedmonth SET {change}", match="append-only")


def trigger_like(pattern: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE %s", [pattern])
        name: str = cursor.fetchone()[0]
    return name


def month(billed: CommittedMonth, **facts: object) -> CommittedMonth:
    usual = {
        "commitment": billed.commitment,
        "customer_id": billed.customer_id,
        "month": "2026-05",
        "amount": 1_000_000,
        "counted": 1_000_000,
        "shortfall": 0,
        "decided_at": CalendarMonth(2026, 5).period.ends_at,
    }
    return CommittedMonth.objects.create(**{**usual, **facts})


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"month": "2026-04"}, "a_month_of_a_commitment_is_decided_once"),
        ({"counted": 999_999}, "what_is_not_counted_is_the_shortfall"),
        ({"counted": -1, "shortfall": 1_000_001}, "what_is_not_counted_is_the_shortfall|a_shortfall_and"),
        ({"counted": 999_999, "shortfall": 1}, "a_shortfall_and_nothing_else_is_billed"),
        ({"amount": 999_999, "counted": 999_999}, "is no month of commitment"),
        ({"month": "2027-04", "decided_at": CalendarMonth(2027, 4).period.ends_at}, "is no month of commitment"),
        ({"decided_at": CalendarMonth(2026, 5).period.starts_at}, "is not over"),
    ],
)
def test_a_month_that_cannot_be(billed: CommittedMonth, facts: dict[str, object], rule: str) -> None:
    with refused(rule):
        month(billed, **facts)


def test_a_shortfall_is_billed_by_an_invoice_of_its_own(billed: CommittedMonth) -> None:
    other = Invoice.objects.filter(resource__isnull=False).latest("issued_at")
    with refused("does not bill this shortfall"):
        month(billed, counted=1_000_000 - other.total, shortfall=other.total, invoice=other)


def test_a_month_that_is_right_is_taken(billed: CommittedMonth) -> None:
    """So that the refusals above are known to have their stated cause."""
    month(billed)


@pytest.mark.parametrize("key", ["2026-07/commitment", "2026-04/commitment/again"])
def test_an_invoice_for_nothing_is_not_committed(billed: CommittedMonth, key: str) -> None:
    """Nor one in the place of another that stands."""
    run("SET CONSTRAINTS ALL IMMEDIATE")
    assert billed.invoice is not None
    run(f"ALTER TABLE invoices_invoice DISABLE TRIGGER {trigger_like('pgtrigger_has_lines_%')}")
    refuse(
        copy_of(billed.invoice, period_key=f"'{key}'", issued_at="issued_at + interval '1 year'"),
        match="for no resource and for no commitment",
    )


def test_what_lacked_has_no_tags(billed: CommittedMonth) -> None:
    run(f"ALTER TABLE invoices_invoiceline DISABLE TRIGGER {trigger_like('pgtrigger_lines_add_up_to_their_invoice_%')}")
    lines = f"WHERE invoice_id = '{billed.invoice_id}'"
    refuse(
        COPY_OF.format(column=", tags", value=""", '{"Team": "x"}'""") + lines,
        match="says other tags than its resource has",
    )
    run(COPY_OF.format(column="", value="") + lines)
    assert set(InvoiceLine.objects.filter(invoice=billed.invoice).values_list("tags__Team", flat=True)) == {None}


@pytest.mark.parametrize("change", ["committed = discount + 0.1", "committed = -0.1"])
def test_a_commitment_gives_a_part_of_the_discount(billed: CommittedMonth, change: str) -> None:
    run("ALTER TABLE invoices_invoiceline DISABLE TRIGGER USER")
    refuse(f"UPDATE invoices_invoiceline SET {change}", match="a_commitment_gives_a_part_of_the_discount")


def test_a_month_is_of_its_commitments_customer(billed: CommittedMonth) -> None:
    with refused("a_committed_month_is_its_commitments_customers"):
        month(billed, customer_id=make_customer(mode="postpaid").pk)
        run("SET CONSTRAINTS ALL IMMEDIATE")


def test_what_is_for_no_resource_is_not_reported_late(billed: CommittedMonth) -> None:
    """Nor paid ahead: what lacked of a commitment is known when its month is over."""
    assert billed.invoice is not None
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("ALTER TABLE invoices_invoice DISABLE TRIGGER USER")
    late = copy_of(billed.invoice, is_late="TRUE", issued_at="issued_at + interval '1 year'")
    refuse(late, match="what_is_for_no_resource_is_billed_after_its_month")
