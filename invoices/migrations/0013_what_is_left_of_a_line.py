"""
What credit notes leave of a line, in SQL, where a month of a hundred thousand lines is added up; see `invoices.usage`.

A line's part of what is left of its invoice goes from the beginning of the line to its end, the lines laid one after the other.
What a note took back of one line because less was used is not left of that line, and the others bear none of it.
"""

from django.db import migrations

SHARE = """
CREATE FUNCTION share_of(amount numeric, part numeric, whole numeric) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(div(2 * amount * part + whole, 2 * nullif(whole, 0)), 0)::bigint;
COMMENT ON FUNCTION share_of IS 'amount x part / whole, all of them whole and >= 0, to the nearest unit, a half up; 0 of nothing';
"""
KEPT = """
CREATE FUNCTION kept_{column}_of_line(bigint) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH taken AS (
        SELECT other.position, t.line_id, n.{noted} AS amount
        FROM invoices_invoiceline own JOIN invoices_invoiceline other USING (invoice_id)
            JOIN invoices_usetakenback t ON t.line_id = other.id JOIN invoices_creditnote n ON n.id = t.credit_note_id
        WHERE own.id = $1
    ), laid AS (
        SELECT l.{column} AS worth, {left_of_it} AS kept, i.{whole} - coalesce((SELECT sum(amount) FROM taken), 0) AS standing,
            coalesce((SELECT sum(e.{column}) FROM invoices_invoiceline e WHERE e.invoice_id = l.invoice_id AND e.position < l.position), 0)
                - coalesce((SELECT sum(amount) FROM taken WHERE position < l.position), 0) AS before,
            coalesce((SELECT sum(amount) FROM taken WHERE line_id = l.id), 0) AS less
        FROM invoices_invoiceline l JOIN invoices_invoice i ON i.id = l.invoice_id WHERE l.id = $1
    )
    SELECT share_of(kept, before + worth - less, standing) - share_of(kept, before, standing) FROM laid
$$
"""
TOTAL = KEPT.format(
    column="total", noted="amount", whole="subtotal", left_of_it="share_of(i.subtotal, i.total - i.credited, i.total)"
)
TAX = KEPT.format(
    column="tax",
    noted="tax",
    whole="tax",
    left_of_it="i.tax - coalesce((SELECT sum(n.tax) FROM invoices_creditnote n WHERE n.invoice_id = i.id), 0)",
)


class Migration(migrations.Migration):
    dependencies = [("invoices", "0012_coupons_by_month")]

    operations = [
        migrations.RunSQL(SHARE, "DROP FUNCTION share_of"),
        migrations.RunSQL(TOTAL, "DROP FUNCTION kept_total_of_line"),
        migrations.RunSQL(TAX, "DROP FUNCTION kept_tax_of_line"),
    ]
