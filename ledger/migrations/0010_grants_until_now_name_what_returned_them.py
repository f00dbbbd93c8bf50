"""Grants that a refund has given anew were known by its instant until now: they name it."""

from django.db import migrations

NAMED = """
UPDATE ledger_grant g SET returned_by_id = (
    SELECT max(r.id) FROM ledger_transaction r
    WHERE r.customer_id = g.customer_id AND r.at = g.at AND r.kind IN ('order_refund', 'credit_note_refund')
)
WHERE NOT EXISTS (SELECT FROM ledger_transaction t WHERE t.kind = 'grant' AND t.source = g.id::text)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0009_grants_name_what_returned_them"),
    ]

    operations = [migrations.RunSQL(NAMED, migrations.RunSQL.noop)]
