import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0004_poc_credit"),
    ]

    operations = [
        migrations.AddField(
            model_name="payment",
            name="collected_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When the money came in, as the bank or the gateway says.",
                null=True,
                verbose_name="collected",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payment",
            trigger=pgtrigger.compiler.Trigger(
                name="came_in_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF (NEW.collected_at IS DISTINCT FROM OLD.collected_at) AND NOT (OLD.collected_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="0a9bfbcfcd1a23f336ca649219a432659714e136",
                    operation="UPDATE",
                    pgid="pgtrigger_came_in_once_42ef6",
                    table="payments_payment",
                    when="BEFORE",
                ),
            ),
        ),
    ]
