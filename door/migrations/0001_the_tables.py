import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import kernel.ids
import kernel.text
from store.migrating import Together


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("door", name)
        for name in (
            "0001_addresses_change_when_both_confirm",
            "0002_sign_ups_and_agreements",
            "0003_second_factors_by_name",
        )
    ]

    dependencies = [
        ("accounts", "0001_the_tables"),
        ("mfa", "0003_authenticator_type_uniq"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Together(
            [
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
            ]
        ),
        Together(
            [
                migrations.AddConstraint(
                    model_name="addresschange",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("done_at", None), ("ended_at", None)),
                        fields=("user",),
                        name="one_change_of_address_at_a_time",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="agreement",
                    constraint=models.UniqueConstraint(
                        fields=("user", "document", "version"), name="one_agreement_per_user_and_version"
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
                            func="\n        IF (NEW.user_id IS DISTINCT FROM OLD.user_id OR NEW.former IS DISTINCT FROM OLD.former OR NEW.address IS DISTINCT FROM OLD.address OR NEW.asked_at IS DISTINCT FROM OLD.asked_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="fe3fd9de7b44a9dc0bd09e0d5ef0df1e6bfd78a9",
                            operation="UPDATE",
                            pgid="pgtrigger_stays_as_it_was_asked_19157",
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
            ]
        ),
    ]
