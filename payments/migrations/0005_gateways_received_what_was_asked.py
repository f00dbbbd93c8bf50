"""Until now a payment through a gateway succeeded with exactly the amount that was asked for."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0004_what_gateways_received"),
    ]

    operations = [
        migrations.RunSQL(
            """
            UPDATE payments_payment SET captured = amount, check_at = NULL
            WHERE means = 'gateway' AND state IN ('succeeded', 'refunded')
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
