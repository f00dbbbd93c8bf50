from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_history_is_sealed")]

    operations = [migrations.AddField("idempotencykey", "begun", models.UUIDField(null=True))]
