import datetime

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import store.migrating


class Migration(migrations.Migration):
    replaces = [
        ("billing_portal", "0001_the_tables"),
        ("billing_portal", "0002_what_was_taken_may_be_given_back"),
        ("billing_portal", "0003_what_comes_back_in_part_is_counted"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_all_the_tables"),
        ("payments", "0001_all_the_tables"),
    ]

    operations = [
        migrations.RunSQL(
            sql="CREATE FUNCTION billing_zone() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 'Asia/Ho_Chi_Minh'",
            reverse_sql="DROP FUNCTION billing_zone()",
        ),
        store.migrating.Together(
            operations=[
                migrations.CreateModel(
                    name="AuditLook",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("reached", models.JSONField(verbose_name="reached")),
                        ("customers", models.PositiveIntegerField(verbose_name="customers")),
                        ("found", models.PositiveIntegerField(verbose_name="violations")),
                        ("at", models.DateTimeField(verbose_name="at")),
                    ],
                    options={
                        "verbose_name": "look of the auditor",
                        "verbose_name_plural": "looks of the auditor",
                    },
                ),
                migrations.CreateModel(
                    name="Clock",
                    fields=[
                        (
                            "id",
                            models.PositiveSmallIntegerField(
                                default=1, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("ahead_by", models.DurationField(default=datetime.timedelta, verbose_name="ahead by")),
                    ],
                    options={
                        "verbose_name": "clock",
                        "verbose_name_plural": "clock",
                    },
                ),
                migrations.CreateModel(
                    name="ClockMove",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("from_instant", models.DateTimeField(verbose_name="from")),
                        ("to_instant", models.DateTimeField(verbose_name="to")),
                        ("reached", models.DateTimeField(verbose_name="reached")),
                        ("state", models.CharField(default="running", max_length=8, verbose_name="state")),
                        ("reason", models.TextField(verbose_name="reason")),
                        ("actor", models.CharField(max_length=200, verbose_name="by")),
                        ("jobs", models.PositiveIntegerField(default=0, verbose_name="jobs run")),
                        ("waits_for_answers", models.PositiveIntegerField(default=0, verbose_name="answers awaited")),
                        ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                        ("error", models.TextField(blank=True, verbose_name="last error")),
                    ],
                    options={
                        "verbose_name": "move of the clock",
                        "verbose_name_plural": "moves of the clock",
                    },
                ),
                migrations.CreateModel(
                    name="Close",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("claims", models.PositiveIntegerField(verbose_name="claims")),
                        ("found", models.PositiveIntegerField(verbose_name="violations")),
                        ("figures", models.JSONField(verbose_name="figures")),
                        ("at", models.DateTimeField(verbose_name="at")),
                    ],
                    options={
                        "verbose_name": "close of the books",
                        "verbose_name_plural": "closes of the books",
                    },
                ),
                migrations.CreateModel(
                    name="Finding",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("claim", models.CharField(max_length=200, verbose_name="not true")),
                        ("label", models.CharField(max_length=300, verbose_name="row")),
                        ("found_at", models.DateTimeField(verbose_name="found")),
                        ("seen_at", models.DateTimeField(verbose_name="last seen")),
                        ("gone_at", models.DateTimeField(blank=True, null=True, verbose_name="not there any more")),
                        (
                            "customer",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "finding of the auditor",
                        "verbose_name_plural": "findings of the auditor",
                    },
                ),
                migrations.CreateModel(
                    name="JobRun",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("job", models.CharField(max_length=40, verbose_name="job")),
                        ("due_at", models.DateTimeField(verbose_name="due")),
                        ("started_at", models.DateTimeField(verbose_name="started")),
                        ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
                        ("outcome", models.CharField(default="running", max_length=7, verbose_name="outcome")),
                        ("count", models.PositiveIntegerField(default=0, verbose_name="items done")),
                        ("failures", models.PositiveIntegerField(default=0, verbose_name="items failed")),
                        ("error", models.TextField(blank=True, verbose_name="error")),
                    ],
                    options={
                        "verbose_name": "job run",
                        "verbose_name_plural": "job runs",
                    },
                ),
                migrations.CreateModel(
                    name="Recount",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("total", models.CharField(max_length=40, verbose_name="total")),
                        ("key", models.JSONField(verbose_name="of which row")),
                        ("kept", models.JSONField(default=dict, verbose_name="kept until then")),
                        ("counted", models.JSONField(default=dict, verbose_name="counted")),
                        ("actor", models.CharField(max_length=200, verbose_name="by")),
                        ("at", models.DateTimeField(verbose_name="at")),
                    ],
                    options={
                        "verbose_name": "recount",
                        "verbose_name_plural": "recounts",
                    },
                ),
            ],
        ),
        store.migrating.Together(
            operations=[
                migrations.AddIndex(
                    model_name="jobrun",
                    index=models.Index(fields=["job", "-id"], name="latest_runs_of_a_job"),
                ),
                migrations.AddIndex(
                    model_name="jobrun",
                    index=models.Index(fields=["job", "due_at"], name="runs_of_a_job_by_due_time"),
                ),
                migrations.AddConstraint(
                    model_name="clock",
                    constraint=models.CheckConstraint(condition=models.Q(("id", 1)), name="there_is_one_clock"),
                ),
                migrations.AddConstraint(
                    model_name="clock",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("ahead_by__gte", datetime.timedelta(0))), name="the_clock_is_never_behind"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="clockmove",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("state", "running")), fields=("state",), name="one_move_at_a_time"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="clockmove",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("to_instant__gt", models.F("from_instant"))), name="a_move_goes_forward"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="finding",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("gone_at__isnull", True)),
                        fields=("claim", "label"),
                        name="a_finding_is_open_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="finding",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("seen_at__gte", models.F("found_at"))),
                        name="a_finding_was_seen_since_it_was_found",
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="auditlook",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="b1ebb57c7b145d667234632d1b29f574edf90c18",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_db130",
                            table="billing_portal_auditlook",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="clock",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="3d78021d1e0e31b73ec75d0c9b88633d99e553a0",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_733ea",
                            table="billing_portal_clock",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="clock",
                    trigger=pgtrigger.compiler.Trigger(
                        name="time_never_moves_backward",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.ahead_by IS DISTINCT FROM OLD.ahead_by) AND NOT (NEW.ahead_by > OLD.ahead_by) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="b17ccbd344362a327201d7fa670e2615aecfb9b5",
                            operation="UPDATE",
                            pgid="pgtrigger_time_never_moves_backward_62776",
                            table="billing_portal_clock",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="close",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="83f1f355262f0c83c7ecb6d5ce8e417075f49d42",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_bdbef",
                            table="billing_portal_close",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="close",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_sealed",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            constraint="CONSTRAINT",
                            declare="DECLARE latest accounts_seal%ROWTYPE;",
                            func="\n        PERFORM pg_advisory_xact_lock(hashtextextended('seals', 0));\n        SELECT * INTO latest FROM accounts_seal ORDER BY number DESC LIMIT 1;\n        INSERT INTO accounts_seal (number, kind, row_id, head) VALUES (coalesce(latest.number, 0) + 1, 'close', NEW.id, encode(sha256(convert_to(coalesce(latest.head, '') || jsonb_build_array('close', NEW.id, to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), NEW.claims, NEW.found, NEW.figures)::text, 'UTF8')), 'hex'));\n        RETURN NULL;\n        ",
                            hash="36d322f3fb8c6adb3184a60aaa302b886b446b58",
                            operation="INSERT",
                            pgid="pgtrigger_is_sealed_2e753",
                            table="billing_portal_close",
                            timing="DEFERRABLE INITIALLY DEFERRED",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="recount",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="6fce8e0782e19827573fc81626c1729bec907f5d",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_5b1b4",
                            table="billing_portal_recount",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="recount",
                    trigger=pgtrigger.compiler.Trigger(
                        name="counts_anew",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                CASE NEW.total\n                WHEN 'held' THEN \n        \n        SELECT jsonb_build_object('held', coalesce(held.held, 0)::bigint) INTO NEW.kept FROM ledger_account held WHERE held.id = (NEW.key->>'id')::bigint AND balance IS NOT NULL\n        FOR UPDATE;\n        SELECT jsonb_build_object('held', coalesce(counted.held, 0)::bigint) INTO NEW.counted\n        FROM (SELECT) once LEFT JOIN (SELECT account_id AS id, sum(amount) AS held FROM ledger_credithold WHERE ended_at IS NULL GROUP BY 1) counted ON counted.id = (NEW.key->>'id')::bigint;\n        IF NEW.kept IS NULL OR NEW.kept = NEW.counted THEN\n            RETURN NULL;\n        END IF;\n        UPDATE ledger_account held SET held = (NEW.counted->>'held')::bigint WHERE held.id = (NEW.key->>'id')::bigint;\n        WHEN 'balances' THEN \n        \n        SELECT jsonb_build_object('balance', coalesce(held.balance, 0)::bigint) INTO NEW.kept FROM ledger_account held WHERE held.id = (NEW.key->>'id')::bigint AND balance IS NOT NULL\n        FOR UPDATE;\n        SELECT jsonb_build_object('balance', coalesce(counted.balance, 0)::bigint) INTO NEW.counted\n        FROM (SELECT) once LEFT JOIN (\n        SELECT e.account_id AS id, sum(e.amount) AS balance\n        FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id WHERE a.balance IS NOT NULL GROUP BY 1\n        ) counted ON counted.id = (NEW.key->>'id')::bigint;\n        IF NEW.kept IS NULL OR NEW.kept = NEW.counted THEN\n            RETURN NULL;\n        END IF;\n        UPDATE ledger_account held SET balance = (NEW.counted->>'balance')::bigint WHERE held.id = (NEW.key->>'id')::bigint;\n        WHEN 'grants' THEN \n        \n        SELECT jsonb_build_object('rest', coalesce(held.rest, 0)::bigint) INTO NEW.kept FROM ledger_grant held WHERE held.id = (NEW.key->>'id')::bigint AND customer_id IN (\n    SELECT g.customer_id FROM ledger_grant g\n    LEFT JOIN (SELECT grant_id, sum(amount) AS amount FROM ledger_grantuse GROUP BY 1) u ON u.grant_id = g.id\n    JOIN ledger_account a ON a.customer_id = g.customer_id AND a.kind = 'promotional'\n    GROUP BY g.customer_id, a.balance HAVING sum(g.amount - coalesce(u.amount, 0)) = a.balance\n)\n        FOR UPDATE;\n        SELECT jsonb_build_object('rest', coalesce(counted.rest, 0)::bigint) INTO NEW.counted\n        FROM (SELECT) once LEFT JOIN (\n        SELECT g.id, g.amount - coalesce(sum(u.amount), 0) AS rest\n        FROM ledger_grant g LEFT JOIN ledger_grantuse u ON u.grant_id = g.id WHERE customer_id IN (\n    SELECT g.customer_id FROM ledger_grant g\n    LEFT JOIN (SELECT grant_id, sum(amount) AS amount FROM ledger_grantuse GROUP BY 1) u ON u.grant_id = g.id\n    JOIN ledger_account a ON a.customer_id = g.customer_id AND a.kind = 'promotional'\n    GROUP BY g.customer_id, a.balance HAVING sum(g.amount - coalesce(u.amount, 0)) = a.balance\n) GROUP BY g.id\n        ) counted ON counted.id = (NEW.key->>'id')::bigint;\n        IF NEW.kept IS NULL OR NEW.kept = NEW.counted THEN\n            RETURN NULL;\n        END IF;\n        UPDATE ledger_grant held SET rest = (NEW.counted->>'rest')::bigint WHERE held.id = (NEW.key->>'id')::bigint;\n        WHEN 'transfers' THEN \n        \n        SELECT jsonb_build_object('assigned', coalesce(held.assigned, 0)::bigint) INTO NEW.kept FROM payments_banktransfer held WHERE held.id = (NEW.key->>'id')::bigint AND TRUE\n        FOR UPDATE;\n        SELECT jsonb_build_object('assigned', coalesce(counted.assigned, 0)::bigint) INTO NEW.counted\n        FROM (SELECT) once LEFT JOIN (SELECT transfer_id AS id, sum(amount) AS assigned FROM payments_payment WHERE transfer_id IS NOT NULL GROUP BY 1) counted ON counted.id = (NEW.key->>'id')::bigint;\n        IF NEW.kept IS NULL OR NEW.kept = NEW.counted THEN\n            RETURN NULL;\n        END IF;\n        UPDATE payments_banktransfer held SET assigned = (NEW.counted->>'assigned')::bigint WHERE held.id = (NEW.key->>'id')::bigint;\n        WHEN 'taken back' THEN \n        \n        SELECT jsonb_build_object('taken_back', coalesce(held.taken_back, 0)::bigint) INTO NEW.kept FROM payments_payment held WHERE held.id = (NEW.key->>'id')::uuid AND TRUE\n        FOR UPDATE;\n        SELECT jsonb_build_object('taken_back', coalesce(counted.taken_back, 0)::bigint) INTO NEW.counted\n        FROM (SELECT) once LEFT JOIN (SELECT payment_id AS id, sum(amount - given_back) AS taken_back FROM payments_reversal GROUP BY 1) counted ON counted.id = (NEW.key->>'id')::uuid;\n        IF NEW.kept IS NULL OR NEW.kept = NEW.counted THEN\n            RETURN NULL;\n        END IF;\n        UPDATE payments_payment held SET taken_back = (NEW.counted->>'taken_back')::bigint WHERE held.id = (NEW.key->>'id')::uuid;\n        WHEN 'to source' THEN \n        \n        SELECT jsonb_build_object('to_source', coalesce(held.to_source, 0)::bigint) INTO NEW.kept FROM payments_payment held WHERE held.id = (NEW.key->>'id')::uuid AND TRUE\n        FOR UPDATE;\n        SELECT jsonb_build_object('to_source', coalesce(counted.to_source, 0)::bigint) INTO NEW.counted\n        FROM (SELECT) once LEFT JOIN (SELECT payment_id AS id, sum(amount) AS to_source FROM payments_refund WHERE state <> 'failed' GROUP BY 1) counted ON counted.id = (NEW.key->>'id')::uuid;\n        IF NEW.kept IS NULL OR NEW.kept = NEW.counted THEN\n            RETURN NULL;\n        END IF;\n        UPDATE payments_payment held SET to_source = (NEW.counted->>'to_source')::bigint WHERE held.id = (NEW.key->>'id')::uuid;\n        WHEN 'allocated' THEN \n        \n        SELECT jsonb_build_object('allocated', coalesce(held.allocated, 0)::bigint) INTO NEW.kept FROM payments_payment held WHERE held.id = (NEW.key->>'id')::uuid AND TRUE\n        FOR UPDATE;\n        SELECT jsonb_build_object('allocated', coalesce(counted.allocated, 0)::bigint) INTO NEW.counted\n        FROM (SELECT) once LEFT JOIN (SELECT payment_id AS id, sum(amount) AS allocated FROM payments_allocation WHERE payment_id IS NOT NULL GROUP BY 1) counted ON counted.id = (NEW.key->>'id')::uuid;\n        IF NEW.kept IS NULL OR NEW.kept = NEW.counted THEN\n            RETURN NULL;\n        END IF;\n        UPDATE payments_payment held SET allocated = (NEW.counted->>'allocated')::bigint WHERE held.id = (NEW.key->>'id')::uuid;\n        WHEN 'paid' THEN \n        \n        SELECT jsonb_build_object('paid', coalesce(held.paid, 0)::bigint) INTO NEW.kept FROM invoices_invoice held WHERE held.id = (NEW.key->>'id')::uuid AND TRUE\n        FOR UPDATE;\n        SELECT jsonb_build_object('paid', coalesce(counted.paid, 0)::bigint) INTO NEW.counted\n        FROM (SELECT) once LEFT JOIN (SELECT invoice_id AS id, sum(amount) AS paid FROM payments_allocation GROUP BY 1) counted ON counted.id = (NEW.key->>'id')::uuid;\n        IF NEW.kept IS NULL OR NEW.kept = NEW.counted THEN\n            RETURN NULL;\n        END IF;\n        UPDATE invoices_invoice held SET paid = (NEW.counted->>'paid')::bigint WHERE held.id = (NEW.key->>'id')::uuid;\n        WHEN 'credited' THEN \n        \n        SELECT jsonb_build_object('credited', coalesce(held.credited, 0)::bigint, 'refunded', coalesce(held.refunded, 0)::bigint) INTO NEW.kept FROM invoices_invoice held WHERE held.id = (NEW.key->>'id')::uuid AND TRUE\n        FOR UPDATE;\n        SELECT jsonb_build_object('credited', coalesce(counted.credited, 0)::bigint, 'refunded', coalesce(counted.refunded, 0)::bigint) INTO NEW.counted\n        FROM (SELECT) once LEFT JOIN (SELECT invoice_id AS id, sum(amount) AS credited, sum(refunded) AS refunded FROM invoices_creditnote GROUP BY 1) counted ON counted.id = (NEW.key->>'id')::uuid;\n        IF NEW.kept IS NULL OR NEW.kept = NEW.counted THEN\n            RETURN NULL;\n        END IF;\n        UPDATE invoices_invoice held SET credited = (NEW.counted->>'credited')::bigint, refunded = (NEW.counted->>'refunded')::bigint WHERE held.id = (NEW.key->>'id')::uuid;\n        WHEN 'months' THEN \n        INSERT INTO invoices_monthlytotal (customer_id, month, product_id, status, invoices, charged, paid, due) VALUES ((NEW.key->>'customer_id')::uuid, (NEW.key->>'month')::date, (NEW.key->>'product_id')::uuid, (NEW.key->>'status')::varchar, 0, 0, 0, 0) ON CONFLICT DO NOTHING;\n        SELECT jsonb_build_object('invoices', coalesce(held.invoices, 0)::bigint, 'charged', coalesce(held.charged, 0)::bigint, 'paid', coalesce(held.paid, 0)::bigint, 'due', coalesce(held.due, 0)::bigint) INTO NEW.kept FROM invoices_monthlytotal held WHERE held.customer_id = (NEW.key->>'customer_id')::uuid AND held.month = (NEW.key->>'month')::date AND held.product_id = (NEW.key->>'product_id')::uuid AND held.status = (NEW.key->>'status')::varchar AND TRUE\n        FOR UPDATE;\n        SELECT jsonb_build_object('invoices', coalesce(counted.invoices, 0)::bigint, 'charged', coalesce(counted.charged, 0)::bigint, 'paid', coalesce(counted.paid, 0)::bigint, 'due', coalesce(counted.due, 0)::bigint) INTO NEW.counted\n        FROM (SELECT) once LEFT JOIN (\n        SELECT customer_id, billing_month(issued_at) AS month, product_id, status, count(*) AS invoices,\n            sum(total - credited) AS charged, sum(paid - refunded) AS paid, sum(due) AS due\n        FROM invoices_invoice GROUP BY 1, 2, 3, 4\n        ) counted ON counted.customer_id = (NEW.key->>'customer_id')::uuid AND counted.month = (NEW.key->>'month')::date AND counted.product_id = (NEW.key->>'product_id')::uuid AND counted.status = (NEW.key->>'status')::varchar;\n        IF NEW.kept IS NULL OR NEW.kept = NEW.counted THEN\n            RETURN NULL;\n        END IF;\n        UPDATE invoices_monthlytotal held SET invoices = (NEW.counted->>'invoices')::bigint, charged = (NEW.counted->>'charged')::bigint, paid = (NEW.counted->>'paid')::bigint, due = (NEW.counted->>'due')::bigint WHERE held.customer_id = (NEW.key->>'customer_id')::uuid AND held.month = (NEW.key->>'month')::date AND held.product_id = (NEW.key->>'product_id')::uuid AND held.status = (NEW.key->>'status')::varchar;\n        WHEN 'coupons' THEN \n        \n        SELECT jsonb_build_object('uses', coalesce(held.uses, 0)::bigint) INTO NEW.kept FROM catalog_coupon held WHERE held.id = (NEW.key->>'id')::uuid AND TRUE\n        FOR UPDATE;\n        SELECT jsonb_build_object('uses', coalesce(counted.uses, 0)::bigint) INTO NEW.counted\n        FROM (SELECT) once LEFT JOIN (SELECT coupon_id AS id, count(*) AS uses FROM catalog_redemption WHERE state <> 'returned' GROUP BY 1) counted ON counted.id = (NEW.key->>'id')::uuid;\n        IF NEW.kept IS NULL OR NEW.kept = NEW.counted THEN\n            RETURN NULL;\n        END IF;\n        UPDATE catalog_coupon held SET uses = (NEW.counted->>'uses')::bigint WHERE held.id = (NEW.key->>'id')::uuid;\n        \n                ELSE RAISE EXCEPTION '% is no total that is mended', NEW.total USING ERRCODE = 'check_violation';\n                END CASE;\n                RETURN NEW;\n                ",
                            hash="fc75cbc74efebe3b59cc9a6764c8f64232622519",
                            operation="INSERT",
                            pgid="pgtrigger_counts_anew_7f8fe",
                            table="billing_portal_recount",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="finding",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="9e2d3cb84d602e98f7a3eb99cb91eed020294366",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_ab6b2",
                            table="billing_portal_finding",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="finding",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_found",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.claim IS DISTINCT FROM OLD.claim OR NEW.label IS DISTINCT FROM OLD.label OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.found_at IS DISTINCT FROM OLD.found_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="f97db32134729ff9c257f652452c61b8237962e9",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_found_20337",
                            table="billing_portal_finding",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="finding",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_gone_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.gone_at IS DISTINCT FROM OLD.gone_at) AND NOT (OLD.gone_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="e0c05a097c985db7809044f93418e134e9980d8c",
                            operation="UPDATE",
                            pgid="pgtrigger_is_gone_once_16f00",
                            table="billing_portal_finding",
                            when="BEFORE",
                        ),
                    ),
                ),
            ],
        ),
    ]
