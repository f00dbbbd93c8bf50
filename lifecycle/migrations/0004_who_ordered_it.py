"""Who ordered each resource stands in its tags, as its history says; from then on it stays, and tags keep their rules."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

from store.migrating import Together


class Migration(migrations.Migration):
    dependencies = [("lifecycle", "0003_tags")]

    operations = [
        migrations.RunSQL(
            sql="""
UPDATE lifecycle_resource r SET tags = jsonb_build_object('createdBy', e.actor)
FROM lifecycle_resourceevent e WHERE e.resource_id = r.id AND e.kind = 'ordered' AND e.actor <> '' AND NOT r.tags ? 'createdBy';
SET CONSTRAINTS ALL IMMEDIATE;
""",
            reverse_sql=migrations.RunSQL.noop,
        ),
        Together(
            operations=[
                pgtrigger.migrations.AddTrigger(
                    model_name="resource",
                    trigger=pgtrigger.compiler.Trigger(
                        name="who_ordered_it_stays",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n            IF NEW.tags -> 'createdBy' IS DISTINCT FROM OLD.tags -> 'createdBy' THEN\n                RAISE EXCEPTION 'resource %: who ordered it is frozen', OLD.id USING ERRCODE = 'restrict_violation';\n            END IF;\n            RETURN NEW;\n            ",
                            hash="bc3184362f85ef5ce6671a85b22d8c434d8a8961",
                            operation='UPDATE OF "tags"',
                            pgid="pgtrigger_who_ordered_it_stays_252fa",
                            table="lifecycle_resource",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="resource",
                    trigger=pgtrigger.compiler.Trigger(
                        name="its_tags_can_be_told_apart",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            declare="DECLARE broken text;",
                            func="\n            IF TG_OP = 'UPDATE' AND NEW.tags = OLD.tags THEN\n                RETURN NEW;\n            END IF;\n            IF jsonb_typeof(NEW.tags) <> 'object' THEN\n                RAISE EXCEPTION 'tags of resource % are keys with values', NEW.id USING ERRCODE = 'check_violation';\n            END IF;\n            IF (SELECT count(*) - count(*) FILTER (WHERE key = 'createdBy') > 20 OR count(DISTINCT lower(key)) < count(*)\n                FROM jsonb_object_keys(NEW.tags) key) THEN\n                RAISE EXCEPTION 'resource % has more than 20 tags, or one of them twice', NEW.id USING ERRCODE = 'check_violation';\n            END IF;\n            SELECT t.key INTO broken FROM jsonb_each(NEW.tags) t, LATERAL (SELECT t.value #>> '{}' AS text) v\n            WHERE jsonb_typeof(t.value) <> 'string' OR length(t.key) NOT BETWEEN 1 AND 60\n                OR length(v.text) NOT BETWEEN 1 AND CASE t.key WHEN 'createdBy' THEN 200 ELSE 120 END\n                OR t.key ~ '[[:cntrl:]=!]' OR v.text ~ '[[:cntrl:]]' OR starts_with(lower(t.key), 'provider/')\n                OR (t.key NOT IN ('Assignee', 'Company', 'Department', 'Environment', 'createdBy') AND lower(t.key) IN (SELECT lower(spelt) FROM unnest(ARRAY['Assignee', 'Company', 'Department', 'Environment', 'createdBy']) spelt))\n            LIMIT 1;\n            IF broken IS NOT NULL THEN\n                RAISE EXCEPTION 'the tag % of resource % cannot be kept like that', broken, NEW.id USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n            ",
                            hash="0660ba2772cd085083e7efdbb5b5afe41fb37ed1",
                            operation='INSERT OR UPDATE OF "tags"',
                            pgid="pgtrigger_its_tags_can_be_told_apart_fd78c",
                            table="lifecycle_resource",
                            when="BEFORE",
                        ),
                    ),
                ),
            ]
        ),
    ]
