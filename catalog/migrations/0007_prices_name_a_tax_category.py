import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0006_prices_are_carried_over")]
    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="price",
            name="only_its_end_changes",
        ),
        migrations.AlterField(
            model_name="price",
            name="tax_category",
            field=models.ForeignKey(
                default="standard",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.taxcategory",
                verbose_name="tax category",
            ),
        ),
        migrations.RemoveConstraint(model_name="price", name="vat_rate_is_a_fraction"),
        migrations.RemoveField(model_name="price", name="vat_rate"),
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
    ]
