"""
What was recorded until now was booked when it was given to a customer; what is left of such transfers is booked here, so that
suspense holds it like that of the others. Nobody needs to look at them any more: they were typed by staff.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0006_money_waits_in_suspense"),
        ("payments", "0015_expected_transfers_and_statement_lines"),
    ]

    operations = [
        migrations.RunSQL(
            """
            INSERT INTO ledger_account (kind, held) VALUES ('bank', 0), ('suspense', 0) ON CONFLICT DO NOTHING;
            INSERT INTO ledger_transaction (kind, source, customer_id, reference, at)
            SELECT 'bank_arrival', id, NULL, reference, at FROM payments_banktransfer WHERE amount > assigned;
            INSERT INTO ledger_entry (transaction_id, account_id, amount)
            SELECT m.id, a.id, CASE a.kind WHEN 'bank' THEN t.assigned - t.amount ELSE t.amount - t.assigned END
            FROM payments_banktransfer t
            JOIN ledger_transaction m ON m.kind = 'bank_arrival' AND m.customer_id IS NULL AND m.source = t.id::text
            JOIN ledger_account a ON a.customer_id IS NULL AND a.kind IN ('bank', 'suspense')
            WHERE t.amount > t.assigned;
            UPDATE payments_banktransfer SET seen_at = at
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
