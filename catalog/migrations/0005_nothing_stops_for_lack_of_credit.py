from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0004_kinds_of_services"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="product",
            name="what_lacks_credit_runs_90_days_at_most",
        ),
        migrations.RemoveField(
            model_name="product",
            name="days_without_credit",
        ),
    ]
