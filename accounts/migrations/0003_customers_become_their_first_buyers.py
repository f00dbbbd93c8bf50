"""What invoices said of each customer so far is its first buyer profile, and the default."""

from django.db import migrations

CARRY_OVER = """
WITH said AS (
    SELECT id, name, address, created_at, regexp_replace(tax_code, '[\\s.-]', '', 'g') AS digits, btrim(tax_code) AS code FROM accounts_customer c
    WHERE NOT EXISTS (SELECT FROM accounts_buyerprofile b WHERE b.customer_id = c.id)
)
INSERT INTO accounts_buyerprofile (id, customer_id, kind, name, tax_code, personal_id, address, is_default, created_at)
SELECT gen_random_uuid(), id,
       CASE WHEN code = '' THEN 'consumer' WHEN digits ~ '^0[0-9]{11}$' THEN 'person' ELSE 'company' END,
       name,
       CASE WHEN digits ~ '^0[0-9]{11}$' THEN '' WHEN digits ~ '^[0-9]{13}$' THEN left(digits, 10) || '-' || right(digits, 3)
            WHEN digits ~ '^[0-9]{10}$' THEN digits ELSE code END,
       CASE WHEN digits ~ '^0[0-9]{11}$' THEN digits ELSE '' END,
       address, TRUE, created_at
FROM said WHERE name <> ''
"""
"""
A code in one of the known forms is written in its one form, and twelve digits are a person's; any other stays as it was typed,
and the page asks to mend it.
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_buyer_profiles")]
    operations = [migrations.RunSQL(CARRY_OVER, migrations.RunSQL.noop)]
