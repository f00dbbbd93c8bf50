import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0007_a_rate_can_come_late"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="taxrate",
            name="append_only",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="taxrate",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF pg_trigger_depth() < 2 THEN RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END IF; RETURN NULL;",
                    hash="65c7ca1e7f8d3729a1cede866782e515b374fd0c",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE OR TRUNCATE",
                    pgid="pgtrigger_append_only_8fe67",
                    table="catalog_taxrate",
                    when="BEFORE",
                ),
            ),
        ),
    ]
