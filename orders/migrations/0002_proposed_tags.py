"""What a product page proposes as tags of what is bought there."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0001_all_the_tables"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="checkoutsession",
            name="what_a_session_is_for_stays",
        ),
        migrations.AddField(
            model_name="checkoutsession",
            name="tags",
            field=models.JSONField(db_default={}, default=dict, verbose_name="tags"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="checkoutsession",
            trigger=pgtrigger.compiler.Trigger(
                name="what_a_session_is_for_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF (NEW.product_id IS DISTINCT FROM OLD.product_id OR NEW.action IS DISTINCT FROM OLD.action OR NEW.resource_id IS DISTINCT FROM OLD.resource_id OR NEW.name IS DISTINCT FROM OLD.name OR NEW.configuration IS DISTINCT FROM OLD.configuration OR NEW.tags IS DISTINCT FROM OLD.tags OR NEW.return_url IS DISTINCT FROM OLD.return_url OR NEW.created_at IS DISTINCT FROM OLD.created_at OR NEW.expires_at IS DISTINCT FROM OLD.expires_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="1b24bb141eeecd32950e1e62b86b8bf98cc5db46",
                    operation="UPDATE",
                    pgid="pgtrigger_what_a_session_is_for_stays_06d14",
                    table="orders_checkoutsession",
                    when="BEFORE",
                ),
            ),
        ),
    ]
