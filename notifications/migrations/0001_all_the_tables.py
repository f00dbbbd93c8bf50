import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import kernel.ids
import store.migrating


class Migration(migrations.Migration):
    replaces = [
        ("notifications", "0001_the_tables"),
        ("notifications", "0002_recipients_and_addresses_that_take_no_mail"),
        ("notifications", "0003_nobody_is_told_after_closing"),
        ("notifications", "0004_letters_to_payers"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_all_the_tables"),
    ]

    operations = [
        store.migrating.Together(
            operations=[
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
                        (
                            "sent_again",
                            models.PositiveSmallIntegerField(
                                db_default=0, default=0, verbose_name="sent again by staff"
                            ),
                        ),
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
                        (
                            "copy_to",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="notifications.recipient",
                                verbose_name="copy to",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "notice",
                        "verbose_name_plural": "notices",
                    },
                ),
                migrations.CreateModel(
                    name="Recipient",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("email", models.EmailField(max_length=254, verbose_name="mail address")),
                        ("language", models.CharField(max_length=5, verbose_name="language")),
                        (
                            "kinds",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=30), size=None, verbose_name="kinds of notices"
                            ),
                        ),
                        ("digest", models.CharField(blank=True, editable=False, max_length=64)),
                        ("asked_by", models.CharField(max_length=200, verbose_name="asked for by")),
                        ("asked_at", models.DateTimeField(verbose_name="asked for")),
                        ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed")),
                        ("removed_at", models.DateTimeField(blank=True, null=True, verbose_name="removed")),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="recipients",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "recipient",
                        "verbose_name_plural": "recipients",
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
                        ("event", models.CharField(blank=True, max_length=120, null=True, verbose_name="event")),
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
                    },
                ),
                migrations.CreateModel(
                    name="MailTrouble",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("email", models.EmailField(max_length=254, verbose_name="mail address")),
                        ("why", models.CharField(max_length=10, verbose_name="why")),
                        ("detail", models.CharField(blank=True, max_length=500, verbose_name="as the provider says")),
                        ("event", models.CharField(max_length=200, verbose_name="provider's event")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        ("mended_at", models.DateTimeField(blank=True, null=True, verbose_name="works again since")),
                        ("mended_by", models.CharField(blank=True, max_length=200, verbose_name="said by")),
                    ],
                    options={
                        "verbose_name": "undeliverable address",
                        "verbose_name_plural": "undeliverable addresses",
                        "indexes": [
                            models.Index(
                                django.db.models.functions.text.Lower("email"),
                                condition=models.Q(("mended_at__isnull", True)),
                                name="standing_troubles_by_address",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("event",), name="a_provider_tells_of_an_event_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("mended_at__isnull", True), ("mended_by", "")),
                                    models.Q(("mended_at__isnull", False), models.Q(("mended_by", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="who_mends_an_address_is_named",
                            ),
                        ],
                    },
                ),
            ],
        ),
        store.migrating.Together(
            operations=[
                migrations.AddConstraint(
                    model_name="letter",
                    constraint=models.UniqueConstraint(
                        fields=("kind", "event", "recipient"), name="one_letter_per_kind_event_recipient"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="notice",
                    constraint=models.UniqueConstraint(
                        fields=("customer", "kind", "event", "recipient"), name="one_notice_per_kind_event_recipient"
                    ),
                ),
                migrations.AddIndex(
                    model_name="letter",
                    index=models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["next_attempt_at"],
                        name="letters_waiting_for_delivery",
                    ),
                ),
                migrations.AddIndex(
                    model_name="letter",
                    index=models.Index(fields=["at"], name="letters_by_time"),
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
                migrations.AddIndex(
                    model_name="notice",
                    index=models.Index(
                        condition=models.Q(("copy_to__isnull", False)),
                        fields=["copy_to", "-id"],
                        name="notices_of_a_recipient",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="recipient",
                    constraint=models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"),
                        models.F("customer"),
                        condition=models.Q(("removed_at__isnull", True)),
                        name="an_address_is_one_recipient",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="recipient",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("confirmed_at__isnull", True), ("digest", ""), _connector="OR"),
                        name="a_link_confirms_once",
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="mailtrouble",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="e6f01dd6ecf3cd86c97751258c59af5b4f52162d",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_3eff9",
                            table="notifications_mailtrouble",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="mailtrouble",
                    trigger=pgtrigger.compiler.Trigger(
                        name="stays_as_it_was_told",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.why IS DISTINCT FROM OLD.why OR NEW.event IS DISTINCT FROM OLD.event OR NEW.at IS DISTINCT FROM OLD.at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="ae780156b6176cd73d70ea9d71c51cdc574659ab",
                            operation="UPDATE",
                            pgid="pgtrigger_stays_as_it_was_told_586cb",
                            table="notifications_mailtrouble",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="mailtrouble",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_of_one_address",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.email IS DISTINCT FROM OLD.email OR NEW.detail IS DISTINCT FROM OLD.detail) AND NOT (NEW.email = '' AND NEW.detail = '') THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="791fd22c76c1b6aa860b74efeea582fdbf861aad",
                            operation="UPDATE",
                            pgid="pgtrigger_is_of_one_address_c62f9",
                            table="notifications_mailtrouble",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="mailtrouble",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_mended_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.mended_at IS DISTINCT FROM OLD.mended_at OR NEW.mended_by IS DISTINCT FROM OLD.mended_by) AND NOT (OLD.mended_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="f1aa056cd25e7bf329d1f562f8fcc81bd948b204",
                            operation="UPDATE",
                            pgid="pgtrigger_is_mended_once_37144",
                            table="notifications_mailtrouble",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="letter",
                    trigger=pgtrigger.compiler.Trigger(
                        name="stays_as_it_was_written",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.kind IS DISTINCT FROM OLD.kind OR NEW.recipient IS DISTINCT FROM OLD.recipient OR NEW.user_id IS DISTINCT FROM OLD.user_id OR NEW.about IS DISTINCT FROM OLD.about OR NEW.event IS DISTINCT FROM OLD.event OR NEW.facts IS DISTINCT FROM OLD.facts OR NEW.at IS DISTINCT FROM OLD.at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="8ab72d9eb80325d0537581e61b2a116e3bb78c41",
                            operation="UPDATE",
                            pgid="pgtrigger_stays_as_it_was_written_0b35f",
                            table="notifications_letter",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="recipient",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="15f73a25bab2c8065d48ece51f65b8647fd6420b",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_b0a13",
                            table="notifications_recipient",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="recipient",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="f75be8a57dd35d232e6abe61de5e9c60904043c3",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_6d0f9",
                            table="notifications_recipient",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="recipient",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_whose_it_is",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="89195749cad428ea7fab3abb2371e35bca7df5f9",
                            operation="UPDATE",
                            pgid="pgtrigger_is_whose_it_is_7412b",
                            table="notifications_recipient",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="recipient",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_who_it_is",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.email IS DISTINCT FROM OLD.email) AND NOT (NEW.email = '' AND EXISTS (SELECT FROM accounts_customer c WHERE c.id = OLD.customer_id AND c.closed_at IS NOT NULL)) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="6e6840e60682d551f7102878b8181bd6fdae4b98",
                            operation="UPDATE",
                            pgid="pgtrigger_is_who_it_is_92e1e",
                            table="notifications_recipient",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="recipient",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_confirmed_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.confirmed_at IS DISTINCT FROM OLD.confirmed_at) AND NOT (OLD.confirmed_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="e2a3360b5f759a197a2fbb9356ab5710870c1442",
                            operation="UPDATE",
                            pgid="pgtrigger_is_confirmed_once_6af31",
                            table="notifications_recipient",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="recipient",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_removed_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.removed_at IS DISTINCT FROM OLD.removed_at) AND NOT (OLD.removed_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="8a857600ff21ecf276d167145bf50958348e944a",
                            operation="UPDATE",
                            pgid="pgtrigger_is_removed_once_2997e",
                            table="notifications_recipient",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="notice",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_copied_to_its_recipients",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n    IF NOT EXISTS (SELECT FROM told WHERE copy_to_id IS NULL) THEN\n        RETURN NULL;  -- copies are not copied\n    END IF;\n    INSERT INTO notifications_notice (customer_id, kind, event, together, recipient, copy_to_id, facts, at, state, attempts, next_attempt_at, error)\n    SELECT t.customer_id, t.kind, t.event, t.together, r.email, r.id, t.facts, t.at, 'pending', 0, t.next_attempt_at, ''\n    FROM told t JOIN notifications_recipient r ON r.customer_id = t.customer_id AND t.kind = ANY (r.kinds)\n    WHERE t.copy_to_id IS NULL AND t.state = 'pending' AND r.confirmed_at IS NOT NULL AND r.removed_at IS NULL\n    ON CONFLICT DO NOTHING;\n    RETURN NULL;\n    ",
                            hash="e1dba30e9251ff79c4fbe9dfd3c0e61f5c8df32e",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_is_copied_to_its_recipients_1c30a",
                            referencing="REFERENCING NEW TABLE AS told ",
                            table="notifications_notice",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="notice",
                    trigger=pgtrigger.compiler.Trigger(
                        name="nobody_is_told_without_an_address",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (NEW.\"recipient\" = '')",
                            func="RETURN NULL;",
                            hash="6f3e12f7acd7dbbb333cf8b63695ea60529abaa4",
                            operation="INSERT",
                            pgid="pgtrigger_nobody_is_told_without_an_address_68462",
                            table="notifications_notice",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="notice",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_kept_until_the_account_closes",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n    IF NOT EXISTS (SELECT FROM accounts_customer c WHERE c.id = OLD.customer_id AND c.closed_at IS NOT NULL) THEN\n        RAISE EXCEPTION 'notice % is kept as long as its account is open', OLD.id USING ERRCODE = 'restrict_violation';\n    END IF;\n    RETURN OLD;\n    ",
                            hash="7da4cdcee70ace814f3c617b5f3d257bcb97384f",
                            operation="DELETE",
                            pgid="pgtrigger_is_kept_until_the_account_closes_12778",
                            table="notifications_notice",
                            when="BEFORE",
                        ),
                    ),
                ),
            ],
        ),
    ]
