from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0007_prices_name_a_tax_category"),
        ("invoices", "0002_lines_of_use"),
    ]
    operations = [
        migrations.AddField(
            model_name="invoiceline",
            name="taxed_at",
            field=models.DateTimeField(
                help_text="Paid ahead: when it was paid. Usage: the last minute of the line.",
                null=True,
                verbose_name="tax point",
            ),
        ),
    ]
