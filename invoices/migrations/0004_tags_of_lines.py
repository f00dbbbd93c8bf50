"""Lines keep the tags that their resource had when they were issued; those of before have none."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from store.migrating import Together


class Migration(migrations.Migration):
    dependencies = [("invoices", "0003_use_of_paid_time_is_billed"), ("lifecycle", "0004_who_ordered_it")]

    operations = [
        Together(
            operations=[
                migrations.AddField(
                    model_name="invoiceline",
                    name="tags",
                    field=models.JSONField(
                        default={}, help_text="Those of the resource when it was issued.", verbose_name="tags"
                    ),
                    preserve_default=False,
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invoiceline",
                    trigger=pgtrigger.compiler.Trigger(
                        name="has_the_tags_of_its_resource",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (NEW."tags" IS NULL)',
                            func="\n            SELECT r.tags INTO NEW.tags FROM invoices_invoice i JOIN lifecycle_resource r ON r.id = i.resource_id\n            WHERE i.id = NEW.invoice_id;\n            RETURN NEW;\n            ",
                            hash="200cd9b653853ac5da4385f3d4296349f7393cc1",
                            operation="INSERT",
                            pgid="pgtrigger_has_the_tags_of_its_resource_45c7d",
                            table="invoices_invoiceline",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invoiceline",
                    trigger=pgtrigger.compiler.Trigger(
                        name="lines_are_tagged_as_their_resource",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            declare="DECLARE broken text;",
                            func="\n            SELECT i.number INTO broken\n            FROM new_lines n JOIN invoices_invoice i ON i.id = n.invoice_id JOIN lifecycle_resource r ON r.id = i.resource_id\n            WHERE n.tags <> r.tags LIMIT 1;\n            IF broken IS NOT NULL THEN\n                RAISE EXCEPTION 'a line of invoice % says other tags than its resource has', broken USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NULL;\n            ",
                            hash="f72c9d1bfe7c92d90fb3bfe6f86f00b625dc8385",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_lines_are_tagged_as_their_resource_23234",
                            referencing="REFERENCING NEW TABLE AS new_lines ",
                            table="invoices_invoiceline",
                            when="AFTER",
                        ),
                    ),
                ),
            ]
        ),
    ]
