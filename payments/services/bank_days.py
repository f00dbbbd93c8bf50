"""
The bank's own files against the transfers that we know: what was typed, told and uploaded has to be what its statement says.

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
from payments.services.reconcile import begins, keep_lines
from payments.services.transfers import Line

PREFIX = "bank:"
LOOKED_BACK = timedelta(days=31)
"""So long after a transfer was told its line is missed in each file."""
APART = 5
"""So many days after a transfer was told, over a holiday, its bank may date it."""

LINES_THAT_DIFFER = """
INSERT INTO payments_reconciliationcase
    (kind, source, day, line_id, transfer_id, theirs, ours, found_at, resolution, reason, resolved_by)
SELECT kind, %(source)s, %(day)s, line, transfer, theirs, ours, %(at)s, '', '', ''
FROM (
    SELECT l.id AS line, l.amount AS theirs, t.id AS transfer, t.amount AS ours,
           CASE WHEN EXISTS (SELECT FROM payments_statementline e
                             WHERE e.source = l.source AND e.transaction = l.transaction AND e.id < l.id) THEN 'twice'
                WHEN t.id IS NULL THEN 'missing_here'
                WHEN t.amount <> l.amount THEN 'amount' END AS kind
    FROM payments_statementline l
    LEFT JOIN payments_banktransfer t ON t.account = %(account)s AND t.key = l.transaction
    WHERE l.statement_id = %(statement)s
) compared WHERE kind IS NOT NULL ORDER BY line
ON CONFLICT DO NOTHING
"""
TRANSFERS_THAT_NO_LINE_TELLS = """
INSERT INTO payments_reconciliationcase
    (kind, source, day, transfer_id, movement, ours, found_at, resolution, reason, resolved_by)
SELECT 'missing_there', %(source)s, %(day)s, t.id, 'payment', t.amount, %(at)s, '', '', ''
FROM payments_banktransfer t
WHERE t.account = %(account)s AND t.channel <> 'gate' AND (t.value_date = %(day)s OR t.channel = 'feed'
      AND t.at >= %(first)s AND t.at < %(until)s
      AND least(coalesce(t.value_date, (t.at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date),
                (t.at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date + %(apart)s) <= %(day)s)
  AND NOT EXISTS (SELECT FROM payments_statementline l WHERE l.source = %(source)s AND l.transaction = t.key)
ON CONFLICT DO NOTHING
"""
CASES_THAT_AGREE = """
UPDATE payments_reconciliationcase c SET resolution = 'agrees', resolved_by = 'statements', resolved_at = %(at)s
WHERE c.resolved_at IS NULL AND c.source = %(source)s AND c.kind = 'missing_there' AND EXISTS (
    SELECT FROM payments_banktransfer t JOIN payments_statementline l ON l.source = c.source AND l.transaction = t.key
    WHERE t.id = c.transfer_id)
"""


def reconcile_bank(lines: Iterable[Line], *, at: datetime) -> None:
    """Keep the lines of a file by account and day, and compare each day with the transfers that are on record."""
    days: dict[tuple[str, date], list[Line]] = defaultdict(list)
    for line in lines:
        if line.value_date:
            days[line.account, line.value_date].append(line)
    for (account, day), found in sorted(days.items()):
        _read(account, day, found, at=at)


@transaction.atomic
def _read(account: str, day: date, lines: list[Line], *, at: datetime) -> None:
    source = f"{PREFIX}{account}"
    statement, _is_new = StatementDay.objects.get_or_create(source=source, day=day, defaults={"ask_at": at})
    statement = StatementDay.objects.select_for_update(no_key=True).get(pk=statement.pk)
    moved = [
        Moved(Movement.PAYMENT, line.number[:60], transfer_key(line.number)[:60], line.amount, begins(day))
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
        for comparison in (LINES_THAT_DIFFER, TRANSFERS_THAT_NO_LINE_TELLS, CASES_THAT_AGREE):
            cursor.execute(comparison, arguments)
