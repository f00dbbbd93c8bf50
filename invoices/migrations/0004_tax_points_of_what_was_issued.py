"""So far rates did not change: what was paid ahead was taxed when its invoice was issued, usage in the last minute of its line."""

from django.db import migrations

TAXED = """
UPDATE invoices_invoiceline l
SET taxed_at = CASE i.kind WHEN 'usage' THEN greatest(l.starts_at, l.ends_at - interval '1 minute') ELSE i.issued_at END
FROM invoices_invoice i WHERE i.id = l.invoice_id
"""


class Migration(migrations.Migration):
    dependencies = [("invoices", "0003_lines_have_a_tax_point")]
    operations = [
        migrations.RunSQL(
            [
                "ALTER TABLE invoices_invoiceline DISABLE TRIGGER USER",
                TAXED,
                "ALTER TABLE invoices_invoiceline ENABLE TRIGGER USER",
            ],
            migrations.RunSQL.noop,
        )
    ]
