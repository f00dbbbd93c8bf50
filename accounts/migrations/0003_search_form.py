from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

SEARCH_FORM = r"""
CREATE FUNCTION search_form(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(lower(regexp_replace(normalize($1, NFKD), '[\u0300-\u036f]', '', 'g')), 'đĐøłħŧ', 'ddolht');
"""


class Migration(migrations.Migration):
    """
    Texts as they are compared in searches: without case, accents and stroke, in one Unicode form.

    Written with the server's own immutable functions: a dictionary such as unaccent's may change with an upgrade, and an
    index over it would then be wrong.
    """

    dependencies = [("accounts", "0002_initial")]
    operations = [
        TrigramExtension(),
        migrations.RunSQL(SEARCH_FORM, "DROP FUNCTION search_form(text)"),
    ]
