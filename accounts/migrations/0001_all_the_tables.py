import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.operations
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import accounts.models.keys
import kernel.ids
import kernel.text
import store.carried
import store.migrating
import store.search


class Migration(migrations.Migration):
    replaces = [
        ("accounts", "0001_the_tables"),
        ("accounts", "0002_buyer_profiles"),
        ("accounts", "0003_customers_become_their_first_buyers"),
        ("accounts", "0004_buyers_alone_say_what_invoices_name"),
        ("accounts", "0005_customer_was_here_since_then"),
        ("accounts", "0006_people_belong_to_customers"),
        ("accounts", "0007_what_is_left_out_moves_nothing"),
        ("accounts", "0008_keys_carry_rights"),
        ("accounts", "0009_sessions_last_as_long_as_an_owner_wants"),
        ("accounts", "0010_an_owner_who_may_sign_in_stays"),
        ("accounts", "0011_staff_are_no_members"),
        ("accounts", "0012_a_key_succeeds_one_of_its_customer"),
        ("accounts", "0013_companies_sign_in_by_their_own"),
        ("accounts", "0014_accounts_may_close"),
    ]

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        django.contrib.postgres.operations.TrigramExtension(),
        django.contrib.postgres.operations.BtreeGistExtension(),
        migrations.RunSQL(
            sql="\nCREATE FUNCTION search_form(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE\nRETURN translate(lower(regexp_replace(normalize($1, NFKD), '[\\u0300-\\u036f]', '', 'g')), 'đĐøłħŧ', 'ddolht');\n",
            reverse_sql="DROP FUNCTION search_form(text)",
        ),
        store.migrating.Together(
            operations=[
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
                        (
                            "idle_minutes",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Empty: as everybody.",
                                null=True,
                                verbose_name="signed out after so many minutes without use",
                            ),
                        ),
                        (
                            "session_hours",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Empty: as everybody.",
                                null=True,
                                verbose_name="signed out after so many hours in any case",
                            ),
                        ),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        (
                            "closes_at",
                            models.DateTimeField(blank=True, editable=False, null=True, verbose_name="is to be closed"),
                        ),
                        (
                            "closed_at",
                            models.DateTimeField(blank=True, editable=False, null=True, verbose_name="closed"),
                        ),
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
                            "carries",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=20),
                                default=accounts.models.keys.all_for_keys,
                                size=None,
                                verbose_name="rights",
                            ),
                        ),
                        ("daily_limit", models.BigIntegerField(blank=True, null=True, verbose_name="limit per day")),
                        (
                            "networks",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=43),
                                blank=True,
                                default=list,
                                size=None,
                                verbose_name="allowed networks",
                            ),
                        ),
                        ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="expires")),
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
                        (
                            "succeeds",
                            models.OneToOneField(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="successor",
                                to="accounts.customerkey",
                                verbose_name="in place of",
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
                    name="Identity",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("issuer", models.CharField(max_length=400, verbose_name="issuer")),
                        ("subject", models.CharField(max_length=255, verbose_name="subject")),
                        ("email", models.EmailField(max_length=254, verbose_name="mail address")),
                        ("bound_at", models.DateTimeField(verbose_name="bound")),
                        ("used_at", models.DateTimeField(verbose_name="last used")),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="identities",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="user",
                            ),
                        ),
                        (
                            "provider",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="identities",
                                to="accounts.provider",
                                verbose_name="company sign-in",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "identity at a company sign-in",
                        "verbose_name_plural": "identities at company sign-ins",
                    },
                ),
                migrations.CreateModel(
                    name="KeySpending",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("day", models.DateField(verbose_name="day")),
                        ("spent", models.BigIntegerField(default=0, verbose_name="spent")),
                        (
                            "key",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="spending",
                                to="accounts.customerkey",
                                verbose_name="key",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "spending of a key",
                        "verbose_name_plural": "spending of keys",
                    },
                ),
                migrations.CreateModel(
                    name="Membership",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("role", models.CharField(max_length=9, verbose_name="role")),
                        ("joined_at", models.DateTimeField(verbose_name="member since")),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="memberships",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="memberships",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="user",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "membership",
                        "verbose_name_plural": "memberships",
                    },
                ),
                migrations.CreateModel(
                    name="Provider",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("issuer", models.CharField(max_length=400, verbose_name="issuer")),
                        (
                            "client_id",
                            models.CharField(
                                max_length=200, validators=[kernel.text.validate_printable], verbose_name="client id"
                            ),
                        ),
                        ("client_secret", models.TextField(verbose_name="client secret")),
                        (
                            "joins_as",
                            models.CharField(
                                blank=True, default="viewer", max_length=9, verbose_name="people who are new join as"
                            ),
                        ),
                        ("trusts_factor", models.BooleanField(default=False, verbose_name="its second factor counts")),
                        ("set_at", models.DateTimeField(verbose_name="set up")),
                        ("tried_at", models.DateTimeField(blank=True, null=True, verbose_name="tried")),
                        ("on_since", models.DateTimeField(blank=True, null=True, verbose_name="switched on")),
                        ("is_required", models.BooleanField(default=False, verbose_name="required")),
                        (
                            "customer",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="provider",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "company sign-in",
                        "verbose_name_plural": "company sign-ins",
                    },
                ),
                migrations.CreateModel(
                    name="ProviderDomain",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("name", models.CharField(max_length=253, verbose_name="domain")),
                        ("asked_at", models.DateTimeField(verbose_name="asked")),
                        ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed")),
                        (
                            "provider",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="domains",
                                to="accounts.provider",
                                verbose_name="company sign-in",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "domain of a company sign-in",
                        "verbose_name_plural": "domains of company sign-ins",
                    },
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
                        (
                            "forgotten_at",
                            models.DateTimeField(blank=True, editable=False, null=True, verbose_name="forgotten"),
                        ),
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
                            "customers",
                            models.ManyToManyField(
                                related_name="users",
                                through="accounts.Membership",
                                to="accounts.customer",
                                verbose_name="customers",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "user",
                        "verbose_name_plural": "users",
                    },
                ),
                migrations.CreateModel(
                    name="BuyerProfile",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("kind", models.CharField(max_length=8, verbose_name="buyer is")),
                        (
                            "name",
                            models.CharField(
                                max_length=200,
                                validators=[kernel.text.validate_printable],
                                verbose_name="name on invoices",
                            ),
                        ),
                        (
                            "tax_code",
                            models.CharField(
                                blank=True,
                                help_text="10 digits, or 10 and 3 of a branch, such as 0101243150-001.",
                                max_length=20,
                                verbose_name="tax code",
                            ),
                        ),
                        (
                            "personal_id",
                            models.CharField(
                                blank=True,
                                help_text="The 12 digits of the identity card.",
                                max_length=20,
                                verbose_name="identity number",
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
                        ("is_default", models.BooleanField(default=False, verbose_name="default")),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        ("archived_at", models.DateTimeField(blank=True, null=True, verbose_name="archived")),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="buyers",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "buyer profile",
                        "verbose_name_plural": "buyer profiles",
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
                        (
                            "actor_kind",
                            models.CharField(db_default="", default="", max_length=12, verbose_name="in the role of"),
                        ),
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
            ],
        ),
        store.migrating.Together(
            operations=[
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
                    model_name="buyerprofile",
                    constraint=models.UniqueConstraint(fields=("id", "customer"), name="a_buyer_is_one_customers"),
                ),
                migrations.AddConstraint(
                    model_name="customerkey",
                    constraint=models.UniqueConstraint(fields=("id", "customer"), name="a_key_is_one_customers"),
                ),
                migrations.AddConstraint(
                    model_name="keyspending",
                    constraint=models.UniqueConstraint(fields=("key", "day"), name="a_key_spends_once_a_day"),
                ),
                migrations.AddConstraint(
                    model_name="membership",
                    constraint=models.UniqueConstraint(
                        fields=("user", "customer"),
                        name="one_membership_per_user_and_customer",
                        violation_error_message="This person belongs to the team already.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="identity",
                    constraint=models.UniqueConstraint(
                        fields=("provider", "issuer", "subject"), name="a_subject_of_a_provider_is_one_user"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="identity",
                    constraint=models.UniqueConstraint(
                        fields=("provider", "user"), name="a_user_is_one_subject_of_a_provider"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="providerdomain",
                    constraint=models.UniqueConstraint(
                        fields=("provider", "name"), name="a_domain_stands_once_with_its_provider"
                    ),
                ),
                migrations.AddIndex(
                    model_name="buyerprofile",
                    index=django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            store.search.SearchForm("tax_code"), name="gin_trgm_ops"
                        ),
                        name="buyers_by_part_of_tax_code",
                    ),
                ),
                migrations.AddIndex(
                    model_name="auditentry",
                    index=models.Index(fields=["customer", "-id"], name="what_was_done_for_a_customer"),
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
                    model_name="buyerprofile",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("customer",),
                        name="a_customer_has_one_default_buyer",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="buyerprofile",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "company"), ("personal_id", ""), models.Q(("tax_code", ""), _negated=True)
                            ),
                            models.Q(("kind", "person"), ("personal_id__regex", "^[0-9]{12}$"), ("tax_code", "")),
                            models.Q(("kind", "consumer"), ("personal_id", ""), ("tax_code", "")),
                            _connector="OR",
                        ),
                        name="a_buyer_has_the_number_of_its_kind",
                        violation_error_message="A company has a tax code, a person an identity number, a consumer neither.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="buyerprofile",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True),
                        name="a_buyer_has_a_name",
                        violation_error_message="Say what stands on the invoices.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="buyerprofile",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("archived_at__isnull", True), ("is_default", False), _connector="OR"),
                        name="what_is_archived_is_no_default",
                        violation_error_message="What is archived cannot be the default.",
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
                    model_name="customer",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("idle_minutes", None), ("idle_minutes__range", (5, 1440)), _connector="OR"),
                            models.Q(("session_hours", None), ("session_hours__range", (1, 168)), _connector="OR"),
                        ),
                        name="sessions_of_a_customer_last_a_while_and_end",
                        violation_error_message="A session lasts between five minutes and a day without use, and a week at most.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="customerkey",
                    constraint=store.carried.CarriedKey(
                        "succeeds", carries="customer", name="a_key_succeeds_one_of_its_customer"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="customerkey",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "carries__contained_by",
                                [
                                    "export",
                                    "manage-methods",
                                    "manage-profile",
                                    "manage-resources",
                                    "manage-wallet",
                                    "manage-webhooks",
                                    "order",
                                    "pay",
                                    "see-activity",
                                    "view-billing",
                                ],
                            ),
                            models.Q(("carries", []), _negated=True),
                        ),
                        name="a_key_carries_rights_that_keys_may_carry",
                        violation_error_message="A key carries at least one right, and none over the team or over keys.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="customerkey",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("daily_limit", None),
                            models.Q(("daily_limit__gt", 0), ("daily_limit__lte", 1000000000000)),
                            _connector="OR",
                        ),
                        name="a_keys_daily_limit_is_sane",
                        violation_error_message="A limit per day is a positive amount.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="customerkey",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("expires_at", None), ("expires_at__gt", models.F("created_at")), _connector="OR"
                        ),
                        name="a_key_expires_after_it_was_made",
                        violation_error_message="A key expires after it was made.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="membership",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("role__in", ["owner", "billing", "technical", "viewer"])),
                        name="a_members_role_is_known",
                        violation_error_message="A member is owner, billing, technical or viewer.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="user",
                    constraint=models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"),
                        name="one_user_per_mail_address_however_written",
                        violation_error_message="Another user signs in with this address already.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="user",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("forgotten_at", None), models.Q(("is_active", False), ("is_staff", False)), _connector="OR"
                        ),
                        name="whoever_is_forgotten_does_not_sign_in",
                        violation_error_message="This person has gone and is forgotten: nobody signs in as them.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="provider",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("on_since", None),
                            models.Q(("on_since__gte", models.F("tried_at")), ("tried_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_provider_is_tried_before_it_is_on",
                        violation_error_message="Try it before you switch it on.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="provider",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("is_required", False), ("on_since__isnull", False), _connector="OR"),
                        name="a_provider_that_is_required_is_on",
                        violation_error_message="What is switched off is not required.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="provider",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("joins_as__in", ["", "billing", "technical", "viewer"])),
                        name="nobody_becomes_owner_by_a_provider",
                        violation_error_message="Somebody new joins as billing, technical or viewer, or is invited.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="providerdomain",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("confirmed_at__isnull", False)),
                        fields=("name",),
                        name="a_confirmed_domain_is_of_one_provider",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="providerdomain",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("name", django.db.models.functions.text.Lower("name")),
                            models.Q(("name", ""), _negated=True),
                        ),
                        name="a_domain_is_written_small",
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
                    model_name="buyerprofile",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="1fd7fde3b1f41eea71a40285d6cc7a32bcd9afe8",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_bba63",
                            table="accounts_buyerprofile",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="buyerprofile",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="572a7449ab4349dc35a764cada983e485cf9896d",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_38fb0",
                            table="accounts_buyerprofile",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="buyerprofile",
                    trigger=pgtrigger.compiler.Trigger(
                        name="stays_its_customers",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.created_at IS DISTINCT FROM OLD.created_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="3afddb55d4096dce82632b31263e2584480b3fdd",
                            operation="UPDATE",
                            pgid="pgtrigger_stays_its_customers_bfce1",
                            table="accounts_buyerprofile",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="buyerprofile",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_archived_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.archived_at IS DISTINCT FROM OLD.archived_at) AND NOT (OLD.archived_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="9208d82a64b96e8756a2740bc45eb7c855893dde",
                            operation="UPDATE",
                            pgid="pgtrigger_is_archived_once_5b8d1",
                            table="accounts_buyerprofile",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="buyerprofile",
                    trigger=pgtrigger.compiler.Trigger(
                        name="who_has_buyers_has_a_default",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            constraint="CONSTRAINT",
                            func="\n    IF EXISTS (SELECT FROM accounts_buyerprofile WHERE customer_id = NEW.customer_id AND archived_at IS NULL)\n        AND NOT EXISTS (SELECT FROM accounts_buyerprofile WHERE customer_id = NEW.customer_id AND is_default) THEN\n        RAISE EXCEPTION 'customer % has buyers, and none of them is the default', NEW.customer_id\n            USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NULL;\n    ",
                            hash="cbc3bb319df43c76c9b87ef790fa04b36c905e51",
                            operation='INSERT OR UPDATE OF "is_default", "archived_at"',
                            pgid="pgtrigger_who_has_buyers_has_a_default_0682d",
                            table="accounts_buyerprofile",
                            timing="DEFERRABLE INITIALLY DEFERRED",
                            when="AFTER",
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
                    model_name="customer",
                    trigger=pgtrigger.compiler.Trigger(
                        name="was_here_since_then",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.created_at IS DISTINCT FROM OLD.created_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="e2ff06d977d9a889a87bcbdf1597aa98a64a7e34",
                            operation="UPDATE",
                            pgid="pgtrigger_was_here_since_then_e450c",
                            table="accounts_customer",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="customer",
                    trigger=pgtrigger.compiler.Trigger(
                        name="only_its_closing_closes_it",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.closes_at IS DISTINCT FROM OLD.closes_at OR NEW.closed_at IS DISTINCT FROM OLD.closed_at) AND NOT (pg_trigger_depth() > 1) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="afdd06eb6c7d89a41f496a3255409f9259b7cb40",
                            operation="UPDATE",
                            pgid="pgtrigger_only_its_closing_closes_it_30950",
                            table="accounts_customer",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="customer",
                    trigger=pgtrigger.compiler.Trigger(
                        name="stays_nameless_when_closed",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.name IS DISTINCT FROM OLD.name OR NEW.email IS DISTINCT FROM OLD.email) AND NOT (OLD.closed_at IS NULL OR NEW.name = '' AND NEW.email = '') THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="d05c236324c71f7b4c7c5406475c995c7a7b84c2",
                            operation="UPDATE",
                            pgid="pgtrigger_stays_nameless_when_closed_8f2ed",
                            table="accounts_customer",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="customerkey",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="30aae58fc0b1a824a577f4c9962b7173ebc21141",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_bb83f",
                            table="accounts_customerkey",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="customerkey",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_made",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.name IS DISTINCT FROM OLD.name OR NEW.digest IS DISTINCT FROM OLD.digest OR NEW.hint IS DISTINCT FROM OLD.hint OR NEW.created_at IS DISTINCT FROM OLD.created_at OR NEW.carries IS DISTINCT FROM OLD.carries OR NEW.daily_limit IS DISTINCT FROM OLD.daily_limit OR NEW.networks IS DISTINCT FROM OLD.networks OR NEW.succeeds_id IS DISTINCT FROM OLD.succeeds_id) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="7d30cc63bdaa137e68b6a72b2cfbc7e18bb80d06",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_made_703c4",
                            table="accounts_customerkey",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="customerkey",
                    trigger=pgtrigger.compiler.Trigger(
                        name="expires_no_later_than_was_said",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.expires_at IS DISTINCT FROM OLD.expires_at) AND NOT (NEW.expires_at <= coalesce(OLD.expires_at, 'infinity')) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="e9bf412df226a09c075d6412246482abb8a10919",
                            operation="UPDATE",
                            pgid="pgtrigger_expires_no_later_than_was_said_060ef",
                            table="accounts_customerkey",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="customerkey",
                    trigger=pgtrigger.compiler.Trigger(
                        name="stays_revoked",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) AND NOT (OLD.revoked_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="94dcac2cde24534290bebf9e5c6020e6ef9500a3",
                            operation="UPDATE",
                            pgid="pgtrigger_stays_revoked_306c6",
                            table="accounts_customerkey",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="keyspending",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="30d1e56ffc34d587eefcc0408b75969607bc7025",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_5b72c",
                            table="accounts_keyspending",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="keyspending",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_of_one_key_and_day",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.key_id IS DISTINCT FROM OLD.key_id OR NEW.day IS DISTINCT FROM OLD.day) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="534ebd7d26074857ed72bdce3e75fee26dd0894a",
                            operation="UPDATE",
                            pgid="pgtrigger_is_of_one_key_and_day_e8ae1",
                            table="accounts_keyspending",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="keyspending",
                    trigger=pgtrigger.compiler.Trigger(
                        name="stays_within_the_limit",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            declare="DECLARE most bigint;",
                            func="\n                SELECT daily_limit INTO most FROM accounts_customerkey WHERE id = NEW.key_id;\n                IF NEW.spent < 0 OR NEW.spent > most OR TG_OP = 'UPDATE' AND NEW.spent < OLD.spent THEN\n                    RAISE EXCEPTION 'key % spends % of % a day', NEW.key_id, NEW.spent, most USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                            hash="2f7d877982e537f194d40504763f30e836e13523",
                            operation='INSERT OR UPDATE OF "spent"',
                            pgid="pgtrigger_stays_within_the_limit_04a48",
                            table="accounts_keyspending",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="membership",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="2be3149a271fa41604670b3ed1816494c47fb1e3",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_6ea2e",
                            table="accounts_membership",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="membership",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_of_one_person_and_customer",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.user_id IS DISTINCT FROM OLD.user_id OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.joined_at IS DISTINCT FROM OLD.joined_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="495bdd45fbb99084bfa8285fc7892f1f216630b5",
                            operation="UPDATE",
                            pgid="pgtrigger_is_of_one_person_and_customer_ee276",
                            table="accounts_membership",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="membership",
                    trigger=pgtrigger.compiler.Trigger(
                        name="staff_are_no_members",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                PERFORM FROM accounts_user WHERE id = NEW.user_id AND is_staff FOR SHARE;\n                IF FOUND THEN\n                    RAISE EXCEPTION 'user % is staff and would be a member', NEW.user_id USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                            hash="6601393a68b9285c5dd7653182ce2c57f39e8f0a",
                            operation="INSERT",
                            pgid="pgtrigger_staff_are_no_members_1d757",
                            table="accounts_membership",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="membership",
                    trigger=pgtrigger.compiler.Trigger(
                        name="an_owner_stays",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                IF OLD.role = 'owner' THEN\n                    PERFORM FROM accounts_customer WHERE id = OLD.customer_id FOR NO KEY UPDATE;  -- two who leave at once wait\n                    IF NOT EXISTS (\n                        SELECT FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id\n                        WHERE m.customer_id = OLD.customer_id AND m.role = 'owner' AND u.is_active\n                    ) AND NOT EXISTS (SELECT FROM accounts_customer WHERE id = OLD.customer_id AND closed_at IS NOT NULL) THEN\n                        RAISE EXCEPTION 'customer % would have no owner', OLD.customer_id USING ERRCODE = 'check_violation';\n                    END IF;\n                END IF;\n                RETURN NULL;\n                ",
                            hash="c1f442265d1d84f738f457f0125e0a7b23f0e352",
                            operation='DELETE OR UPDATE OF "role"',
                            pgid="pgtrigger_an_owner_stays_31ccf",
                            table="accounts_membership",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="user",
                    trigger=pgtrigger.compiler.Trigger(
                        name="stays_forgotten",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.forgotten_at IS DISTINCT FROM OLD.forgotten_at) AND NOT (OLD.forgotten_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="4e01d0ab0e6b24b849f32d75e6186fbea4643dbf",
                            operation="UPDATE",
                            pgid="pgtrigger_stays_forgotten_1d628",
                            table="accounts_user",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="user",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_member_is_no_staff",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            constraint="CONSTRAINT",
                            func="\n                IF EXISTS (\n                    SELECT FROM accounts_user u JOIN accounts_membership m ON m.user_id = u.id WHERE u.id = NEW.id AND u.is_staff\n                ) THEN\n                    RAISE EXCEPTION 'user % is a member and would be staff', NEW.id USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="13005d7183b7005500a8d27abb46cf779ddba5ce",
                            operation='UPDATE OF "is_staff"',
                            pgid="pgtrigger_a_member_is_no_staff_3d1c2",
                            table="accounts_user",
                            timing="DEFERRABLE INITIALLY DEFERRED",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="provider",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="6efb514cb860b2b3e068e15b91960031d7b85f33",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_f0102",
                            table="accounts_provider",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="provider",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="e3fabc60665403c2a246a5666f9f1900fe579806",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_eb4f5",
                            table="accounts_provider",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="provider",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_of_one_customer",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="2e5cdb4948944936009523f226010819a5869743",
                            operation="UPDATE",
                            pgid="pgtrigger_is_of_one_customer_abd60",
                            table="accounts_provider",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="provider",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_as_it_was_tried",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.issuer IS DISTINCT FROM OLD.issuer OR NEW.client_id IS DISTINCT FROM OLD.client_id OR NEW.client_secret IS DISTINCT FROM OLD.client_secret) AND NOT (NEW.tried_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="cd71304e703ce4b0f36a94e06c25cf5ef2c3a988",
                            operation="UPDATE",
                            pgid="pgtrigger_is_as_it_was_tried_588ca",
                            table="accounts_provider",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="identity",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_bound_for_good",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.provider_id IS DISTINCT FROM OLD.provider_id OR NEW.user_id IS DISTINCT FROM OLD.user_id OR NEW.issuer IS DISTINCT FROM OLD.issuer OR NEW.subject IS DISTINCT FROM OLD.subject OR NEW.email IS DISTINCT FROM OLD.email OR NEW.bound_at IS DISTINCT FROM OLD.bound_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="ee4e4774696643d1f0d114d7eb97cc135bbe5aca",
                            operation="UPDATE",
                            pgid="pgtrigger_is_bound_for_good_bc02b",
                            table="accounts_identity",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="identity",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_of_a_member_and_no_staff",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                IF NOT EXISTS (\n                    SELECT FROM accounts_provider p\n                      JOIN accounts_membership m ON m.customer_id = p.customer_id AND m.user_id = NEW.user_id\n                      JOIN accounts_user u ON u.id = m.user_id\n                    WHERE p.id = NEW.provider_id AND p.issuer = NEW.issuer AND NOT u.is_staff\n                ) THEN\n                    RAISE EXCEPTION 'user % does not belong to who has the provider %', NEW.user_id, NEW.provider_id\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                            hash="42b3e9f55f1fdc6e85ce5bce3c5cb2112b0a20b8",
                            operation="INSERT",
                            pgid="pgtrigger_is_of_a_member_and_no_staff_a4e6c",
                            table="accounts_identity",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="providerdomain",
                    trigger=pgtrigger.compiler.Trigger(
                        name="stays_as_it_was_asked",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.provider_id IS DISTINCT FROM OLD.provider_id OR NEW.name IS DISTINCT FROM OLD.name OR NEW.asked_at IS DISTINCT FROM OLD.asked_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="2f0c4e9333b1fd41e17554138a89ba3e286a099d",
                            operation="UPDATE",
                            pgid="pgtrigger_stays_as_it_was_asked_f9fe4",
                            table="accounts_providerdomain",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="providerdomain",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_confirmed_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.confirmed_at IS DISTINCT FROM OLD.confirmed_at) AND NOT (OLD.confirmed_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="839a188635f93dd9c3d6fb59b1935c747ff6081c",
                            operation="UPDATE",
                            pgid="pgtrigger_is_confirmed_once_478c6",
                            table="accounts_providerdomain",
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
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="ec35bb3a141ef6b828e6c85f3ddb4e41ffcb87b6",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_5b132",
                            table="accounts_billingmodeswitch",
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
                            func="\n                UPDATE accounts_customer SET billing_mode = NEW.to_mode\n                WHERE id = NEW.customer_id AND billing_mode = NEW.from_mode AND created_at <= NEW.at;\n                IF NOT FOUND THEN\n                    RAISE EXCEPTION 'customer % is not %, or was not there yet', NEW.customer_id, NEW.from_mode\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                IF EXISTS (SELECT FROM accounts_billingmodeswitch WHERE customer_id = NEW.customer_id AND at > NEW.at) THEN\n                    RAISE EXCEPTION 'customer % was switched later than %', NEW.customer_id, NEW.at USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="13efb8386957e0bd8ad3cf2ce444e2430aa6391a",
                            operation="INSERT",
                            pgid="pgtrigger_switches_its_customer_58008",
                            table="accounts_billingmodeswitch",
                            when="AFTER",
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
            ],
        ),
    ]
