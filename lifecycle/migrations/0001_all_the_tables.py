import datetime

import django.contrib.postgres.constraints
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import catalog.models.validity
import kernel.ids
import store.carried
import store.migrating
import store.search


class Migration(migrations.Migration):
    replaces = [("lifecycle", "0001_the_tables"), ("lifecycle", "0002_no_resources_when_closed")]

    initial = True

    dependencies = [
        ("accounts", "0001_all_the_tables"),
        ("catalog", "0001_all_the_tables"),
    ]

    operations = [
        store.migrating.Together(
            operations=[
                migrations.CreateModel(
                    name="DeliveryChannel",
                    fields=[
                        (
                            "product",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="channel",
                                serialize=False,
                                to="catalog.product",
                                verbose_name="product",
                            ),
                        ),
                        ("failures", models.PositiveIntegerField(default=0, verbose_name="failures in a row")),
                        ("failing_since", models.DateTimeField(blank=True, null=True, verbose_name="failing since")),
                        ("rests_until", models.DateTimeField(blank=True, null=True, verbose_name="left alone until")),
                        (
                            "slowest_call_ms",
                            models.PositiveIntegerField(
                                default=0, verbose_name="slowest of the last calls, in milliseconds"
                            ),
                        ),
                        ("error", models.TextField(blank=True, verbose_name="last failure")),
                    ],
                    options={
                        "verbose_name": "delivery channel",
                        "verbose_name_plural": "delivery channels",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("failing_since", None), ("failures", 0), ("rests_until", None)),
                                    models.Q(
                                        ("failing_since__isnull", False),
                                        ("failures__gt", 0),
                                        ("rests_until__isnull", False),
                                        ("rests_until__gte", models.F("failing_since")),
                                    ),
                                    _connector="OR",
                                ),
                                name="who_fails_has_failed_since_and_rests",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Resource",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("name", models.CharField(max_length=100, verbose_name="name")),
                        (
                            "state",
                            django_fsm.FSMField(default="new", max_length=50, protected=True, verbose_name="state"),
                        ),
                        ("billing_mode", models.CharField(max_length=8, verbose_name="billing mode")),
                        ("configuration", models.JSONField(verbose_name="configuration")),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        ("changed_at", models.DateTimeField(verbose_name="last change of state")),
                        ("paid_until", models.DateTimeField(blank=True, null=True, verbose_name="paid until")),
                        ("suspend_at", models.DateTimeField(blank=True, null=True, verbose_name="goes to the trash")),
                        ("rolls_over", models.BooleanField(default=False, verbose_name="continues as postpaid")),
                        (
                            "auto_renew_months",
                            models.PositiveSmallIntegerField(
                                blank=True, null=True, verbose_name="auto-renew by months"
                            ),
                        ),
                        (
                            "stopped_for_debt",
                            models.BooleanField(
                                db_default=False,
                                default=False,
                                help_text="It starts when the debt is paid.",
                                verbose_name="stopped for debt",
                            ),
                        ),
                        (
                            "suspense_reason",
                            models.CharField(blank=True, max_length=8, verbose_name="why in the trash"),
                        ),
                        (
                            "suspended_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="in the trash since"),
                        ),
                        ("purge_at", models.DateTimeField(blank=True, null=True, verbose_name="deleted for good")),
                        (
                            "customer",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="resources",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="resources",
                                to="catalog.product",
                                verbose_name="product",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "resource",
                        "verbose_name_plural": "resources",
                    },
                    bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
                ),
                migrations.CreateModel(
                    name="ProvisioningRequest",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("verb", models.CharField(max_length=10, verbose_name="verb")),
                        ("configuration", models.JSONField(verbose_name="configuration")),
                        ("expects_answer", models.BooleanField(verbose_name="waits for an answer")),
                        ("state", models.CharField(default="pending", max_length=10, verbose_name="state")),
                        ("requested_at", models.DateTimeField(verbose_name="requested")),
                        ("deadline", models.DateTimeField(blank=True, null=True, verbose_name="answer due")),
                        ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                        ("next_attempt_at", models.DateTimeField(verbose_name="next attempt")),
                        ("delivered_at", models.DateTimeField(blank=True, null=True, verbose_name="delivered")),
                        ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
                        ("reason", models.TextField(blank=True, verbose_name="reason of failure")),
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
                        (
                            "resource",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="requests",
                                to="lifecycle.resource",
                                verbose_name="resource",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "provisioning request",
                        "verbose_name_plural": "provisioning requests",
                    },
                ),
                migrations.CreateModel(
                    name="ResourceEvent",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=20, verbose_name="what")),
                        ("from_state", models.CharField(blank=True, max_length=8, verbose_name="from")),
                        ("to_state", models.CharField(max_length=8, verbose_name="to")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        ("actor_kind", models.CharField(max_length=12, verbose_name="by")),
                        ("actor", models.CharField(max_length=200, verbose_name="who")),
                        ("reason", models.TextField(blank=True, verbose_name="why")),
                        ("order_id", models.UUIDField(blank=True, null=True, verbose_name="order")),
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
                            "resource",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="events",
                                to="lifecycle.resource",
                                verbose_name="resource",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "resource event",
                        "verbose_name_plural": "resource events",
                    },
                ),
                migrations.CreateModel(
                    name="ServicePeriod",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("billing_mode", models.CharField(max_length=8, verbose_name="billing mode")),
                        ("configuration", models.JSONField(verbose_name="configuration")),
                        ("starts_at", models.DateTimeField(verbose_name="from")),
                        ("ends_at", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                        (
                            "customer",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "resource",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="periods",
                                to="lifecycle.resource",
                                verbose_name="resource",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "service period",
                        "verbose_name_plural": "service periods",
                    },
                ),
            ],
        ),
        store.migrating.Together(
            operations=[
                migrations.AddConstraint(
                    model_name="resource",
                    constraint=models.UniqueConstraint(fields=("id", "customer"), name="a_resource_is_one_customers"),
                ),
                migrations.AddConstraint(
                    model_name="provisioningrequest",
                    constraint=models.UniqueConstraint(
                        fields=("id", "resource"), name="a_request_is_about_one_resource"
                    ),
                ),
                migrations.AddIndex(
                    model_name="resource",
                    index=models.Index(fields=["customer", "-id"], name="resources_of_a_customer"),
                ),
                migrations.AddIndex(
                    model_name="resource",
                    index=models.Index(
                        condition=models.Q(("state__in", ["active", "stop"]), ("suspend_at__isnull", False)),
                        fields=["suspend_at"],
                        name="resources_by_suspension",
                    ),
                ),
                migrations.AddIndex(
                    model_name="resource",
                    index=models.Index(
                        condition=models.Q(("paid_until__isnull", False), ("state__in", ["active", "stop"])),
                        fields=["paid_until"],
                        name="resources_by_end_of_paid_time",
                    ),
                ),
                migrations.AddIndex(
                    model_name="resource",
                    index=models.Index(
                        condition=models.Q(("stopped_for_debt", True)),
                        fields=["customer"],
                        name="resources_stopped_for_debt",
                    ),
                ),
                migrations.AddIndex(
                    model_name="resource",
                    index=models.Index(
                        condition=models.Q(("state", "suspense")), fields=["purge_at"], name="resources_by_purge"
                    ),
                ),
                migrations.AddIndex(
                    model_name="resource",
                    index=django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(store.search.SearchForm("name"), name="gin_trgm_ops"),
                        name="resources_by_part_of_name",
                    ),
                ),
                migrations.AddIndex(
                    model_name="provisioningrequest",
                    index=models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["product", "next_attempt_at", "id"],
                        name="requests_waiting_for_delivery",
                    ),
                ),
                migrations.AddIndex(
                    model_name="provisioningrequest",
                    index=models.Index(
                        condition=models.Q(("expects_answer", True), ("state__in", ["pending", "delivered"])),
                        fields=["deadline"],
                        name="requests_waiting_for_answer",
                    ),
                ),
                migrations.AddIndex(
                    model_name="resourceevent",
                    index=models.Index(fields=["resource", "-id"], name="events_of_a_resource"),
                ),
                migrations.AddConstraint(
                    model_name="resource",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("state__in", ["new", "active", "stop", "suspense", "deleted"])),
                        name="resource_state_is_known",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="resource",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("billing_mode", "prepaid"), ("state__in", ["active", "stop"]), _negated=True),
                            models.Q(
                                ("paid_until__isnull", False),
                                ("suspend_at__gte", models.F("paid_until")),
                                ("suspend_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_running_prepaid_resource_knows_its_end",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="resource",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "new"), _negated=True), ("paid_until__isnull", True), _connector="OR"
                        ),
                        name="paid_time_begins_with_its_service",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="resource",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("suspend_at__isnull", True),
                            models.Q(
                                ("paid_until__isnull", False),
                                (
                                    "suspend_at__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("paid_until"), "+", models.Value(datetime.timedelta(days=90))
                                    ),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="the_trash_waits_for_ninety_days_at_most",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="resource",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("purge_at__isnull", True),
                            models.Q(
                                (
                                    "purge_at__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("suspended_at"), "+", models.Value(datetime.timedelta(days=90))
                                    ),
                                ),
                                ("suspended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="the_trash_keeps_for_ninety_days_at_most",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="resource",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("billing_mode", "prepaid"),
                            models.Q(
                                ("billing_mode", "postpaid"),
                                ("paid_until__isnull", True),
                                ("rolls_over", False),
                                ("suspend_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="a_postpaid_resource_has_no_end",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="resource",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("auto_renew_months__isnull", True),
                            ("auto_renew_months__in", (1, 3, 6, 12, 24, 36)),
                            _connector="OR",
                        ),
                        name="auto_renew_is_by_a_period_that_is_sold",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="resource",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("auto_renew_months__isnull", True),
                            models.Q(
                                ("state__in", ["active", "stop"]), ("billing_mode", "prepaid"), ("rolls_over", False)
                            ),
                            _connector="OR",
                        ),
                        name="only_what_runs_on_paid_time_is_renewed_automatically",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="resource",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("stopped_for_debt", False), ("state", "stop"), _connector="OR"),
                        name="only_what_is_stopped_is_stopped_for_debt",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="resource",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "suspense"), _negated=True),
                            models.Q(
                                ("purge_at__isnull", False),
                                ("suspended_at__isnull", False),
                                models.Q(("suspense_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="trash_has_a_reason_and_an_end",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="provisioningrequest",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("expects_answer", True), ("state__in", ["pending", "delivered"])),
                        fields=("resource",),
                        name="one_unanswered_request_per_resource",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="provisioningrequest",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("expects_answer", False), ("deadline__isnull", False), _connector="OR"),
                        name="an_expected_answer_has_a_deadline",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="resourceevent",
                    constraint=store.carried.CarriedKey(
                        "resource", carries="customer", name="an_event_is_its_resources_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="serviceperiod",
                    constraint=store.carried.CarriedKey(
                        "resource", carries="customer", name="a_service_period_is_its_resources_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="serviceperiod",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True), ("ends_at__gte", models.F("starts_at")), _connector="OR"
                        ),
                        name="service_period_starts_before_it_ends",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="serviceperiod",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("ends_at__isnull", False), ("billing_mode", "postpaid"), _connector="OR"),
                        name="only_postpaid_usage_is_open",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="serviceperiod",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("resource", "="),
                            (catalog.models.validity.InstantRange("starts_at", "ends_at"), "&&"),
                        ],
                        name="service_periods_of_a_resource_never_overlap",
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="resource",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="9ae7a920f03a7601309fb1ba4e279e677c43535f",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_4a10a",
                            table="lifecycle_resource",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="resource",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="2c81e0c3accbbcbe1ab048cdd9ad40f2c8dbd08c",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_ae80c",
                            table="lifecycle_resource",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="resource",
                    trigger=pgtrigger.compiler.Trigger(
                        name="its_time_in_the_trash_stays",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.purge_at IS DISTINCT FROM OLD.purge_at OR NEW.suspended_at IS DISTINCT FROM OLD.suspended_at) AND NOT (OLD.state <> NEW.state) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="2a148ad7686c5e0473227d1119757b61fd6b9528",
                            operation="UPDATE",
                            pgid="pgtrigger_its_time_in_the_trash_stays_c21de",
                            table="lifecycle_resource",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="resource",
                    trigger=pgtrigger.compiler.Trigger(
                        name="it_goes_to_the_trash_as_its_paid_time_says",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.suspend_at IS DISTINCT FROM OLD.suspend_at) AND NOT (NEW.paid_until IS DISTINCT FROM OLD.paid_until OR NEW.state <> OLD.state OR NEW.rolls_over <> OLD.rolls_over OR NEW.billing_mode <> OLD.billing_mode) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="0d81e7a1dc2a3332d17e0d7eed0e49febfd1c6ff",
                            operation="UPDATE",
                            pgid="pgtrigger_it_goes_to_the_trash_as_its_paid_time_says_defd4",
                            table="lifecycle_resource",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="resource",
                    trigger=pgtrigger.compiler.Trigger(
                        name="its_time_runs_forward",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                IF NEW.changed_at < OLD.changed_at - interval '1 hour' THEN\n                    RAISE EXCEPTION 'resource % was changed at % already, and not only at %', OLD.id, OLD.changed_at, NEW.changed_at\n                        USING ERRCODE = 'check_violation';\n                ELSIF NEW.state = 'suspense' AND OLD.state <> 'suspense'\n                    AND (NEW.suspended_at <> NEW.changed_at OR NEW.purge_at < NEW.suspended_at) THEN\n                    RAISE EXCEPTION 'resource % goes to the trash at the instant of its change', OLD.id\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                            hash="c231532fc61b2c11526f2df1064b76209037aa9a",
                            operation='UPDATE OF "changed_at", "state"',
                            pgid="pgtrigger_its_time_runs_forward_ffc8e",
                            table="lifecycle_resource",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="resource",
                    trigger=pgtrigger.compiler.Trigger(
                        name="belongs_to_one_customer",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.product_id IS DISTINCT FROM OLD.product_id OR NEW.created_at IS DISTINCT FROM OLD.created_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="22ddae65d2b5387529ac81194a5734de88c71b65",
                            operation="UPDATE",
                            pgid="pgtrigger_belongs_to_one_customer_f72ce",
                            table="lifecycle_resource",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="resource",
                    trigger=pgtrigger.compiler.Trigger(
                        name="moves_along_its_edges",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF TG_OP = 'INSERT' THEN\n            IF NEW.state <> 'new' AND NOT (FALSE) THEN\n                RAISE EXCEPTION '% starts as new, not as %', TG_TABLE_NAME, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n        ELSIF NEW.state <> OLD.state THEN\n            IF (OLD.state, NEW.state) NOT IN (('active', 'deleted'), ('active', 'stop'), ('active', 'suspense'), ('new', 'active'), ('new', 'deleted'), ('stop', 'active'), ('stop', 'deleted'), ('stop', 'suspense'), ('suspense', 'active'), ('suspense', 'deleted')) THEN\n                RAISE EXCEPTION '% % cannot move from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            \n            IF OLD.state = 'suspense' AND NEW.state = 'active' AND NEW.changed_at >= OLD.purge_at THEN\n                RAISE EXCEPTION 'resource % cannot come back: its time in the trash ended at %', OLD.id, OLD.purge_at\n                    USING ERRCODE = 'check_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="973a4d0790631f8952953a2f5e8941c3a1c43099",
                            operation='INSERT OR UPDATE OF "state"',
                            pgid="pgtrigger_moves_along_its_edges_8b7f1",
                            table="lifecycle_resource",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="provisioningrequest",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="6a341591edbeae7024ba66769e47e737bafda37d",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_2b70f",
                            table="lifecycle_provisioningrequest",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="provisioningrequest",
                    trigger=pgtrigger.compiler.Trigger(
                        name="asks_one_team",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.resource_id IS DISTINCT FROM OLD.resource_id OR NEW.product_id IS DISTINCT FROM OLD.product_id) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="2111469c3876ae8491077d6190328c8306029ded",
                            operation="UPDATE",
                            pgid="pgtrigger_asks_one_team_f9451",
                            table="lifecycle_provisioningrequest",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="provisioningrequest",
                    trigger=pgtrigger.compiler.Trigger(
                        name="moves_along_its_edges",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF TG_OP = 'INSERT' THEN\n            IF NEW.state <> 'pending' AND NOT (FALSE) THEN\n                RAISE EXCEPTION '% starts as pending, not as %', TG_TABLE_NAME, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n        ELSIF NEW.state <> OLD.state THEN\n            IF (OLD.state, NEW.state) NOT IN (('delivered', 'failed'), ('delivered', 'succeeded'), ('delivered', 'timed_out'), ('parked', 'pending'), ('pending', 'delivered'), ('pending', 'failed'), ('pending', 'parked'), ('pending', 'succeeded'), ('pending', 'timed_out')) THEN\n                RAISE EXCEPTION '% % cannot move from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            \n        END IF;\n        RETURN NEW;\n        ",
                            hash="d0a50257a69d749a327fcf04a45cab7bc3517479",
                            operation='INSERT OR UPDATE OF "state"',
                            pgid="pgtrigger_moves_along_its_edges_7770a",
                            table="lifecycle_provisioningrequest",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="resourceevent",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="48817fa2449b1cdd923b2426782250a18941b2dc",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_228c3",
                            table="lifecycle_resourceevent",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="serviceperiod",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="4441c8863c1191d6c4c7771bb837990778034609",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_63ad5",
                            table="lifecycle_serviceperiod",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="serviceperiod",
                    trigger=pgtrigger.compiler.Trigger(
                        name="only_its_end_changes",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.resource_id IS DISTINCT FROM OLD.resource_id OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.billing_mode IS DISTINCT FROM OLD.billing_mode OR NEW.configuration IS DISTINCT FROM OLD.configuration OR NEW.starts_at IS DISTINCT FROM OLD.starts_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="817b097ca7eb822d68009f0583873282db74cb3d",
                            operation="UPDATE",
                            pgid="pgtrigger_only_its_end_changes_8f5e7",
                            table="lifecycle_serviceperiod",
                            when="BEFORE",
                        ),
                    ),
                ),
            ],
        ),
    ]
