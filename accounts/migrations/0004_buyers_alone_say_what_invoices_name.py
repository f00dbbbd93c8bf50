from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_customers_become_their_first_buyers")]
    operations = [
        migrations.RemoveIndex(
            model_name="customer",
            name="customers_by_part_of_tax_code",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="address",
        ),
        migrations.RemoveField(
            model_name="customer",
            name="tax_code",
        ),
    ]
