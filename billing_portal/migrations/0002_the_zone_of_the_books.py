import re

from django.db import migrations
from psycopg import sql


def keep_the_zone(apps, schema_editor):
    """The zone in which this database has counted its months so far: that of its `billing_month`, not of today's settings."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_function_sqlbody('billing_month(timestamptz)'::regprocedure)")
        (zone,) = re.findall(r"AT TIME ZONE '([^']+)'", cursor.fetchone()[0])
        kept = sql.SQL("CREATE FUNCTION billing_zone() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN {}")
        cursor.execute(kept.format(sql.Literal(zone)).as_string(cursor.connection))


def forget_the_zone(apps, schema_editor):
    schema_editor.execute("DROP FUNCTION billing_zone()")


class Migration(migrations.Migration):
    dependencies = [("billing_portal", "0001_the_clock_and_the_jobs"), ("invoices", "0002_monthly_totals")]
    operations = [migrations.RunPython(keep_the_zone, forget_the_zone)]
