"""A switch of the mode happens at the instant of its decision: nobody dates one back."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_domains_are_looked_at"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="billingmodeswitch",
            name="is_decided_as_it_was_asked_for",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="billingmodeswitch",
            trigger=pgtrigger.compiler.Trigger(
                name="is_decided_as_it_was_asked_for",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    func="\n                IF NOT EXISTS (\n                    SELECT FROM accounts_staffact WHERE id = NEW.act_id AND act = 'switch-mode' AND state IN ('alone', 'approved')\n                        AND customer_id = NEW.customer_id AND facts ->> 'to_mode' = NEW.to_mode AND decided_by = NEW.actor\n                        AND decided_at = NEW.at\n                ) THEN\n                    RAISE EXCEPTION 'the switch of % to % was not decided by people', NEW.customer_id, NEW.to_mode\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                    hash="1b7330e99d21943aa35eb3aa357aef01188ae497",
                    operation="INSERT",
                    pgid="pgtrigger_is_decided_as_it_was_asked_for_41d6a",
                    table="accounts_billingmodeswitch",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
    ]
