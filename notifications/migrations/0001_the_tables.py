import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from store.migrating import Together


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("notifications", name)
        for name in (
            "0001_initial",
            "0002_payments_taken_back",
            "0003_resources_can_be_lost",
            "0004_overtaken_notices_and_corrections",
            "0005_staff_tell_of_access",
            "0006_transfers_not_found",
            "0007_dunning_is_told",
            "0008_questions_are_told",
            "0009_notices_of_linked_accounts",
            "0010_returns_to_the_source_are_told",
            "0011_what_belongs_together_is_told_together",
            "0012_letters_to_people",
            "0013_letters_of_sign_ups",
            "0014_letters_of_second_factors",
            "0015_requests_to_pay_are_told",
        )
    ]

    dependencies = [
        ("accounts", "0001_the_tables"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Together(
            [
                migrations.CreateModel(
                    name="Notice",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=30, verbose_name="kind")),
                        ("event", models.CharField(max_length=120, verbose_name="event")),
                        (
                            "together",
                            models.CharField(
                                blank=True, db_default="", default="", max_length=80, verbose_name="told together with"
                            ),
                        ),
                        ("recipient", models.EmailField(max_length=254, verbose_name="recipient")),
                        ("facts", models.JSONField(default=dict, verbose_name="facts")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        ("read_at", models.DateTimeField(blank=True, null=True, verbose_name="read")),
                        ("state", models.CharField(default="pending", max_length=9, verbose_name="delivery")),
                        ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                        ("next_attempt_at", models.DateTimeField(verbose_name="next attempt")),
                        ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                        ("error", models.TextField(blank=True, verbose_name="last error")),
                        (
                            "customer",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="notices",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "notice",
                        "verbose_name_plural": "notices",
                    },
                ),
                migrations.CreateModel(
                    name="Letter",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=30, verbose_name="kind")),
                        ("recipient", models.EmailField(max_length=254, verbose_name="recipient")),
                        ("language", models.CharField(max_length=5, verbose_name="language")),
                        ("about", models.UUIDField(blank=True, null=True, verbose_name="about")),
                        ("facts", models.JSONField(default=dict, verbose_name="facts")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        ("state", models.CharField(default="pending", max_length=9, verbose_name="delivery")),
                        ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                        ("next_attempt_at", models.DateTimeField(verbose_name="next attempt")),
                        ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                        ("error", models.TextField(blank=True, verbose_name="last error")),
                        (
                            "user",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="letters",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="user",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "letter",
                        "verbose_name_plural": "letters",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "pending")),
                                fields=["next_attempt_at"],
                                name="letters_waiting_for_delivery",
                            ),
                            models.Index(fields=["at"], name="letters_by_time"),
                        ],
                    },
                ),
            ]
        ),
        Together(
            [
                migrations.AddConstraint(
                    model_name="notice",
                    constraint=models.UniqueConstraint(
                        fields=("customer", "kind", "event", "recipient"), name="one_notice_per_kind_event_recipient"
                    ),
                ),
                migrations.AddIndex(
                    model_name="notice",
                    index=models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["next_attempt_at"],
                        name="notices_waiting_for_delivery",
                    ),
                ),
                migrations.AddIndex(
                    model_name="notice",
                    index=models.Index(fields=["customer", "-id"], name="notices_of_a_customer_by_time"),
                ),
                migrations.AddIndex(
                    model_name="notice",
                    index=models.Index(
                        condition=models.Q(("together", ""), _negated=True),
                        fields=["customer", "together", "-id"],
                        name="notices_that_belong_together",
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="letter",
                    trigger=pgtrigger.compiler.Trigger(
                        name="stays_as_it_was_written",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.kind IS DISTINCT FROM OLD.kind OR NEW.recipient IS DISTINCT FROM OLD.recipient OR NEW.user_id IS DISTINCT FROM OLD.user_id OR NEW.about IS DISTINCT FROM OLD.about OR NEW.facts IS DISTINCT FROM OLD.facts OR NEW.at IS DISTINCT FROM OLD.at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="866bebf7c82005cc6f1ff4f1b7c98978d7fca911",
                            operation="UPDATE",
                            pgid="pgtrigger_stays_as_it_was_written_0b35f",
                            table="notifications_letter",
                            when="BEFORE",
                        ),
                    ),
                ),
            ]
        ),
    ]
