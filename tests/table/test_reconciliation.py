"""What statements say and where it differs from our books: kept by the database, whoever asks."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from payments.gateways.base import Moved, Movement
from payments.models import ReconciliationCase, StatementDay
from payments.services.differences import explain
from payments.services.reconcile import read_day
from payments.services.reversals import take_back
from tests.cast import NOON, STAFF, make_customer
from tests.owner import as_owner
from tests.refunds import topped_up
from tests.table.attack import refuse, run

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]


@pytest.fixture(autouse=True)
def case() -> ReconciliationCase:
    day = StatementDay.objects.create(source="gate", day=NOON.date(), ask_at=NOON)
    lines = [Moved(Movement.PAYMENT, "nobody", transaction, 5_000, NOON) for transaction in ("T-1", "T-2")]
    read_day(day, lines, actor="statements", at=NOON)
    return ReconciliationCase.objects.order_by("pk")[0]


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("UPDATE payments_statementline SET amount = 1", "append-only"),
        ("DELETE FROM payments_statementline", "append-only"),
        ("UPDATE payments_statementday SET day = '2026-01-01'", "these facts are frozen"),
        ("UPDATE payments_statementday SET read_at = NULL", "these facts are frozen"),
        ("DELETE FROM payments_statementday", "keeps its rows"),
        ("INSERT INTO payments_statementday (source, day, tries, ask_at, failure) VALUES ('gate', '2026-03-10', 0, now(), '')", "a_source_has_one_statement_a_day"),
        ("INSERT INTO payments_statementline (statement_id, source, movement, reference, transaction, amount, nth, at) SELECT statement_id, source, movement, reference, transaction, amount, nth, at FROM payments_statementline LIMIT 1", "a_line_is_kept_once"),
        ("INSERT INTO payments_statementline (statement_id, source, movement, reference, transaction, amount, nth, at) SELECT statement_id, source, movement, reference, transaction, 0, nth, at FROM payments_statementline LIMIT 1", "a_line_moves_an_amount"),
        ("DELETE FROM payments_reconciliationcase", "keeps its rows"),
        ("UPDATE payments_reconciliationcase SET theirs = 1", "these facts are frozen"),
        ("UPDATE payments_reconciliationcase SET line_id = NULL", "these facts are frozen"),
        ("UPDATE payments_reconciliationcase SET resolution = 'explained', resolved_by = 'x', resolved_at = now()", "staff_say_why_a_difference_is_none"),
        ("UPDATE payments_reconciliationcase SET resolution = 'explained', reason = 'x', resolved_at = now()", "a_difference_is_open_or_says_how_it_ended"),
        ("INSERT INTO payments_reconciliationcase (kind, source, day, line_id, theirs, found_at, resolution, reason, resolved_by) SELECT kind, source, day, line_id, theirs, found_at, '', '', '' FROM payments_reconciliationcase LIMIT 1", "a_line_differs_once"),
        ("INSERT INTO payments_reconciliationcase (kind, source, day, theirs, found_at, resolution, reason, resolved_by) VALUES ('unknown', 'gate', '2026-03-10', 5, now(), '', '', '')", "a_difference_has_its_sides"),
        ("UPDATE payments_reconciliationcase SET refund_id = gen_random_uuid()", "these facts are frozen"),
        ("UPDATE payments_reconciliationcase SET reversal_id = 1", "these facts are frozen"),
        ("UPDATE payments_reconciliationcase SET movement = 'refund'", "these facts are frozen"),
        ("INSERT INTO payments_reconciliationcase (kind, source, day, ours, found_at, resolution, reason, resolved_by) VALUES ('missing_there', 'gate', '2026-03-10', 5, now(), '', '', '')", "a_difference_has_its_sides"),
    ],
)  # fmt: skip
def test_what_was_read_and_found_stands(attack: str, said: str) -> None:
    with as_owner(), pytest.raises(Exception, match=said), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)


OURS = (
    "INSERT INTO payments_reconciliationcase (kind, source, day, reversal_id, movement, ours, found_at, resolution, reason, resolved_by)"
    " SELECT 'missing_there', 'gate', '2026-03-10', id, {movement}, amount, now(), '', '', '' FROM payments_reversal"
)


ENDS = "UPDATE payments_reconciliationcase SET resolution = %s, reason = %s, resolved_by = 'x', resolved_at = now() WHERE id = %s"


def test_a_difference_ends_by_agreement_where_both_agree_and_nowhere_else(case: ReconciliationCase) -> None:
    """Nobody paid T-1 here, and its money is not in suspense. What is missing there is missing until a line tells it."""
    refuse(ENDS, "agrees", "", case.pk, match="do not agree")
    refuse(ENDS, "suspense", "x", case.pk, match="is in suspense")
    refuse(
        "INSERT INTO payments_reconciliationcase (kind, source, day, line_id, theirs, found_at, resolution, reason, resolved_by, resolved_at)"
        " SELECT 'unknown', source, '2026-03-10', id, amount, now(), 'agrees', '', 'x', now() FROM payments_statementline"
        " ORDER BY id DESC LIMIT 1",
        match="do not agree",
    )
    payment = topped_up(make_customer(), 300_000, gateway="gate")
    run(
        "INSERT INTO payments_reconciliationcase (kind, source, day, payment_id, movement, ours, found_at, resolution, reason, resolved_by)"
        " VALUES ('missing_there', 'gate', '2026-03-10', %s, 'payment', 300000, now(), '', '', '')",
        payment.pk,
    )
    missing = ReconciliationCase.objects.get(kind="missing_there")
    refuse(ENDS, "agrees", "", missing.pk, match="do not agree")
    run(
        "INSERT INTO payments_statementline (statement_id, source, movement, reference, transaction, amount, nth, at)"
        " SELECT statement_id, source, movement, 'x', %s, 300000, 1, at FROM payments_statementline LIMIT 1",
        payment.gateway_txn_id,
    )
    assert run(ENDS, "agrees", "", missing.pk) == 1


def test_a_reversal_that_no_line_tells_is_a_difference_once_each_way() -> None:
    payment = topped_up(make_customer(), 300_000)
    take_back(payment.pk, 100_000, reference="CB-1", reason="dispute", actor=STAFF, at=NOON)
    for movement in ("''", "'payment'", "'refund'"):
        refuse(OURS.format(movement=movement), match="a_difference_has_its_sides")
    for movement in ("'taken_back'", "'given_back'"):
        run(OURS.format(movement=movement))
        refuse(OURS.format(movement=movement), match="a_reversal_is_missing_once_each_way")


def test_how_a_difference_ended_stands(case: ReconciliationCase) -> None:
    explain(case.pk, reason="a test of theirs", actor=STAFF, at=NOON)
    with pytest.raises(Exception, match="these facts are frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE payments_reconciliationcase SET reason = 'other' WHERE resolution <> ''")
