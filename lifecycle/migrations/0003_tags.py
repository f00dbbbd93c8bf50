"""Resources have tags; a function finds one by its key, in upper or lower case."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lifecycle", "0002_resources_are_stopped_at_caps")]

    operations = [
        migrations.AddField(
            model_name="resource",
            name="tags",
            field=models.JSONField(db_default={}, default=dict, verbose_name="tags"),
        ),
        migrations.RunSQL(
            sql="""
CREATE FUNCTION tag_value(tags jsonb, key text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN coalesce(tags ->> key, (SELECT t.value FROM jsonb_each_text(tags) t WHERE lower(t.key) = lower(tag_value.key) LIMIT 1));
""",
            reverse_sql="DROP FUNCTION tag_value",
        ),
    ]
