import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import store.migrating


class Migration(migrations.Migration):
    replaces = [
        ("ledger", "0001_the_tables"),
        ("ledger", "0002_what_is_left_out_moves_nothing"),
        ("ledger", "0003_no_grants_when_closed"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_all_the_tables"),
    ]

    operations = [
        migrations.RunSQL(
            sql="\nCREATE FUNCTION written_by_us(written xid) RETURNS boolean LANGUAGE sql VOLATILE RETURN\n    pg_xact_status(\n        (pg_current_xact_id()::text::numeric\n         + (written::text::numeric - pg_current_xact_id()::text::numeric % 4294967296 + 6442450944) % 4294967296 - 2147483648\n        )::text::xid8\n    ) = 'in progress'\n",
            reverse_sql="DROP FUNCTION written_by_us(xid)",
        ),
        store.migrating.Together(
            operations=[
                migrations.CreateModel(
                    name="Account",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=12, verbose_name="kind")),
                        ("balance", models.BigIntegerField(editable=False, null=True, verbose_name="balance")),
                        ("held", models.BigIntegerField(default=0, editable=False, verbose_name="held")),
                        (
                            "customer",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="ledger_accounts",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "ledger account",
                        "verbose_name_plural": "ledger accounts",
                    },
                ),
                migrations.CreateModel(
                    name="CreditHold",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("source", models.CharField(max_length=80, unique=True, verbose_name="source")),
                        ("amount", models.BigIntegerField(verbose_name="amount")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        ("ended_as", models.CharField(blank=True, max_length=8, verbose_name="how it ended")),
                        ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                        (
                            "account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="holds",
                                to="ledger.account",
                                verbose_name="ledger account",
                            ),
                        ),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "credit hold",
                        "verbose_name_plural": "credit holds",
                    },
                ),
                migrations.CreateModel(
                    name="Grant",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("amount", models.BigIntegerField(verbose_name="amount")),
                        ("rest", models.BigIntegerField(default=0, editable=False, verbose_name="left of it")),
                        ("expires_at", models.DateTimeField(verbose_name="expires")),
                        ("reason", models.CharField(max_length=200, verbose_name="reason")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="grants",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "returned_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="grants_anew",
                                to="ledger.transaction",
                                verbose_name="given anew by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "promotional grant",
                        "verbose_name_plural": "promotional grants",
                    },
                ),
                migrations.CreateModel(
                    name="Transaction",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=20, verbose_name="kind")),
                        ("source", models.CharField(max_length=80, verbose_name="source")),
                        ("reference", models.CharField(blank=True, max_length=200, verbose_name="reference")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        (
                            "customer",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "ledger transaction",
                        "verbose_name_plural": "ledger transactions",
                    },
                ),
                migrations.CreateModel(
                    name="GrantUse",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("amount", models.BigIntegerField(verbose_name="amount")),
                        (
                            "grant",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="uses",
                                to="ledger.grant",
                                verbose_name="promotional grant",
                            ),
                        ),
                        (
                            "origin",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="put_back",
                                to="ledger.transaction",
                                verbose_name="had been taken by",
                            ),
                        ),
                        (
                            "transaction",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="grant_uses",
                                to="ledger.transaction",
                                verbose_name="ledger transaction",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "use of promotional credit",
                        "verbose_name_plural": "uses of promotional credit",
                    },
                ),
                migrations.CreateModel(
                    name="Entry",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("amount", models.BigIntegerField(verbose_name="amount")),
                        ("balance_after", models.BigIntegerField(null=True, verbose_name="balance after")),
                        (
                            "account",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="entries",
                                to="ledger.account",
                                verbose_name="account",
                            ),
                        ),
                        (
                            "customer",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "transaction",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="entries",
                                to="ledger.transaction",
                                verbose_name="transaction",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "ledger entry",
                        "verbose_name_plural": "ledger entries",
                    },
                ),
            ],
        ),
        store.migrating.Together(
            operations=[
                migrations.AddConstraint(
                    model_name="account",
                    constraint=models.UniqueConstraint(
                        fields=("customer", "kind"), name="one_account_per_kind_and_customer", nulls_distinct=False
                    ),
                ),
                migrations.AddConstraint(
                    model_name="transaction",
                    constraint=models.UniqueConstraint(fields=("kind", "source"), name="one_fact_is_posted_once"),
                ),
                migrations.AddIndex(
                    model_name="grant",
                    index=models.Index(
                        condition=models.Q(("rest__gt", 0)), fields=["expires_at"], name="grants_with_a_rest_by_end"
                    ),
                ),
                migrations.AddIndex(
                    model_name="grant",
                    index=models.Index(
                        condition=models.Q(("rest__gt", 0)),
                        fields=["customer", "expires_at"],
                        name="grants_of_a_customer",
                    ),
                ),
                migrations.AddIndex(
                    model_name="entry",
                    index=models.Index(
                        condition=models.Q(("customer__isnull", False)),
                        fields=["customer", "-id"],
                        include=("amount",),
                        name="entries_of_a_customer",
                    ),
                ),
                migrations.AddIndex(
                    model_name="entry",
                    index=models.Index(fields=["account", "-id"], name="entries_of_an_account"),
                ),
                migrations.AddConstraint(
                    model_name="account",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("balance__isnull", False),
                                ("customer__isnull", False),
                                ("kind__in", ["credit", "promotional"]),
                            ),
                            models.Q(
                                ("balance__isnull", True),
                                ("customer__isnull", True),
                                models.Q(("kind__in", ["credit", "promotional"]), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="wallets_keep_a_balance_and_house_accounts_none",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="account",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("balance__isnull", True), ("balance__gte", models.F("held")), _connector="OR"
                        ),
                        name="a_wallet_is_never_negative",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="account",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("held__gte", 0)), name="held_money_is_not_negative"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="credithold",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("amount__lte", 1000000000000)),
                        name="a_credit_hold_keeps_something",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="credithold",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_as", ""), ("ended_at__isnull", True)),
                            models.Q(
                                ("ended_as__in", ["released", "captured"]),
                                ("ended_at__gte", models.F("at")),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_credit_hold_that_ended_says_how",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="transaction",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("customer__isnull", True), ("kind__in", ["bank_arrival", "bank_return"])),
                            models.Q(
                                ("customer__isnull", False),
                                models.Q(("kind__in", ["bank_arrival", "bank_return"]), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="only_bank_money_is_nobodys",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="grantuse",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount__gt", 0), ("origin__isnull", True)),
                            models.Q(("amount__lt", 0), ("origin__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_use_takes_or_puts_back",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="grant",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("amount__lte", 1000000000000)),
                        name="a_grant_gives_something",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="grant",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("rest__gte", 0), ("rest__lte", models.F("amount"))),
                        name="what_is_left_is_part_of_it",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="entry",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gte", -1000000000000),
                            ("amount__lte", 1000000000000),
                            models.Q(("amount", 0), _negated=True),
                        ),
                        name="entry_amount_is_sane",
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="account",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="822986b84badb0016933a48cd72b3c3b95ea17ca",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_d9133",
                            table="ledger_account",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="account",
                    trigger=pgtrigger.compiler.Trigger(
                        name="stays_what_it_is",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.kind IS DISTINCT FROM OLD.kind OR NEW.customer_id IS DISTINCT FROM OLD.customer_id) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="87bd24e9f52d360159c8945d1bb903bac2fd6da0",
                            operation="UPDATE",
                            pgid="pgtrigger_stays_what_it_is_51a25",
                            table="ledger_account",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="account",
                    trigger=pgtrigger.compiler.Trigger(
                        name="only_entries_move_the_balance",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.balance IS DISTINCT FROM OLD.balance) AND NOT (pg_trigger_depth() > 1) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="845e3a5982ef054b26a59fb223ecbe5709491b74",
                            operation="UPDATE",
                            pgid="pgtrigger_only_entries_move_the_balance_bb034",
                            table="ledger_account",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="account",
                    trigger=pgtrigger.compiler.Trigger(
                        name="only_holds_move_what_is_held",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.held IS DISTINCT FROM OLD.held) AND NOT (pg_trigger_depth() > 1) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="35c01726704d4a89b78cfb1cfdbffee84103e86f",
                            operation="UPDATE",
                            pgid="pgtrigger_only_holds_move_what_is_held_8969f",
                            table="ledger_account",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="account",
                    trigger=pgtrigger.compiler.Trigger(
                        name="starts_empty",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="IF COALESCE(NEW.balance, 0) <> 0 OR NEW.held <> 0 THEN RAISE EXCEPTION 'an account starts empty' USING ERRCODE = 'check_violation'; END IF; RETURN NEW;",
                            hash="95836ec3439f2a4f222be09d8f7f6a14d44bcbf7",
                            operation="INSERT",
                            pgid="pgtrigger_starts_empty_c7dd3",
                            table="ledger_account",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="credithold",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="e9133b4b7ac71681c11c69c7e12b7423be920c97",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_46858",
                            table="ledger_credithold",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="credithold",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_kept",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.account_id IS DISTINCT FROM OLD.account_id OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.source IS DISTINCT FROM OLD.source OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.at IS DISTINCT FROM OLD.at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="68349e4d00395022c2e03abee829fa7d7cd796ad",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_kept_4f8e8",
                            table="ledger_credithold",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="credithold",
                    trigger=pgtrigger.compiler.Trigger(
                        name="ends_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.ended_as IS DISTINCT FROM OLD.ended_as OR NEW.ended_at IS DISTINCT FROM OLD.ended_at) AND NOT (OLD.ended_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="6eb131a634d65172e11a351d65579250d2fc6577",
                            operation="UPDATE",
                            pgid="pgtrigger_ends_once_ac7db",
                            table="ledger_credithold",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="credithold",
                    trigger=pgtrigger.compiler.Trigger(
                        name="moves_what_is_held",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                IF TG_OP = 'INSERT' AND NEW.ended_at IS NOT NULL THEN\n                    RAISE EXCEPTION 'a hold begins open' USING ERRCODE = 'check_violation';\n                ELSIF TG_OP = 'UPDATE' AND NEW.ended_at IS NOT DISTINCT FROM OLD.ended_at THEN\n                    RETURN NULL;\n                END IF;\n                UPDATE ledger_account SET held = held + CASE WHEN NEW.ended_at IS NULL THEN NEW.amount ELSE -NEW.amount END\n                WHERE id = NEW.account_id AND customer_id = NEW.customer_id AND kind = 'credit';\n                IF NOT FOUND THEN\n                    RAISE EXCEPTION 'what is held is credit of %', NEW.customer_id USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="7d0b36cdc3761856f490889afbd311a3bfd01a17",
                            operation='INSERT OR UPDATE OF "ended_at"',
                            pgid="pgtrigger_moves_what_is_held_7e178",
                            table="ledger_credithold",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="transaction",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="c8781f01e9532519abf61477f01480f300ea26a4",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_d75d5",
                            table="ledger_transaction",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="transaction",
                    trigger=pgtrigger.compiler.Trigger(
                        name="has_entries",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            constraint="CONSTRAINT",
                            func="\n                IF NOT EXISTS (SELECT FROM ledger_entry WHERE transaction_id = NEW.id) THEN\n                    RAISE EXCEPTION 'the % % moves nothing: it has no entries', NEW.kind, NEW.source USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="3774e420acd183f91eca6a81bd9ee4223d540f41",
                            operation="INSERT",
                            pgid="pgtrigger_has_entries_4f01a",
                            table="ledger_transaction",
                            timing="DEFERRABLE INITIALLY DEFERRED",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="grantuse",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="1385647fd164d2dcc65e4e0221f1306aa4ca90e7",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_ec117",
                            table="ledger_grantuse",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="grantuse",
                    trigger=pgtrigger.compiler.Trigger(
                        name="moves_the_rest",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="UPDATE ledger_grant SET rest = rest - NEW.amount WHERE id = NEW.grant_id; RETURN NULL;",
                            hash="6eb2139046e22694e02899168a7b39e2d3550707",
                            operation="INSERT",
                            pgid="pgtrigger_moves_the_rest_0dbd2",
                            table="ledger_grantuse",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="grant",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (NEW."returned_by_id" IS NULL)',
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="837a3ded2be4b10b3beaf5d85e5de12078c3ea95",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_f6360",
                            table="ledger_grant",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="grant",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="64297834a7c813eb1a92f42c105862c93ea013d4",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_25ee8",
                            table="ledger_grant",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="grant",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_given",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.expires_at IS DISTINCT FROM OLD.expires_at OR NEW.reason IS DISTINCT FROM OLD.reason OR NEW.at IS DISTINCT FROM OLD.at OR NEW.returned_by_id IS DISTINCT FROM OLD.returned_by_id) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="a845b116a4d2bd808b72a6deaf374ccaed5a2f68",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_given_554dd",
                            table="ledger_grant",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="grant",
                    trigger=pgtrigger.compiler.Trigger(
                        name="only_its_uses_move_the_rest",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.rest IS DISTINCT FROM OLD.rest) AND NOT (pg_trigger_depth() > 1) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="6d0d83d30af9d228c5ce958b46be604726a987f1",
                            operation="UPDATE",
                            pgid="pgtrigger_only_its_uses_move_the_rest_65657",
                            table="ledger_grant",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="grant",
                    trigger=pgtrigger.compiler.Trigger(
                        name="starts_whole",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="NEW.rest := NEW.amount; RETURN NEW;",
                            hash="eec2e7812ef32ede413c5cb240fca406dcf54926",
                            operation="INSERT",
                            pgid="pgtrigger_starts_whole_c3b7d",
                            table="ledger_grant",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="grant",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_given_anew_from_what_came_back",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (NEW."returned_by_id" IS NOT NULL)',
                            func="\n                PERFORM FROM ledger_transaction WHERE id = NEW.returned_by_id FOR UPDATE;\n                IF NOT EXISTS (\n                    SELECT FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id\n                    JOIN ledger_account a ON a.id = e.account_id AND a.kind = 'promotional'\n                    WHERE t.id = NEW.returned_by_id AND t.customer_id = NEW.customer_id\n                        AND t.kind IN ('order_refund', 'credit_note_refund') AND e.amount >= NEW.amount\n                        + (SELECT coalesce(sum(amount), 0) FROM ledger_grant WHERE returned_by_id = NEW.returned_by_id)\n                ) THEN\n                    RAISE EXCEPTION 'transaction % returned less promotional credit to this customer than is given anew',\n                        NEW.returned_by_id USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                            hash="778a8cfd8abb5fe489c65906c9e9e7fa9253bf3f",
                            operation="INSERT",
                            pgid="pgtrigger_is_given_anew_from_what_came_back_e0bcb",
                            table="ledger_grant",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="entry",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="35042806e0c00654010bc662dd45ee3ed5406e0b",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_af900",
                            table="ledger_entry",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="entry",
                    trigger=pgtrigger.compiler.Trigger(
                        name="moves_the_balance",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            declare="DECLARE bucket text; fact record; source_of record; wanted bigint;",
                            func="\n                IF EXISTS (SELECT FROM ledger_entry WHERE id = NEW.id) THEN  -- ON CONFLICT would leave it out, and its money moved\n                    RAISE EXCEPTION 'entry % is there already', NEW.id USING ERRCODE = 'unique_violation';\n                END IF;\n                NEW.customer_id := NULL;\n                NEW.balance_after := NULL;\n                UPDATE ledger_account SET balance = balance + NEW.amount\n                WHERE id = NEW.account_id AND customer_id IS NOT NULL\n                RETURNING customer_id, balance, kind INTO NEW.customer_id, NEW.balance_after, bucket;\n                IF bucket = 'promotional' AND NEW.amount < 0 THEN\n                    SELECT kind, source, at INTO fact FROM ledger_transaction WHERE id = NEW.transaction_id;\n                    wanted := -NEW.amount;\n                    FOR source_of IN\n                        SELECT id, rest FROM ledger_grant\n                        WHERE customer_id = NEW.customer_id AND rest > 0\n                            AND (fact.kind <> 'grant_expiry' OR id::text = split_part(fact.source, ':', 1))\n                        ORDER BY expires_at <= fact.at, expires_at, id\n                    LOOP\n                        EXIT WHEN wanted = 0;\n                        INSERT INTO ledger_grantuse (grant_id, transaction_id, amount)\n                        VALUES (source_of.id, NEW.transaction_id, least(wanted, source_of.rest));\n                        wanted := wanted - least(wanted, source_of.rest);\n                    END LOOP;\n                    IF wanted > 0 THEN\n                        RAISE EXCEPTION '% of promotional credit come from no grant', wanted USING ERRCODE = 'check_violation';\n                    END IF;\n                END IF;\n                RETURN NEW;\n                ",
                            hash="3c5f037d62929ac61ea671b58db8a051f499ae2a",
                            operation="INSERT",
                            pgid="pgtrigger_moves_the_balance_94c90",
                            table="ledger_entry",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="entry",
                    trigger=pgtrigger.compiler.Trigger(
                        name="transactions_sum_to_zero",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            declare="DECLARE broken bigint;",
                            func="\n                SELECT transaction_id INTO broken FROM new_entries GROUP BY transaction_id HAVING sum(amount) <> 0 LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'transaction % does not sum to zero', broken USING ERRCODE = 'check_violation';\n                END IF;\n                SELECT n.transaction_id INTO broken\n                FROM (SELECT transaction_id, count(*) AS legs FROM new_entries GROUP BY transaction_id) n\n                WHERE (SELECT count(*) FROM ledger_entry e WHERE e.transaction_id = n.transaction_id) <> n.legs LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'transaction % is posted: it cannot grow', broken USING ERRCODE = 'restrict_violation';\n                END IF;\n                SELECT n.transaction_id INTO broken\n                FROM new_entries n JOIN ledger_transaction t ON t.id = n.transaction_id\n                WHERE n.customer_id IS NOT NULL AND n.customer_id IS DISTINCT FROM t.customer_id OR NOT written_by_us(t.xmin) LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'transaction % is another customer''s, or was written by somebody else', broken\n                        USING ERRCODE = 'restrict_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="6fcd34266e203dff51fcde2b326ea365f01046b9",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_transactions_sum_to_zero_e2cbc",
                            referencing="REFERENCING NEW TABLE AS new_entries ",
                            table="ledger_entry",
                            when="AFTER",
                        ),
                    ),
                ),
            ],
        ),
    ]
