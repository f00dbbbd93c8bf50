from decimal import Decimal

import django.contrib.postgres.constraints
import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import catalog.models.validity
import kernel.ids
import kernel.text
from store.migrating import Together


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("catalog", name)
        for name in (
            "0001_initial",
            "0002_names_can_be_printed",
            "0003_stages_and_late_renewal_are_policies",
            "0004_rules_have_their_sentences",
            "0005_sentences_without_signs",
            "0006_redemptions_count_themselves",
            "0007_coupons_of_batches_for_new_customers",
        )
    ]

    dependencies = [
        ("accounts", "0001_the_tables"),
    ]

    operations = [
        Together(
            [
                migrations.CreateModel(
                    name="Item",
                    fields=[
                        (
                            "name",
                            models.CharField(
                                max_length=120,
                                validators=[kernel.text.validate_printable],
                                verbose_name="name (Vietnamese)",
                            ),
                        ),
                        (
                            "name_en",
                            models.CharField(
                                max_length=120,
                                validators=[kernel.text.validate_printable],
                                verbose_name="name (English)",
                            ),
                        ),
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("code", models.SlugField(verbose_name="code")),
                        ("kind", models.CharField(max_length=10, verbose_name="kind")),
                        (
                            "unit",
                            models.CharField(
                                max_length=30, validators=[kernel.text.validate_printable], verbose_name="unit"
                            ),
                        ),
                        ("maximum", models.PositiveIntegerField(default=1, verbose_name="most per resource")),
                        ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="items",
                                to="catalog.product",
                                verbose_name="product",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "item",
                        "verbose_name_plural": "items",
                    },
                ),
                migrations.CreateModel(
                    name="ProductKey",
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
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="keys",
                                to="catalog.product",
                                verbose_name="product",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "product API key",
                        "verbose_name_plural": "product API keys",
                    },
                ),
                migrations.CreateModel(
                    name="Redemption",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("order_id", models.UUIDField(unique=True, verbose_name="order")),
                        ("amount", models.BigIntegerField(verbose_name="amount")),
                        ("state", models.CharField(default="reserved", max_length=8, verbose_name="state")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        (
                            "coupon",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="redemptions",
                                to="catalog.coupon",
                                verbose_name="coupon",
                            ),
                        ),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="redemptions",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "coupon redemption",
                        "verbose_name_plural": "coupon redemptions",
                    },
                ),
                migrations.CreateModel(
                    name="Price",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("unit_price", models.DecimalField(decimal_places=6, max_digits=18, verbose_name="unit price")),
                        ("per_minutes", models.PositiveIntegerField(default=43200, verbose_name="per")),
                        ("includes_vat", models.BooleanField(default=True, verbose_name="includes VAT")),
                        (
                            "vat_rate",
                            models.DecimalField(
                                decimal_places=3, default=Decimal("0.1"), max_digits=4, verbose_name="VAT rate"
                            ),
                        ),
                        ("valid_from", models.DateTimeField(verbose_name="valid from")),
                        ("valid_until", models.DateTimeField(blank=True, null=True, verbose_name="valid until")),
                        (
                            "customer",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="negotiated_prices",
                                to="accounts.customer",
                                verbose_name="negotiated with",
                            ),
                        ),
                        (
                            "item",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="prices",
                                to="catalog.item",
                                verbose_name="item",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "price",
                        "verbose_name_plural": "prices",
                    },
                ),
                migrations.CreateModel(
                    name="Product",
                    fields=[
                        (
                            "name",
                            models.CharField(
                                max_length=120,
                                validators=[kernel.text.validate_printable],
                                verbose_name="name (Vietnamese)",
                            ),
                        ),
                        (
                            "name_en",
                            models.CharField(
                                max_length=120,
                                validators=[kernel.text.validate_printable],
                                verbose_name="name (English)",
                            ),
                        ),
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("code", models.SlugField(unique=True, verbose_name="code")),
                        ("is_on_sale", models.BooleanField(default=True, verbose_name="on sale")),
                        (
                            "days_in_trash_after_expiry",
                            models.PositiveSmallIntegerField(
                                default=7,
                                help_text="0 to 90.",
                                validators=[django.core.validators.MaxValueValidator(90)],
                                verbose_name="days in trash after expiry",
                            ),
                        ),
                        (
                            "days_in_trash_after_deletion",
                            models.PositiveSmallIntegerField(
                                default=7,
                                help_text="0 to 90; 0 deletes at once.",
                                validators=[django.core.validators.MaxValueValidator(90)],
                                verbose_name="days in trash after deletion",
                            ),
                        ),
                        (
                            "grace_days",
                            models.PositiveSmallIntegerField(
                                default=0,
                                help_text="0 to 90.",
                                validators=[django.core.validators.MaxValueValidator(90)],
                                verbose_name="days of grace between the end of paid time and the trash",
                            ),
                        ),
                        (
                            "late_renewal",
                            models.CharField(
                                default="grace",
                                help_text="Until when the old period can be continued. Recovery from the trash begins a new one, always.",
                                max_length=10,
                                verbose_name="late renewal",
                            ),
                        ),
                        (
                            "is_refundable",
                            models.BooleanField(default=True, verbose_name="unused paid time is refunded on deletion"),
                        ),
                        (
                            "stopped_time_is_free",
                            models.BooleanField(
                                default=False, verbose_name="stopped time is free of charge (postpaid)"
                            ),
                        ),
                        (
                            "provisioner",
                            models.CharField(default="webhook", max_length=10, verbose_name="provisioning"),
                        ),
                        ("webhook_url", models.URLField(blank=True, verbose_name="webhook address")),
                        ("webhook_secret", models.CharField(blank=True, max_length=100, verbose_name="webhook secret")),
                        (
                            "return_urls",
                            models.JSONField(
                                blank=True,
                                default=list,
                                help_text="Checkout sends customers back only to addresses that begin with one of these.",
                                verbose_name="return addresses",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "product",
                        "verbose_name_plural": "products",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("days_in_trash_after_deletion__lte", 90),
                                    ("days_in_trash_after_expiry__lte", 90),
                                    ("grace_days__lte", 90),
                                ),
                                name="a_stage_of_the_end_lasts_90_days_at_most",
                                violation_error_message="Each stage after the end lasts 90 days at most.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("late_renewal__in", ["grace", "suspension"])),
                                name="late_renewal_is_a_known_policy",
                                violation_error_message="Late renewal is allowed in grace, or in suspension too.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Discount",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "share",
                            models.DecimalField(
                                decimal_places=4, help_text="0.25 is 25 % off.", max_digits=5, verbose_name="share off"
                            ),
                        ),
                        ("valid_from", models.DateTimeField(verbose_name="valid from")),
                        ("valid_until", models.DateTimeField(blank=True, null=True, verbose_name="valid until")),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="discounts",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="discounts",
                                to="catalog.product",
                                verbose_name="product",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "negotiated discount",
                        "verbose_name_plural": "negotiated discounts",
                    },
                ),
                migrations.CreateModel(
                    name="Coupon",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "code",
                            models.CharField(
                                max_length=40,
                                unique=True,
                                validators=[kernel.text.validate_printable],
                                verbose_name="code",
                            ),
                        ),
                        ("amount", models.BigIntegerField(blank=True, null=True, verbose_name="amount off")),
                        (
                            "share",
                            models.DecimalField(
                                blank=True,
                                decimal_places=4,
                                help_text="0.1 is 10 % off.",
                                max_digits=5,
                                null=True,
                                verbose_name="share off",
                            ),
                        ),
                        ("valid_from", models.DateTimeField(verbose_name="valid from")),
                        ("valid_until", models.DateTimeField(blank=True, null=True, verbose_name="valid until")),
                        ("minimum_order", models.BigIntegerField(default=0, verbose_name="minimum order")),
                        (
                            "maximum_uses",
                            models.PositiveIntegerField(blank=True, null=True, verbose_name="uses in total"),
                        ),
                        (
                            "maximum_uses_per_customer",
                            models.PositiveIntegerField(
                                default=1,
                                validators=[django.core.validators.MinValueValidator(1)],
                                verbose_name="uses per customer",
                            ),
                        ),
                        (
                            "new_customers_only",
                            models.BooleanField(
                                db_default=False,
                                default=False,
                                help_text="Who has not paid for an order yet.",
                                verbose_name="new customers only",
                            ),
                        ),
                        (
                            "batch",
                            models.CharField(
                                blank=True,
                                db_default="",
                                default="",
                                max_length=40,
                                validators=[kernel.text.validate_printable],
                                verbose_name="batch",
                            ),
                        ),
                        ("uses", models.PositiveIntegerField(default=0, editable=False, verbose_name="used")),
                        (
                            "products",
                            models.ManyToManyField(
                                blank=True,
                                help_text="None: all products.",
                                related_name="coupons",
                                to="catalog.product",
                                verbose_name="products",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "coupon",
                        "verbose_name_plural": "coupons",
                    },
                ),
            ]
        ),
        Together(
            [
                migrations.AddConstraint(
                    model_name="item",
                    constraint=models.UniqueConstraint(
                        fields=("product", "code"),
                        name="item_code_is_unique_in_its_product",
                        violation_error_message="Another item of this product has this code.",
                    ),
                ),
                migrations.AddIndex(
                    model_name="coupon",
                    index=models.Index(
                        condition=models.Q(("batch", ""), _negated=True), fields=["batch"], name="coupons_of_a_batch"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="price",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("unit_price__gte", 0)),
                        name="price_is_not_negative",
                        violation_error_message="A price cannot be below zero.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="price",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("vat_rate__gte", 0), ("vat_rate__lt", 1)),
                        name="vat_rate_is_a_fraction",
                        violation_error_message="The VAT rate is a fraction from 0 up to 1, say 0.1 for ten per cent.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="price",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("per_minutes__in", [43200, 60])),
                        name="price_is_per_month_or_hour",
                        violation_error_message="A price is per month or per hour.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="price",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until__isnull", True), ("valid_until__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="price_starts_before_it_ends",
                        violation_error_message="The end must lie after the beginning.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="price",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("customer__isnull", True)),
                        expressions=[
                            ("item", "="),
                            (catalog.models.validity.InstantRange("valid_from", "valid_until"), "&&"),
                        ],
                        name="list_prices_of_an_item_never_overlap",
                        violation_error_message="Another list price of this item is valid in this time. End that one first.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="price",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("customer__isnull", False)),
                        expressions=[
                            ("item", "="),
                            ("customer", "="),
                            (catalog.models.validity.InstantRange("valid_from", "valid_until"), "&&"),
                        ],
                        name="negotiated_prices_of_an_item_never_overlap",
                        violation_error_message="This customer has another negotiated price for this item in this time. End that one first.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="discount",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("share__gt", 0), ("share__lte", 1)),
                        name="discount_is_a_share",
                        violation_error_message="A discount is a share above 0 and up to 1, say 0.25 for a quarter off.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="discount",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until__isnull", True), ("valid_until__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="discount_starts_before_it_ends",
                        violation_error_message="The end must lie after the beginning.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="discount",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("customer", "="),
                            ("product", "="),
                            (catalog.models.validity.InstantRange("valid_from", "valid_until"), "&&"),
                        ],
                        name="discounts_of_a_customer_never_overlap",
                        violation_error_message="This customer has another discount on this product in this time. End that one first.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="coupon",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount__gt", 0), ("amount__isnull", False), ("share__isnull", True)),
                            models.Q(
                                ("amount__isnull", True), ("share__gt", 0), ("share__isnull", False), ("share__lte", 1)
                            ),
                            _connector="OR",
                        ),
                        name="coupon_takes_an_amount_or_a_share",
                        violation_error_message="Enter either an amount above zero or a share above 0 and up to 1, not both.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="coupon",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("maximum_uses_per_customer__gte", 1)),
                        name="each_customer_can_use_a_coupon",
                        violation_error_message="Each customer can use it once at least. End the coupon to stop its use.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="coupon",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("maximum_uses__isnull", True), ("uses__lte", models.F("maximum_uses")), _connector="OR"
                        ),
                        name="coupon_is_not_used_too_often",
                        violation_error_message="It has been used more often than that already.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="coupon",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until__isnull", True), ("valid_until__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="coupon_starts_before_it_ends",
                        violation_error_message="The end must lie after the beginning.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="redemption",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("amount__lte", 1000000000000)),
                        name="redemption_is_worth_something",
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="product",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="8cde1620337dfd71501a6d180087b776d2c75914",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_cb0b3",
                            table="catalog_product",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="price",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="e06d3eb0bb234723c8b6349d4c9d7e9adf7d39a6",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_f9a4c",
                            table="catalog_price",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="price",
                    trigger=pgtrigger.compiler.Trigger(
                        name="only_its_end_changes",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.item_id IS DISTINCT FROM OLD.item_id OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.unit_price IS DISTINCT FROM OLD.unit_price OR NEW.per_minutes IS DISTINCT FROM OLD.per_minutes OR NEW.includes_vat IS DISTINCT FROM OLD.includes_vat OR NEW.vat_rate IS DISTINCT FROM OLD.vat_rate OR NEW.valid_from IS DISTINCT FROM OLD.valid_from) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="f9c90dbcd4a554cc878f70813b47bcda472347a8",
                            operation="UPDATE",
                            pgid="pgtrigger_only_its_end_changes_bd917",
                            table="catalog_price",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="item",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="e76ce009c777e1ffd9aecf1d6b423f721f61ba23",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_2bf7c",
                            table="catalog_item",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="discount",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="fe944c3a107ceeae09a8a8bbb9348ae154e60b58",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_80b18",
                            table="catalog_discount",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="discount",
                    trigger=pgtrigger.compiler.Trigger(
                        name="only_its_end_changes",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.product_id IS DISTINCT FROM OLD.product_id OR NEW.share IS DISTINCT FROM OLD.share OR NEW.valid_from IS DISTINCT FROM OLD.valid_from) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="89c32ec04b4b09cabf322228550917588f14dcea",
                            operation="UPDATE",
                            pgid="pgtrigger_only_its_end_changes_875ce",
                            table="catalog_discount",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="coupon",
                    trigger=pgtrigger.compiler.Trigger(
                        name="only_its_redemptions_count",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.uses IS DISTINCT FROM OLD.uses) AND NOT (pg_trigger_depth() > 1) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="03121287355fcc4d7b32f540dcad8fc87ae844e2",
                            operation="UPDATE",
                            pgid="pgtrigger_only_its_redemptions_count_1aaea",
                            table="catalog_coupon",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="coupon",
                    trigger=pgtrigger.compiler.Trigger(
                        name="starts_unused",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (NOT (NEW."uses" = 0))',
                            func="RAISE EXCEPTION 'a coupon starts unused' USING ERRCODE = 'check_violation';",
                            hash="01e2faa954561f471037275b3bb000b4a297c8f5",
                            operation="INSERT",
                            pgid="pgtrigger_starts_unused_b94a8",
                            table="catalog_coupon",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="redemption",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="a39d3b3b41cfcfca18c921e59245e8b6d0d8ac77",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_1e7dc",
                            table="catalog_redemption",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="redemption",
                    trigger=pgtrigger.compiler.Trigger(
                        name="moves_along_its_edges",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF TG_OP = 'INSERT' THEN\n            IF NEW.state <> 'reserved' AND NOT (FALSE) THEN\n                RAISE EXCEPTION '% starts as reserved, not as %', TG_TABLE_NAME, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n        ELSIF NEW.state <> OLD.state THEN\n            IF (OLD.state, NEW.state) NOT IN (('reserved', 'returned'), ('reserved', 'used'), ('used', 'returned')) THEN\n                RAISE EXCEPTION '% % cannot move from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            \n        END IF;\n        RETURN NEW;\n        ",
                            hash="a48498990a12ee1828bd0e4c5aad5118e68a2c49",
                            operation='INSERT OR UPDATE OF "state"',
                            pgid="pgtrigger_moves_along_its_edges_75a10",
                            table="catalog_redemption",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="redemption",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_taken_off",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.coupon_id IS DISTINCT FROM OLD.coupon_id OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.order_id IS DISTINCT FROM OLD.order_id OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.at IS DISTINCT FROM OLD.at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="973bcb51822ad5b3fc8b0d182128e7688561f01b",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_taken_off_9d6df",
                            table="catalog_redemption",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="redemption",
                    trigger=pgtrigger.compiler.Trigger(
                        name="takes_a_use",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            declare="DECLARE each_may integer;",
                            func="\n                UPDATE catalog_coupon SET uses = uses + 1 WHERE id = NEW.coupon_id RETURNING maximum_uses_per_customer INTO each_may;\n                IF each_may <= (SELECT count(*) FROM catalog_redemption\n                                WHERE coupon_id = NEW.coupon_id AND customer_id = NEW.customer_id AND state <> 'returned') THEN\n                    RAISE EXCEPTION 'customer % has used coupon % as often as each may', NEW.customer_id, NEW.coupon_id\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                            hash="dd34cfaecd92f2837e506353dbceebd1fa73eb20",
                            operation="INSERT",
                            pgid="pgtrigger_takes_a_use_e92b2",
                            table="catalog_redemption",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="redemption",
                    trigger=pgtrigger.compiler.Trigger(
                        name="gives_its_use_back",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (NEW.\"state\" = 'returned' AND NOT (OLD.\"state\" = 'returned'))",
                            func="UPDATE catalog_coupon SET uses = uses - 1 WHERE id = NEW.coupon_id; RETURN NULL;",
                            hash="5536319aa6b01da495ccd648772dff3eec540ce7",
                            operation="UPDATE",
                            pgid="pgtrigger_gives_its_use_back_3a23f",
                            table="catalog_redemption",
                            when="AFTER",
                        ),
                    ),
                ),
            ]
        ),
    ]
