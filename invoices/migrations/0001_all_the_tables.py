import datetime
from decimal import Decimal

import django.contrib.postgres.constraints
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import catalog.models.validity
import kernel.ids
import store.carried
import store.migrating
import store.rounded


class Migration(migrations.Migration):
    replaces = [
        ("invoices", "0001_the_tables"),
        ("invoices", "0002_lines_of_use"),
        ("invoices", "0003_lines_have_a_tax_point"),
        ("invoices", "0004_tax_points_of_what_was_issued"),
        ("invoices", "0005_lines_are_taxed_at_their_tax_point"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_all_the_tables"),
        ("catalog", "0001_all_the_tables"),
        ("lifecycle", "0001_all_the_tables"),
        ("usage", "0001_all_the_tables"),
    ]

    operations = [
        migrations.RunSQL(
            sql="\nCREATE FUNCTION billing_month(instant timestamptz) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE\nRETURN date_trunc('month', instant AT TIME ZONE 'Asia/Ho_Chi_Minh')::date\n",
            reverse_sql="DROP FUNCTION billing_month",
        ),
        store.migrating.Together(
            operations=[
                migrations.CreateModel(
                    name="BillingRun",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("month", models.CharField(max_length=7, unique=True, verbose_name="month")),
                        ("state", models.CharField(default="running", max_length=8, verbose_name="state")),
                        ("started_at", models.DateTimeField(verbose_name="started")),
                        ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
                    ],
                    options={
                        "verbose_name": "billing run",
                        "verbose_name_plural": "billing runs",
                    },
                ),
                migrations.CreateModel(
                    name="ParkedBilling",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("month", models.CharField(max_length=7, verbose_name="month")),
                        ("state", models.CharField(default="parked", max_length=8, verbose_name="state")),
                        ("cause", models.CharField(max_length=10, verbose_name="why")),
                        ("reason", models.TextField(blank=True, verbose_name="reason")),
                        (
                            "expected_total",
                            models.BigIntegerField(blank=True, null=True, verbose_name="amount held back"),
                        ),
                        ("usual_total", models.BigIntegerField(blank=True, null=True, verbose_name="usual amount")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="parked_billings",
                                to="accounts.customer",
                                verbose_name="customer",
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
                        (
                            "run",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="parked",
                                to="invoices.billingrun",
                                verbose_name="run",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "parked billing",
                        "verbose_name_plural": "parked billings",
                    },
                ),
                migrations.CreateModel(
                    name="Question",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("amount", models.BigIntegerField(verbose_name="amount")),
                        ("text", models.CharField(max_length=1000, verbose_name="question")),
                        ("state", models.CharField(default="open", max_length=9, verbose_name="state")),
                        ("answer", models.TextField(blank=True, verbose_name="answer")),
                        ("actor", models.CharField(max_length=200, verbose_name="by")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        ("answered_by", models.CharField(blank=True, max_length=200, verbose_name="answered by")),
                        ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
                        (
                            "credit_note",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="questions",
                                to="invoices.creditnote",
                                verbose_name="credit note",
                            ),
                        ),
                        (
                            "customer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="questions",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "invoice",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="questions",
                                to="invoices.invoice",
                                verbose_name="invoice",
                            ),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="questions",
                                to="invoices.invoiceline",
                                verbose_name="line",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "questioned line",
                        "verbose_name_plural": "questioned lines",
                    },
                ),
                migrations.CreateModel(
                    name="Rung",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "days",
                            models.SmallIntegerField(
                                help_text="0 is the due date itself; below zero: so many days before it.",
                                verbose_name="days after the due date",
                            ),
                        ),
                        ("act", models.CharField(max_length=6, verbose_name="what is done")),
                        (
                            "announced_days",
                            models.PositiveSmallIntegerField(
                                default=0,
                                help_text="At least 1 of what blocks or stops, 0 of the rest.",
                                verbose_name="announced days before",
                            ),
                        ),
                        ("valid_from", models.DateTimeField(verbose_name="valid from")),
                        ("valid_until", models.DateTimeField(blank=True, null=True, verbose_name="valid until")),
                        (
                            "group",
                            models.ForeignKey(
                                blank=True,
                                help_text="None: all whose group has no ladder of its own.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="rungs",
                                to="accounts.customergroup",
                                verbose_name="customer group",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "step of the dunning ladder",
                        "verbose_name_plural": "dunning ladder",
                    },
                ),
                migrations.CreateModel(
                    name="UseTakenBack",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("quantity", models.DecimalField(decimal_places=6, max_digits=18, verbose_name="quantity")),
                        ("at", models.DateTimeField(verbose_name="at")),
                        (
                            "credit_note",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="uses",
                                to="invoices.creditnote",
                                verbose_name="credit note",
                            ),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="taken_back",
                                to="invoices.invoiceline",
                                verbose_name="invoice line",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "use taken back",
                        "verbose_name_plural": "uses taken back",
                    },
                ),
                migrations.CreateModel(
                    name="PaidTime",
                    fields=[],
                    options={
                        "proxy": True,
                        "default_permissions": (),
                        "indexes": [],
                        "constraints": [],
                    },
                    bases=("lifecycle.resource",),
                ),
                migrations.CreateModel(
                    name="RateInUse",
                    fields=[],
                    options={
                        "proxy": True,
                        "default_permissions": (),
                        "indexes": [],
                        "constraints": [],
                    },
                    bases=("catalog.taxrate",),
                ),
                migrations.CreateModel(
                    name="BillingChunk",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("first", models.UUIDField(verbose_name="first customer")),
                        ("last", models.UUIDField(verbose_name="last customer")),
                        ("state", models.CharField(default="pending", max_length=8, verbose_name="state")),
                        ("invoices", models.PositiveIntegerField(default=0, verbose_name="invoices")),
                        ("total", models.BigIntegerField(default=0, verbose_name="total")),
                        ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                        ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="chunks",
                                to="invoices.billingrun",
                                verbose_name="run",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "billing chunk",
                        "verbose_name_plural": "billing chunks",
                    },
                ),
                migrations.CreateModel(
                    name="Hold",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=11, verbose_name="what is held")),
                        ("reason", models.CharField(max_length=500, verbose_name="reason")),
                        ("actor", models.CharField(max_length=200, verbose_name="by")),
                        ("at", models.DateTimeField(verbose_name="from")),
                        ("until", models.DateTimeField(verbose_name="until")),
                        ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended early")),
                        (
                            "customer",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="holds",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "hold",
                        "verbose_name_plural": "holds",
                    },
                ),
                migrations.CreateModel(
                    name="Invoice",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("number", models.CharField(max_length=20, verbose_name="number")),
                        ("kind", models.CharField(max_length=7, verbose_name="kind")),
                        (
                            "period_key",
                            models.CharField(
                                help_text="What is billed: a month (2026-08), its last stretch (2026-08/...), or an order item.",
                                max_length=60,
                                verbose_name="period key",
                            ),
                        ),
                        (
                            "is_late",
                            models.BooleanField(
                                db_default=False,
                                default=False,
                                help_text="It bills uses that were reported after their time had been billed, and no time.",
                                verbose_name="reported late",
                            ),
                        ),
                        ("resource_name", models.CharField(max_length=100, verbose_name="resource name")),
                        ("buyer", models.JSONField(verbose_name="buyer as of issue")),
                        ("seller", models.JSONField(verbose_name="seller as of issue")),
                        ("period_start", models.DateTimeField(verbose_name="from")),
                        ("period_end", models.DateTimeField(verbose_name="until")),
                        ("covered_until", models.DateTimeField(verbose_name="covered until")),
                        ("issued_at", models.DateTimeField(verbose_name="issued")),
                        (
                            "due_at",
                            models.DateTimeField(
                                help_text="The last instant of the day on which it is due.", verbose_name="due"
                            ),
                        ),
                        ("subtotal", models.BigIntegerField(verbose_name="sum of lines")),
                        ("tax", models.BigIntegerField(verbose_name="VAT")),
                        ("coupon", models.BigIntegerField(default=0, verbose_name="coupon")),
                        ("coupon_code", models.CharField(blank=True, max_length=40, verbose_name="coupon code")),
                        ("total", models.BigIntegerField(verbose_name="total")),
                        ("paid", models.BigIntegerField(default=0, verbose_name="paid")),
                        ("credited", models.BigIntegerField(default=0, verbose_name="credited")),
                        ("refunded", models.BigIntegerField(default=0, verbose_name="refunded")),
                        (
                            "due",
                            models.GeneratedField(
                                db_persist=True,
                                expression=django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("total"), "-", models.F("credited")
                                        ),
                                        "-",
                                        models.F("paid"),
                                    ),
                                    "+",
                                    models.F("refunded"),
                                ),
                                output_field=models.BigIntegerField(verbose_name="still due"),
                            ),
                        ),
                        (
                            "status",
                            models.GeneratedField(
                                db_persist=True,
                                expression=models.Case(
                                    models.When(
                                        models.Q(("credited", models.F("total")), ("total__gt", 0)),
                                        then=models.Value("void"),
                                    ),
                                    models.When(
                                        models.Q(
                                            (
                                                "total",
                                                django.db.models.expressions.CombinedExpression(
                                                    django.db.models.expressions.CombinedExpression(
                                                        models.F("credited"), "+", models.F("paid")
                                                    ),
                                                    "-",
                                                    models.F("refunded"),
                                                ),
                                            )
                                        ),
                                        then=models.Value("paid"),
                                    ),
                                    models.When(
                                        models.Q(("paid__gt", models.F("refunded"))),
                                        then=models.Value("partially_paid"),
                                    ),
                                    default=models.Value("unpaid"),
                                ),
                                output_field=models.CharField(
                                    choices=[
                                        ("unpaid", "unpaid"),
                                        ("partially_paid", "partially paid"),
                                        ("paid", "paid"),
                                        ("void", "void"),
                                    ],
                                    max_length=14,
                                    verbose_name="status",
                                ),
                            ),
                        ),
                        (
                            "customer",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invoices",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
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
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invoices",
                                to="lifecycle.resource",
                                verbose_name="resource",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "invoice",
                        "verbose_name_plural": "invoices",
                    },
                ),
                migrations.CreateModel(
                    name="DunningStep",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("act", models.CharField(max_length=6, verbose_name="what is done")),
                        ("at", models.DateTimeField(verbose_name="reached")),
                        ("happens_at", models.DateTimeField(null=True, verbose_name="announced for")),
                        ("done_at", models.DateTimeField(null=True, verbose_name="done")),
                        ("lifted_at", models.DateTimeField(null=True, verbose_name="lifted")),
                        ("outcome", models.CharField(blank=True, db_default="", max_length=9, verbose_name="outcome")),
                        ("tries", models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="calls")),
                        ("note", models.CharField(blank=True, db_default="", max_length=500, verbose_name="note")),
                        (
                            "customer",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="dunning",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "invoice",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="dunning",
                                to="invoices.invoice",
                                verbose_name="invoice",
                            ),
                        ),
                        (
                            "rung",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="steps",
                                to="invoices.rung",
                                verbose_name="step",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "dunning step",
                        "verbose_name_plural": "dunning steps",
                    },
                ),
                migrations.CreateModel(
                    name="CreditNote",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("number", models.CharField(max_length=20, verbose_name="number")),
                        ("reason", models.CharField(max_length=12, verbose_name="reason")),
                        ("note", models.TextField(blank=True, verbose_name="note")),
                        ("amount", models.BigIntegerField(verbose_name="amount")),
                        ("tax", models.BigIntegerField(verbose_name="VAT")),
                        ("refunded", models.BigIntegerField(verbose_name="refunded")),
                        (
                            "minutes_unused",
                            models.PositiveIntegerField(blank=True, null=True, verbose_name="unused minutes"),
                        ),
                        ("issued_at", models.DateTimeField(verbose_name="issued")),
                        (
                            "customer",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="credit_notes",
                                to="accounts.customer",
                                verbose_name="customer",
                            ),
                        ),
                        (
                            "invoice",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="credit_notes",
                                to="invoices.invoice",
                                verbose_name="invoice",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "credit note",
                        "verbose_name_plural": "credit notes",
                    },
                ),
                migrations.CreateModel(
                    name="InvoiceLine",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField(verbose_name="position")),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        ("unit", models.CharField(max_length=30, verbose_name="unit")),
                        ("starts_at", models.DateTimeField(verbose_name="from")),
                        ("ends_at", models.DateTimeField(verbose_name="until")),
                        ("minutes", models.PositiveIntegerField(verbose_name="minutes")),
                        ("quantity", models.DecimalField(decimal_places=6, max_digits=18, verbose_name="quantity")),
                        ("unit_price", models.DecimalField(decimal_places=6, max_digits=18, verbose_name="unit price")),
                        ("per_minutes", models.PositiveIntegerField(verbose_name="per minutes")),
                        ("discount", models.DecimalField(decimal_places=4, max_digits=5, verbose_name="discount")),
                        ("includes_vat", models.BooleanField(verbose_name="includes VAT")),
                        ("vat_rate", models.DecimalField(decimal_places=3, max_digits=4, verbose_name="VAT rate")),
                        (
                            "taxed_at",
                            models.DateTimeField(
                                help_text="Paid ahead: when it was paid. Usage: the last minute of the line.",
                                verbose_name="tax point",
                            ),
                        ),
                        (
                            "quantity_before",
                            models.DecimalField(
                                db_default=0,
                                decimal_places=6,
                                default=Decimal("0"),
                                max_digits=18,
                                verbose_name="billed before",
                            ),
                        ),
                        (
                            "amount_before",
                            models.BigIntegerField(db_default=0, default=0, verbose_name="amount billed before"),
                        ),
                        ("amount", models.BigIntegerField(verbose_name="amount")),
                        ("tax", models.BigIntegerField(verbose_name="VAT")),
                        ("total", models.BigIntegerField(verbose_name="total")),
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
                            "invoice",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="lines",
                                to="invoices.invoice",
                                verbose_name="invoice",
                            ),
                        ),
                        (
                            "item",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="catalog.item",
                                verbose_name="item",
                            ),
                        ),
                        (
                            "price",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="catalog.price",
                                verbose_name="price version",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "invoice line",
                        "verbose_name_plural": "invoice lines",
                    },
                ),
                migrations.CreateModel(
                    name="MonthlyTotal",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "customer_id",
                                "month",
                                "product_id",
                                "status",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("month", models.DateField()),
                        ("status", models.CharField(max_length=14)),
                        ("invoices", models.BigIntegerField()),
                        ("charged", models.BigIntegerField()),
                        ("paid", models.BigIntegerField()),
                        ("due", models.BigIntegerField()),
                        (
                            "customer",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="accounts.customer",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="catalog.product",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="NumberSeries",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("series", models.CharField(max_length=1)),
                        ("year", models.PositiveSmallIntegerField()),
                        ("last", models.PositiveBigIntegerField(default=0)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("series", "year"), name="one_counter_per_series_and_year")
                        ],
                    },
                ),
            ],
        ),
        store.migrating.Together(
            operations=[
                migrations.AddConstraint(
                    model_name="billingchunk",
                    constraint=models.UniqueConstraint(fields=("run", "first"), name="one_chunk_per_run_and_range"),
                ),
                migrations.AddConstraint(
                    model_name="invoice",
                    constraint=models.UniqueConstraint(fields=("id", "customer"), name="an_invoice_is_one_customers"),
                ),
                migrations.AddConstraint(
                    model_name="invoice",
                    constraint=models.UniqueConstraint(fields=("number",), name="invoice_number_is_unique"),
                ),
                migrations.AddConstraint(
                    model_name="invoice",
                    constraint=models.UniqueConstraint(
                        fields=("customer", "resource", "kind", "period_key"),
                        name="a_period_of_a_resource_is_billed_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="creditnote",
                    constraint=models.UniqueConstraint(
                        fields=("id", "customer"), name="a_credit_note_is_one_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="creditnote",
                    constraint=models.UniqueConstraint(fields=("number",), name="credit_note_number_is_unique"),
                ),
                migrations.AddConstraint(
                    model_name="invoiceline",
                    constraint=models.UniqueConstraint(fields=("invoice", "position"), name="one_line_per_position"),
                ),
                migrations.AddConstraint(
                    model_name="parkedbilling",
                    constraint=models.UniqueConstraint(
                        fields=("customer", "month", "resource"),
                        name="what_is_held_of_a_month_is_held_once",
                        nulls_distinct=False,
                    ),
                ),
                migrations.AddIndex(
                    model_name="billingchunk",
                    index=models.Index(
                        condition=models.Q(("state", "pending")), fields=["run", "id"], name="chunks_to_claim"
                    ),
                ),
                migrations.AddIndex(
                    model_name="invoice",
                    index=models.Index(fields=["customer", "-issued_at", "-id"], name="invoices_of_a_customer"),
                ),
                migrations.AddIndex(
                    model_name="invoice",
                    index=models.Index(
                        condition=models.Q(("due__gt", 0)),
                        fields=["customer", "issued_at"],
                        name="open_invoices_of_a_customer",
                    ),
                ),
                migrations.AddIndex(
                    model_name="invoice",
                    index=models.Index(
                        condition=models.Q(("due__gt", 0)), fields=["due_at"], name="open_invoices_by_due_date"
                    ),
                ),
                migrations.AddIndex(
                    model_name="invoiceline",
                    index=models.Index(fields=["customer", "-starts_at", "-id", "ends_at"], name="lines_of_a_customer"),
                ),
                migrations.AddIndex(
                    model_name="invoiceline",
                    index=models.Index(
                        condition=models.Q(("per_minutes", 0)), fields=["customer", "starts_at"], name="lines_of_use"
                    ),
                ),
                migrations.AddIndex(
                    model_name="invoiceline",
                    index=django.contrib.postgres.indexes.BrinIndex(fields=["taxed_at"], name="lines_by_tax_point"),
                ),
                migrations.AddIndex(
                    model_name="parkedbilling",
                    index=models.Index(
                        condition=models.Q(("state", "parked")), fields=["month"], name="held_back_of_a_month"
                    ),
                ),
                migrations.AddIndex(
                    model_name="question",
                    index=models.Index(fields=["invoice", "id"], name="questions_of_an_invoice"),
                ),
                migrations.AddIndex(
                    model_name="question",
                    index=models.Index(
                        condition=models.Q(("state", "open")), fields=["at"], name="questions_that_are_open"
                    ),
                ),
                migrations.AddIndex(
                    model_name="dunningstep",
                    index=models.Index(fields=["customer", "-at"], name="dunning_steps_of_a_customer"),
                ),
                migrations.AddIndex(
                    model_name="dunningstep",
                    index=models.Index(
                        condition=models.Q(("done_at", None), ("lifted_at", None)),
                        fields=["happens_at"],
                        name="dunning_steps_that_wait",
                    ),
                ),
                migrations.AddIndex(
                    model_name="dunningstep",
                    index=models.Index(
                        condition=models.Q(
                            ("act__in", ["block", "stop"]), ("done_at__isnull", False), ("lifted_at", None)
                        ),
                        fields=["act", "customer"],
                        name="what_dunning_keeps_down",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="hold",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("kind__in", ["no_dunning", "no_auto_pay", "promise", "in_doubt"])),
                        name="a_hold_is_of_a_known_kind",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="hold",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="a_hold_has_a_reason"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="hold",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("until__gt", models.F("at"))), name="a_hold_ends_after_it_begins"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="hold",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True),
                            models.Q(("ended_at__gte", models.F("at")), ("ended_at__lt", models.F("until"))),
                            _connector="OR",
                        ),
                        name="a_hold_ends_early_or_by_itself",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="hold",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("customer", "="),
                            ("kind", "="),
                            (
                                catalog.models.validity.InstantRange(
                                    "at", django.db.models.functions.comparison.Coalesce("ended_at", "until")
                                ),
                                "&&",
                            ),
                        ],
                        name="one_hold_of_a_kind_at_a_time",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invoice",
                    constraint=store.carried.CarriedKey(
                        "resource", carries="customer", name="an_invoice_is_its_resources_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invoice",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("subtotal"), "-", models.F("coupon")
                                ),
                            )
                        ),
                        name="invoice_total_is_subtotal_less_coupon",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invoice",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("coupon__gte", 0), ("tax__gte", 0), ("total__gte", 0), ("total__lte", 1000000000000)
                        ),
                        name="invoice_total_is_sane",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invoice",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total__gte",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("credited"), "+", models.F("paid")
                                    ),
                                    "-",
                                    models.F("refunded"),
                                ),
                            )
                        ),
                        name="nobody_pays_more_than_is_due",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invoice",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("credited__gte", 0), ("credited__lte", models.F("total"))),
                        name="credit_is_capped_by_the_total",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invoice",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("refunded__gte", 0),
                            ("refunded__lte", models.F("credited")),
                            ("refunded__lte", models.F("paid")),
                        ),
                        name="refunds_come_from_credit_and_payments",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invoice",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "usage"), _negated=True),
                            ("period_end__lte", models.F("issued_at")),
                            _connector="OR",
                        ),
                        name="usage_is_billed_after_it_happened",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invoice",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("covered_until__gte", models.F("period_start")),
                            ("covered_until__lte", models.F("period_end")),
                        ),
                        name="invoice_covers_part_of_its_period",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invoice",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("is_late", False)),
                        expressions=[
                            ("resource", "="),
                            (catalog.models.validity.InstantRange("period_start", "covered_until"), "&&"),
                        ],
                        name="no_minute_of_a_resource_is_billed_twice",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invoice",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("is_late", False), ("kind", "usage"), _connector="OR"),
                        name="only_use_is_reported_late",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="creditnote",
                    constraint=store.carried.CarriedKey(
                        "invoice", carries="customer", name="a_credit_note_is_its_invoices_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="creditnote",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0), ("refunded__gte", 0), ("refunded__lte", models.F("amount"))
                        ),
                        name="a_credit_note_gives_something",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="creditnote",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("minutes_unused__isnull", True), ("reason__in", ["correction", "used_less"])),
                            models.Q(
                                models.Q(("reason__in", ["correction", "used_less"]), _negated=True),
                                ("minutes_unused__gt", 0),
                                ("minutes_unused__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="unused_time_is_credited_by_the_minute",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invoiceline",
                    constraint=store.carried.CarriedKey(
                        "invoice", carries="customer", name="a_line_is_its_invoices_customers"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invoiceline",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("includes_vat", True), ("total", models.F("amount"))),
                            models.Q(
                                ("includes_vat", False),
                                (
                                    "total",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount"), "+", models.F("tax")
                                    ),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="line_total_is_amount_and_tax_on_top",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invoiceline",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "ends_at",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("starts_at"),
                                    "+",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("minutes"), "*", models.Value(datetime.timedelta(seconds=60))
                                    ),
                                ),
                            )
                        ),
                        name="line_is_as_long_as_it_says",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invoiceline",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("per_minutes", 0),
                            (
                                "amount",
                                store.rounded.Rounded(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("unit_price"), "*", models.F("quantity")
                                            ),
                                            "*",
                                            django.db.models.expressions.CombinedExpression(
                                                models.Value(1), "-", models.F("discount")
                                            ),
                                        ),
                                        "*",
                                        models.F("minutes"),
                                    ),
                                    django.db.models.functions.comparison.NullIf(
                                        models.F("per_minutes"), models.Value(0)
                                    ),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="line_amount_follows_from_its_price",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invoiceline",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("includes_vat", True),
                                (
                                    "tax",
                                    django.db.models.expressions.CombinedExpression(
                                        store.rounded.Rounded(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    models.F("amount_before"), "+", models.F("amount")
                                                ),
                                                "*",
                                                models.F("vat_rate"),
                                            ),
                                            django.db.models.expressions.CombinedExpression(
                                                models.Value(1), "+", models.F("vat_rate")
                                            ),
                                        ),
                                        "-",
                                        store.rounded.Rounded(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("amount_before"), "*", models.F("vat_rate")
                                            ),
                                            django.db.models.expressions.CombinedExpression(
                                                models.Value(1), "+", models.F("vat_rate")
                                            ),
                                        ),
                                    ),
                                ),
                            ),
                            models.Q(
                                ("includes_vat", False),
                                (
                                    "tax",
                                    django.db.models.expressions.CombinedExpression(
                                        store.rounded.Rounded(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    models.F("amount_before"), "+", models.F("amount")
                                                ),
                                                "*",
                                                models.F("vat_rate"),
                                            ),
                                            models.Value(1),
                                        ),
                                        "-",
                                        store.rounded.Rounded(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("amount_before"), "*", models.F("vat_rate")
                                            ),
                                            models.Value(1),
                                        ),
                                    ),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="line_tax_follows_from_its_rate",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="invoiceline",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("amount_before__gte", 0),
                                ("per_minutes", 0),
                                ("quantity__gt", 0),
                                ("quantity_before__gte", 0),
                            ),
                            models.Q(("amount_before", 0), ("per_minutes__gt", 0), ("quantity_before", 0)),
                            _connector="OR",
                        ),
                        name="only_use_goes_on_from_what_was_billed_before",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="parkedbilling",
                    constraint=store.carried.CarriedKey(
                        "resource", carries="customer", name="usage_is_held_of_the_customers_own_resource"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="question",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("line",),
                        name="a_line_is_questioned_once_at_a_time",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="question",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), models.Q(("text", ""), _negated=True)),
                        name="a_question_is_about_money_and_says_why",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="question",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("answer", ""),
                                ("answered_at__isnull", True),
                                ("answered_by", ""),
                                ("credit_note__isnull", True),
                                ("state", "open"),
                            ),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("credit_note__isnull", False),
                                ("state", "justified"),
                                models.Q(("answered_by", ""), _negated=True),
                            ),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("credit_note__isnull", True),
                                ("state", "explained"),
                                models.Q(("answer", ""), _negated=True),
                                models.Q(("answered_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_question_is_open_justified_or_explained",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="rung",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("act__in", ["remind", "call"]), ("announced_days", 0)),
                            models.Q(
                                ("act__in", ["block", "stop"]),
                                ("announced_days__gte", 1),
                                ("announced_days__lte", 60),
                                ("days__gte", 1),
                            ),
                            _connector="OR",
                        ),
                        name="what_does_harm_is_announced_and_comes_after_the_due_date",
                        violation_error_message="What blocks or stops comes a day or more after the due date, and is announced 1 to 60 days before.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="rung",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("days__gte", -60), ("days__lte", 366)),
                        name="a_rung_is_near_the_due_date",
                        violation_error_message="Between 60 days before and 366 days after the due date.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="rung",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until__isnull", True), ("valid_until__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="a_rung_starts_before_it_ends",
                        violation_error_message="The end must lie after the beginning.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="rung",
                    constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (django.db.models.functions.comparison.Coalesce("group", -1), "="),
                            ("act", "="),
                            ("days", "="),
                            (catalog.models.validity.InstantRange("valid_from", "valid_until"), "&&"),
                        ],
                        name="a_ladder_does_the_same_once_on_a_day",
                        violation_error_message="This ladder does that on this day already.",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="dunningstep",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("act", "remind")),
                        fields=("invoice", "rung"),
                        name="an_invoice_is_mentioned_once_per_rung",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="dunningstep",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("lifted_at", None), models.Q(("act", "remind"), _negated=True)),
                        fields=("customer", "rung"),
                        name="a_customer_stands_once_on_a_rung",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="dunningstep",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("act", "remind"),
                                ("done_at__isnull", False),
                                ("invoice__isnull", False),
                                ("lifted_at__isnull", True),
                            ),
                            models.Q(("act__in", ["call", "block", "stop"]), ("invoice__isnull", True)),
                            _connector="OR",
                        ),
                        name="reminders_are_about_invoices_the_rest_about_customers",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="dunningstep",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("act__in", ["remind", "call"]), ("happens_at__isnull", True)),
                            models.Q(
                                ("act__in", ["block", "stop"]),
                                ("happens_at__gt", models.F("at")),
                                ("happens_at__isnull", False),
                                models.Q(
                                    ("done_at__isnull", True), ("done_at__gte", models.F("happens_at")), _connector="OR"
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="what_does_harm_was_announced_and_waits_for_its_day",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="dunningstep",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("act", "call"), models.Q(("note", ""), ("outcome", ""), ("tries", 0)), _connector="OR"
                        ),
                        name="only_a_call_has_an_outcome",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="dunningstep",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("act", "call"), _negated=True),
                            ("done_at__isnull", True),
                            ("outcome__in", ["called", "promised"]),
                            _connector="OR",
                        ),
                        name="a_call_that_is_done_was_answered",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="usetakenback",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("quantity__gt", 0)), name="something_is_taken_back"
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="numberseries",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="faa0d0bea5171adb49ca642b95a14454d5ff94c5",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_0f3cb",
                            table="invoices_numberseries",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="paidtime",
                    trigger=pgtrigger.compiler.Trigger(
                        name="paid_time_has_been_billed",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (NEW.paid_until IS NOT NULL AND (OLD.paid_until IS NULL OR NEW.paid_until > OLD.paid_until))",
                            constraint="CONSTRAINT",
                            func="\n                -- Of what the row says when all is done: it may have been cut short again by now.\n                IF EXISTS (\n                    SELECT FROM lifecycle_resource WHERE id = NEW.id AND paid_until >= NEW.paid_until\n                ) AND NOT EXISTS (\n                    SELECT FROM invoices_invoice\n                    WHERE resource_id = NEW.id AND kind = 'prepaid' AND covered_until >= NEW.paid_until\n                ) AND NOT EXISTS (\n                    SELECT FROM lifecycle_resourceevent WHERE resource_id = NEW.id AND at >= NEW.paid_until\n                ) THEN\n                    RAISE EXCEPTION 'resource % is not paid until %: no invoice says so', NEW.id, NEW.paid_until\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="7b6afdd658df22139595e8bd82c1350a485bbe1e",
                            operation="UPDATE",
                            pgid="pgtrigger_paid_time_has_been_billed_57deb",
                            table="lifecycle_resource",
                            timing="DEFERRABLE INITIALLY DEFERRED",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="rateinuse",
                    trigger=pgtrigger.compiler.Trigger(
                        name="begins_after_all_that_is_taxed",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                PERFORM pg_advisory_xact_lock(hashtextextended('rates of tax', 0));\n                IF EXISTS (\n                    SELECT FROM invoices_invoiceline l JOIN catalog_price p ON p.id = l.price_id\n                    WHERE p.tax_category_id = NEW.category_id AND l.taxed_at >= NEW.since::timestamp AT TIME ZONE billing_zone()\n                ) THEN\n                    RAISE EXCEPTION 'something of % is taxed after % already', NEW.category_id, NEW.since USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                            hash="6132275e01f5ebfcdc8dc8c8e7476485c1ee1dfa",
                            operation="INSERT",
                            pgid="pgtrigger_begins_after_all_that_is_taxed_75197",
                            table="catalog_taxrate",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="hold",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="84d305fb09314cc182454d497c272f79276149df",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_1dcfb",
                            table="invoices_hold",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="hold",
                    trigger=pgtrigger.compiler.Trigger(
                        name="says_what_was_decided",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.reason IS DISTINCT FROM OLD.reason OR NEW.actor IS DISTINCT FROM OLD.actor OR NEW.at IS DISTINCT FROM OLD.at OR NEW.until IS DISTINCT FROM OLD.until) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="526066b15b45f80c61602f8a749674c0fa7659c6",
                            operation="UPDATE",
                            pgid="pgtrigger_says_what_was_decided_54d85",
                            table="invoices_hold",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="hold",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_ended_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.ended_at IS DISTINCT FROM OLD.ended_at) AND NOT (OLD.ended_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="b3812385fba9a6fb55677c305883497eb7082595",
                            operation="UPDATE",
                            pgid="pgtrigger_is_ended_once_d43c6",
                            table="invoices_hold",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invoice",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="8337dc0164afbf6a4737882051025d7d38ab740d",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_6c88f",
                            table="invoices_invoice",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invoice",
                    trigger=pgtrigger.compiler.Trigger(
                        name="totals_gain_what_is_issued",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n    INSERT INTO invoices_monthlytotal AS kept (customer_id, month, product_id, status, invoices, charged, paid, due)\n    SELECT customer_id, billing_month(issued_at), product_id, status, sum(sign), sum(sign * (total - credited)),\n           sum(sign * (paid - refunded)), sum(sign * due)\n    FROM (SELECT 1 AS sign, * FROM new_invoices) moved GROUP BY 1, 2, 3, 4\n    HAVING sum(sign) <> 0 OR sum(sign * (total - credited)) <> 0 OR sum(sign * (paid - refunded)) <> 0 OR sum(sign * due) <> 0\n    ORDER BY 1, 2, 3, 4\n    ON CONFLICT (customer_id, month, product_id, status) DO UPDATE SET\n        invoices = kept.invoices + EXCLUDED.invoices, charged = kept.charged + EXCLUDED.charged,\n        paid = kept.paid + EXCLUDED.paid, due = kept.due + EXCLUDED.due;\n    RETURN NULL;\n",
                            hash="8698452d0f664cc5fdbfda32634b4ea7f291f2fa",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_totals_gain_what_is_issued_d668c",
                            referencing="REFERENCING NEW TABLE AS new_invoices ",
                            table="invoices_invoice",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invoice",
                    trigger=pgtrigger.compiler.Trigger(
                        name="totals_follow_what_moves",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n    IF NOT EXISTS (SELECT FROM new_invoices) THEN\n        RETURN NULL;  -- an allocation to an invoice that is born paid updates no row, and there are thousands of those\n    END IF;\n\n    INSERT INTO invoices_monthlytotal AS kept (customer_id, month, product_id, status, invoices, charged, paid, due)\n    SELECT customer_id, billing_month(issued_at), product_id, status, sum(sign), sum(sign * (total - credited)),\n           sum(sign * (paid - refunded)), sum(sign * due)\n    FROM (SELECT 1 AS sign, * FROM new_invoices UNION ALL SELECT -1, * FROM old_invoices) moved GROUP BY 1, 2, 3, 4\n    HAVING sum(sign) <> 0 OR sum(sign * (total - credited)) <> 0 OR sum(sign * (paid - refunded)) <> 0 OR sum(sign * due) <> 0\n    ORDER BY 1, 2, 3, 4\n    ON CONFLICT (customer_id, month, product_id, status) DO UPDATE SET\n        invoices = kept.invoices + EXCLUDED.invoices, charged = kept.charged + EXCLUDED.charged,\n        paid = kept.paid + EXCLUDED.paid, due = kept.due + EXCLUDED.due;\n    RETURN NULL;\n",
                            hash="54591365cb0e049a3a78a5b36fd1f445d5245a3e",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_totals_follow_what_moves_254c4",
                            referencing="REFERENCING OLD TABLE AS old_invoices  NEW TABLE AS new_invoices ",
                            table="invoices_invoice",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invoice",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_frozen_at_issue",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.number IS DISTINCT FROM OLD.number OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.resource_id IS DISTINCT FROM OLD.resource_id OR NEW.product_id IS DISTINCT FROM OLD.product_id OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.period_key IS DISTINCT FROM OLD.period_key OR NEW.is_late IS DISTINCT FROM OLD.is_late OR NEW.resource_name IS DISTINCT FROM OLD.resource_name OR NEW.buyer IS DISTINCT FROM OLD.buyer OR NEW.seller IS DISTINCT FROM OLD.seller OR NEW.period_start IS DISTINCT FROM OLD.period_start OR NEW.period_end IS DISTINCT FROM OLD.period_end OR NEW.issued_at IS DISTINCT FROM OLD.issued_at OR NEW.due_at IS DISTINCT FROM OLD.due_at OR NEW.subtotal IS DISTINCT FROM OLD.subtotal OR NEW.tax IS DISTINCT FROM OLD.tax OR NEW.coupon IS DISTINCT FROM OLD.coupon OR NEW.coupon_code IS DISTINCT FROM OLD.coupon_code OR NEW.total IS DISTINCT FROM OLD.total) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="72e7ad1fa5545f0e2ce4c6144dab3e7ade73b7fe",
                            operation="UPDATE",
                            pgid="pgtrigger_is_frozen_at_issue_0f833",
                            table="invoices_invoice",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invoice",
                    trigger=pgtrigger.compiler.Trigger(
                        name="only_allocations_and_credit_notes_move_it",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.paid IS DISTINCT FROM OLD.paid OR NEW.credited IS DISTINCT FROM OLD.credited OR NEW.refunded IS DISTINCT FROM OLD.refunded) AND NOT (pg_trigger_depth() > 1) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="1d482c59b8d5e159cf870e265e77ad9ff885a8f9",
                            operation="UPDATE",
                            pgid="pgtrigger_only_allocations_and_credit_notes_move_it_8f5fc",
                            table="invoices_invoice",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invoice",
                    trigger=pgtrigger.compiler.Trigger(
                        name="cover_only_shrinks",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.covered_until IS DISTINCT FROM OLD.covered_until) AND NOT (NEW.covered_until < OLD.covered_until) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="cc98adda32f4796b2281cdc02d2e30f5a95cbd20",
                            operation="UPDATE",
                            pgid="pgtrigger_cover_only_shrinks_82aa9",
                            table="invoices_invoice",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invoice",
                    trigger=pgtrigger.compiler.Trigger(
                        name="starts_without_credit",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (NOT (NEW."credited" = 0 AND NEW."refunded" = 0))',
                            func="RAISE EXCEPTION 'an invoice starts without credit' USING ERRCODE = 'check_violation';",
                            hash="04f86899db3bea0714620accb6b18684411679e4",
                            operation="INSERT",
                            pgid="pgtrigger_starts_without_credit_18e4f",
                            table="invoices_invoice",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invoice",
                    trigger=pgtrigger.compiler.Trigger(
                        name="has_lines",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            constraint="CONSTRAINT",
                            func="\n                IF NOT EXISTS (SELECT FROM invoices_invoiceline WHERE invoice_id = NEW.id) THEN\n                    RAISE EXCEPTION 'invoice % says nothing: it has no lines', NEW.number USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="c39deeadf2d356546abce8a96ccee29ad668da24",
                            operation="INSERT",
                            pgid="pgtrigger_has_lines_9ee72",
                            table="invoices_invoice",
                            timing="DEFERRABLE INITIALLY DEFERRED",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invoice",
                    trigger=pgtrigger.compiler.Trigger(
                        name="lies_in_the_life_of_its_resource",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            declare="DECLARE broken text;",
                            func="\n                SELECT n.number INTO broken FROM new_invoices n JOIN lifecycle_resource r ON r.id = n.resource_id\n                WHERE n.period_start < date_trunc('minute', r.created_at) OR (r.state = 'deleted' AND n.period_end > r.changed_at)\n                    OR (n.kind = 'usage' AND NOT EXISTS (\n                        SELECT FROM lifecycle_serviceperiod p WHERE p.resource_id = n.resource_id AND p.billing_mode = 'postpaid'\n                            AND p.starts_at < n.period_end AND (p.ends_at IS NULL OR p.ends_at > n.period_start)))\n                LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'invoice % is for a time in which its resource was not there, or was not used like that', broken\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="2ebecb35327dc531371f8f66ddd5c834605c67c2",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_lies_in_the_life_of_its_resource_07d86",
                            referencing="REFERENCING NEW TABLE AS new_invoices ",
                            table="invoices_invoice",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="creditnote",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="d3d009789adadbe58ab3a89ae31d887e7862fe1a",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_e2b95",
                            table="invoices_creditnote",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="creditnote",
                    trigger=pgtrigger.compiler.Trigger(
                        name="credits_its_invoice",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                UPDATE invoices_invoice SET credited = credited + NEW.amount, refunded = refunded + NEW.refunded WHERE id = NEW.invoice_id;\n                RETURN NULL;\n                ",
                            hash="1a5c0952d0c852fc042b3e4f62294efd907be7fd",
                            operation="INSERT",
                            pgid="pgtrigger_credits_its_invoice_3fd34",
                            table="invoices_creditnote",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invoiceline",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="93d39a4adcc39fb301d61b58ebeb54e1de8bef5c",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_da244",
                            table="invoices_invoiceline",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invoiceline",
                    trigger=pgtrigger.compiler.Trigger(
                        name="taxed_at_their_tax_point",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            declare="DECLARE broken text;",
                            func="\n        PERFORM pg_advisory_xact_lock_shared(hashtextextended('rates of tax', 0));\n        SELECT n.name INTO broken FROM new_lines n JOIN invoices_invoice i ON i.id = n.invoice_id\n        WHERE CASE i.kind WHEN 'usage' THEN n.taxed_at <> greatest(n.starts_at, n.ends_at - interval '1 minute')\n            ELSE n.taxed_at > i.issued_at END LIMIT 1;\n        IF broken IS NOT NULL THEN\n            RAISE EXCEPTION 'the tax point of \"%\" is another one', broken USING ERRCODE = 'check_violation';\n        END IF;\n        SELECT n.price_id::text INTO broken\n        FROM (SELECT DISTINCT price_id, vat_rate, (taxed_at AT TIME ZONE billing_zone())::date AS day FROM new_lines) n JOIN catalog_price p ON p.id = n.price_id\n        LEFT JOIN (SELECT category_id, rate, since, lead(since, 1, 'infinity'::date) OVER (PARTITION BY category_id ORDER BY since) AS until FROM (\n    SELECT DISTINCT ON (category_id, since) category_id, since, rate FROM catalog_taxrate ORDER BY category_id, since, id DESC) said) r ON r.category_id = p.tax_category_id AND n.day >= r.since AND n.day < r.until\n        WHERE r.rate IS DISTINCT FROM n.vat_rate LIMIT 1;\n        IF broken IS NOT NULL THEN\n            RAISE EXCEPTION 'price % is taxed at another rate at that tax point', broken USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NULL;\n        ",
                            hash="7e061e04b11b59ac2f3766e96374c4d52080fd61",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_taxed_at_their_tax_point_a5b31",
                            referencing="REFERENCING NEW TABLE AS new_lines ",
                            table="invoices_invoiceline",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invoiceline",
                    trigger=pgtrigger.compiler.Trigger(
                        name="lines_add_up_to_their_invoice",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            declare="DECLARE broken text;",
                            func="\n                SELECT n.invoice_id::text INTO broken\n                FROM (SELECT invoice_id, count(*) AS lines FROM new_lines GROUP BY invoice_id) n\n                WHERE (SELECT (i.subtotal::numeric, i.tax::numeric, n.lines) FROM invoices_invoice i WHERE i.id = n.invoice_id)\n                    IS DISTINCT FROM\n                    (SELECT (sum(l.total), sum(l.tax), count(*)) FROM invoices_invoiceline l\n                     WHERE l.invoice_id = n.invoice_id) LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'the lines of invoice % do not add up, or come after it was issued', broken USING ERRCODE = 'check_violation';\n                END IF;\n                SELECT i.number INTO broken FROM new_lines n JOIN invoices_invoice i ON i.id = n.invoice_id\n                WHERE n.starts_at < i.period_start OR n.ends_at > i.period_end LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'a line lies outside of the period of invoice %', broken USING ERRCODE = 'check_violation';\n                END IF;\n                SELECT invoice_id::text INTO broken FROM (\n                    SELECT invoice_id, starts_at < lag(ends_at) OVER (PARTITION BY invoice_id, item_id ORDER BY starts_at) AS again\n                    FROM new_lines WHERE minutes > 0\n                ) one_after_another WHERE again LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'lines of invoice % bill an item twice for the same time', broken USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="b0fc52d0d5a1239a627cfb0defdef51277d94ad0",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_lines_add_up_to_their_invoice_afa6b",
                            referencing="REFERENCING NEW TABLE AS new_lines ",
                            table="invoices_invoiceline",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="invoiceline",
                    trigger=pgtrigger.compiler.Trigger(
                        name="use_costs_what_its_price_says",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            declare="DECLARE broken text;",
                            func="\n                SELECT n.invoice_id::text INTO broken FROM new_lines n WHERE n.per_minutes = 0 AND (n.amount_before, n.amount_before + n.amount)\n                    IS DISTINCT FROM (metered_amount(n.price_id, n.quantity_before, n.discount),\n                                      metered_amount(n.price_id, n.quantity_before + n.quantity, n.discount)) LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'a line of invoice % bills use at another amount than its price says', broken USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="4f4b08101f4db38b4b8a73ee6783bfadf19d0efa",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_use_costs_what_its_price_says_7800b",
                            referencing="REFERENCING NEW TABLE AS new_lines ",
                            table="invoices_invoiceline",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="monthlytotal",
                    trigger=pgtrigger.compiler.Trigger(
                        name="triggers_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF pg_trigger_depth() < 2 THEN\n            RAISE EXCEPTION '% is kept by the database: change what it is derived from', TG_TABLE_NAME\n                USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NULL;\n        ",
                            hash="8419b25cf4283e397c0846e94434941dfa3168f8",
                            level="STATEMENT",
                            operation="INSERT OR UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_triggers_only_27a3b",
                            table="invoices_monthlytotal",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="parkedbilling",
                    trigger=pgtrigger.compiler.Trigger(
                        name="moves_along_its_edges",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF TG_OP = 'INSERT' THEN\n            IF NEW.state <> 'parked' AND NOT (FALSE) THEN\n                RAISE EXCEPTION '% starts as parked, not as %', TG_TABLE_NAME, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n        ELSIF NEW.state <> OLD.state THEN\n            IF (OLD.state, NEW.state) NOT IN (('billed', 'parked'), ('parked', 'released'), ('released', 'billed'), ('released', 'parked')) THEN\n                RAISE EXCEPTION '% % cannot move from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            \n        END IF;\n        RETURN NEW;\n        ",
                            hash="c25caf6a00b30060efa42f791b530d3b300bb5d9",
                            operation='INSERT OR UPDATE OF "state"',
                            pgid="pgtrigger_moves_along_its_edges_82e7e",
                            table="invoices_parkedbilling",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="question",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="77ff30311860e19d81cc149a390c19fe0f4f259b",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_ad574",
                            table="invoices_question",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="question",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_asked",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.invoice_id IS DISTINCT FROM OLD.invoice_id OR NEW.line_id IS DISTINCT FROM OLD.line_id OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.text IS DISTINCT FROM OLD.text OR NEW.actor IS DISTINCT FROM OLD.actor OR NEW.at IS DISTINCT FROM OLD.at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="268353ade0a423586344a57e0e15911d5bf465bd",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_asked_c5b79",
                            table="invoices_question",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="question",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_answered_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.state IS DISTINCT FROM OLD.state OR NEW.answer IS DISTINCT FROM OLD.answer OR NEW.credit_note_id IS DISTINCT FROM OLD.credit_note_id OR NEW.answered_by IS DISTINCT FROM OLD.answered_by OR NEW.answered_at IS DISTINCT FROM OLD.answered_at) AND NOT (OLD.state = 'open') THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="91e55410c39099baa65cdd1373929ea45e074779",
                            operation="UPDATE",
                            pgid="pgtrigger_is_answered_once_ace2d",
                            table="invoices_question",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="question",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_about_its_own",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                IF NOT EXISTS (SELECT FROM invoices_invoiceline l WHERE l.id = NEW.line_id AND l.invoice_id = NEW.invoice_id\n                               AND l.customer_id = NEW.customer_id AND l.total >= NEW.amount)\n                    OR NEW.credit_note_id IS NOT NULL AND NOT EXISTS\n                        (SELECT FROM invoices_creditnote n WHERE n.id = NEW.credit_note_id AND n.invoice_id = NEW.invoice_id) THEN\n                    RAISE EXCEPTION 'a question is about a line of its invoice, and no more than that costs'\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                            hash="ecde59c0f1d8bc94319d49099ec532191cd593c1",
                            operation="INSERT OR UPDATE",
                            pgid="pgtrigger_is_about_its_own_f1866",
                            table="invoices_question",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="rung",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="0985179c6e65cadeca2eaa1f43b2065d1d42a7c4",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_ee8f3",
                            table="invoices_rung",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="rung",
                    trigger=pgtrigger.compiler.Trigger(
                        name="only_its_end_changes",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.group_id IS DISTINCT FROM OLD.group_id OR NEW.days IS DISTINCT FROM OLD.days OR NEW.act IS DISTINCT FROM OLD.act OR NEW.announced_days IS DISTINCT FROM OLD.announced_days OR NEW.valid_from IS DISTINCT FROM OLD.valid_from) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="34265f0de1a19570939912acb6b6d4b9e6dca0e8",
                            operation="UPDATE",
                            pgid="pgtrigger_only_its_end_changes_a1956",
                            table="invoices_rung",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="dunningstep",
                    trigger=pgtrigger.compiler.Trigger(
                        name="never_deleted",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% keeps its rows: nothing is deleted here', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="c6e8e65a82a5abbe73592feedbf2dd0f106f40a4",
                            level="STATEMENT",
                            operation="DELETE OR TRUNCATE",
                            pgid="pgtrigger_never_deleted_72fca",
                            table="invoices_dunningstep",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="dunningstep",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_what_was_reached",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.invoice_id IS DISTINCT FROM OLD.invoice_id OR NEW.rung_id IS DISTINCT FROM OLD.rung_id OR NEW.act IS DISTINCT FROM OLD.act OR NEW.at IS DISTINCT FROM OLD.at OR NEW.happens_at IS DISTINCT FROM OLD.happens_at) AND NOT (FALSE) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="bdccd5be04628c1ec9e7a6c68b6452d1f00866fb",
                            operation="UPDATE",
                            pgid="pgtrigger_is_what_was_reached_7bed2",
                            table="invoices_dunningstep",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="dunningstep",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_done_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.done_at IS DISTINCT FROM OLD.done_at) AND NOT (OLD.done_at IS NULL AND OLD.lifted_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="a33b24aedc17c9600d528186d9a6fba9ca446c2a",
                            operation="UPDATE",
                            pgid="pgtrigger_is_done_once_ef098",
                            table="invoices_dunningstep",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="dunningstep",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_lifted_once",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n        IF (NEW.lifted_at IS DISTINCT FROM OLD.lifted_at) AND NOT (OLD.lifted_at IS NULL) THEN\n            RAISE EXCEPTION '% %: these facts are frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';\n        END IF;\n        RETURN NEW;\n        ",
                            hash="09349ac748f47ec09ed682fae20c0810c0b49263",
                            operation="UPDATE",
                            pgid="pgtrigger_is_lifted_once_df4b1",
                            table="invoices_dunningstep",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="dunningstep",
                    trigger=pgtrigger.compiler.Trigger(
                        name="is_about_its_own",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                IF NEW.act IS DISTINCT FROM (SELECT act FROM invoices_rung WHERE id = NEW.rung_id)\n                    OR NEW.invoice_id IS NOT NULL AND NEW.customer_id IS DISTINCT FROM\n                        (SELECT customer_id FROM invoices_invoice WHERE id = NEW.invoice_id) THEN\n                    RAISE EXCEPTION 'a dunning step is of its rung, and of the invoice''s customer' USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                            hash="807d5ed05eda2c7026e4f6af4fd2c57039b660a4",
                            operation="INSERT",
                            pgid="pgtrigger_is_about_its_own_0ba68",
                            table="invoices_dunningstep",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="usetakenback",
                    trigger=pgtrigger.compiler.Trigger(
                        name="append_only",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                            hash="acf1ed34da699d0de2ffada1d21e568fdef43186",
                            level="STATEMENT",
                            operation="UPDATE OR DELETE OR TRUNCATE",
                            pgid="pgtrigger_append_only_d3f94",
                            table="invoices_usetakenback",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="usetakenback",
                    trigger=pgtrigger.compiler.Trigger(
                        name="takes_back_what_its_line_billed",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n                IF NOT EXISTS (\n                    SELECT FROM invoices_invoiceline l WHERE l.id = NEW.line_id AND l.per_minutes = 0\n                        AND l.quantity >= (SELECT sum(t.quantity) FROM invoices_usetakenback t WHERE t.line_id = l.id)\n                        AND (NEW.credit_note_id IS NULL\n                             OR l.invoice_id = (SELECT c.invoice_id FROM invoices_creditnote c WHERE c.id = NEW.credit_note_id))\n                ) THEN\n                    RAISE EXCEPTION 'line % did not bill so much use, or is of another invoice than the credit note', NEW.line_id\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                            hash="17696d2ad38bca8269248aea73e941aefce695ce",
                            operation="INSERT",
                            pgid="pgtrigger_takes_back_what_its_line_billed_17153",
                            table="invoices_usetakenback",
                            when="AFTER",
                        ),
                    ),
                ),
            ],
        ),
    ]
