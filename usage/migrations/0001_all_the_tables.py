import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import kernel.ids
import store.migrating


class Migration(migrations.Migration):
    replaces = [
        ("usage", "0001_the_tables"),
        ("usage", "0002_two_may_make_the_same_month"),
        ("usage", "0003_closed_months"),
        ("usage", "0004_a_closed_month_is_of_its_month"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_all_the_tables"),
        ("catalog", "0001_all_the_tables"),
        ("lifecycle", "0001_all_the_tables"),
    ]

    operations = [
        store.migrating.Together(
            operations=[
                migrations.CreateModel(
                    name="ClosedMonth",
                    fields=[
                        (
                            "month",
                            models.CharField(max_length=7, primary_key=True, serialize=False, verbose_name="month"),
                        ),
                        ("through", models.BigIntegerField(verbose_name="through the record")),
                        ("at", models.DateTimeField(verbose_name="at")),
                    ],
                    options={
                        "verbose_name": "closed month",
                        "verbose_name_plural": "closed months",
                    },
                ),
                migrations.CreateModel(
                    name="RecordKey",
                    fields=[
                        ("digest", models.UUIDField(primary_key=True, serialize=False)),
                        ("facts", models.UUIDField()),
                    ],
                    options={
                        "verbose_name": "key of a use",
                        "verbose_name_plural": "keys of uses",
                    },
                ),
                migrations.CreateModel(
                    name="RefusedRecord",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "position",
                            models.PositiveIntegerField(help_text="In its batch, from 0.", verbose_name="position"),
                        ),
                        ("outcome", models.CharField(max_length=18, verbose_name="why")),
                        ("record", models.JSONField(verbose_name="as it was sent")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        (
                            "batch",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="refusals",
                                to="usage.batch",
                                verbose_name="batch",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="catalog.product",
                                verbose_name="product",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "refused use",
                        "verbose_name_plural": "refused uses",
                    },
                ),
                migrations.CreateModel(
                    name="Batch",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("source", models.CharField(max_length=4, verbose_name="from")),
                        ("actor", models.CharField(max_length=200, verbose_name="by")),
                        ("received_at", models.DateTimeField(verbose_name="received")),
                        ("records", models.PositiveIntegerField(verbose_name="records")),
                        ("accepted", models.PositiveIntegerField(verbose_name="accepted")),
                        ("late", models.PositiveIntegerField(verbose_name="of them late")),
                        ("duplicates", models.PositiveIntegerField(verbose_name="known already")),
                        ("refused", models.PositiveIntegerField(verbose_name="refused")),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="catalog.product",
                                verbose_name="product",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "batch of uses",
                        "verbose_name_plural": "batches of uses",
                    },
                ),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    sql="\nCREATE SEQUENCE usage_record_id_seq;\nCREATE TABLE usage_record (\n    id bigint NOT NULL DEFAULT nextval('usage_record_id_seq'),\n    resource_id uuid NOT NULL,\n    item_id uuid NOT NULL,\n    customer_id uuid NOT NULL,\n    batch_id uuid NOT NULL,\n    used_at timestamptz NOT NULL,\n    quantity numeric(18, 6),\n    subject varchar(100) NOT NULL DEFAULT '',\n    key varchar(100) NOT NULL,\n    corrects varchar(100) NOT NULL DEFAULT '',\n    is_late boolean NOT NULL\n) PARTITION BY RANGE (used_at);\nALTER SEQUENCE usage_record_id_seq OWNED BY usage_record.id;\n\nCREATE FUNCTION usage_make_part(month text, starts timestamptz, ends timestamptz) RETURNS integer\nLANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$\nBEGIN\n    IF month !~ '^2[0-9]{5}$' OR ends - starts NOT BETWEEN interval '27 days' AND interval '32 days' THEN\n        RAISE EXCEPTION 'a part of the uses is a month' USING ERRCODE = 'check_violation';\n    END IF;\n    IF to_regclass('usage_record_' || month) IS NOT NULL THEN\n        RETURN 0;\n    END IF;\n    PERFORM pg_advisory_xact_lock(hashtextextended('parts of the uses', 0));\n    BEGIN\n        EXECUTE format('CREATE TABLE %I PARTITION OF usage_record FOR VALUES FROM (%L) TO (%L)', 'usage_record_' || month, starts, ends);\n    EXCEPTION WHEN duplicate_table THEN\n        RETURN 0;\n    END;\n    RETURN 1;\nEND $$;\n",
                    reverse_sql="DROP TABLE usage_record CASCADE; DROP FUNCTION usage_make_part",
                ),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="Record",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("used_at", models.DateTimeField(verbose_name="used at")),
                        (
                            "quantity",
                            models.DecimalField(decimal_places=6, max_digits=18, null=True, verbose_name="quantity"),
                        ),
                        (
                            "subject",
                            models.CharField(db_default="", default="", max_length=100, verbose_name="of what"),
                        ),
                        ("key", models.CharField(max_length=100, verbose_name="key")),
                        (
                            "corrects",
                            models.CharField(
                                db_default="", default="", max_length=100, verbose_name="corrects the one of the key"
                            ),
                        ),
                        ("is_late", models.BooleanField(verbose_name="late")),
                        (
                            "batch",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="usage.batch",
                                verbose_name="batch",
                            ),
                        ),
                        (
                            "customer",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "item",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="catalog.item",
                                verbose_name="item",
                            ),
                        ),
                        (
                            "resource",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="lifecycle.resource",
                                verbose_name="resource",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "use",
                        "verbose_name_plural": "uses",
                    },
                ),
            ],
        ),
        store.migrating.Together(
            operations=[
                migrations.AddIndex(
                    model_name="batch",
                    index=models.Index(fields=["product", "-received_at"], name="batches_of_a_product"),
                ),
                migrations.AddIndex(
                    model_name="record",
                    index=models.Index(fields=["resource", "item", "used_at"], name="uses_of_a_resource"),
                ),
                migrations.AddIndex(
                    model_name="record",
                    index=models.Index(
                        condition=models.Q(("is_late", True)),
                        fields=["customer", "used_at"],
                        name="uses_that_came_late",
                    ),
                ),
                migrations.AddIndex(
                    model_name="refusedrecord",
                    index=models.Index(fields=["product", "-id"], name="refused_uses_of_a_product"),
                ),
                migrations.AddIndex(
                    model_name="refusedrecord",
                    index=models.Index(fields=["at"], name="refused_uses_by_age"),
                ),
                migrations.AddConstraint(
                    model_name="batch",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("late__lte", models.F("accepted")),
                            (
                                "records",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("accepted"), "+", models.F("duplicates")
                                    ),
                                    "+",
                                    models.F("refused"),
                                ),
                            ),
                        ),
                        name="each_record_of_a_batch_was_taken_known_or_refused",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="record",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("quantity__isnull", True), ("quantity__gte", 0), _connector="OR"),
                        name="a_use_is_not_below_zero",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="record",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("quantity__isnull", False), models.Q(("corrects", ""), _negated=True), _connector="OR"
                        ),
                        name="only_a_correction_takes_back",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="record",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("key", ""), _negated=True), name="a_use_has_a_key"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="record",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("corrects", ""), _negated=True),
                        fields=("resource", "item", "used_at", "corrects"),
                        name="a_use_is_corrected_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="refusedrecord",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "outcome__in",
                                [
                                    "corrected-already",
                                    "key-taken",
                                    "malformed",
                                    "not-yours",
                                    "out-of-range",
                                    "unknown-correction",
                                    "unknown-item",
                                    "unknown-resource",
                                ],
                            )
                        ),
                        name="a_refused_record_says_why",
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="closedmonth",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="24e53c0efbab4531930df615687bc22b4fe5f785",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_47986",
                            table="usage_closedmonth",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="closedmonth",
                    trigger=pgtrigger.compiler.Trigger(
                        name="only_goes_on",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.through IS DISTINCT FROM OLD.through) AND NOT (NEW.through > OLD.through) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.month USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="ab75e226948df4e627f06f62ebde82acb85d3cd0",
                            operation="UPDATE",
                            pgid="pgtrigger_only_goes_on_afa2f",
                            table="usage_closedmonth",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="closedmonth",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_of_its_month",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.month IS DISTINCT FROM OLD.month) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.month USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="5408e7fa5dcd5cfbaa85a49a6042e45c58ce1b95",
                            operation="UPDATE",
                            pgid="pgtrigger_is_of_its_month_e1c3a",
                            table="usage_closedmonth",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="recordkey",
                    trigger=pgtrigger.compiler.Trigger(
                        name="triggers_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF pg_trigger_depth() < 2 THEN\n            RAISE EXCEPTION '% is kept by the database: change what it is derived from', TG_TABLE_NAME\n                USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NULL;\n        ",
                            hash="4ecd0b4039f5a846a780ddaf698fa4cc0953eb99",
                            level="STATEMENT",
                            operation="INSERT OR UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_triggers_only_362a6",
                            table="usage_recordkey",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="batch",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="66667789f7c758f977a1066e7a86939d5a5de02f",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_07b30",
                            table="usage_batch",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="record",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="7c1db0a755cf11c0a10ea28e1709392d36a9622e",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_10a4c",
                            table="usage_record",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="record",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_of_its_resource_and_product",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            declare="DECLARE broken text;",
                            func="\n                IF NOT EXISTS (SELECT FROM new_records) THEN\n                    RETURN NULL;\n                END IF;\n                SELECT n.key INTO broken FROM new_records n\n                    LEFT JOIN lifecycle_resource r ON r.id = n.resource_id AND r.customer_id = n.customer_id\n                    LEFT JOIN catalog_item i ON i.id = n.item_id AND i.product_id = r.product_id AND i.kind = 'metered'\n                    LEFT JOIN usage_batch b ON b.id = n.batch_id AND b.product_id = r.product_id\n                WHERE i.id IS NULL OR b.id IS NULL OR n.used_at < date_trunc('minute', r.created_at)\n                    OR (r.state = 'deleted' AND n.used_at > r.changed_at) LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'the use of key % is of another customer, product or time than its resource', broken\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="b20f75bd8849a1f754afa820323f1c27475c6aa3",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_is_of_its_resource_and_product_f86a5",
                            referencing="REFERENCING NEW TABLE AS new_records ",
                            table="usage_record",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="record",
                    trigger=pgtrigger.compiler.Trigger(
                        name="corrects_what_there_is",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            declare="DECLARE broken text;",
                            func="\n                SELECT n.key INTO broken FROM new_records n WHERE n.corrects <> '' AND NOT EXISTS (\n                    SELECT FROM usage_record c WHERE c.resource_id = n.resource_id AND c.item_id = n.item_id\n                        AND c.used_at = n.used_at AND c.key = n.corrects AND c.key <> n.key) LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'the use of key % corrects what there is not', broken USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="ecf8a83830cf6de291437af956e3adac842caaee",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_corrects_what_there_is_5e26d",
                            referencing="REFERENCING NEW TABLE AS new_records ",
                            table="usage_record",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="record",
                    trigger=pgtrigger.compiler.Trigger(
                        name="takes_its_key_for_good",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                INSERT INTO usage_recordkey (digest, facts) SELECT md5(concat_ws(' ', resource_id, item_id, key))::uuid, md5(concat_ws(' ', extract(epoch FROM used_at), coalesce(quantity::text, '-'), length(subject), subject, corrects))::uuid FROM new_records ORDER BY 1;\n                RETURN NULL;\n                ",
                            hash="3678de3a001b2bb82e03b0786fb78746560e6158",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_takes_its_key_for_good_531d9",
                            referencing="REFERENCING NEW TABLE AS new_records ",
                            table="usage_record",
                            when="AFTER",
                        ),
                    ),
                ),
            ],
        ),
    ]
