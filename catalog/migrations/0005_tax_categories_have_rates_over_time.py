import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import kernel.text


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_what_a_month_of_use_costs")]
    operations = [
        migrations.CreateModel(
            name="TaxCategory",
            fields=[
                (
                    "name",
                    models.CharField(
                        max_length=120, validators=[kernel.text.validate_printable], verbose_name="name (Vietnamese)"
                    ),
                ),
                (
                    "name_en",
                    models.CharField(
                        max_length=120, validators=[kernel.text.validate_printable], verbose_name="name (English)"
                    ),
                ),
                ("code", models.SlugField(primary_key=True, serialize=False, verbose_name="code")),
            ],
            options={"verbose_name": "tax category", "verbose_name_plural": "tax categories"},
        ),
        migrations.CreateModel(
            name="TaxRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateField(verbose_name="first day")),
                (
                    "rate",
                    models.DecimalField(
                        decimal_places=3, help_text="A fraction: 0.08 is 8 %.", max_digits=4, verbose_name="VAT rate"
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
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rate__gte", 0), ("rate__lt", 1)),
                        name="a_rate_of_vat_is_a_fraction",
                        violation_error_message="The VAT rate is a fraction from 0 up to 1, say 0.1 for ten per cent.",
                    )
                ],
            },
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
        migrations.AddField(
            model_name="price",
            name="tax_category",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.taxcategory",
                verbose_name="tax category",
            ),
        ),
    ]
