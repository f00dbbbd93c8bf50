from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0016_transfers_until_now_wait_in_suspense"),
    ]

    operations = [
        migrations.AlterField(
            model_name="payment",
            name="redirect_url",
            field=models.URLField(blank=True, max_length=2000, verbose_name="payment page"),
        ),
    ]
