"""What is due on a day is due until its end, not until the time of day at which the invoice was issued."""

from django.conf import settings
from django.db import migrations, models


def until_the_end_of_the_day(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("ALTER TABLE invoices_invoice DISABLE TRIGGER USER")  # issued invoices are frozen
        cursor.execute(
            """
            UPDATE invoices_invoice
            SET due_at = (date_trunc('day', due_at AT TIME ZONE %(zone)s) + interval '1 day') AT TIME ZONE %(zone)s
                         - interval '1 microsecond'
            """,
            {"zone": settings.BILLING_ZONE},
        )
        cursor.execute("ALTER TABLE invoices_invoice ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0003_resources_can_be_lost"),
    ]

    operations = [
        migrations.RunPython(until_the_end_of_the_day, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="invoice",
            name="due_at",
            field=models.DateTimeField(help_text="The last instant of the day on which it is due.", verbose_name="due"),
        ),
    ]
