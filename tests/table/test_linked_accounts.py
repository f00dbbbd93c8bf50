"""Linked accounts in plain SQL: what nobody agreed to, or more than was agreed to, is charged by nobody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from accounts.models import Customer
from payments.models import Consent, LinkedAccount
from payments.models.links import LINK_EDGES, LinkState
from tests.cast import make_customer
from tests.links import agreed, linked_account, pays_invoices, tops_up
from tests.table.attack import MARKS, refuse, run

pytestmark = MARKS

CHARGE = """
INSERT INTO payments_payment (id, customer_id, kind, means, gateway, reference, payable, invoice_ids, description, amount, promotional,
    allocated, refunded, state, actor, created_at, redirect_url, failure, checks, linked_id, consent_id)
VALUES (gen_random_uuid(), %s, 'top_up', 'gateway', %s, gen_random_uuid()::text, 'top_up:' || gen_random_uuid(), '[]', '', %s, 0, 0, 0, 'created',
    '', %s, '', '', 0, %s, %s)
"""
MARCH = datetime(2026, 3, 31, 16, 59, tzinfo=UTC)  # a minute before April in Hà Nội
APRIL = datetime(2026, 3, 31, 17, 0, tzinfo=UTC)


@pytest.fixture
def account() -> LinkedAccount:
    return linked_account(make_customer(), charge_limit=300_000, month_limit=500_000)


def consent_of(account: LinkedAccount) -> Consent:
    return Consent.objects.filter(linked=account, scope="charges").earliest("at")


def charge(account: LinkedAccount, amount: int = 200_000, *, at: datetime = MARCH, **other: object) -> list[object]:
    facts = {"customer": account.customer_id, "gateway": account.gateway, "consent": consent_of(account).pk} | other
    return [facts["customer"], facts["gateway"], amount, at, account.pk, facts["consent"]]


def test_what_was_agreed_to_can_be_charged(account: LinkedAccount) -> None:
    assert run(CHARGE, *charge(account, 300_000)) == 1


def test_an_account_is_not_charged_without_a_consent(account: LinkedAccount) -> None:
    refuse(CHARGE, *charge(account, consent=None), match="without a consent")
    other = linked_account(account.customer)
    refuse(CHARGE, *charge(account, consent=consent_of(other).pk), match="without a consent")
    late = agreed(account, "charges", at=APRIL)
    refuse(CHARGE, *charge(account, at=MARCH, consent=late.pk), match="without a consent")


def test_a_consent_without_its_account_charges_nothing(account: LinkedAccount) -> None:
    arguments = charge(account)
    arguments[4] = None
    refuse(CHARGE, *arguments, match="a_linked_charge_names_its_consent")


def test_an_account_of_somebody_else_is_not_charged(account: LinkedAccount) -> None:
    refuse(CHARGE, *charge(account, customer=make_customer().pk), match="somebody else")
    refuse(CHARGE, *charge(account, gateway="other"), match="somebody else")


def test_an_account_is_charged_up_to_its_limits(account: LinkedAccount) -> None:
    refuse(CHARGE, *charge(account, 300_001), match="exceeds the limits")
    run("UPDATE payments_linkedaccount SET gateway_limit = 250000 WHERE id = %s", account.pk)
    refuse(CHARGE, *charge(account, 250_001), match="exceeds the limits")


def test_the_limit_of_a_month_is_that_of_the_billing_zone(account: LinkedAccount) -> None:
    run(CHARGE, *charge(account, 300_000, at=MARCH))
    refuse(CHARGE, *charge(account, 200_001, at=MARCH), match="exceeds the limits")
    assert run(CHARGE, *charge(account, 300_000, at=APRIL)) == 1
    run("UPDATE payments_payment SET state = 'failed', settled_at = created_at WHERE created_at = %s", MARCH)
    assert run(CHARGE, *charge(account, 300_000, at=MARCH)) == 1  # what failed has taken nothing


def test_what_was_given_up_counts_until_it_is_known_to_have_taken_nothing(account: LinkedAccount) -> None:
    run(CHARGE, *charge(account, 300_000))
    run("UPDATE payments_payment SET state = 'cancelled', settled_at = created_at")
    refuse(CHARGE, *charge(account, 200_001), match="exceeds the limits")
    run("UPDATE payments_payment SET failure = 'insufficient_funds: '")
    assert run(CHARGE, *charge(account, 300_000)) == 1


@pytest.mark.parametrize("end", ["expired", "revoked", "unlinked"])
def test_an_account_that_has_ended_is_not_charged(account: LinkedAccount, end: str) -> None:
    run("UPDATE payments_linkedaccount SET state = %s, ended_at = %s WHERE id = %s", end, MARCH, account.pk)
    refuse(CHARGE, *charge(account), match="not linked")


def test_only_what_has_ended_here_is_stuck(account: LinkedAccount) -> None:
    sql = "UPDATE payments_linkedaccount SET stuck_at = %s WHERE id = %s"
    refuse(sql, APRIL, account.pk, match="only_what_has_ended_here_is_stuck")
    run("UPDATE payments_linkedaccount SET state = 'unlinked', ended_at = %s WHERE id = %s", MARCH, account.pk)
    assert run(sql, APRIL, account.pk) == 1
    refuse("UPDATE payments_linkedaccount SET ask_at = %s WHERE id = %s", APRIL, account.pk, match="is_stuck")


def test_an_account_is_not_charged_after_its_own_end(account: LinkedAccount) -> None:
    run("UPDATE payments_linkedaccount SET expires_at = %s WHERE id = %s", MARCH, account.pk)
    refuse(CHARGE, *charge(account, at=MARCH), match="not linked")


def test_what_is_charged_by_itself_stops_when_it_is_switched_off(account: LinkedAccount) -> None:
    refuse(CHARGE, *charge(account, consent=agreed(account, "top_up").pk), match="without a consent")
    automatic = tops_up(account, amount=200_000)
    assert run(CHARGE, *charge(account, consent=automatic.consent_id)) == 1
    run("UPDATE payments_automaticcharge SET is_on = FALSE")
    refuse(CHARGE, *charge(account, consent=automatic.consent_id), match="without a consent")


def test_what_is_charged_by_itself_is_the_amount_and_the_purpose_that_were_agreed_to(account: LinkedAccount) -> None:
    """200,000 at a time were agreed to, of 300,000 that the account may be charged; and invoices are no top-up."""
    automatic = tops_up(account, amount=200_000)
    refuse(CHARGE, *charge(account, 200_001, consent=automatic.consent_id), match="without a consent")
    assert run(CHARGE, *charge(account, 200_000, consent=automatic.consent_id)) == 1
    refuse(CHARGE, *charge(account, 1, consent=pays_invoices(account).consent_id), match="without a consent")
    refuse("UPDATE payments_automaticcharge SET amount = 300000 WHERE purpose = 'top_up'", match="frozen")
    refuse("UPDATE payments_automaticcharge SET below = 1000000000 WHERE purpose = 'top_up'", match="frozen")


def test_a_wallet_is_topped_up_by_itself_as_often_a_day_as_was_agreed_to(account: LinkedAccount) -> None:
    """Twice a day, whatever became of the first two, by whichever account; a day is one of Hà Nội. What they ask for is not counted."""
    run("UPDATE payments_linkedaccount SET month_limit = 5000000")
    other = linked_account(account.customer)
    run(CHARGE, *charge(account))
    twice = agreed(account, "top_up", times_a_day=2)
    automatic = tops_up(account, amount=200_000)
    run("UPDATE payments_automaticcharge SET consent_id = %s", twice.pk)
    assert run(CHARGE, *charge(account, at=MARCH, consent=twice.pk)) == 1
    run("UPDATE payments_payment SET state = 'failed', settled_at = created_at")
    assert run(CHARGE, *charge(account, at=MARCH, consent=twice.pk)) == 1
    refuse(CHARGE, *charge(account, at=MARCH, consent=twice.pk), match="more than was agreed to for a day")
    again = agreed(other, "top_up", times_a_day=2)
    run("UPDATE payments_automaticcharge SET consent_id = %s, linked_id = %s", again.pk, other.pk)
    refuse(CHARGE, *charge(other, at=MARCH, consent=again.pk), match="more than was agreed to for a day")
    assert run(CHARGE, *charge(other, at=APRIL, consent=again.pk)) == 1
    refuse("UPDATE payments_consent SET times_a_day = 9", match="append-only|permission denied")
    assert run(CHARGE, *charge(other, at=MARCH)) == 1
    assert automatic.consent_id not in {twice.pk, again.pk}


def test_nothing_is_switched_on_that_nobody_agreed_to(account: LinkedAccount) -> None:
    automatic = pays_invoices(account)
    refuse("UPDATE payments_automaticcharge SET consent_id = %s", consent_of(account).pk, match="nobody agreed")
    refuse(
        "UPDATE payments_automaticcharge SET linked_id = %s", linked_account(account.customer).pk, match="nobody agreed"
    )
    refuse("UPDATE payments_automaticcharge SET purpose = 'top_up', below = 1, amount = 1", match="frozen")
    refuse("DELETE FROM payments_automaticcharge WHERE id = %s", automatic.pk, match="keeps its rows")
    refuse("UPDATE payments_automaticcharge SET below = 1", match="frozen")
    again = agreed(account, "invoices")
    refuse(
        "UPDATE payments_automaticcharge SET below = 1, consent_id = %s", again.pk, match="only_a_top_up_has_an_amount"
    )
    run("UPDATE payments_automaticcharge SET is_on = FALSE")
    run("UPDATE payments_linkedaccount SET state = 'revoked', ended_at = now() WHERE id = %s", account.pk)
    refuse("UPDATE payments_automaticcharge SET is_on = TRUE", match="nobody agreed")


def test_a_consent_is_of_the_customer_of_its_account_and_stands(account: LinkedAccount) -> None:
    refuse("UPDATE payments_consent SET text = 'anything'", match="append-only")
    refuse("DELETE FROM payments_consent", match="append-only")
    refuse(
        "INSERT INTO payments_consent (id, customer_id, linked_id, scope, text, version, language, actor, at)"
        " VALUES (gen_random_uuid(), %s, %s, 'charges', 'x', '1', 'en', '', now())",
        make_customer().pk,
        account.pk,
        match="not of the customer",
    )
    refuse(
        "INSERT INTO payments_consent (id, customer_id, linked_id, scope, text, version, language, actor, at)"
        " VALUES (gen_random_uuid(), %s, %s, 'charges', '', '1', 'en', '', now())",
        account.customer_id,
        account.pk,
        match="a_consent_has_its_words",
    )


@pytest.mark.parametrize("source", LinkState.values)
@pytest.mark.parametrize("target", LinkState.values)
def test_a_link_moves_along_its_edges(alice: Customer, source: str, target: str) -> None:
    if source == target:
        return
    linked_account(alice)
    run("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks still to come cannot be altered
    run("ALTER TABLE payments_linkedaccount DISABLE TRIGGER USER")
    ends = {LinkState.PENDING: "NULL", LinkState.ACTIVE: "NULL"}
    run(f"UPDATE payments_linkedaccount SET state = '{source}', ended_at = {ends.get(LinkState(source), 'now()')}")
    run("ALTER TABLE payments_linkedaccount ENABLE TRIGGER USER")
    move = f"UPDATE payments_linkedaccount SET state = '{target}', ended_at = {ends.get(LinkState(target), 'now()')}"
    if (source, target) in LINK_EDGES:
        assert run(move) == 1
    else:
        refuse(move, match="cannot move")


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("UPDATE payments_linkedaccount SET customer_id = gen_random_uuid()", "frozen"),
        ("UPDATE payments_linkedaccount SET gateway = 'other'", "frozen"),
        ("UPDATE payments_linkedaccount SET reference = 'other'", "frozen"),
        ("UPDATE payments_linkedaccount SET token = ''", "what_is_linked_has_a_token"),
        ("UPDATE payments_linkedaccount SET charge_limit = 0", "limits_of_an_account_are_sane"),
        ("UPDATE payments_linkedaccount SET ended_at = now()", "a_link_that_ended_says_when"),
        ("UPDATE payments_linkedaccount SET state = 'revoked'", "a_link_that_ended_says_when"),
        ("UPDATE payments_linkedaccount SET is_default = TRUE, state = 'revoked', ended_at = now()", "only_what_is_linked"),
        ("UPDATE payments_linkedaccount SET is_default = TRUE", "one_default_account_per_customer"),
        ("UPDATE payments_payment SET linked_id = NULL, consent_id = NULL", "frozen"),
        ("DELETE FROM payments_linkedaccount", "keeps its rows"),
    ],
)  # fmt: skip
def test_what_was_linked_stands(account: LinkedAccount, attack: str, said: str) -> None:
    linked_account(account.customer)
    run(CHARGE, *charge(account))
    refuse(attack, match=said)


def test_a_link_is_known_once(account: LinkedAccount) -> None:
    refuse(
        'INSERT INTO payments_linkedaccount SELECT (jsonb_populate_record(x, \'{"id": "0199ad00-0000-7000-8000-000000000001",'
        ' "state": "pending"}\')).* FROM payments_linkedaccount x',
        match="a_link_is_known_once_per_gateway",
    )
