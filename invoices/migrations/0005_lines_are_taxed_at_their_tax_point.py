import django.contrib.postgres.indexes
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invoices", "0004_tax_points_of_what_was_issued")]
    operations = [
        migrations.CreateModel(
            name="RateInUse",
            fields=[],
            options={"proxy": True, "default_permissions": (), "indexes": [], "constraints": []},
            bases=("catalog.taxrate",),
        ),
        migrations.AlterField(
            model_name="invoiceline",
            name="taxed_at",
            field=models.DateTimeField(
                help_text="Paid ahead: when it was paid. Usage: the last minute of the line.", verbose_name="tax point"
            ),
        ),
        migrations.AddIndex(
            model_name="invoiceline",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["taxed_at"], name="lines_by_tax_point"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invoiceline",
            trigger=pgtrigger.compiler.Trigger(
                name="taxed_at_their_tax_point",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE broken text;",
                    func="\n        PERFORM pg_advisory_xact_lock_shared(hashtextextended('rates of tax', 0));\n        SELECT n.name INTO broken FROM new_lines n JOIN invoices_invoice i ON i.id = n.invoice_id\n        WHERE CASE i.kind WHEN 'usage' THEN n.taxed_at <> greatest(n.starts_at, n.ends_at - interval '1 minute')\n            ELSE n.taxed_at > i.issued_at END LIMIT 1;\n        IF broken IS NOT NULL THEN\n            RAISE EXCEPTION 'the tax point of \"%\" is another one', broken USING ERRCODE = 'check_violation';\n        END IF;\n        SELECT n.price_id::text INTO broken\n        FROM (SELECT DISTINCT price_id, vat_rate, (taxed_at AT TIME ZONE billing_zone())::date AS day FROM new_lines) n JOIN catalog_price p ON p.id = n.price_id\n        LEFT JOIN (SELECT category_id, rate, since, lead(since, 1, 'infinity'::date) OVER (PARTITION BY category_id ORDER BY since) AS until FROM (\n    SELECT DISTINCT ON (category_id, since) category_id, since, rate FROM catalog_taxrate ORDER BY category_id, since, id DESC) said) r ON r.category_id = p.tax_category_id AND n.day >= r.since AND n.day < r.until\n        WHERE r.rate IS DISTINCT FROM n.vat_rate LIMIT 1;\n        IF broken IS NOT NULL THEN\n            RAISE EXCEPTION 'price % is taxed at another rate at that tax point', broken USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NULL;\n        ",
                    hash="7e061e04b11b59ac2f3766e96374c4d52080fd61",
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
                name="begins_after_all_that_is_taxed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                PERFORM pg_advisory_xact_lock(hashtextextended('rates of tax', 0));\n                IF EXISTS (\n                    SELECT FROM invoices_invoiceline l JOIN catalog_price p ON p.id = l.price_id\n                    WHERE p.tax_category_id = NEW.category_id AND l.taxed_at >= NEW.since::timestamp AT TIME ZONE billing_zone()\n                ) THEN\n                    RAISE EXCEPTION 'something of % is taxed after % already', NEW.category_id, NEW.since USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                    hash="6132275e01f5ebfcdc8dc8c8e7476485c1ee1dfa",
                    operation="INSERT",
                    pgid="pgtrigger_begins_after_all_that_is_taxed_75197",
                    table="catalog_taxrate",
                    when="BEFORE",
                ),
            ),
        ),
    ]
