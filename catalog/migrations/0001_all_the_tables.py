import datetime
from decimal import Decimal

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import catalog.models.validity
import kernel.ids
import kernel.text
import store.migrating


class Migration(migrations.Migration):
    replaces = [
        ("catalog", "0001_the_tables"),
        ("catalog", "0002_metered_items"),
        ("catalog", "0003_what_is_left_out_moves_nothing"),
        ("catalog", "0004_what_a_month_of_use_costs"),
        ("catalog", "0005_tax_categories_have_rates_over_time"),
        ("catalog", "0006_prices_are_carried_over"),
        ("catalog", "0007_prices_name_a_tax_category"),
        ("catalog", "0008_rates_begin_on_a_day_of_our_time"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_all_the_tables"),
    ]

    operations = [
        store.migrating.Together(
            operations=[
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
                            "aggregation",
                            models.CharField(
                                blank=True,
                                db_default="",
                                default="",
                                help_text="Of metered items alone: how what was used in a month becomes one quantity.",
                                max_length=13,
                                verbose_name="how use adds up",
                            ),
                        ),
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
                    name="TaxCategory",
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
                        ("code", models.SlugField(primary_key=True, serialize=False, verbose_name="code")),
                    ],
                    options={
                        "verbose_name": "tax category",
                        "verbose_name_plural": "tax categories",
                    },
                ),
                migrations.CreateModel(
                    name="TaxRate",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("since", models.DateField(verbose_name="first day")),
                        (
                            "rate",
                            models.DecimalField(
                                decimal_places=3,
                                help_text="A fraction: 0.08 is 8 %.",
                                max_digits=4,
                                verbose_name="VAT rate",
                            ),
                        ),
                        (
                            "source",
                            models.CharField(
                                help_text="The law or decree that says so.",
                                max_length=200,
                                validators=[kernel.text.validate_printable],
                                verbose_name="source",
                            ),
                        ),
                        (
                            "category",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="rates",
                                to="catalog.taxcategory",
                                verbose_name="tax category",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "tax rate",
                        "verbose_name_plural": "tax rates",
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
                            "tiering",
                            models.CharField(db_default="flat", default="flat", max_length=9, verbose_name="tiers"),
                        ),
                        (
                            "tier_from",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.DecimalField(decimal_places=6, max_digits=18),
                                blank=True,
                                db_default=[],
                                default=list,
                                size=None,
                                verbose_name="tiers begin above",
                            ),
                        ),
                        (
                            "tier_prices",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.DecimalField(decimal_places=6, max_digits=18),
                                blank=True,
                                db_default=[],
                                default=list,
                                size=None,
                                verbose_name="unit prices of the tiers",
                            ),
                        ),
                        (
                            "package_size",
                            models.DecimalField(
                                blank=True,
                                decimal_places=6,
                                max_digits=18,
                                null=True,
                                verbose_name="units in a package",
                            ),
                        ),
                        (
                            "included",
                            models.DecimalField(
                                db_default=0,
                                decimal_places=6,
                                default=Decimal("0"),
                                max_digits=18,
                                verbose_name="included each month",
                            ),
                        ),
                        ("minimum", models.BigIntegerField(db_default=0, default=0, verbose_name="least a month")),
                        ("cap", models.BigIntegerField(blank=True, null=True, verbose_name="most a month")),
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
                        (
                            "tax_category",
                            models.ForeignKey(
                                default="standard",
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="catalog.taxcategory",
                                verbose_name="tax category",
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
            ],
        ),
        migrations.RunSQL(
            sql="\nCREATE FUNCTION metered_amount(price_id uuid, quantity numeric, discount numeric) RETURNS numeric LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$\nDECLARE\n    p catalog_price;\n    beyond numeric;\n    exact numeric;\nBEGIN\n    SELECT * INTO p FROM catalog_price c WHERE c.id = metered_amount.price_id AND c.per_minutes = 0;\n    IF NOT FOUND THEN\n        RETURN NULL;\n    END IF;\n    beyond := greatest(metered_amount.quantity - p.included, 0);\n    IF beyond = 0 THEN\n        RETURN 0;\n    END IF;\n    IF p.tiering = 'flat' THEN\n        exact := beyond * p.unit_price;\n    ELSIF p.tiering = 'package' THEN\n        exact := (div(beyond, p.package_size) + (mod(beyond, p.package_size) > 0)::integer) * p.unit_price;\n    ELSE\n        WITH tier AS (\n            SELECT above, coalesce(lead(above) OVER (ORDER BY above), 'Infinity') AS following, cost\n            FROM (SELECT 0::numeric AS above, p.unit_price AS cost UNION ALL SELECT * FROM unnest(p.tier_from, p.tier_prices)) listed\n        )\n        SELECT CASE p.tiering\n            WHEN 'graduated' THEN sum(greatest(least(beyond, following) - above, 0) * cost)\n            WHEN 'volume' THEN least(min(beyond * cost) FILTER (WHERE beyond > above AND beyond <= following),\n                                     min(above * cost) FILTER (WHERE above >= beyond))\n        END INTO exact FROM tier;\n    END IF;\n    RETURN least(greatest(round(exact * (1 - metered_amount.discount)), p.minimum), p.cap);\nEND $$\n",
            reverse_sql="DROP FUNCTION metered_amount",
        ),
        migrations.RunSQL(
            sql=[
                "INSERT INTO catalog_taxcategory (code, name, name_en) VALUES ('standard', 'Thuế suất phổ thông', 'Standard rate')",
                "INSERT INTO catalog_taxrate (category_id, since, rate, source) VALUES ('standard', '1999-01-01', 0.1, 'theo giá đã có')",
            ],
            reverse_sql="",
        ),
        store.migrating.Together(
            operations=[
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
                    model_name="item",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("aggregation__in", ["sum", "max", "last", "time_weighted", "unique"]),
                                ("kind", "metered"),
                            ),
                            models.Q(models.Q(("kind", "metered"), _negated=True), ("aggregation", "")),
                            _connector="OR",
                        ),
                        name="metered_items_and_no_others_say_how_use_adds_up",
                        violation_error_message="Say how use adds up if the item is metered, and only then.",
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
                        condition=models.Q(("per_minutes__in", [43200, 60, 0])),
                        name="price_is_per_month_per_hour_or_per_unit_used",
                        violation_error_message="A price is per month, per hour or per unit used.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="price",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("per_minutes", 0),
                            models.Q(
                                ("cap__isnull", True),
                                ("included", 0),
                                ("minimum", 0),
                                ("package_size__isnull", True),
                                ("tier_from__len", 0),
                                ("tiering", "flat"),
                            ),
                            _connector="OR",
                        ),
                        name="only_prices_per_unit_used_have_tiers_and_bounds",
                        violation_error_message="Tiers, packages, what is included, a least and a most belong to prices per unit used alone.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="price",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("package_size__isnull", True), ("tier_from__len", 0), ("tiering", "flat")),
                            models.Q(
                                ("package_size__isnull", True),
                                ("tier_from__len__gt", 0),
                                ("tiering__in", ["graduated", "volume"]),
                            ),
                            models.Q(
                                ("package_size__gt", 0),
                                ("package_size__isnull", False),
                                ("tier_from__len", 0),
                                ("tiering", "package"),
                            ),
                            _connector="OR",
                        ),
                        name="a_price_has_the_tiers_or_the_package_that_it_says",
                        violation_error_message="Graduated and volume prices have tiers, prices by packages the size of a package, others neither.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="price",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("tier_from__len", models.F("tier_prices__len"))),
                        name="each_tier_has_its_price",
                        violation_error_message="Each tier has one beginning and one price.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="price",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("included__gte", 0),
                            ("minimum__gte", 0),
                            ("minimum__lte", 1000000000000),
                            models.Q(
                                ("cap__isnull", True),
                                models.Q(("cap__gte", models.F("minimum")), ("cap__lte", 1000000000000)),
                                _connector="OR",
                            ),
                        ),
                        name="what_is_included_and_the_least_and_the_most_are_sane",
                        violation_error_message="What is included and the least of a month are not below zero, and the most is not below the least.",
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
                    model_name="taxrate",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("rate__gte", 0), ("rate__lt", 1)),
                        name="a_rate_of_vat_is_a_fraction",
                        violation_error_message="The VAT rate is a fraction from 0 up to 1, say 0.1 for ten per cent.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="taxrate",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("since__range", (datetime.date(1990, 1, 1), datetime.date(2999, 12, 31)))),
                        name="a_rate_of_vat_begins_on_a_day_of_our_time",
                        violation_error_message="The first day of a rate of VAT is between 1990 and 2999.",
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
                    model_name="taxcategory",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="faa1592236718098e85cd339a0974bbd34782b34",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_e8b94",
                            table="catalog_taxcategory",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="taxcategory",
                    trigger=pgtrigger.compiler.Trigger(
                        name="keeps_its_code",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."code" IS DISTINCT FROM (NEW."code"))',
                            func="RAISE EXCEPTION 'tax category %: prices name it by its code', OLD.code USING ERRCODE = 'restrict_violation';",
                            hash="cf2e3b191f42e5f1a5565b00a1404e4a987c1f6d",
                            operation='UPDATE OF "code"',
                            pgid="pgtrigger_keeps_its_code_48f46",
                            table="catalog_taxcategory",
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
                    model_name="item",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_metered_as_it_always_was",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.kind IS DISTINCT FROM OLD.kind OR NEW.aggregation IS DISTINCT FROM OLD.aggregation) AND NOT (OLD.kind <> 'metered' AND NEW.kind <> 'metered') THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="78f6a1c3c00fbee28825098b4b40651a970e976b",
                            operation="UPDATE",
                            pgid="pgtrigger_is_metered_as_it_always_was_a15c6",
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
                            func="\n                UPDATE catalog_coupon SET uses = uses + 1 WHERE id = NEW.coupon_id RETURNING maximum_uses_per_customer INTO each_may;\n                IF each_may < (SELECT count(*) FROM catalog_redemption\n                                WHERE coupon_id = NEW.coupon_id AND customer_id = NEW.customer_id AND state <> 'returned') THEN\n                    RAISE EXCEPTION 'customer % has used coupon % as often as each may', NEW.customer_id, NEW.coupon_id\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="e78b01f61286cd1662dad00976e6c0968e2cf2ce",
                            operation="INSERT",
                            pgid="pgtrigger_takes_a_use_e92b2",
                            table="catalog_redemption",
                            when="AFTER",
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
                            func="\n        IF (NEW.item_id IS DISTINCT FROM OLD.item_id OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.unit_price IS DISTINCT FROM OLD.unit_price OR NEW.per_minutes IS DISTINCT FROM OLD.per_minutes OR NEW.includes_vat IS DISTINCT FROM OLD.includes_vat OR NEW.tax_category_id IS DISTINCT FROM OLD.tax_category_id OR NEW.tiering IS DISTINCT FROM OLD.tiering OR NEW.tier_from IS DISTINCT FROM OLD.tier_from OR NEW.tier_prices IS DISTINCT FROM OLD.tier_prices OR NEW.package_size IS DISTINCT FROM OLD.package_size OR NEW.included IS DISTINCT FROM OLD.included OR NEW.minimum IS DISTINCT FROM OLD.minimum OR NEW.cap IS DISTINCT FROM OLD.cap OR NEW.valid_from IS DISTINCT FROM OLD.valid_from) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="74c85b6f84b063743a0a5008c253a8dbdea039c8",
                            operation="UPDATE",
                            pgid="pgtrigger_only_its_end_changes_bd917",
                            table="catalog_price",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="price",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_priced_as_its_item_is_sold",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                IF (SELECT i.kind = 'metered' FROM catalog_item i WHERE i.id = NEW.item_id) <> (NEW.per_minutes = 0) THEN\n                    RAISE EXCEPTION 'metered items are priced by the unit used, all others by time' USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                            hash="a17a988b34498f6dd95cd1c7980b5f0b20c337ae",
                            operation="INSERT",
                            pgid="pgtrigger_is_priced_as_its_item_is_sold_32f06",
                            table="catalog_price",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="price",
                    trigger=pgtrigger.compiler.Trigger(
                        name="tiers_ascend",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                IF EXISTS (SELECT FROM unnest(NEW.tier_from, NEW.tier_prices) WITH ORDINALITY tier (above, price, place)\n                           WHERE above IS NULL OR price IS NULL OR price < 0 OR above <= coalesce(NEW.tier_from[place - 1], 0))\n                    OR greatest(array_ndims(NEW.tier_from), array_ndims(NEW.tier_prices)) > 1 THEN\n                    RAISE EXCEPTION 'each tier begins above the one before, at a price of its own' USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                            hash="80c1defcd772959f079cf9709781ca07409cb525",
                            operation="INSERT",
                            pgid="pgtrigger_tiers_ascend_55eed",
                            table="catalog_price",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="taxrate",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="ed8c0c68cc4411139a0d27e678c2edb526ad2b3b",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_8fe67",
                            table="catalog_taxrate",
                            when="BEFORE",
                        ),
                    ),
                ),
            ],
        ),
    ]
