import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0006_vat_of_lines_and_notes"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="invoiceline",
            name="taxed_at_their_tax_point",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invoiceline",
            trigger=pgtrigger.compiler.Trigger(
                name="taxed_at_their_tax_point",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE broken text;",
                    func="\n        PERFORM pg_advisory_xact_lock_shared(hashtextextended('rates of tax', 0));\n        SELECT n.name INTO broken FROM new_lines n JOIN invoices_invoice i ON i.id = n.invoice_id\n        WHERE CASE i.kind WHEN 'usage' THEN n.taxed_at <> greatest(n.starts_at, n.ends_at - interval '1 minute')\n            ELSE n.taxed_at > i.issued_at END LIMIT 1;\n        IF broken IS NOT NULL THEN\n            RAISE EXCEPTION 'the tax point of \"%\" is another one', broken USING ERRCODE = 'check_violation';\n        END IF;\n        IF EXISTS (\n            SELECT FROM (SELECT DISTINCT price_id, vat_rate, (l.taxed_at AT TIME ZONE billing_zone())::date AS day FROM new_lines l) n JOIN catalog_price p ON p.id = n.price_id\n            LEFT JOIN (SELECT category_id, rate, since, lead(since, 1, 'infinity'::date) OVER (PARTITION BY category_id ORDER BY since) AS until FROM (\n    SELECT DISTINCT ON (category_id, since) category_id, since, rate FROM catalog_taxrate ORDER BY category_id, since, id DESC) said) r ON r.category_id = p.tax_category_id AND n.day >= r.since AND n.day < r.until\n            WHERE r.rate IS DISTINCT FROM n.vat_rate\n        ) THEN\n            SELECT l.price_id::text INTO broken FROM (SELECT DISTINCT l.price_id, l.vat_rate, l.taxed_at, i.kind, r.category_id, r.since, r.rate\nFROM new_lines l JOIN invoices_invoice i ON i.id = l.invoice_id JOIN catalog_price p ON p.id = l.price_id\nLEFT JOIN (SELECT category_id, rate, since, lead(since, 1, 'infinity'::date) OVER (PARTITION BY category_id ORDER BY since) AS until FROM (\n    SELECT DISTINCT ON (category_id, since) category_id, since, rate FROM catalog_taxrate ORDER BY category_id, since, id DESC) said) r ON r.category_id = p.tax_category_id AND (l.taxed_at AT TIME ZONE billing_zone())::date >= r.since AND (l.taxed_at AT TIME ZONE billing_zone())::date < r.until\nWHERE r.rate IS DISTINCT FROM l.vat_rate) l JOIN catalog_price p ON p.id = l.price_id\n            WHERE NOT (l.kind = 'prepaid' AND EXISTS (SELECT FROM catalog_taxrate x WHERE x.category_id = p.tax_category_id AND x.since <= (l.taxed_at AT TIME ZONE billing_zone())::date AND x.rate = l.vat_rate AND NOT EXISTS (\n    SELECT FROM catalog_taxrate y WHERE y.category_id = x.category_id AND y.id < x.id AND y.since > x.since AND y.since <= (l.taxed_at AT TIME ZONE billing_zone())::date))) LIMIT 1;\n            IF broken IS NOT NULL THEN\n                RAISE EXCEPTION 'price % is taxed at another rate at that tax point', broken USING ERRCODE = 'check_violation';\n            END IF;\n            UPDATE catalog_taxrate SET reaches_back = TRUE WHERE NOT reaches_back AND (category_id, since, rate) IN (\n                SELECT l.category_id, l.since, l.rate FROM (SELECT DISTINCT l.price_id, l.vat_rate, l.taxed_at, i.kind, r.category_id, r.since, r.rate\nFROM new_lines l JOIN invoices_invoice i ON i.id = l.invoice_id JOIN catalog_price p ON p.id = l.price_id\nLEFT JOIN (SELECT category_id, rate, since, lead(since, 1, 'infinity'::date) OVER (PARTITION BY category_id ORDER BY since) AS until FROM (\n    SELECT DISTINCT ON (category_id, since) category_id, since, rate FROM catalog_taxrate ORDER BY category_id, since, id DESC) said) r ON r.category_id = p.tax_category_id AND (l.taxed_at AT TIME ZONE billing_zone())::date >= r.since AND (l.taxed_at AT TIME ZONE billing_zone())::date < r.until\nWHERE r.rate IS DISTINCT FROM l.vat_rate) l);\n        END IF;\n        SELECT l.name INTO broken\n        FROM (SELECT DISTINCT ON (price_id, starts_at, ends_at) n.* FROM new_lines n JOIN invoices_invoice i ON i.id = n.invoice_id\n              WHERE i.kind = 'usage' AND NOT n.is_whole) l JOIN catalog_price p ON p.id = l.price_id WHERE EXISTS (SELECT FROM (SELECT category_id, rate, since, lead(since, 1, 'infinity'::date) OVER (PARTITION BY category_id ORDER BY since) AS until FROM (\n    SELECT DISTINCT ON (category_id, since) category_id, since, rate FROM catalog_taxrate ORDER BY category_id, since, id DESC) said) r WHERE r.category_id = p.tax_category_id AND r.rate <> l.vat_rate\n    AND r.since::timestamp AT TIME ZONE billing_zone() < l.ends_at AND r.until::timestamp AT TIME ZONE billing_zone() > l.starts_at)\nAND (SELECT i.aggregation IS DISTINCT FROM 'last' FROM catalog_item i WHERE i.id = p.item_id) LIMIT 1;\n        IF broken IS NOT NULL THEN\n            RAISE EXCEPTION '\"%\" is not cut where its rate of VAT changes', broken USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NULL;\n        ",
                    hash="8757043d1aa29e3978e5f9c6770cdbcabdd8e7c7",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_taxed_at_their_tax_point_a5b31",
                    referencing="REFERENCING NEW TABLE AS new_lines ",
                    table="invoices_invoiceline",
                    when="AFTER",
                ),
            ),
        ),
    ]
