"""Who waited for the lock may not see yet what its holder made: the name being taken says it."""

from django.db import migrations

MAKE_PART = """
CREATE OR REPLACE FUNCTION usage_make_part(month text, starts timestamptz, ends timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF month !~ '^2[0-9]{5}$' OR ends - starts NOT BETWEEN interval '27 days' AND interval '32 days' THEN
        RAISE EXCEPTION 'a part of the uses is a month' USING ERRCODE = 'check_violation';
    END IF;
    IF to_regclass('usage_record_' || month) IS NOT NULL THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('parts of the uses', 0));
    BEGIN
        EXECUTE format('CREATE TABLE %I PARTITION OF usage_record FOR VALUES FROM (%L) TO (%L)', 'usage_record_' || month, starts, ends);
    EXCEPTION WHEN duplicate_table THEN
        RETURN 0;
    END;
    RETURN 1;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("usage", "0001_the_tables")]

    operations = [migrations.RunSQL(MAKE_PART, migrations.RunSQL.noop)]
