import datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0007_prices_name_a_tax_category"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="taxrate",
            constraint=models.CheckConstraint(
                condition=models.Q(("since__range", (datetime.date(1990, 1, 1), datetime.date(2999, 12, 31)))),
                name="a_rate_of_vat_begins_on_a_day_of_our_time",
                violation_error_message="The first day of a rate of VAT is between 1990 and 2999.",
            ),
        ),
    ]
