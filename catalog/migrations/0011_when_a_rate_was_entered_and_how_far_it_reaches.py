from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0010_commitments"),
    ]

    operations = [
        migrations.AddField(
            model_name="taxrate",
            name="reaches_until",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="last tax point of that"),
        ),
        migrations.AddField(
            model_name="taxrate",
            name="entered_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="entered"),
        ),
    ]
