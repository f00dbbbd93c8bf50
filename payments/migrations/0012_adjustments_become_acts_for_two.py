"""Every credit adjustment is an act for two, under its own number: the ledger and the notices name it by that."""

from django.db import migrations

COPY = """
INSERT INTO accounts_staffact
    (id, act, state, customer_id, subject, amount, facts, reason, asked_by, asked_at, decided_by, decided_at, decided_because)
SELECT id, 'adjust-credit', 'waiting', customer_id, '', amount, '{}', COALESCE(NULLIF(reason, ''), '-'), requested_by,
    requested_at, '', NULL, ''
FROM payments_creditadjustment;

UPDATE accounts_staffact s
SET state = CASE WHEN a.approved_at IS NULL THEN a.closed ELSE 'approved' END,
    decided_by = CASE WHEN a.approved_at IS NULL THEN a.closed_by ELSE a.approved_by END,
    decided_at = COALESCE(a.approved_at, a.closed_at),
    decided_because = a.closed_because
FROM payments_creditadjustment a
WHERE a.id = s.id AND COALESCE(a.approved_at, a.closed_at) IS NOT NULL;

SELECT setval(pg_get_serial_sequence('accounts_staffact', 'id'), (SELECT COALESCE(MAX(id), 0) + 1 FROM accounts_staffact), false);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_acts_for_two"),
        ("payments", "0011_who_gave_up_is_on_record"),
    ]
    operations = [migrations.RunSQL(COPY, migrations.RunSQL.noop)]
