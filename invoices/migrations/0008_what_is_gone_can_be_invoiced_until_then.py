import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0007_what_was_paid_before_is_invoiced_as_then"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="invoice",
            name="lies_in_the_life_of_its_resource",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invoice",
            trigger=pgtrigger.compiler.Trigger(
                name="lies_in_the_life_of_its_resource",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE broken text;",
                    func="\n                SELECT n.number INTO broken FROM new_invoices n JOIN lifecycle_resource r ON r.id = n.resource_id\n                WHERE n.period_start < date_trunc('minute', r.created_at)\n                    OR (r.state = 'deleted' AND n.covered_until > greatest(r.changed_at, n.period_start))\n                    OR (n.kind = 'usage' AND NOT EXISTS (\n                        SELECT FROM lifecycle_serviceperiod p WHERE p.resource_id = n.resource_id AND (n.is_late OR p.billing_mode = 'postpaid')\n                            AND p.starts_at < n.period_end AND (p.ends_at IS NULL OR p.ends_at > n.period_start)))\n                LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'invoice % is for a time in which its resource was not there, or was not used like that', broken\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                    hash="41b1a81a1c0a81ed73aac7b3271b382d729086fb",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_lies_in_the_life_of_its_resource_07d86",
                    referencing="REFERENCING NEW TABLE AS new_invoices ",
                    table="invoices_invoice",
                    when="AFTER",
                ),
            ),
        ),
    ]
