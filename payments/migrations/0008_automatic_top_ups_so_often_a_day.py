import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0007_limits_count_what_was_given_up"),
    ]

    operations = [
        migrations.AddField(
            model_name="consent",
            name="times_a_day",
            field=models.PositiveSmallIntegerField(db_default=3, default=3, verbose_name="automatic top-ups a day"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payment",
            trigger=pgtrigger.compiler.Trigger(
                name="a_day_has_so_many_automatic_top_ups",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."consent_id" IS NOT NULL)',
                    declare="DECLARE most integer; began timestamptz;",
                    func="\n    SELECT times_a_day INTO most FROM payments_consent WHERE id = NEW.consent_id AND scope = 'top_up';\n    IF NOT FOUND THEN\n        RETURN NEW;\n    END IF;\n    -- Held first, so that two top-ups at once see each other, by whichever account.\n    PERFORM FROM payments_automaticcharge WHERE customer_id = NEW.customer_id AND purpose = 'top_up' FOR NO KEY UPDATE;\n    began := date_trunc('day', NEW.created_at AT TIME ZONE public.billing_zone()) AT TIME ZONE public.billing_zone();\n    IF most <= (\n        SELECT count(*) FROM payments_payment p JOIN payments_consent c ON c.id = p.consent_id AND c.scope = 'top_up'\n        WHERE p.customer_id = NEW.customer_id AND p.created_at >= began AND p.created_at < began + interval '1 day'\n    ) THEN\n        RAISE EXCEPTION 'payment % is one top-up more than was agreed to for a day', NEW.reference USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NEW;\n    ",
                    hash="e38dedcaa6b976561937bb71ce2d81cabad53491",
                    operation="INSERT",
                    pgid="pgtrigger_a_day_has_so_many_automatic_top_ups_d97f7",
                    table="payments_payment",
                    when="BEFORE",
                ),
            ),
        ),
    ]
