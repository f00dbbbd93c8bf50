import django.db.models.deletion
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import kernel.ids
import store.carried
import store.migrating


class Migration(migrations.Migration):
    replaces = [
        ("orders", "0001_the_tables"),
        ("orders", "0002_buyer_profiles"),
        ("orders", "0003_no_orders_when_closed"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_all_the_tables"),
        ("catalog", "0001_all_the_tables"),
        ("lifecycle", "0001_all_the_tables"),
        ("payments", "0001_all_the_tables"),
    ]

    operations = [
        store.migrating.Together(
            operations=[
                migrations.CreateModel(
                    name="OrderedWithCoupon",
                    fields=[],
                    options={
                        "proxy": True,
                        "default_permissions": (),
                        "indexes": [],
                        "constraints": [],
                    },
                    bases=("catalog.redemption",),
                ),
                migrations.CreateModel(
                    name="CheckoutSession",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("action", models.CharField(default="create", max_length=8, verbose_name="action")),
                        ("name", models.CharField(max_length=100, verbose_name="name")),
                        ("configuration", models.JSONField(verbose_name="configuration")),
                        ("return_url", models.URLField(max_length=500, verbose_name="return address")),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        ("expires_at", models.DateTimeField(verbose_name="expires")),
                        ("deleted_at", models.DateTimeField(blank=True, null=True, verbose_name="deletion confirmed")),
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
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="checkout_sessions",
                                to="catalog.product",
                                verbose_name="product",
                            ),
                        ),
                        (
                            "resource",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="lifecycle.resource",
                                verbose_name="resource",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "checkout session",
                        "verbose_name_plural": "checkout sessions",
                    },
                ),
                migrations.CreateModel(
                    name="Order",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("action", models.CharField(max_length=8, verbose_name="action")),
                        (
                            "state",
                            django_fsm.FSMField(
                                default="awaiting_payment", max_length=50, protected=True, verbose_name="state"
                            ),
                        ),
                        ("means", models.CharField(max_length=14, verbose_name="means of payment")),
                        (
                            "total",
                            models.BigIntegerField(
                                help_text="To pay; 0 for postpaid and when money comes back.", verbose_name="total"
                            ),
                        ),
                        ("coupon_code", models.CharField(blank=True, max_length=40, verbose_name="coupon")),
                        ("key", models.CharField(max_length=100, verbose_name="idempotency key")),
                        ("actor_kind", models.CharField(max_length=12)),
                        ("actor", models.CharField(max_length=200, verbose_name="by")),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        ("expires_at", models.DateTimeField(verbose_name="payment expected until")),
                        ("paid_at", models.DateTimeField(blank=True, null=True, verbose_name="paid")),
                        ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                        (
                            "cancelled_by",
                            models.CharField(blank=True, db_default="", max_length=200, verbose_name="given up by"),
                        ),
                        (
                            "terms_version",
                            models.CharField(blank=True, db_default="", max_length=10, verbose_name="terms accepted"),
                        ),
                        (
                            "buyer",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                help_text="The buyer profile that was chosen; else the default at the time of the invoice.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="accounts.buyerprofile",
                                verbose_name="invoiced to",
                            ),
                        ),
                        (
                            "checkout_session",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="orders",
                                to="orders.checkoutsession",
                                verbose_name="checkout session",
                            ),
                        ),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="orders",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "payment",
                            models.OneToOneField(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="order",
                                to="payments.payment",
                                verbose_name="payment",
                            ),
                        ),
                        (
                            "quote",
                            models.OneToOneField(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="order",
                                to="orders.quote",
                                verbose_name="quote",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "order",
                        "verbose_name_plural": "orders",
                    },
                    bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
                ),
                migrations.CreateModel(
                    name="OrderItem",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField(verbose_name="position")),
                        ("state", models.CharField(default="waiting", max_length=12, verbose_name="state")),
                        ("content", models.JSONField(verbose_name="content")),
                        ("due", models.BigIntegerField(verbose_name="amount")),
                        ("reason", models.CharField(blank=True, max_length=240, verbose_name="reason of failure")),
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
                            "order",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="items",
                                to="orders.order",
                                verbose_name="order",
                            ),
                        ),
                        (
                            "request",
                            models.OneToOneField(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="order_item",
                                to="lifecycle.provisioningrequest",
                                verbose_name="provisioning request",
                            ),
                        ),
                        (
                            "resource",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="order_items",
                                to="lifecycle.resource",
                                verbose_name="resource",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "order item",
                        "verbose_name_plural": "order items",
                    },
                ),
                migrations.CreateModel(
                    name="Quote",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("action", models.CharField(max_length=8, verbose_name="action")),
                        ("inputs", models.JSONField(verbose_name="inputs")),
                        ("content", models.JSONField(verbose_name="content")),
                        (
                            "total",
                            models.BigIntegerField(
                                help_text="To pay; negative when money comes back.", verbose_name="total"
                            ),
                        ),
                        ("seal", models.CharField(max_length=64)),
                        ("quoted_at", models.DateTimeField(verbose_name="quoted")),
                        ("expires_at", models.DateTimeField(verbose_name="expires")),
                        (
                            "checkout_session",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="quotes",
                                to="orders.checkoutsession",
                                verbose_name="checkout session",
                            ),
                        ),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="quotes",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "quote",
                        "verbose_name_plural": "quotes",
                    },
                ),
                migrations.CreateModel(
                    name="Visit",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                        ("browser", models.CharField(db_index=True, editable=False, max_length=64)),
                        ("return_url", models.URLField(max_length=500, verbose_name="return address")),
                        ("language", models.CharField(max_length=5, verbose_name="language")),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        ("code_ends_at", models.DateTimeField(verbose_name="code good until")),
                        ("taken_up_at", models.DateTimeField(blank=True, null=True, verbose_name="taken up")),
                        ("ends_at", models.DateTimeField(verbose_name="good until")),
                        ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="visits",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="visits",
                                to="catalog.product",
                                verbose_name="product",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="visits",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="user",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "visit of a product page",
                        "verbose_name_plural": "visits of product pages",
                    },
                ),
            ],
        ),
        store.migrating.Together(
            operations=[
                migrations.AddConstraint(
                    model_name="checkoutsession",
                    constraint=models.UniqueConstraint(fields=("id", "customer"), name="a_session_is_one_customers"),
                ),
                migrations.AddConstraint(
                    model_name="orderitem",
                    constraint=models.UniqueConstraint(fields=("order", "position"), name="one_item_per_position"),
                ),
                migrations.AddConstraint(
                    model_name="quote",
                    constraint=models.UniqueConstraint(fields=("id", "customer"), name="a_quote_is_one_customers"),
                ),
                migrations.AddConstraint(
                    model_name="order",
                    constraint=models.UniqueConstraint(fields=("id", "customer"), name="an_order_is_one_customers"),
                ),
                migrations.AddConstraint(
                    model_name="order",
                    constraint=models.UniqueConstraint(
                        fields=("customer", "key"), name="one_order_per_customer_and_key"
                    ),
                ),
                migrations.AddIndex(
                    model_name="order",
                    index=models.Index(fields=["customer", "-id"], name="orders_of_a_customer"),
                ),
                migrations.AddIndex(
                    model_name="order",
                    index=models.Index(
                        condition=models.Q(("state", "awaiting_payment")),
                        fields=["expires_at"],
                        name="orders_awaiting_payment",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="checkoutsession",
                    constraint=store.carried.CarriedKey(
                        "resource", carries="customer", name="a_session_is_its_resources_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="checkoutsession",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("action", "create"), ("resource__isnull", True)),
                            models.Q(models.Q(("action", "create"), _negated=True), ("resource__isnull", False)),
                            _connector="OR",
                        ),
                        name="only_a_session_for_something_new_is_about_no_resource",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="checkoutsession",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("resource__isnull", True), ("customer__isnull", False), _connector="OR"),
                        name="a_session_about_a_resource_has_its_customer",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="checkoutsession",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("deleted_at__isnull", True), ("action", "delete"), _connector="OR"),
                        name="only_a_session_for_a_deletion_ends_with_one",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="orderitem",
                    constraint=store.carried.CarriedKey(
                        "order", carries="customer", name="an_item_is_its_orders_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="orderitem",
                    constraint=store.carried.CarriedKey(
                        "resource", carries="customer", name="an_item_is_about_its_customers_resource"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="orderitem",
                    constraint=store.carried.CarriedKey(
                        "request", carries="resource", name="an_items_request_is_about_its_resource"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="orderitem",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("state__in", ["waiting", "provisioning"])),
                        fields=("resource",),
                        name="one_open_order_per_resource",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="orderitem",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("due__gte", 0), ("due__lte", 1000000000000)),
                        name="an_item_is_due_nothing_or_more",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="quote",
                    constraint=store.carried.CarriedKey(
                        "checkout_session", carries="customer", name="a_session_offers_to_its_own_customer"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="order",
                    constraint=store.carried.CarriedKey(
                        "quote", carries="customer", name="an_order_is_its_quotes_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="order",
                    constraint=store.carried.CarriedKey(
                        "checkout_session", carries="customer", name="an_order_is_its_sessions_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="order",
                    constraint=store.carried.CarriedKey(
                        "payment", carries="customer", name="an_order_is_paid_by_its_customer"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="order",
                    constraint=store.carried.CarriedKey(
                        "buyer", carries="customer", name="an_order_is_invoiced_to_its_customers_buyer"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="order",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("state__in", ["cancelled", "expired"]), _negated=True),
                        fields=("checkout_session",),
                        name="a_checkout_session_is_ordered_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="order",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("total__gte", 0), ("total__lte", 1000000000000)),
                        name="an_order_total_is_not_negative",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="visit",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("taken_up_at__isnull", True),
                            ("taken_up_at__lt", models.F("code_ends_at")),
                            _connector="OR",
                        ),
                        name="a_visit_is_taken_up_while_its_code_is_good",
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="orderedwithcoupon",
                    trigger=pgtrigger.compiler.Trigger(
                        name="takes_off_what_the_order_says",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            constraint="CONSTRAINT",
                            func="\n                IF NOT EXISTS (\n                    SELECT FROM orders_order o JOIN orders_quote q ON q.id = o.quote_id JOIN catalog_coupon c ON c.id = NEW.coupon_id\n                    WHERE o.id = NEW.order_id AND o.customer_id = NEW.customer_id AND o.coupon_code = c.code\n                        AND q.quoted_at >= c.valid_from AND (c.valid_until IS NULL OR q.quoted_at < c.valid_until)\n                        AND NEW.amount = (SELECT sum((part ->> 'coupon')::bigint) FROM jsonb_array_elements(q.content -> 'items') part)\n                ) THEN\n                    RAISE EXCEPTION 'coupon % is not what order % was offered with', NEW.coupon_id, NEW.order_id\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="70d0c93097c2f16d3acc9abfecec8a636172db5b",
                            operation="INSERT",
                            pgid="pgtrigger_takes_off_what_the_order_says_d2fb8",
                            table="catalog_redemption",
                            timing="DEFERRABLE INITIALLY DEFERRED",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="orderedwithcoupon",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_used_while_the_order_stands",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (NEW.\"state\" = 'returned')",
                            constraint="CONSTRAINT",
                            func="\n                IF NOT EXISTS (SELECT FROM orders_order WHERE id = NEW.order_id AND state IN ('cancelled', 'expired', 'refunded')) THEN\n                    RAISE EXCEPTION 'order % stands, and keeps its coupon', NEW.order_id USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="bda49a09f984527a06ecb643a1c61cde906fe31d",
                            operation="UPDATE",
                            pgid="pgtrigger_is_used_while_the_order_stands_63573",
                            table="catalog_redemption",
                            timing="DEFERRABLE INITIALLY DEFERRED",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="checkoutsession",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="1db65ec309969e068951d7de57e7593821ac99b1",
                            operation='INSERT OR UPDATE OF "customer_id"',
                            pgid="pgtrigger_a_closed_account_opens_nothing_0dbf1",
                            table="orders_checkoutsession",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="checkoutsession",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="b40032c1bea786ca9feadad4823644d73364b6a3",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_43abb",
                            table="orders_checkoutsession",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="checkoutsession",
                    trigger=pgtrigger.compiler.Trigger(
                        name="what_a_session_is_for_stays",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.product_id IS DISTINCT FROM OLD.product_id OR NEW.action IS DISTINCT FROM OLD.action OR NEW.resource_id IS DISTINCT FROM OLD.resource_id OR NEW.name IS DISTINCT FROM OLD.name OR NEW.configuration IS DISTINCT FROM OLD.configuration OR NEW.return_url IS DISTINCT FROM OLD.return_url OR NEW.created_at IS DISTINCT FROM OLD.created_at OR NEW.expires_at IS DISTINCT FROM OLD.expires_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="64ef20e47114b2799133a00b421523afe114c5b2",
                            operation="UPDATE",
                            pgid="pgtrigger_what_a_session_is_for_stays_06d14",
                            table="orders_checkoutsession",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="checkoutsession",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_session_stays_its_customers",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id) AND NOT (OLD.customer_id IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="a27a86480059b72592a689e8f8303b39f779d1eb",
                            operation="UPDATE",
                            pgid="pgtrigger_a_session_stays_its_customers_fb00f",
                            table="orders_checkoutsession",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="checkoutsession",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_deletion_is_confirmed_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.deleted_at IS DISTINCT FROM OLD.deleted_at) AND NOT (OLD.deleted_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="da373823ccdc269d97932e8a91820cee7ad769aa",
                            operation="UPDATE",
                            pgid="pgtrigger_a_deletion_is_confirmed_once_92098",
                            table="orders_checkoutsession",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="orderitem",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="8e9a654e4a0c7f7a7935d22f0ce6ca57e42c93e2",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_0758b",
                            table="orders_orderitem",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="orderitem",
                    trigger=pgtrigger.compiler.Trigger(
                        name="moves_along_its_edges",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF TG_OP = 'INSERT' THEN\n            IF NEW.state <> 'waiting' AND NOT (FALSE) THEN\n                RAISE EXCEPTION '% starts as waiting, not as %', TG_TABLE_NAME, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n        ELSIF NEW.state <> OLD.state THEN\n            IF (OLD.state, NEW.state) NOT IN (('provisioning', 'completed'), ('provisioning', 'refunded'), ('waiting', 'cancelled'), ('waiting', 'provisioning')) THEN\n                RAISE EXCEPTION '% % cannot move from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            \n        END IF;\n        RETURN NEW;\n        ",
                            hash="837b399b2e4b1ba96da75268f0a183b7fce053d4",
                            operation='INSERT OR UPDATE OF "state"',
                            pgid="pgtrigger_moves_along_its_edges_c05c3",
                            table="orders_orderitem",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="orderitem",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_agreed",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.order_id IS DISTINCT FROM OLD.order_id OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.position IS DISTINCT FROM OLD.position OR NEW.content IS DISTINCT FROM OLD.content OR NEW.due IS DISTINCT FROM OLD.due) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="311eef65fc4a37611b9c2ca94c9ca528e92aaee8",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_agreed_713ff",
                            table="orders_orderitem",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="orderitem",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_about_one_resource",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.resource_id IS DISTINCT FROM OLD.resource_id) AND NOT (OLD.resource_id IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="57ad31750600739db3f02d786bd4b03abae35e50",
                            operation="UPDATE",
                            pgid="pgtrigger_is_about_one_resource_27141",
                            table="orders_orderitem",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="orderitem",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_asked_for_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.request_id IS DISTINCT FROM OLD.request_id) AND NOT (OLD.request_id IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="841d181566988db40eb160347962f7f1495f6a30",
                            operation="UPDATE",
                            pgid="pgtrigger_is_asked_for_once_60e5a",
                            table="orders_orderitem",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="orderitem",
                    trigger=pgtrigger.compiler.Trigger(
                        name="items_add_up_to_their_order",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            declare="DECLARE broken uuid;",
                            func="\n                SELECT o.id INTO broken FROM orders_order o\n                WHERE o.id IN (SELECT order_id FROM new_items)\n                    AND o.total <> (SELECT sum(due) FROM orders_orderitem i WHERE i.order_id = o.id) LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'the items of order % do not add up to it', broken USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="dab09b30bd363f75c8024a7321a5aa9e7c5cc399",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_items_add_up_to_their_order_40395",
                            referencing="REFERENCING NEW TABLE AS new_items ",
                            table="orders_orderitem",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="quote",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="48561d2f50a07d6f851e766c3913e666a9ec29e7",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_9ef4d",
                            table="orders_quote",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="quote",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="039fcc580e9427cca94d457104dadc11814a6956",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_f1693",
                            table="orders_quote",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="order",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="6ff1be8c9b22c85122b14c40839fe4aa2d3d448b",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_4c251",
                            table="orders_order",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="order",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="7cd4de17ba5ab536ee9164492d18a291d76aa610",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_4fa22",
                            table="orders_order",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="order",
                    trigger=pgtrigger.compiler.Trigger(
                        name="moves_along_its_edges",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF TG_OP = 'INSERT' THEN\n            IF NEW.state <> 'awaiting_payment' AND NOT (FALSE) THEN\n                RAISE EXCEPTION '% starts as awaiting_payment, not as %', TG_TABLE_NAME, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n        ELSIF NEW.state <> OLD.state THEN\n            IF (OLD.state, NEW.state) NOT IN (('awaiting_payment', 'cancelled'), ('awaiting_payment', 'expired'), ('awaiting_payment', 'paid'), ('paid', 'provisioning'), ('provisioning', 'completed'), ('provisioning', 'partly_refunded'), ('provisioning', 'refunded')) THEN\n                RAISE EXCEPTION '% % cannot move from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            \n        END IF;\n        RETURN NEW;\n        ",
                            hash="d7c2f3fa67513438f75ef928eec0ba022ccfaf0f",
                            operation='INSERT OR UPDATE OF "state"',
                            pgid="pgtrigger_moves_along_its_edges_9871c",
                            table="orders_order",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="order",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_ordered",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.quote_id IS DISTINCT FROM OLD.quote_id OR NEW.action IS DISTINCT FROM OLD.action OR NEW.means IS DISTINCT FROM OLD.means OR NEW.total IS DISTINCT FROM OLD.total OR NEW.coupon_code IS DISTINCT FROM OLD.coupon_code OR NEW.checkout_session_id IS DISTINCT FROM OLD.checkout_session_id OR NEW.key IS DISTINCT FROM OLD.key OR NEW.actor_kind IS DISTINCT FROM OLD.actor_kind OR NEW.actor IS DISTINCT FROM OLD.actor OR NEW.created_at IS DISTINCT FROM OLD.created_at OR NEW.terms_version IS DISTINCT FROM OLD.terms_version) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="33c1efb8942778c914978eed209eee76cb929713",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_ordered_837e3",
                            table="orders_order",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="order",
                    trigger=pgtrigger.compiler.Trigger(
                        name="names_its_buyer_until_it_ends",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.buyer_id IS DISTINCT FROM OLD.buyer_id) AND NOT (OLD.ended_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="2d95e06719b5cd0bf7270ec1679d7f95d4d43a32",
                            operation="UPDATE",
                            pgid="pgtrigger_names_its_buyer_until_it_ends_6d745",
                            table="orders_order",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="order",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_paid_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.payment_id IS DISTINCT FROM OLD.payment_id) AND NOT (OLD.state = 'awaiting_payment') THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="d0d268c81d5ab001cd1844ee90851735c2bf5836",
                            operation="UPDATE",
                            pgid="pgtrigger_is_paid_once_3047a",
                            table="orders_order",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="order",
                    trigger=pgtrigger.compiler.Trigger(
                        name="an_order_has_its_quotes_customer_and_session",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n    IF NOT EXISTS (\n        SELECT FROM orders_quote WHERE id = NEW.quote_id AND customer_id = NEW.customer_id\n            AND checkout_session_id IS NOT DISTINCT FROM NEW.checkout_session_id\n    ) THEN\n        RAISE EXCEPTION 'order % differs from its quote', NEW.id USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NEW;\n    ",
                            hash="4c8787910f4269449fcb5962af23f4e3f9aa6de5",
                            operation="INSERT",
                            pgid="pgtrigger_an_order_has_its_quotes_customer_and_session_96ad5",
                            table="orders_order",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="visit",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_closed_account_opens_nothing",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF NEW.customer_id IS NOT NULL THEN\n            PERFORM FROM accounts_customer WHERE id = NEW.customer_id AND closed_at IS NULL FOR KEY SHARE;\n            IF NOT FOUND AND EXISTS (SELECT FROM accounts_customer WHERE id = NEW.customer_id) THEN\n                RAISE EXCEPTION 'the account of % has closed: % takes nothing new', NEW.customer_id, TG_TABLE_NAME\n                    USING ERRCODE = 'restrict_violation';\n            END IF;\n        END IF;\n        RETURN NEW;\n        ",
                            hash="fd4f0a77f0e835b0af01e4178eff03eb587642ac",
                            operation="INSERT",
                            pgid="pgtrigger_a_closed_account_opens_nothing_02559",
                            table="orders_visit",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="visit",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="22895886a9e99ef7bead0961c9eeef3cf2b23e19",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_0e4b9",
                            table="orders_visit",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="visit",
                    trigger=pgtrigger.compiler.Trigger(
                        name="who_is_vouched_for_stays",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.product_id IS DISTINCT FROM OLD.product_id OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.user_id IS DISTINCT FROM OLD.user_id OR NEW.digest IS DISTINCT FROM OLD.digest OR NEW.browser IS DISTINCT FROM OLD.browser OR NEW.return_url IS DISTINCT FROM OLD.return_url OR NEW.code_ends_at IS DISTINCT FROM OLD.code_ends_at OR NEW.ends_at IS DISTINCT FROM OLD.ends_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="91bb411be206fd7caf4428da777b73be6d3f5385",
                            operation="UPDATE",
                            pgid="pgtrigger_who_is_vouched_for_stays_46ed6",
                            table="orders_visit",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="visit",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_visit_is_taken_up_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.taken_up_at IS DISTINCT FROM OLD.taken_up_at) AND NOT (OLD.taken_up_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="3c78828b62074ece7722027b0e876a7daf9bb8d6",
                            operation="UPDATE",
                            pgid="pgtrigger_a_visit_is_taken_up_once_09a90",
                            table="orders_visit",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="visit",
                    trigger=pgtrigger.compiler.Trigger(
                        name="a_visit_ends_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.ended_at IS DISTINCT FROM OLD.ended_at) AND NOT (OLD.ended_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="3a400d305da36f1b8f4d32269ec7b40967f565cd",
                            operation="UPDATE",
                            pgid="pgtrigger_a_visit_ends_once_8caef",
                            table="orders_visit",
                            when="BEFORE",
                        ),
                    ),
                ),
            ],
        ),
    ]
