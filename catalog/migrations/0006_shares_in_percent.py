from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_all_the_tables"),
        ("catalog", "0005_nothing_stops_for_lack_of_credit"),
    ]

    operations = [
        migrations.AlterField(
            model_name="coupon",
            name="share",
            field=models.DecimalField(blank=True, decimal_places=4, max_digits=5, null=True, verbose_name="share off"),
        ),
        migrations.AlterField(
            model_name="discount",
            name="share",
            field=models.DecimalField(decimal_places=4, max_digits=5, verbose_name="share off"),
        ),
        migrations.AlterConstraint(
            model_name="coupon",
            name="coupon_takes_an_amount_or_a_share",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gt", 0), ("amount__isnull", False), ("share__isnull", True)),
                    models.Q(("amount__isnull", True), ("share__gt", 0), ("share__isnull", False), ("share__lte", 1)),
                    _connector="OR",
                ),
                name="coupon_takes_an_amount_or_a_share",
                violation_error_message="Enter either an amount above zero or a share above zero and up to a hundred percent, not both.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="discount",
            name="discount_is_a_share",
            constraint=models.CheckConstraint(
                condition=models.Q(("share__gt", 0), ("share__lte", 1)),
                name="discount_is_a_share",
                violation_error_message="A discount is more than zero and at most a hundred percent.",
            ),
        ),
    ]
