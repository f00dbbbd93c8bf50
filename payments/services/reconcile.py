"""
Comparing what a gateway or bank says that it moved on a day with what we have booked, and keeping each difference as a case.

Set by set: a day's lines are compared in one statement, and so is what of ours should have been among them. A line differs
once, whatever becomes of it later; when both sides agree by then, the case ends by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from kernel.shapes import SqlArguments
from payments.gateways.base import Moved
from payments.gateways.wire import VIETNAM
from payments.models import StatementDay, StatementLine
from payments.models.reconciliation import BOTH_AGREE, ITS_LINES

CHUNK = 5_000
MARGIN = timedelta(minutes=15)
"""So far the clock and the closing of a gateway's day may lie from ours: what we booked so late may stand on the next day."""

LINES_THAT_DIFFER = """
INSERT INTO payments_reconciliationcase
    (kind, source, day, line_id, payment_id, refund_id, reversal_id, theirs, ours, found_at, resolution, reason, resolved_by)
SELECT kind, %(source)s, %(day)s, line, payment, refund, reversal, theirs, ours, %(at)s, '', '', ''
FROM (
    SELECT l.id AS line, l.amount AS theirs, coalesce(p.id, r.id) AS payment, NULL::uuid AS refund, NULL::bigint AS reversal,
           CASE WHEN p.captured IS NOT NULL THEN p.captured WHEN r.captured IS NOT NULL THEN r.captured END AS ours,
           CASE WHEN EXISTS (SELECT FROM payments_statementline e
                             WHERE e.source = l.source AND e.transaction = l.transaction AND e.movement = l.movement
                               AND e.id < l.id) THEN 'twice'
                WHEN p.captured = l.amount THEN NULL
                WHEN p.captured IS NOT NULL THEN 'amount'
                WHEN starts_with(r.failure, 'reversed: ' || l.transaction || ' ') THEN NULL
                WHEN r.id IS NULL THEN 'unknown'
                WHEN r.captured IS NOT NULL THEN 'twice'
                WHEN r.state IN ('failed', 'cancelled') THEN 'late'
                ELSE 'missing_here' END AS kind
    FROM payments_statementline l
    LEFT JOIN payments_payment p ON p.gateway = l.source AND p.gateway_txn_id = l.transaction AND p.captured IS NOT NULL
    LEFT JOIN payments_payment r ON r.reference = l.reference AND r.gateway = l.source
    WHERE l.statement_id = %(statement)s AND l.movement = 'payment'
    UNION ALL
    SELECT l.id, l.amount, p.id, NULL, CASE WHEN b.booked IS NOT NULL THEN b.id END, b.booked,
           CASE WHEN EXISTS (SELECT FROM payments_statementline e
                             WHERE e.source = l.source AND e.transaction = l.transaction AND e.movement = l.movement
                               AND e.id < l.id) THEN 'twice'
                WHEN p.id IS NULL THEN 'unknown'
                WHEN b.booked = l.amount OR starts_with(p.failure, 'reversed: ') AND l.movement = 'taken_back' THEN NULL
                WHEN b.booked IS NOT NULL THEN 'amount'
                ELSE 'missing_here' END
    FROM payments_statementline l
    LEFT JOIN payments_payment p ON p.reference = l.reference AND p.gateway = l.source
    LEFT JOIN LATERAL (
        SELECT r.id, nullif(CASE l.movement WHEN 'taken_back' THEN r.amount ELSE r.given_back END, 0) AS booked
        FROM payments_reversal r WHERE r.payment_id = p.id AND upper(l.transaction) IN (upper(r.reference), upper(r.told_as)) LIMIT 1
    ) b ON TRUE
    WHERE l.statement_id = %(statement)s AND l.movement IN ('taken_back', 'given_back')
    UNION ALL
    SELECT l.id, l.amount, r.payment_id, r.id, NULL, CASE WHEN r.state = 'done' OR r.gateway_txn_id IS NOT NULL THEN r.amount END,
           CASE WHEN EXISTS (SELECT FROM payments_statementline e
                             WHERE e.source = l.source AND e.reference = l.reference AND e.movement = l.movement
                               AND e.id < l.id) THEN CASE WHEN r.id IS NULL THEN 'unknown' ELSE 'twice' END
                WHEN r.id IS NULL THEN 'unknown'
                WHEN r.gateway_txn_id IS NOT NULL AND r.amount <> l.amount THEN 'amount'
                WHEN r.state = 'failed' AND (r.gateway_txn_id IS NOT NULL OR l.movement = 'came_back' OR EXISTS (
                    SELECT FROM payments_statementline e
                    WHERE e.source = l.source AND e.reference = l.reference AND e.movement = 'came_back')) THEN NULL
                WHEN r.state = 'failed' AND EXISTS (SELECT FROM payments_reversal b WHERE b.payment_id = r.payment_id
                    AND b.reference = r.reference AND b.amount = l.amount) THEN NULL
                WHEN r.state = 'failed' THEN 'late'
                WHEN r.state = 'done' AND l.movement = 'refund' THEN NULL
                ELSE 'missing_here' END
    FROM payments_statementline l
    LEFT JOIN payments_refund r ON r.gateway = l.source AND r.reference = l.reference
    WHERE l.statement_id = %(statement)s AND l.movement IN ('refund', 'came_back')
) compared WHERE kind IS NOT NULL ORDER BY line
ON CONFLICT DO NOTHING
"""

OURS_THAT_NO_LINE_TELLS = f"""
INSERT INTO payments_reconciliationcase
    (kind, source, day, payment_id, refund_id, reversal_id, movement, ours, found_at, resolution, reason, resolved_by)
SELECT 'missing_there', %(source)s, %(day)s, payment, refund, reversal, movement, ours, %(at)s, '', '', ''
FROM (
    SELECT p.id AS payment, NULL::uuid AS refund, NULL::bigint AS reversal, 'payment' AS movement, p.captured AS ours
    FROM payments_payment p
    WHERE p.gateway = %(source)s AND p.captured IS NOT NULL AND p.settled_at >= %(after)s AND p.settled_at < %(until)s
      AND p.created_at >= %(first)s
      AND NOT EXISTS (SELECT FROM payments_statementline l WHERE l.source = p.gateway AND l.transaction = p.gateway_txn_id
                      AND l.movement = 'payment')
    UNION ALL
    SELECT NULL, r.id, NULL, way.movement, r.amount
    FROM payments_refund r
    CROSS JOIN LATERAL (VALUES ('refund', r.settled_at), ('came_back', r.came_back_at)) way(movement, at)
    WHERE r.gateway = %(source)s AND r.gateway_txn_id IS NOT NULL AND way.at >= %(after)s AND way.at < %(until)s
      AND r.approved_at >= %(first)s
      AND NOT EXISTS (SELECT FROM payments_statementline l WHERE l.source = r.gateway AND l.reference = r.reference
                      AND l.movement = way.movement AND l.movement <> 'payment')
    UNION ALL
    SELECT NULL, NULL, b.id, way.movement, way.amount
    FROM payments_reversal b JOIN payments_payment p ON p.id = b.payment_id
    CROSS JOIN LATERAL (VALUES ('taken_back', b.at, b.amount), ('given_back', b.given_back_at, b.given_back)) way(movement, at, amount)
    WHERE p.gateway = %(source)s AND way.at >= %(after)s AND way.at < %(until)s
      AND NOT EXISTS ({ITS_LINES} AND l.movement = way.movement)
      AND NOT EXISTS (SELECT FROM payments_statementline l WHERE l.source = p.gateway AND l.reference = b.reference
                      AND l.movement = 'refund' AND way.movement = 'taken_back')  -- a refund that had been refused
      AND (b.given_back < b.amount OR EXISTS ({ITS_LINES}))  -- what nobody tells either way did not move
) ours
ON CONFLICT DO NOTHING
"""

CASES_THAT_AGREE = f"""
UPDATE payments_reconciliationcase c SET resolution = 'agrees', resolved_by = %(actor)s, resolved_at = %(at)s
WHERE c.resolved_at IS NULL AND c.source = %(source)s AND ({BOTH_AGREE})
"""


@transaction.atomic
def read_day(day: StatementDay, lines: Sequence[Moved], *, actor: str, at: datetime) -> int:
    """
    Keep what the statement of a day says and compare it; returns how many lines were new. Reading it again changes nothing.

    The caller knows that `lines` are all that moved on that day.
    """
    day = StatementDay.objects.select_for_update(no_key=True).get(pk=day.pk)
    before = StatementLine.objects.filter(statement=day).count()
    keep_lines(day, lines, at=at)
    _compare(day, at=at)
    end_what_agrees(day.source, actor=actor, at=at)
    return StatementLine.objects.filter(statement=day).count() - before


def keep_lines(day: StatementDay, lines: Iterable[Moved], *, at: datetime) -> None:
    """Put lines on record, each once; the caller holds the day, which is read with that."""
    rows = _numbered(day, lines)
    for start in range(0, len(rows), CHUNK):
        StatementLine.objects.bulk_create(rows[start : start + CHUNK], ignore_conflicts=True)
    day.read_at, day.failure = day.read_at or at, ""
    day.save(update_fields=["read_at", "failure"])


def end_what_agrees(source: str, *, actor: str, at: datetime) -> int:
    """Cases whose two sides agree by now."""
    with connection.cursor() as cursor:
        cursor.execute(CASES_THAT_AGREE, {"source": source, "actor": actor, "at": at})
        return int(cursor.rowcount)


def begins(day: date) -> datetime:
    """The first instant of a day of the gateways: theirs are all in Việt Nam."""
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM)


def _numbered(day: StatementDay, lines: Iterable[Moved]) -> list[StatementLine]:
    seen: Counter[tuple[str, str, str, int]] = Counter()
    rows = []
    for line in lines:
        same = (line.movement, line.transaction, line.reference, line.amount)
        seen[same] += 1
        rows.append(
            StatementLine(
                statement=day,
                source=day.source,
                movement=line.movement,
                reference=line.reference,
                transaction=line.transaction,
                amount=line.amount,
                nth=seen[same],
                at=line.at,
            )
        )
    return rows


def _compare(day: StatementDay, *, at: datetime) -> None:
    read = StatementDay.objects.filter(source=day.source, read_at__isnull=False)
    is_yesterday_read = read.filter(day=day.day - timedelta(days=1)).exists()
    first = read.order_by("day").values_list("day", flat=True).first() or day.day
    start = begins(day.day)
    arguments: SqlArguments = {
        "statement": day.pk,
        "source": day.source,
        "day": day.day,
        "at": at,
        "first": begins(first),
        "after": start - MARGIN if is_yesterday_read else start + MARGIN,
        "until": start + timedelta(days=1) - MARGIN,
    }
    with connection.cursor() as cursor:
        cursor.execute(LINES_THAT_DIFFER, arguments)
        cursor.execute(OURS_THAT_NO_LINE_TELLS, arguments)
