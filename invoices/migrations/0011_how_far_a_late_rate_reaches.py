import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0011_when_a_rate_was_entered_and_how_far_it_reaches"),
        ("invoices", "0010_commitments"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="invoiceline",
            name="taxed_at_their_tax_point",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="rateinuse",
            name="says_whether_it_reaches_back",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invoiceline",
            trigger=pgtrigger.compiler.Trigger(
                name="taxed_at_their_tax_point",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE broken text;",
                    func="\n        PERFORM pg_advisory_xact_lock_shared(hashtextextended('rates of tax', 0));\n        SELECT n.name INTO broken FROM new_lines n JOIN invoices_invoice i ON i.id = n.invoice_id\n        WHERE CASE i.kind WHEN 'usage' THEN n.taxed_at <> greatest(n.starts_at, n.ends_at - interval '1 minute')\n            ELSE n.taxed_at > i.issued_at END LIMIT 1;\n        IF broken IS NOT NULL THEN\n            RAISE EXCEPTION 'the tax point of \"%\" is another one', broken USING ERRCODE = 'check_violation';\n        END IF;\n        IF EXISTS (\n            SELECT FROM (SELECT DISTINCT price_id, vat_rate, (l.taxed_at AT TIME ZONE billing_zone())::date AS day FROM new_lines l) n JOIN catalog_price p ON p.id = n.price_id\n            LEFT JOIN (SELECT category_id, rate, since, lead(since, 1, 'infinity'::date) OVER (PARTITION BY category_id ORDER BY since) AS until FROM (\n    SELECT DISTINCT ON (category_id, since) category_id, since, rate FROM catalog_taxrate ORDER BY category_id, since, id DESC) said) r ON r.category_id = p.tax_category_id AND n.day >= r.since AND n.day < r.until\n            WHERE r.rate IS DISTINCT FROM n.vat_rate\n        ) THEN\n            SELECT l.price_id::text INTO broken FROM (SELECT DISTINCT l.price_id, l.vat_rate, l.taxed_at, i.kind, r.category_id, r.since, r.rate\nFROM new_lines l JOIN invoices_invoice i ON i.id = l.invoice_id JOIN catalog_price p ON p.id = l.price_id\nLEFT JOIN (SELECT category_id, rate, since, lead(since, 1, 'infinity'::date) OVER (PARTITION BY category_id ORDER BY since) AS until FROM (\n    SELECT DISTINCT ON (category_id, since) category_id, since, rate FROM catalog_taxrate ORDER BY category_id, since, id DESC) said) r ON r.category_id = p.tax_category_id AND (l.taxed_at AT TIME ZONE billing_zone())::date >= r.since AND (l.taxed_at AT TIME ZONE billing_zone())::date < r.until\nWHERE r.rate IS DISTINCT FROM l.vat_rate) l JOIN catalog_price p ON p.id = l.price_id\n            WHERE NOT (l.kind = 'prepaid' AND EXISTS (SELECT FROM catalog_taxrate x WHERE x.category_id = p.tax_category_id AND x.since <= (l.taxed_at AT TIME ZONE billing_zone())::date AND x.rate = l.vat_rate AND NOT EXISTS (\n    SELECT FROM catalog_taxrate y WHERE y.category_id = x.category_id AND y.id < x.id AND y.since > x.since AND y.since <= (l.taxed_at AT TIME ZONE billing_zone())::date))) LIMIT 1;\n            IF broken IS NOT NULL THEN\n                RAISE EXCEPTION 'price % is taxed at another rate at that tax point', broken USING ERRCODE = 'check_violation';\n            END IF;\n            UPDATE catalog_taxrate t SET reaches_back = TRUE, reaches_until = greatest(t.reaches_until, n.last)\n            FROM (SELECT category_id, since, rate, max(taxed_at) AS last FROM (SELECT DISTINCT l.price_id, l.vat_rate, l.taxed_at, i.kind, r.category_id, r.since, r.rate\nFROM new_lines l JOIN invoices_invoice i ON i.id = l.invoice_id JOIN catalog_price p ON p.id = l.price_id\nLEFT JOIN (SELECT category_id, rate, since, lead(since, 1, 'infinity'::date) OVER (PARTITION BY category_id ORDER BY since) AS until FROM (\n    SELECT DISTINCT ON (category_id, since) category_id, since, rate FROM catalog_taxrate ORDER BY category_id, since, id DESC) said) r ON r.category_id = p.tax_category_id AND (l.taxed_at AT TIME ZONE billing_zone())::date >= r.since AND (l.taxed_at AT TIME ZONE billing_zone())::date < r.until\nWHERE r.rate IS DISTINCT FROM l.vat_rate) l GROUP BY 1, 2, 3) n\n            WHERE (t.category_id, t.since, t.rate) = (n.category_id, n.since, n.rate) AND (NOT t.reaches_back OR t.reaches_until < n.last);\n        END IF;\n        SELECT l.name INTO broken\n        FROM (SELECT DISTINCT ON (price_id, starts_at, ends_at) n.* FROM new_lines n JOIN invoices_invoice i ON i.id = n.invoice_id\n              WHERE i.kind = 'usage' AND NOT n.is_whole) l JOIN catalog_price p ON p.id = l.price_id WHERE EXISTS (SELECT FROM (SELECT category_id, rate, since, lead(since, 1, 'infinity'::date) OVER (PARTITION BY category_id ORDER BY since) AS until FROM (\n    SELECT DISTINCT ON (category_id, since) category_id, since, rate FROM catalog_taxrate ORDER BY category_id, since, id DESC) said) r WHERE r.category_id = p.tax_category_id AND r.rate <> l.vat_rate\n    AND r.since::timestamp AT TIME ZONE billing_zone() < l.ends_at AND r.until::timestamp AT TIME ZONE billing_zone() > l.starts_at)\nAND (SELECT i.aggregation IS DISTINCT FROM 'last' FROM catalog_item i WHERE i.id = p.item_id) LIMIT 1;\n        IF broken IS NOT NULL THEN\n            RAISE EXCEPTION '\"%\" is not cut where its rate of VAT changes', broken USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NULL;\n        ",
                    hash="1e1b924c7d10e079c40c4b13503bba8169c23618",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_taxed_at_their_tax_point_a5b31",
                    referencing="REFERENCING NEW TABLE AS new_lines ",
                    table="invoices_invoiceline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rateinuse",
            trigger=pgtrigger.compiler.Trigger(
                name="says_whether_it_reaches_back",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE ends timestamptz;",
                    func="\n                PERFORM pg_advisory_xact_lock(hashtextextended('rates of tax', 0));\n                SELECT coalesce(min(r.since)::timestamp AT TIME ZONE billing_zone(), 'infinity') INTO ends FROM catalog_taxrate r\n                WHERE r.category_id = NEW.category_id AND r.since > NEW.since;\n                SELECT max(l.taxed_at) INTO NEW.reaches_until FROM invoices_invoiceline l JOIN catalog_price p ON p.id = l.price_id\n                WHERE p.tax_category_id = NEW.category_id AND l.vat_rate <> NEW.rate\n                    AND l.taxed_at >= NEW.since::timestamp AT TIME ZONE billing_zone()\n                    AND (l.taxed_at < ends OR l.starts_at < ends AND (SELECT i.kind = 'usage' FROM invoices_invoice i WHERE i.id = l.invoice_id) AND NOT l.is_whole\nAND (SELECT i.aggregation IS DISTINCT FROM 'last' FROM catalog_item i WHERE i.id = l.item_id));\n                NEW.reaches_back := NEW.reaches_until IS NOT NULL;\n                RETURN NEW;\n                ",
                    hash="72175ea891abc00a59820200721acd73b66a52de",
                    operation="INSERT",
                    pgid="pgtrigger_says_whether_it_reaches_back_278ed",
                    table="catalog_taxrate",
                    when="BEFORE",
                ),
            ),
        ),
    ]
