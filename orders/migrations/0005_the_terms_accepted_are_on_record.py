from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0004_who_gave_up_is_on_record"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="terms_version",
            field=models.CharField(blank=True, db_default="", max_length=10, verbose_name="terms accepted"),
        ),
    ]
