"""What was written for good: the chain of seals over the audit trail and the closes of the books, and the close itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from django.db import connection

from accounts.models import AUDIT_ENTRY
from accounts.models.seals import HEAD, content
from billing_portal.auditor.claim import Claim
from billing_portal.models import CLOSE, AuditLook, Close

CHAIN = f"""
    SELECT s.number, coalesce(s.kind, r.kind) AS kind, coalesce(s.row_id, r.id) AS id, s.head, r.content,
        coalesce(lag(s.head) OVER (ORDER BY s.number), '') AS before
    FROM accounts_seal s FULL JOIN (
        SELECT 'audit' AS kind, a.id, {content(*AUDIT_ENTRY, of="a")} AS content FROM accounts_auditentry a
        UNION ALL SELECT 'close', c.id, {content(*CLOSE, of="c")} FROM billing_portal_close c
    ) r ON r.kind = s.kind AND r.id = s.row_id
"""
WHOLE = f"""
    SELECT kind || ' ' || id || CASE
        WHEN number IS NULL THEN ' was slipped in' WHEN content IS NULL THEN ' was removed' ELSE ' was changed' END, NULL::uuid
    FROM ({CHAIN}) chain
    WHERE number IS NULL OR content IS NULL OR head <> {HEAD.format(before="before", content="content")}
    UNION ALL SELECT 'seal ' || number || ' was removed', NULL FROM (
        SELECT generate_series(1, max(number)) AS number FROM accounts_seal EXCEPT SELECT number FROM accounts_seal) missing
    UNION ALL SELECT 'the latest seals were removed', NULL FROM (
        SELECT max(id) AS id FROM accounts_auditentry) newest
        WHERE id > (SELECT coalesce(max(row_id), 0) FROM accounts_seal WHERE kind = 'audit')
"""
FIGURES = """
    SELECT jsonb_build_object(
        'entry', %(entry)s::bigint,
        'moved', (SELECT coalesce(sum(abs(amount)), 0) FROM ledger_entry WHERE id <= %(entry)s),
        'entries', (SELECT count(*) FROM ledger_entry WHERE id <= %(entry)s),
        'accounts', (SELECT coalesce(jsonb_object_agg(kind, amount), '{}') FROM (
            SELECT a.kind, sum(e.amount) AS amount FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
            WHERE e.id <= %(entry)s GROUP BY 1) summed),
        'opened', (SELECT coalesce(sum(e.amount), 0) FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id
            WHERE t.kind = 'adjustment' AND t.source LIKE 'opening:%%' AND e.customer_id IS NOT NULL AND e.id <= %(entry)s),
        'invoices', (SELECT jsonb_object_agg(series || year, last) FROM invoices_numberseries)
    )::text
"""

HISTORY = (
    Claim("the audit trail and the closes of the books are as they were written", WHOLE),
    Claim(
        "what was closed adds up to what it was closed with",
        """
        SELECT 'close ' || c.id, NULL::uuid FROM (SELECT * FROM billing_portal_close ORDER BY id DESC LIMIT 1) c
        WHERE (c.figures ->> 'moved')::numeric <> (
            SELECT coalesce(sum(abs(amount)), 0) FROM ledger_entry WHERE id <= (c.figures ->> 'entry')::bigint)
        """,
    ),
)


def close_the_books(*, claims: int, found: int, at: datetime) -> Close:
    """
    Write down what all there is adds up to, up to an entry that has nothing below it any more that is not committed.

    That is one which a look of the auditor had seen minutes ago, as `touched` has it.
    """
    looks = AuditLook.objects.order_by("-pk").values_list("reached", flat=True)
    seen = looks[1:2].first() or {}
    with connection.cursor() as cursor:
        cursor.execute(FIGURES, {"entry": seen.get("ledger_entry", 0)})
        figures = json.loads(cursor.fetchone()[0])
    return Close.objects.create(claims=claims, found=found, figures=figures, at=at)


def chain() -> Iterator[dict[str, object]]:
    """All seals with what they seal, for `docs/check_seals.py`."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT number, head, content FROM ({CHAIN}) chain WHERE number IS NOT NULL ORDER BY number")
        for number, head, text in cursor:
            yield {"number": number, "head": head, "content": text}
