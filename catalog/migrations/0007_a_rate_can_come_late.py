from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0006_shares_in_percent"),
    ]

    operations = [
        migrations.AddField(
            model_name="taxrate",
            name="reaches_back",
            field=models.BooleanField(db_default=False, default=False, editable=False, verbose_name="came late"),
        ),
        migrations.AlterField(
            model_name="taxrate",
            name="rate",
            field=models.DecimalField(decimal_places=3, max_digits=4, verbose_name="VAT rate"),
        ),
        migrations.AlterConstraint(
            model_name="taxrate",
            name="a_rate_of_vat_is_a_fraction",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate__gte", 0), ("rate__lt", 1)),
                name="a_rate_of_vat_is_a_fraction",
                violation_error_message="A VAT rate is at least zero and less than a hundred percent.",
            ),
        ),
    ]
