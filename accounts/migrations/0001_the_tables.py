import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations, models

import kernel.ids
import kernel.text
import store.search
from store.migrating import Together

# Texts as they are compared in searches: without case, accents and stroke, in one Unicode form. Written with the server's own
# immutable functions: a dictionary such as unaccent's may change with an upgrade, and an index over it would then be wrong.
SEARCH_FORM = r"""
CREATE FUNCTION search_form(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(lower(regexp_replace(normalize($1, NFKD), '[\u0300-\u036f]', '', 'g')), 'đĐøłħŧ', 'ddolht');
"""


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("accounts", name)
        for name in (
            "0001_extensions",
            "0002_initial",
            "0003_search_form",
            "0004_customers_are_found_by_parts",
            "0005_users_of_one_address_are_told_apart",
            "0006_one_user_per_mail_address",
            "0007_names_can_be_printed",
            "0008_customer_keys_have_a_keeper",
            "0009_keys_are_kept_by_who_made_them",
            "0010_rules_have_their_sentences",
            "0011_acts_for_two",
            "0012_customers_have_groups",
            "0013_the_mode_follows_from_switches",
            "0014_history_is_sealed",
            "0015_a_key_names_what_it_began",
            "0016_an_owner_wants_second_factors",
            "0017_acts_for_two_name_people",
            "0018_switches_of_the_mode_are_acts_for_two",
            "0019_rules_about_people_do_not_pass_unknown",
        )
    ]

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        TrigramExtension(),
        BtreeGistExtension(),
        migrations.RunSQL(SEARCH_FORM, "DROP FUNCTION search_form(text)"),
        Together(
            [
                migrations.CreateModel(
                    name="Customer",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "name",
                            models.CharField(
                                max_length=200, validators=[kernel.text.validate_printable], verbose_name="name"
                            ),
                        ),
                        ("email", models.EmailField(max_length=254, verbose_name="mail address for documents")),
                        (
                            "tax_code",
                            models.CharField(
                                blank=True,
                                max_length=20,
                                validators=[kernel.text.validate_printable],
                                verbose_name="tax code",
                            ),
                        ),
                        (
                            "address",
                            models.CharField(
                                blank=True,
                                max_length=300,
                                validators=[kernel.text.validate_printable],
                                verbose_name="address",
                            ),
                        ),
                        ("language", models.CharField(default="vi", max_length=5, verbose_name="language")),
                        (
                            "billing_mode",
                            models.CharField(default="prepaid", max_length=8, verbose_name="billing mode"),
                        ),
                        (
                            "pays_invoices_automatically",
                            models.BooleanField(
                                default=True,
                                help_text="Open invoices are paid from the wallet, the oldest first.",
                                verbose_name="automatic invoice payment",
                            ),
                        ),
                        (
                            "wants_second_factor",
                            models.BooleanField(
                                default=False,
                                help_text="Everybody who signs in for this customer needs one.",
                                verbose_name="second factor required",
                            ),
                        ),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        (
                            "group",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="customers",
                                to="accounts.customergroup",
                                verbose_name="group",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "customer",
                        "verbose_name_plural": "customers",
                    },
                ),
                migrations.CreateModel(
                    name="CustomerGroup",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "name",
                            models.CharField(
                                max_length=60,
                                unique=True,
                                validators=[kernel.text.validate_printable],
                                verbose_name="name",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "customer group",
                        "verbose_name_plural": "customer groups",
                    },
                ),
                migrations.CreateModel(
                    name="CustomerKey",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("name", models.CharField(max_length=100, verbose_name="name")),
                        ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                        ("hint", models.CharField(editable=False, max_length=12, verbose_name="begins with")),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        (
                            "last_used_at",
                            models.DateTimeField(blank=True, editable=False, null=True, verbose_name="last used"),
                        ),
                        ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="keys",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "keeper",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="keys",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="kept by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "customer API key",
                        "verbose_name_plural": "customer API keys",
                    },
                ),
                migrations.CreateModel(
                    name="IdempotencyKey",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("principal", models.CharField(max_length=80)),
                        ("key", models.CharField(max_length=100)),
                        ("fingerprint", models.CharField(max_length=64)),
                        ("status", models.PositiveSmallIntegerField(null=True)),
                        ("body", models.JSONField(null=True)),
                        ("begun", models.UUIDField(null=True)),
                        ("created_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="Seal",
                    fields=[
                        ("number", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="number")),
                        ("kind", models.CharField(max_length=5, verbose_name="kind")),
                        ("row_id", models.BigIntegerField(verbose_name="row")),
                        ("head", models.CharField(max_length=64, verbose_name="head")),
                    ],
                    options={
                        "verbose_name": "seal",
                        "verbose_name_plural": "seals",
                    },
                ),
                migrations.CreateModel(
                    name="StaffAct",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("act", models.CharField(max_length=40, verbose_name="act")),
                        ("state", models.CharField(max_length=9, verbose_name="state")),
                        ("subject", models.CharField(blank=True, max_length=200, verbose_name="object")),
                        ("amount", models.BigIntegerField(blank=True, null=True, verbose_name="amount")),
                        ("facts", models.JSONField(default=dict, verbose_name="facts")),
                        ("reason", models.TextField(verbose_name="reason")),
                        ("asked_by", models.CharField(max_length=200, verbose_name="asked for by")),
                        ("asked_at", models.DateTimeField(verbose_name="asked for")),
                        ("decided_by", models.CharField(blank=True, max_length=200, verbose_name="decided by")),
                        ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                        (
                            "decided_because",
                            models.CharField(blank=True, max_length=500, verbose_name="decided because"),
                        ),
                        (
                            "asker",
                            models.ForeignKey(
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="who asked",
                            ),
                        ),
                        (
                            "customer",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="staff_acts",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "decider",
                            models.ForeignKey(
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="who decided",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "act for two",
                        "verbose_name_plural": "acts for two",
                    },
                ),
                migrations.CreateModel(
                    name="BillingModeSwitch",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("from_mode", models.CharField(max_length=8, verbose_name="from")),
                        ("to_mode", models.CharField(max_length=8, verbose_name="to")),
                        ("reason", models.TextField(verbose_name="reason")),
                        ("plan", models.JSONField(verbose_name="plan")),
                        ("actor", models.CharField(max_length=200, verbose_name="by")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="billing_mode_switches",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "act",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="accounts.staffact",
                                verbose_name="act for two",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "billing mode switch",
                        "verbose_name_plural": "billing mode switches",
                    },
                ),
                migrations.CreateModel(
                    name="AuditEntry",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("at", models.DateTimeField(verbose_name="at")),
                        ("actor", models.CharField(max_length=200, verbose_name="by")),
                        ("verb", models.CharField(max_length=60, verbose_name="act")),
                        ("subject", models.CharField(max_length=200, verbose_name="object")),
                        ("reason", models.TextField(verbose_name="reason")),
                        ("facts", models.JSONField(default=dict, verbose_name="facts")),
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
                        "verbose_name": "audit entry",
                        "verbose_name_plural": "audit trail",
                    },
                ),
                migrations.CreateModel(
                    name="User",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("password", models.CharField(max_length=128, verbose_name="password")),
                        ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                        (
                            "is_superuser",
                            models.BooleanField(
                                default=False,
                                help_text="Designates that this user has all permissions without explicitly assigning them.",
                                verbose_name="superuser status",
                            ),
                        ),
                        ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                        ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                        (
                            "is_staff",
                            models.BooleanField(
                                default=False,
                                help_text="Designates whether the user can log into this admin site.",
                                verbose_name="staff status",
                            ),
                        ),
                        (
                            "is_active",
                            models.BooleanField(
                                default=True,
                                help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                                verbose_name="active",
                            ),
                        ),
                        (
                            "date_joined",
                            models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined"),
                        ),
                        ("email", models.EmailField(max_length=254, unique=True, verbose_name="mail address")),
                        ("role", models.CharField(default="viewer", max_length=8, verbose_name="role")),
                        (
                            "groups",
                            models.ManyToManyField(
                                blank=True,
                                help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                                related_name="user_set",
                                related_query_name="user",
                                to="auth.group",
                                verbose_name="groups",
                            ),
                        ),
                        (
                            "user_permissions",
                            models.ManyToManyField(
                                blank=True,
                                help_text="Specific permissions for this user.",
                                related_name="user_set",
                                related_query_name="user",
                                to="auth.permission",
                                verbose_name="user permissions",
                            ),
                        ),
                        (
                            "customer",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="users",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "user",
                        "verbose_name_plural": "users",
                    },
                ),
            ]
        ),
        Together(
            [
                migrations.AddConstraint(
                    model_name="idempotencykey",
                    constraint=models.UniqueConstraint(
                        fields=("principal", "key"), name="one_answer_per_principal_and_key"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="seal",
                    constraint=models.UniqueConstraint(fields=("kind", "row_id"), name="a_row_is_sealed_once"),
                ),
                migrations.AddConstraint(
                    model_name="user",
                    constraint=models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"),
                        name="one_user_per_mail_address_however_written",
                        violation_error_message="Another user signs in with this address already.",
                    ),
                ),
                migrations.AddIndex(
                    model_name="customer",
                    index=django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(store.search.SearchForm("name"), name="gin_trgm_ops"),
                        name="customers_by_part_of_name",
                    ),
                ),
                migrations.AddIndex(
                    model_name="customer",
                    index=django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(store.search.SearchForm("email"), name="gin_trgm_ops"),
                        name="customers_by_part_of_mail",
                    ),
                ),
                migrations.AddIndex(
                    model_name="customer",
                    index=django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            store.search.SearchForm("tax_code"), name="gin_trgm_ops"
                        ),
                        name="customers_by_part_of_tax_code",
                    ),
                ),
                migrations.AddIndex(
                    model_name="staffact",
                    index=models.Index(
                        condition=models.Q(("state__in", ["waiting", "to_review"])),
                        fields=["state"],
                        name="acts_that_wait_for_somebody",
                    ),
                ),
                migrations.AddIndex(
                    model_name="staffact",
                    index=models.Index(
                        condition=models.Q(("state", "alone")),
                        fields=["act", "asked_by", "asked_at"],
                        name="what_somebody_did_alone",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="customer",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("billing_mode__in", ["prepaid", "postpaid"])),
                        name="customer_billing_mode_is_known",
                        violation_error_message="A customer is prepaid or postpaid.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="staffact",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("amount__isnull", True),
                            models.Q(
                                ("amount__gte", -1000000000000),
                                ("amount__lte", 1000000000000),
                                models.Q(("amount", 0), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="an_act_moves_a_sane_amount",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="staffact",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="an_act_has_a_reason"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="staffact",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True),
                                ("decided_by", ""),
                                ("state__in", ["waiting", "to_review"]),
                            ),
                            models.Q(
                                models.Q(("state__in", ["waiting", "to_review"]), _negated=True),
                                models.Q(("decided_by", ""), _negated=True),
                                ("decided_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="what_is_decided_says_by_whom",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="staffact",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_by", models.F("asked_by")),
                                ("state__in", ["approved", "refused", "reviewed"]),
                                _negated=True,
                            ),
                            models.Q(
                                models.Q(("state__in", ["approved", "refused", "reviewed"]), _negated=True),
                                ("asker__isnull", True),
                                ("decider__isnull", True),
                                models.Q(("decider", models.F("asker")), _negated=True),
                                _connector="OR",
                            ),
                        ),
                        name="nobody_is_their_own_second_person",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="staffact",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["withdrawn", "alone"]), _negated=True),
                            ("decided_by", models.F("asked_by")),
                            models.Q(
                                ("asker__isnull", False), ("decider", models.F("asker")), ("decider__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="only_who_asked_withdraws_or_acts_alone",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="billingmodeswitch",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("from_mode", models.F("to_mode")), _negated=True),
                        name="a_switch_changes_the_mode",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="billingmodeswitch",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="a_switch_has_a_reason"
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="customergroup",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="b9e034d1cde6fa21b5083667ace31b1793c844a0",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_7f81c",
                            table="accounts_customergroup",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="seal",
                    trigger=pgtrigger.compiler.Trigger(
                        name="triggers_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF pg_trigger_depth() < 2 THEN\n            RAISE EXCEPTION '% is kept by the database: change what it is derived from', TG_TABLE_NAME\n                USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NULL;\n        ",
                            hash="2e60a114190dec2bb4eb73f39b45a02298292fcd",
                            level="STATEMENT",
                            operation="INSERT OR UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_triggers_only_08a44",
                            table="accounts_seal",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="auditentry",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="fb9343dc7f4144c34ec670c99f17f12f36d5fe09",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_e6c89",
                            table="accounts_auditentry",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="auditentry",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_sealed",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            constraint="CONSTRAINT",
                            declare="DECLARE latest accounts_seal%ROWTYPE;",
                            func="\n        PERFORM pg_advisory_xact_lock(hashtextextended('seals', 0));\n        SELECT * INTO latest FROM accounts_seal ORDER BY number DESC LIMIT 1;\n        INSERT INTO accounts_seal (number, kind, row_id, head) VALUES (coalesce(latest.number, 0) + 1, 'audit', NEW.id, encode(sha256(convert_to(coalesce(latest.head, '') || jsonb_build_array('audit', NEW.id, to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), NEW.actor, NEW.verb, NEW.customer_id, NEW.subject, NEW.reason, NEW.facts)::text, 'UTF8')), 'hex'));\n        RETURN NULL;\n        ",
                            hash="51c27fcb74c0e33cddb9962b2f86cb11d1e796ad",
                            operation="INSERT",
                            pgid="pgtrigger_is_sealed_a01d1",
                            table="accounts_auditentry",
                            timing="DEFERRABLE INITIALLY DEFERRED",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="customer",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="0c5a9bd0068dde9ca5e17616a6671669fa495200",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_215f9",
                            table="accounts_customer",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="customer",
                    trigger=pgtrigger.compiler.Trigger(
                        name="only_a_switch_changes_the_mode",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.billing_mode IS DISTINCT FROM OLD.billing_mode) AND NOT (pg_trigger_depth() > 1) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="c3b62560c57b736bd80ee21c7a2f67c258ed2837",
                            operation="UPDATE",
                            pgid="pgtrigger_only_a_switch_changes_the_mode_95a7d",
                            table="accounts_customer",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="staffact",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="c807daaa2107720b18720b71c7290d19b2653bec",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_4920b",
                            table="accounts_staffact",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="staffact",
                    trigger=pgtrigger.compiler.Trigger(
                        name="moves_along_its_edges",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF TG_OP = 'INSERT' THEN\n            IF NEW.state <> 'waiting' AND NOT (NEW.state IN ('alone', 'to_review')) THEN\n                RAISE EXCEPTION '% starts as waiting, not as %', TG_TABLE_NAME, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n        ELSIF NEW.state <> OLD.state THEN\n            IF (OLD.state, NEW.state) NOT IN (('to_review', 'reviewed'), ('waiting', 'approved'), ('waiting', 'expired'), ('waiting', 'refused'), ('waiting', 'withdrawn')) THEN\n                RAISE EXCEPTION '% % cannot move from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            \n        END IF;\n        RETURN NEW;\n        ",
                            hash="36809e904e819ccb51ca49b4281282df73ff340a",
                            operation='INSERT OR UPDATE OF "state"',
                            pgid="pgtrigger_moves_along_its_edges_19cec",
                            table="accounts_staffact",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="staffact",
                    trigger=pgtrigger.compiler.Trigger(
                        name="people_are_staff",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                IF TG_OP = 'INSERT' THEN\n                    NEW.asker_id := (SELECT id FROM accounts_user WHERE email = NEW.asked_by AND is_staff);\n                END IF;\n                NEW.decider_id := (SELECT id FROM accounts_user WHERE email = NEW.decided_by AND is_staff);\n                IF NEW.asker_id IS NULL AND TG_OP = 'INSERT'\n                    OR NEW.decider_id IS NULL AND NEW.decided_by <> '' AND NEW.state <> 'expired' THEN\n                    RAISE EXCEPTION 'an act for two is asked for and decided by people of ours, not by % and %',\n                        NEW.asked_by, NEW.decided_by USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                            hash="ee2a83caa9e646de62c43570a58405bcc9669c2c",
                            operation='INSERT OR UPDATE OF "decided_by"',
                            pgid="pgtrigger_people_are_staff_df47f",
                            table="accounts_staffact",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="staffact",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_asked_for",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.act IS DISTINCT FROM OLD.act OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.subject IS DISTINCT FROM OLD.subject OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.facts IS DISTINCT FROM OLD.facts OR NEW.reason IS DISTINCT FROM OLD.reason OR NEW.asked_by IS DISTINCT FROM OLD.asked_by OR NEW.asker_id IS DISTINCT FROM OLD.asker_id OR NEW.asked_at IS DISTINCT FROM OLD.asked_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="5afee2dd026bb41c42a0a5e2dfb07be0a4e9c255",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_asked_for_4da66",
                            table="accounts_staffact",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="staffact",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_decided_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.decided_by IS DISTINCT FROM OLD.decided_by OR NEW.decider_id IS DISTINCT FROM OLD.decider_id OR NEW.decided_at IS DISTINCT FROM OLD.decided_at OR NEW.decided_because IS DISTINCT FROM OLD.decided_because) AND NOT (OLD.decided_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="b7e9751f759945c25347884c0fd3fd34aa6674c4",
                            operation="UPDATE",
                            pgid="pgtrigger_is_decided_once_9ff00",
                            table="accounts_staffact",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="billingmodeswitch",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="58c9eb843cd21507d0c6b4d713e6cc2b4a57e481",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_dc741",
                            table="accounts_billingmodeswitch",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="billingmodeswitch",
                    trigger=pgtrigger.compiler.Trigger(
                        name="switches_its_customer",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                UPDATE accounts_customer SET billing_mode = NEW.to_mode\n                WHERE id = NEW.customer_id AND billing_mode = NEW.from_mode AND created_at <= NEW.at;\n                IF NOT FOUND THEN\n                    RAISE EXCEPTION 'customer % is not %, or was not there yet', NEW.customer_id, NEW.from_mode\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                IF EXISTS (SELECT FROM accounts_billingmodeswitch WHERE customer_id = NEW.customer_id AND at > NEW.at) THEN\n                    RAISE EXCEPTION 'customer % was switched later than %', NEW.customer_id, NEW.at USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                            hash="a69ce04d79ef3d88d958050859fc353795f0183e",
                            operation="INSERT",
                            pgid="pgtrigger_switches_its_customer_58008",
                            table="accounts_billingmodeswitch",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="billingmodeswitch",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_decided_as_it_was_asked_for",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            constraint="CONSTRAINT",
                            func="\n                IF NOT EXISTS (\n                    SELECT FROM accounts_staffact WHERE id = NEW.act_id AND act = 'switch-mode' AND state IN ('alone', 'approved')\n                        AND customer_id = NEW.customer_id AND facts ->> 'to_mode' = NEW.to_mode AND decided_by = NEW.actor\n                ) THEN\n                    RAISE EXCEPTION 'the switch of % to % was not decided by people', NEW.customer_id, NEW.to_mode\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="a1f936b9795a884a75b25d8074e530fc98fef1ac",
                            operation="INSERT",
                            pgid="pgtrigger_is_decided_as_it_was_asked_for_41d6a",
                            table="accounts_billingmodeswitch",
                            timing="DEFERRABLE INITIALLY DEFERRED",
                            when="AFTER",
                        ),
                    ),
                ),
            ]
        ),
    ]
