"""
The transfers that were recorded until now, by the form in which references are compared.

One reference that was recorded several times, written in different ways, becomes one transfer of all of it: what was booked
stands, and it can be recorded no more.
"""

from django.db import migrations

KEY = "upper(regexp_replace(normalize(substr(reference, 6), NFKC), '[^[:alnum:]]', '', 'g'))"


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0008_bank_transfers_in_parts"),
    ]

    operations = [
        migrations.RunSQL(
            f"""
            INSERT INTO payments_banktransfer (account, key, reference, amount, assigned, actor, at)
            SELECT 'main', {KEY}, min(substr(reference, 6)), sum(amount), sum(amount), min(actor), min(created_at)
            FROM payments_payment WHERE means = 'bank_transfer' GROUP BY 2;
            UPDATE payments_payment p SET transfer_id = t.id FROM payments_banktransfer t
            WHERE p.means = 'bank_transfer' AND t.key = {KEY.replace("reference", "p.reference")}
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
