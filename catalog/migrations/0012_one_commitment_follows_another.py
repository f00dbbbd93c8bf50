import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0011_when_a_rate_was_entered_and_how_far_it_reaches"),
    ]

    operations = [
        migrations.AlterField(
            model_name="commitment",
            name="follows",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="followed_by",
                to="catalog.commitment",
                verbose_name="follows",
            ),
        ),
        migrations.AddConstraint(
            model_name="commitment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ends_on__gt", models.F("starts_on"))),
                fields=("follows",),
                name="one_commitment_follows_another",
            ),
        ),
    ]
