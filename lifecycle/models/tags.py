"""What the database holds of the tags of resources, and how it finds one of them."""

from __future__ import annotations

import pgtrigger
from django.db.models import Aggregate, Expression, F, Func, OuterRef, Q, TextField, Value
from django.db.models.functions import Coalesce, Lower
from django.db.models.lookups import Exact, IsNull

from kernel.tags import CREATED_BY, FIXED, LONGEST_KEY, LONGEST_VALUE, MOST, PROVIDER, Wanted

SPELT = ", ".join(f"'{key}'" for key in (*FIXED, CREATED_BY))
LONGEST_ACTOR = 200


class TagValue(Func):
    """
    The value of the tag whose key this is, in upper or lower case; null where there is none.

    The function of the database looks for the very spelling first, which nearly all have.
    """

    function = "tag_value"
    output_field = TextField()

    def __init__(self, tags: str | OuterRef, key: str | Expression | F) -> None:
        super().__init__(F(tags) if isinstance(tags, str) else tags, Value(key) if isinstance(key, str) else key)


class MostWritten(Aggregate):
    """Of several ways of writing the same, what is shown: see `kernel.tags.spelling`."""

    function = "mode"
    template = "%(function)s() WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = TextField()


class TagKeys(Func):
    """A row for each key."""

    function = "jsonb_object_keys"
    output_field = TextField()


def tagged(wanted: Wanted, *, tags: str = "tags") -> Q:
    """The rows with this key, with this value of it, or without it, in upper or lower case."""
    found = TagValue(tags, wanted.key)
    if wanted.value is None:
        return Q(IsNull(found, wanted.without))
    return Q(are_alike(found, Value(wanted.value)))


def value_of(tags: str, key: str) -> Coalesce:
    """The value of the tag whose key this is, "" where there is none."""
    return Coalesce(TagValue(tags, key), Value(""), output_field=TextField())


def folded_of(text: Expression | F) -> Lower:
    """What is compared of a key or a value: `kernel.tags.folded`, as the tables do it."""
    return Lower(text)


def are_alike(text: Expression | F, other: Expression | F) -> Exact:
    """Whether two keys, or two values, are the same."""
    return Exact(folded_of(text), folded_of(other))


def tags_of_a_resource() -> list[pgtrigger.Trigger]:
    """The rules of `kernel.tags`, whoever writes."""
    return [
        pgtrigger.Trigger(
            name="who_ordered_it_stays",
            level=pgtrigger.Row,
            when=pgtrigger.Before,
            operation=pgtrigger.UpdateOf("tags"),
            func=f"""
            IF NEW.tags -> '{CREATED_BY}' IS DISTINCT FROM OLD.tags -> '{CREATED_BY}' THEN
                RAISE EXCEPTION 'resource %: who ordered it is frozen', OLD.id USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
            """,
        ),
        pgtrigger.Trigger(
            name="its_tags_can_be_told_apart",
            level=pgtrigger.Row,
            when=pgtrigger.Before,
            operation=pgtrigger.Insert | pgtrigger.UpdateOf("tags"),
            declare=[("broken", "text")],
            func=f"""
            IF TG_OP = 'UPDATE' AND NEW.tags = OLD.tags THEN
                RETURN NEW;
            END IF;
            IF jsonb_typeof(NEW.tags) <> 'object' THEN
                RAISE EXCEPTION 'tags of resource % are keys with values', NEW.id USING ERRCODE = 'check_violation';
            END IF;
            IF (SELECT count(*) - count(*) FILTER (WHERE key = '{CREATED_BY}') > {MOST} OR count(DISTINCT lower(key)) < count(*)
                FROM jsonb_object_keys(NEW.tags) key) THEN
                RAISE EXCEPTION 'resource % has more than {MOST} tags, or one of them twice', NEW.id USING ERRCODE = 'check_violation';
            END IF;
            SELECT t.key INTO broken FROM jsonb_each(NEW.tags) t, LATERAL (SELECT t.value #>> '{{}}' AS text) v
            WHERE jsonb_typeof(t.value) <> 'string' OR length(t.key) NOT BETWEEN 1 AND {LONGEST_KEY}
                OR length(v.text) NOT BETWEEN 1 AND CASE t.key WHEN '{CREATED_BY}' THEN {LONGEST_ACTOR} ELSE {LONGEST_VALUE} END
                OR t.key ~ '[[:cntrl:]=!]' OR v.text ~ '[[:cntrl:]]' OR starts_with(lower(t.key), '{PROVIDER}')
                OR (t.key NOT IN ({SPELT}) AND lower(t.key) IN (SELECT lower(spelt) FROM unnest(ARRAY[{SPELT}]) spelt))
            LIMIT 1;
            IF broken IS NOT NULL THEN
                RAISE EXCEPTION 'the tag % of resource % cannot be kept like that', broken, NEW.id USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
            """,
        ),
    ]
