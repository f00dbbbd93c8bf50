import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0013_what_is_left_of_a_line"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="question",
            name="a_line_is_questioned_once_at_a_time",
        ),
        migrations.AlterField(
            model_name="question",
            name="line",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="questions",
                to="invoices.invoiceline",
                verbose_name="line",
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.UniqueConstraint(fields=("line",), name="a_line_is_questioned_once"),
        ),
    ]
