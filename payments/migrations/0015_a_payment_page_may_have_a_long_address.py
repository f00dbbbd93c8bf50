from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0014_an_invoice_born_paid_has_been_paid"),
    ]

    operations = [
        migrations.AlterField(
            model_name="payment",
            name="redirect_url",
            field=models.URLField(blank=True, max_length=2000, verbose_name="payment page"),
        ),
    ]
