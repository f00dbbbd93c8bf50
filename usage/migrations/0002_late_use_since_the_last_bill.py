import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_all_the_tables"),
        ("catalog", "0007_a_rate_can_come_late"),
        ("lifecycle", "0001_all_the_tables"),
        ("usage", "0001_all_the_tables"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="closedmonth",
            name="only_goes_on",
        ),
        migrations.RemoveIndex(
            model_name="record",
            name="uses_that_came_late",
        ),
        migrations.AddField(
            model_name="closedmonth",
            name="before",
            field=models.BigIntegerField(db_default=0, default=0, verbose_name="billed before through the record"),
        ),
        migrations.AddIndex(
            model_name="record",
            index=models.Index(condition=models.Q(("is_late", True)), fields=["id"], name="uses_that_came_late"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="closedmonth",
            trigger=pgtrigger.compiler.Trigger(
                name="only_goes_on",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF (NEW.through IS DISTINCT FROM OLD.through OR NEW.before IS DISTINCT FROM OLD.before) AND NOT (NEW.through > OLD.through AND NEW.before IN (OLD.before, OLD.through)) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.month USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="37f64faf2d903b60a7fa2a087630c1258c04e4e2",
                    operation="UPDATE",
                    pgid="pgtrigger_only_goes_on_afa2f",
                    table="usage_closedmonth",
                    when="BEFORE",
                ),
            ),
        ),
    ]
