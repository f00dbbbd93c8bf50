import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_all_the_tables"),
        ("orders", "0002_proposed_tags"),
        ("payments", "0005_when_money_came_in"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="order",
            name="is_paid_once",
        ),
        migrations.AddField(
            model_name="order",
            name="taxed_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When the money was collected: by what the bank or the gateway says of it, where we heard of it later.",
                null=True,
                verbose_name="tax point",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="order",
            trigger=pgtrigger.compiler.Trigger(
                name="is_paid_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF (NEW.payment_id IS DISTINCT FROM OLD.payment_id OR NEW.paid_at IS DISTINCT FROM OLD.paid_at OR NEW.taxed_at IS DISTINCT FROM OLD.taxed_at) AND NOT (OLD.state = 'awaiting_payment') THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="469ef3fc32f3ef1ffcc338089ca7c6e4d162c339",
                    operation="UPDATE",
                    pgid="pgtrigger_is_paid_once_3047a",
                    table="orders_order",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("taxed_at", None),
                    models.Q(
                        ("paid_at__isnull", False),
                        ("taxed_at__gte", models.F("created_at")),
                        ("taxed_at__lte", models.F("paid_at")),
                    ),
                    _connector="OR",
                ),
                name="an_order_is_taxed_when_it_is_paid_or_was_just_before",
            ),
        ),
    ]
