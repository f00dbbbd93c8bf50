from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_acts_for_two"),
        ("catalog", "0004_rules_have_their_sentences"),
    ]

    operations = [
        migrations.AlterConstraint(
            model_name="discount",
            name="discount_is_a_share",
            constraint=models.CheckConstraint(
                condition=models.Q(("share__gt", 0), ("share__lte", 1)),
                name="discount_is_a_share",
                violation_error_message="A discount is a share above 0 and up to 1, say 0.25 for a quarter off.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="price",
            name="vat_rate_is_a_fraction",
            constraint=models.CheckConstraint(
                condition=models.Q(("vat_rate__gte", 0), ("vat_rate__lt", 1)),
                name="vat_rate_is_a_fraction",
                violation_error_message="The VAT rate is a fraction from 0 up to 1, say 0.1 for ten per cent.",
            ),
        ),
    ]
