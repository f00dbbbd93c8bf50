from django.db import migrations


def forget_rights(apps, schema_editor):
    """Its rights are those of other models now; `ensure_staff_groups` gives them."""
    kind = apps.get_model("contenttypes", "ContentType")
    kind.objects.filter(app_label="payments", model="creditadjustment").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        ("payments", "0012_adjustments_become_acts_for_two"),
    ]
    operations = [
        migrations.RunPython(forget_rights, migrations.RunPython.noop),
        migrations.DeleteModel(name="CreditAdjustment"),
    ]
