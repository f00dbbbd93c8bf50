"""The auditor after each test, asked as one statement that each session of the database plans once."""

from __future__ import annotations

from django.db import connection

from billing_portal.auditor import NIGHTLY, violations

ASKED = [claim for claim in NIGHTLY if not claim.is_timed]
"""As `violations` asks them: one by one they are 240 statements, of which planning is nearly all, and there are thousands of tests."""


def broken_books() -> list[str]:
    """What is wrong with the books, in the auditor's words; empty when all is well."""
    if connection.in_atomic_block:
        connection.check_constraints()  # what the commit would do
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_prepared_statements WHERE name = 'books'")
        if not cursor.fetchall():
            parts = [claim.asked(None, None) for claim in ASKED]
            query = " UNION ALL ".join(f"(SELECT 1 FROM ({query}) broken LIMIT 1)" for query, _ in parts)
            cursor.execute(f"PREPARE books AS {query}", parts[0][1])
        cursor.execute("EXECUTE books")
        return violations() if cursor.fetchall() else []
