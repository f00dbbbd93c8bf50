from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0005_reasons_have_a_code_and_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="terms_version",
            field=models.CharField(blank=True, db_default="", max_length=10, verbose_name="terms accepted"),
        ),
    ]
