from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0004_who_gave_up_is_on_record"),
    ]

    operations = [
        migrations.AlterField(
            model_name="orderitem",
            name="reason",
            field=models.CharField(blank=True, max_length=240, verbose_name="reason of failure"),
        ),
    ]
