import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import kernel.ids
import kernel.text
import store.migrating


class Migration(migrations.Migration):
    replaces = [
        ("door", "0001_the_tables"),
        ("door", "0002_privacy_requests"),
        ("door", "0003_first_answers_of_privacy_requests"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_all_the_tables"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        store.migrating.Together(
            operations=[
                migrations.CreateModel(
                    name="SecondFactor",
                    fields=[],
                    options={
                        "verbose_name": "second factor",
                        "verbose_name_plural": "second factors",
                        "proxy": True,
                        "indexes": [],
                        "constraints": [],
                    },
                    bases=("mfa.authenticator",),
                ),
                migrations.CreateModel(
                    name="AddressChange",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("former", models.EmailField(max_length=254, verbose_name="present address")),
                        ("address", models.EmailField(max_length=254, verbose_name="new address")),
                        ("asked_at", models.DateTimeField(verbose_name="asked")),
                        (
                            "former_at",
                            models.DateTimeField(
                                blank=True, null=True, verbose_name="confirmed by the present address"
                            ),
                        ),
                        (
                            "new_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="confirmed by the new address"),
                        ),
                        ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done")),
                        ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended without it")),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="address_changes",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="user",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "change of mail address",
                        "verbose_name_plural": "changes of mail addresses",
                    },
                ),
                migrations.CreateModel(
                    name="Agreement",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("document", models.CharField(max_length=7, verbose_name="document")),
                        ("version", models.CharField(max_length=40, verbose_name="version")),
                        ("language", models.CharField(max_length=5, verbose_name="language")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="agreements",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="agreements",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="user",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "agreement",
                        "verbose_name_plural": "agreements",
                    },
                ),
                migrations.CreateModel(
                    name="PrivacyRequest",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("kind", models.CharField(max_length=9, verbose_name="what is asked")),
                        (
                            "text",
                            models.TextField(
                                blank=True,
                                max_length=2000,
                                validators=[kernel.text.validate_printable_lines],
                                verbose_name="in their words",
                            ),
                        ),
                        ("state", models.CharField(default="open", max_length=9, verbose_name="state")),
                        ("asked_by", models.CharField(max_length=200, verbose_name="asked for by")),
                        ("asked_at", models.DateTimeField(verbose_name="asked")),
                        (
                            "first_due_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(),
                                help_text="The last instant of the second working day: by then the law wants a first answer.",
                                verbose_name="first answer due",
                            ),
                        ),
                        ("first_answered_at", models.DateTimeField(blank=True, null=True, verbose_name="first answer")),
                        (
                            "due_at",
                            models.DateTimeField(
                                help_text="The last instant of the day by which the law wants it done.",
                                verbose_name="due",
                            ),
                        ),
                        ("answer", models.TextField(blank=True, verbose_name="answer")),
                        ("answered_by", models.CharField(blank=True, max_length=200, verbose_name="answered by")),
                        ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="privacy_requests",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="privacy_requests",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="user",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "privacy request",
                        "verbose_name_plural": "privacy requests",
                    },
                ),
                migrations.CreateModel(
                    name="SignUp",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("kind", models.CharField(max_length=7, verbose_name="customer is")),
                        (
                            "name",
                            models.CharField(
                                max_length=200, validators=[kernel.text.validate_printable], verbose_name="name"
                            ),
                        ),
                        ("tax_code", models.CharField(blank=True, max_length=20, verbose_name="tax code")),
                        ("email", models.EmailField(max_length=254, verbose_name="mail address")),
                        ("language", models.CharField(max_length=5, verbose_name="language")),
                        ("versions", models.JSONField(verbose_name="agreed to")),
                        ("asked_at", models.DateTimeField(verbose_name="asked")),
                        ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done")),
                    ],
                    options={
                        "verbose_name": "sign-up",
                        "verbose_name_plural": "sign-ups",
                        "indexes": [models.Index(fields=["asked_at"], name="sign_ups_by_time")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("kind", "company"), _negated=True),
                                    models.Q(("tax_code", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="a_company_that_signs_up_has_a_tax_code",
                                violation_error_message="A company has a tax code.",
                            )
                        ],
                    },
                ),
            ],
        ),
        store.migrating.Together(
            operations=[
                migrations.AddConstraint(
                    model_name="agreement",
                    constraint=models.UniqueConstraint(
                        fields=("user", "document", "version"), name="one_agreement_per_user_and_version"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="privacyrequest",
                    constraint=models.UniqueConstraint(
                        fields=("id", "customer"), name="a_privacy_request_is_one_customers"
                    ),
                ),
                migrations.AddIndex(
                    model_name="privacyrequest",
                    index=models.Index(
                        condition=models.Q(("state", "open")), fields=["due_at"], name="open_privacy_requests_by_due"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="addresschange",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("done_at", None), ("ended_at", None)),
                        fields=("user",),
                        name="one_change_of_address_at_a_time",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="addresschange",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("done_at", None),
                            models.Q(("ended_at", None), ("former_at__isnull", False), ("new_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_address_changes_when_both_have_confirmed",
                        violation_error_message="Both addresses confirm a change.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="agreement",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("version", ""), _negated=True), name="an_agreement_names_a_version"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="privacyrequest",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at__isnull", True), ("answered_by", ""), ("state", "open")),
                            models.Q(
                                models.Q(("state", "open"), _negated=True),
                                ("answered_at__isnull", False),
                                models.Q(("answered_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="what_is_answered_says_by_whom",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="privacyrequest",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), _negated=True),
                            models.Q(("answer", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="what_is_refused_says_why",
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="signup",
                    trigger=pgtrigger.compiler.Trigger(
                        name="stays_as_it_was_said",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.kind IS DISTINCT FROM OLD.kind OR NEW.name IS DISTINCT FROM OLD.name OR NEW.tax_code IS DISTINCT FROM OLD.tax_code OR NEW.email IS DISTINCT FROM OLD.email OR NEW.language IS DISTINCT FROM OLD.language OR NEW.versions IS DISTINCT FROM OLD.versions OR NEW.asked_at IS DISTINCT FROM OLD.asked_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="a9259f22559b2c54b45195670f2941d53918952a",
                            operation="UPDATE",
                            pgid="pgtrigger_stays_as_it_was_said_c1619",
                            table="door_signup",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="addresschange",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="517e16c76464db401d2b0f3cfbc9b3b6cc6ecfa5",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_067f6",
                            table="door_addresschange",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="addresschange",
                    trigger=pgtrigger.compiler.Trigger(
                        name="stays_as_it_was_asked",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.user_id IS DISTINCT FROM OLD.user_id OR NEW.asked_at IS DISTINCT FROM OLD.asked_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="617901c0b4e7a4004585ba7af5e4149cacb65a7c",
                            operation="UPDATE",
                            pgid="pgtrigger_stays_as_it_was_asked_19157",
                            table="door_addresschange",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="addresschange",
                    trigger=pgtrigger.compiler.Trigger(
                        name="leads_where_it_was_said",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.former IS DISTINCT FROM OLD.former OR NEW.address IS DISTINCT FROM OLD.address) AND NOT (NEW.former = '' AND NEW.address = '' AND EXISTS (SELECT FROM accounts_user u WHERE u.id = OLD.user_id AND u.forgotten_at IS NOT NULL)) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="76bdfae74c6d3d5067eba6bf40a9565ecc732301",
                            operation="UPDATE",
                            pgid="pgtrigger_leads_where_it_was_said_55d3f",
                            table="door_addresschange",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="agreement",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="81f4ec13913ce4efbcaec339b284966f1c9b53fa",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_764cd",
                            table="door_agreement",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="privacyrequest",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="2584a2cc00efd1ee46312340c013fd36ce52afb0",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_3bc1c",
                            table="door_privacyrequest",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="privacyrequest",
                    trigger=pgtrigger.compiler.Trigger(
                        name="moves_along_its_edges",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF TG_OP = 'INSERT' THEN\n            IF NEW.state <> 'open' AND NOT (NEW.kind = 'hand_over' AND NEW.state = 'done') THEN\n                RAISE EXCEPTION '% starts as open, not as %', TG_TABLE_NAME, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n        ELSIF NEW.state <> OLD.state THEN\n            IF (OLD.state, NEW.state) NOT IN (('open', 'cancelled'), ('open', 'done'), ('open', 'refused')) THEN\n                RAISE EXCEPTION '% % cannot move from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            \n        END IF;\n        RETURN NEW;\n        ",
                            hash="1a6ccf3104357cf381585fb5404997895747c8d2",
                            operation='INSERT OR UPDATE OF "state"',
                            pgid="pgtrigger_moves_along_its_edges_d9e5c",
                            table="door_privacyrequest",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="privacyrequest",
                    trigger=pgtrigger.compiler.Trigger(
                        name="stays_as_it_was_asked",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.user_id IS DISTINCT FROM OLD.user_id OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.asked_at IS DISTINCT FROM OLD.asked_at OR NEW.first_due_at IS DISTINCT FROM OLD.first_due_at OR NEW.due_at IS DISTINCT FROM OLD.due_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="e97247cfc079e49efca00d5f2af360d601d52360",
                            operation="UPDATE",
                            pgid="pgtrigger_stays_as_it_was_asked_3bcbe",
                            table="door_privacyrequest",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="privacyrequest",
                    trigger=pgtrigger.compiler.Trigger(
                        name="keeps_their_words_until_the_account_closes",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.text IS DISTINCT FROM OLD.text OR NEW.asked_by IS DISTINCT FROM OLD.asked_by) AND NOT (NEW.text = '' AND NEW.asked_by = '' AND EXISTS (SELECT FROM accounts_customer c WHERE c.id = OLD.customer_id AND c.closed_at IS NOT NULL)) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="ff2c4604fab91194d7f16b5fdb4caf0714ceb1d2",
                            operation="UPDATE",
                            pgid="pgtrigger_keeps_their_words_until_the_account_closes_c8980",
                            table="door_privacyrequest",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="privacyrequest",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_first_answered_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.first_answered_at IS DISTINCT FROM OLD.first_answered_at) AND NOT (OLD.first_answered_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="6266cc92898d6024074d923850894e8653816855",
                            operation="UPDATE",
                            pgid="pgtrigger_is_first_answered_once_2b5a0",
                            table="door_privacyrequest",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="privacyrequest",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_answered_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.answered_by IS DISTINCT FROM OLD.answered_by OR NEW.answered_at IS DISTINCT FROM OLD.answered_at) AND NOT (OLD.answered_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="e1be70cc0c998828a9d5b1f81f6eb1d55767e51a",
                            operation="UPDATE",
                            pgid="pgtrigger_is_answered_once_c1793",
                            table="door_privacyrequest",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="privacyrequest",
                    trigger=pgtrigger.compiler.Trigger(
                        name="its_answer_stands_until_the_account_closes",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.answer IS DISTINCT FROM OLD.answer) AND NOT (OLD.answered_at IS NULL OR NEW.answer = '…' AND EXISTS (SELECT FROM accounts_customer c WHERE c.id = OLD.customer_id AND c.closed_at IS NOT NULL)) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="31725e33d9761651313579f1e40efd04a4f4df52",
                            operation="UPDATE",
                            pgid="pgtrigger_its_answer_stands_until_the_account_closes_27775",
                            table="door_privacyrequest",
                            when="BEFORE",
                        ),
                    ),
                ),
            ],
        ),
    ]
