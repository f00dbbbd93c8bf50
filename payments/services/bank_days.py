"""
The bank's own files against the transfers that we know: what was typed, told and uploaded has to be what its statement says, and
what left the account has to be what staff sent back or the bank took back.

A file is taken to hold all of the days that it names; of a day that comes in several files, what was missed ends by itself.

What the bank's service has told is expected by the day that it said, or, where it said none or an odd one, by the day on which it was
told: nothing that the service tells keeps a transfer out of the comparison.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from kernel.keys import transfer_key
from kernel.shapes import SqlArguments
from payments.gateways.base import Moved, Movement
from payments.models import StatementDay
from payments.models.reconciliation import AT_A_BANK
from payments.services.reconcile import begins, end_what_agrees, keep_lines
from payments.services.transfers import Line

PREFIX = "bank:"
LOOKED_BACK = timedelta(days=31)
"""So long after a transfer was told its line is missed in each file."""
APART = 5
"""So many days after a transfer was told, over a holiday, its bank may date it."""

TOLD_BEFORE = """SELECT FROM payments_statementline e
    WHERE e.source = l.source AND e.transaction = l.transaction AND e.movement = l.movement AND e.id < l.id AND l.transaction <> ''"""
LINES_THAT_DIFFER = f"""
INSERT INTO payments_reconciliationcase
    (kind, source, day, line_id, transfer_id, sent_back_id, reversal_id, theirs, ours, found_at, resolution, reason, resolved_by)
SELECT kind, %(source)s, %(day)s, line, transfer, sent_back, reversal, theirs, ours, %(at)s, '', '', ''
FROM (
    SELECT l.id AS line, l.amount AS theirs, t.id AS transfer, NULL::bigint AS sent_back, NULL::bigint AS reversal, t.amount AS ours,
           CASE WHEN EXISTS ({TOLD_BEFORE}) THEN 'twice'
                WHEN t.id IS NULL THEN 'missing_here'
                WHEN t.amount <> l.amount THEN 'amount' END AS kind
    FROM payments_statementline l
    LEFT JOIN payments_banktransfer t ON t.account = %(account)s AND t.key = l.transaction
    WHERE l.statement_id = %(statement)s AND l.movement = 'payment'
    UNION ALL
    SELECT l.id, l.amount, NULL, r.id, b.id, coalesce(r.amount, b.amount),
           CASE WHEN EXISTS ({TOLD_BEFORE}) THEN 'twice'
                WHEN r.id IS NULL AND b.id IS NULL THEN 'unknown'
                WHEN coalesce(r.amount, b.amount) <> l.amount THEN 'amount' END
    FROM payments_statementline l
    LEFT JOIN payments_sentback r ON r.account = %(account)s AND r.key = l.transaction AND r.key <> ''
    LEFT JOIN LATERAL (
        SELECT v.id, v.amount FROM payments_reversal v JOIN payments_payment p ON p.id = v.payment_id
        JOIN payments_banktransfer t ON t.id = p.transfer_id AND t.account = %(account)s
        WHERE r.id IS NULL AND l.transaction IN ({AT_A_BANK.format("v.reference")}, {AT_A_BANK.format("v.told_as")})
        ORDER BY v.id LIMIT 1
    ) b ON TRUE
    WHERE l.statement_id = %(statement)s AND l.movement = 'sent'
) compared WHERE kind IS NOT NULL ORDER BY line
ON CONFLICT DO NOTHING
"""
OURS_THAT_NO_LINE_TELLS = f"""
INSERT INTO payments_reconciliationcase
    (kind, source, day, transfer_id, sent_back_id, reversal_id, movement, ours, found_at, resolution, reason, resolved_by)
SELECT 'missing_there', %(source)s, %(day)s, transfer, sent_back, reversal, movement, ours, %(at)s, '', '', ''
FROM (
    SELECT t.id AS transfer, NULL::bigint AS sent_back, NULL::bigint AS reversal, 'payment' AS movement, t.amount AS ours
    FROM payments_banktransfer t
    WHERE t.account = %(account)s AND t.channel <> 'gate' AND (t.value_date = %(day)s OR t.channel = 'feed'
          AND t.at >= %(first)s AND t.at < %(until)s
          AND least(coalesce(t.value_date, (t.at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date),
                    (t.at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date + %(apart)s) <= %(day)s)
      AND NOT EXISTS (SELECT FROM payments_statementline l
                      WHERE l.source = %(source)s AND l.transaction = t.key AND l.movement = 'payment')
    UNION ALL
    SELECT NULL, r.id, NULL, 'sent', r.amount
    FROM payments_sentback r
    WHERE r.account = %(account)s AND r.key <> '' AND r.at >= %(first)s AND r.at < %(until)s
      AND NOT EXISTS (SELECT FROM payments_statementline l
                      WHERE l.source = %(source)s AND l.transaction = r.key AND l.movement = 'sent')
    UNION ALL
    SELECT NULL, NULL, b.id, 'taken_back', b.amount
    FROM payments_reversal b JOIN payments_payment p ON p.id = b.payment_id
    JOIN payments_banktransfer t ON t.id = p.transfer_id AND t.account = %(account)s AND t.channel <> 'gate'
    WHERE b.at >= %(first)s AND b.at < %(until)s AND b.given_back < b.amount
      AND NOT EXISTS (SELECT FROM payments_statementline l WHERE l.source = %(source)s AND l.movement = 'sent'
                      AND l.transaction IN ({AT_A_BANK.format("b.reference")}, {AT_A_BANK.format("b.told_as")}))
) ours
ON CONFLICT DO NOTHING
"""


def reconcile_bank(lines: Iterable[Line], *, at: datetime) -> None:
    """Keep the lines of a file by account and day, and compare each day with the transfers that are on record."""
    days: dict[tuple[str, date], list[Line]] = defaultdict(list)
    for line in lines:
        assert line.value_date, "whoever reads a file says of which day it is"
        days[line.account, line.value_date].append(line)
    for (account, day), found in sorted(days.items()):
        _read(account, day, found, at=at)


@transaction.atomic
def _read(account: str, day: date, lines: list[Line], *, at: datetime) -> None:
    source = f"{PREFIX}{account}"
    statement, _is_new = StatementDay.objects.get_or_create(source=source, day=day, defaults={"ask_at": at})
    statement = StatementDay.objects.select_for_update(no_key=True).get(pk=statement.pk)
    moved = [
        Moved(
            Movement.SENT if line.is_outgoing else Movement.PAYMENT,
            (line.number or line.note)[:60],
            transfer_key(line.number)[:60],
            line.amount,
            begins(day),
        )
        for line in lines
    ]
    keep_lines(statement, moved, at=at)
    read = StatementDay.objects.filter(source=source, read_at__isnull=False).order_by("day")
    first = read.values_list("day", flat=True).first() or day
    arguments: SqlArguments = {
        "statement": statement.pk,
        "source": source,
        "account": account,
        "day": day,
        "at": at,
        "first": begins(max(first, day - LOOKED_BACK)),
        "until": begins(day + timedelta(days=1)),
        "apart": APART,
    }
    with connection.cursor() as cursor:
        for comparison in (LINES_THAT_DIFFER, OURS_THAT_NO_LINE_TELLS):
            cursor.execute(comparison, arguments)
    end_what_agrees(source, actor="statements", at=at)
