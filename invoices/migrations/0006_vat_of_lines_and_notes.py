import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models
from django.db.models import OuterRef, Subquery, Sum

from kernel.money import split


def in_proportion(net, tax, left):
    nets, taxes = split(net, [net for net, _tax in left.values()]), split(tax, [tax for _net, tax in left.values()])
    return dict(zip(left, zip(nets, taxes, strict=True), strict=True))


def say_the_rates(apps, schema_editor):
    """
    Notes that were issued before have the parts by which the VAT sales ledger has shown them.

    But of no rate more than its invoice has of it, nor less than nothing: where the ledger's proportion did that, as after a coupon
    that lowered no VAT, it is in proportion to what was left.
    """
    line_model, note_model = apps.get_model("invoices", "InvoiceLine"), apps.get_model("invoices", "CreditNote")
    use_model, part_model = apps.get_model("invoices", "UseTakenBack"), apps.get_model("invoices", "CreditedPart")
    rates = dict(use_model.objects.exclude(credit_note=None).values_list("credit_note", "line__vat_rate"))
    invoice, shown, left = None, {}, {}
    for note in note_model.objects.order_by("invoice", "number").iterator(500):
        if note.invoice_id != invoice:
            invoice = note.invoice_id
            lines = line_model.objects.filter(invoice=invoice).order_by("vat_rate").values_list("vat_rate")
            sums = lines.annotate(total=Sum("total"), taxes=Sum("tax"))
            shown = {rate: (total - tax, tax) for rate, total, tax in sums}
            left = dict(shown)
        rate, net = rates.get(note.pk), note.amount - note.tax
        if rate is None:
            parts = in_proportion(net, note.tax, shown)
        else:
            parts = {rate: (net, note.tax)}
            shown[rate] = (max(shown[rate][0] - net, 0), max(shown[rate][1] - note.tax, 0))
        if any(net > left[rate][0] or tax > left[rate][1] or net + tax < 0 for rate, (net, tax) in parts.items()):
            totals, taxes = (
                split(note.amount, [sum(one) for one in left.values()]),
                split(note.tax, [tax for _net, tax in left.values()]),
            )
            parts = {rate: (total - tax, tax) for rate, total, tax in zip(left, totals, taxes, strict=True)}
        for rate, (net, tax) in parts.items():
            left[rate] = (left[rate][0] - net, left[rate][1] - tax)
        part_model.objects.bulk_create(
            part_model(credit_note=note, vat_rate=rate, net=net, tax=tax)
            for rate, (net, tax) in parts.items()
            if net + tax
        )
    schema_editor.execute("ALTER TABLE invoices_creditnote DISABLE TRIGGER USER")
    uses = use_model.objects.filter(credit_note=OuterRef("pk")).order_by("pk").values("line")[:1]
    note_model.objects.filter(pk__in=rates).update(line=Subquery(uses))
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    schema_editor.execute("ALTER TABLE invoices_creditnote ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0007_a_rate_can_come_late"),
        ("invoices", "0005_paid_time_is_told_by_payments"),
    ]

    operations = [
        migrations.CreateModel(
            name="CreditedPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("vat_rate", models.DecimalField(decimal_places=3, max_digits=4, verbose_name="VAT rate")),
                ("net", models.BigIntegerField(verbose_name="net")),
                ("tax", models.BigIntegerField(verbose_name="VAT")),
            ],
            options={
                "verbose_name": "part of a credit note",
                "verbose_name_plural": "parts of credit notes",
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="invoiceline",
            name="taxed_at_their_tax_point",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="invoiceline",
            name="use_costs_what_its_price_says",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="rateinuse",
            name="begins_after_all_that_is_taxed",
        ),
        migrations.AddField(
            model_name="creditnote",
            name="line",
            field=models.ForeignKey(
                blank=True,
                help_text="What it is about, if that is one line.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="credit_notes",
                to="invoices.invoiceline",
                verbose_name="line",
            ),
        ),
        migrations.AddField(
            model_name="invoiceline",
            name="is_whole",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Of usage: not cut where the rate of VAT changes, by the setting of then.",
                verbose_name="taxed as a whole",
            ),
        ),
        migrations.AddField(
            model_name="creditedpart",
            name="credit_note",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="parts",
                to="invoices.creditnote",
                verbose_name="credit note",
            ),
        ),
        migrations.RunPython(say_the_rates, migrations.RunPython.noop),
        pgtrigger.migrations.AddTrigger(
            model_name="creditnote",
            trigger=pgtrigger.compiler.Trigger(
                name="is_about_a_line_of_its_invoice",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (NEW."line_id" IS NOT NULL)',
                    func="\n                IF NOT EXISTS (SELECT FROM invoices_invoiceline WHERE id = NEW.line_id AND invoice_id = NEW.invoice_id) THEN\n                    RAISE EXCEPTION 'credit note % is about a line of another invoice', NEW.number USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NEW;\n                ",
                    hash="bbee9bd25dbc748ab522642635c604e9d9564e19",
                    operation="INSERT",
                    pgid="pgtrigger_is_about_a_line_of_its_invoice_9f911",
                    table="invoices_creditnote",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creditnote",
            trigger=pgtrigger.compiler.Trigger(
                name="says_its_rates",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    func="\n                IF (NEW.amount::numeric, NEW.tax::numeric) IS DISTINCT FROM\n                    (SELECT (sum(net + tax), sum(tax)) FROM invoices_creditedpart WHERE credit_note_id = NEW.id) THEN\n                    RAISE EXCEPTION 'credit note % does not say of which rates of VAT it is', NEW.number USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                    hash="ec0f3eb3b114355532d6db65dffe0bd262a32ae6",
                    operation="INSERT",
                    pgid="pgtrigger_says_its_rates_3d070",
                    table="invoices_creditnote",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invoiceline",
            trigger=pgtrigger.compiler.Trigger(
                name="taxed_at_their_tax_point",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE broken text;",
                    func="\n        PERFORM pg_advisory_xact_lock_shared(hashtextextended('rates of tax', 0));\n        SELECT n.name INTO broken FROM new_lines n JOIN invoices_invoice i ON i.id = n.invoice_id\n        WHERE CASE i.kind WHEN 'usage' THEN n.taxed_at <> greatest(n.starts_at, n.ends_at - interval '1 minute')\n            ELSE n.taxed_at > i.issued_at END LIMIT 1;\n        IF broken IS NOT NULL THEN\n            RAISE EXCEPTION 'the tax point of \"%\" is another one', broken USING ERRCODE = 'check_violation';\n        END IF;\n        SELECT n.price_id::text INTO broken\n        FROM (SELECT DISTINCT price_id, vat_rate, (l.taxed_at AT TIME ZONE billing_zone())::date AS day FROM new_lines l) n JOIN catalog_price p ON p.id = n.price_id\n        LEFT JOIN (SELECT category_id, rate, since, lead(since, 1, 'infinity'::date) OVER (PARTITION BY category_id ORDER BY since) AS until FROM (\n    SELECT DISTINCT ON (category_id, since) category_id, since, rate FROM catalog_taxrate ORDER BY category_id, since, id DESC) said) r ON r.category_id = p.tax_category_id AND n.day >= r.since AND n.day < r.until\n        WHERE r.rate IS DISTINCT FROM n.vat_rate LIMIT 1;\n        IF broken IS NOT NULL THEN\n            RAISE EXCEPTION 'price % is taxed at another rate at that tax point', broken USING ERRCODE = 'check_violation';\n        END IF;\n        SELECT l.name INTO broken\n        FROM (SELECT DISTINCT ON (price_id, starts_at, ends_at) n.* FROM new_lines n JOIN invoices_invoice i ON i.id = n.invoice_id\n              WHERE i.kind = 'usage' AND NOT n.is_whole) l JOIN catalog_price p ON p.id = l.price_id WHERE EXISTS (SELECT FROM (SELECT category_id, rate, since, lead(since, 1, 'infinity'::date) OVER (PARTITION BY category_id ORDER BY since) AS until FROM (\n    SELECT DISTINCT ON (category_id, since) category_id, since, rate FROM catalog_taxrate ORDER BY category_id, since, id DESC) said) r WHERE r.category_id = p.tax_category_id AND r.rate <> l.vat_rate\n    AND r.since::timestamp AT TIME ZONE billing_zone() < l.ends_at AND r.until::timestamp AT TIME ZONE billing_zone() > l.starts_at)\nAND (SELECT i.aggregation IS DISTINCT FROM 'last' FROM catalog_item i WHERE i.id = p.item_id) LIMIT 1;\n        IF broken IS NOT NULL THEN\n            RAISE EXCEPTION '\"%\" is not cut where its rate of VAT changes', broken USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NULL;\n        ",
                    hash="434c8d74b9f8f5b0b9cfe4f6e04858cf1b29c076",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_taxed_at_their_tax_point_a5b31",
                    referencing="REFERENCING NEW TABLE AS new_lines ",
                    table="invoices_invoiceline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invoiceline",
            trigger=pgtrigger.compiler.Trigger(
                name="use_costs_what_its_price_says",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE broken text;",
                    func="\n                SELECT n.invoice_id::text INTO broken FROM new_lines n WHERE n.per_minutes = 0 AND (n.amount_before, n.amount_before + n.amount)\n                    IS DISTINCT FROM (metered_amount(n.price_id, n.quantity_before, n.discount),\n                                      metered_amount(n.price_id, n.quantity_before + n.quantity, n.discount)) LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'a line of invoice % bills use at another amount than its price says', broken USING ERRCODE = 'check_violation';\n                END IF;\n                SELECT n.invoice_id::text INTO broken FROM new_lines n JOIN catalog_price p ON p.id = n.price_id\n                WHERE n.per_minutes = 0 AND (n.item_id, n.unit_price, n.includes_vat) <> (p.item_id, p.unit_price, p.includes_vat) LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'a line of invoice % says another item or price than it bills use at', broken USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                    hash="b0538c03b21f329ee1762762fd377a9b6f8e0621",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_use_costs_what_its_price_says_7800b",
                    referencing="REFERENCING NEW TABLE AS new_lines ",
                    table="invoices_invoiceline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="invoiceline",
            trigger=pgtrigger.compiler.Trigger(
                name="use_follows_what_was_billed_before",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE broken text;",
                    func="\n                -- Of what follows others alone: the first bills of a month end are many, and have nothing before them.\n                SELECT i.number INTO broken FROM new_lines n JOIN invoices_invoice i ON i.id = n.invoice_id\n                CROSS JOIN LATERAL (\n                    SELECT coalesce(sum(standing) FILTER (WHERE quantity_before < n.quantity_before), 0) AS before,\n                        coalesce(sum(standing) FILTER (WHERE quantity_before = n.quantity_before AND id <> n.id), 0) AS beside\n                    FROM (\n                        SELECT l.id, l.quantity_before, l.quantity\n                            - coalesce((SELECT sum(t.quantity) FROM invoices_usetakenback t WHERE t.line_id = l.id), 0) AS standing\n                        FROM invoices_invoice o JOIN invoices_invoiceline l ON l.invoice_id = o.id\n                        WHERE o.resource_id = i.resource_id AND o.kind = 'usage' AND NOT (o.status = 'void' AND o.covered_until = o.period_start)\n                            AND l.per_minutes = 0 AND l.item_id = n.item_id\n                            AND billing_month(l.starts_at) = billing_month(n.starts_at)\n                    ) bills\n                ) billed\n                WHERE n.per_minutes = 0 AND (n.quantity_before > 0 OR i.is_late)\n                    AND (billed.before <> n.quantity_before OR billed.beside <> 0) LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'invoice % bills use that does not follow what was billed of its month before', broken\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                    hash="53a8e0e8a3735f6c4b5d53f365fadb9cf7aa55dd",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_use_follows_what_was_billed_before_1801c",
                    referencing="REFERENCING NEW TABLE AS new_lines ",
                    table="invoices_invoiceline",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rateinuse",
            trigger=pgtrigger.compiler.Trigger(
                name="says_whether_it_reaches_back",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                PERFORM pg_advisory_xact_lock(hashtextextended('rates of tax', 0));\n                NEW.reaches_back := EXISTS (\n                    SELECT FROM invoices_invoiceline l JOIN catalog_price p ON p.id = l.price_id\n                    WHERE p.tax_category_id = NEW.category_id AND l.vat_rate <> NEW.rate\n                        AND l.taxed_at >= NEW.since::timestamp AT TIME ZONE billing_zone() AND l.taxed_at < coalesce((\n                            SELECT min(r.since)::timestamp AT TIME ZONE billing_zone() FROM catalog_taxrate r\n                            WHERE r.category_id = NEW.category_id AND r.since > NEW.since), 'infinity')\n                );\n                RETURN NEW;\n                ",
                    hash="f832b6d71ea5d965df50104b7bcb14f4d3b66a02",
                    operation="INSERT",
                    pgid="pgtrigger_says_whether_it_reaches_back_278ed",
                    table="catalog_taxrate",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="creditedpart",
            constraint=models.UniqueConstraint(
                fields=("credit_note", "vat_rate"), name="a_credit_note_says_a_rate_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditedpart",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "net__gt",
                        django.db.models.expressions.CombinedExpression(models.F("tax"), "*", models.Value(-1)),
                    ),
                    ("tax__gte", 0),
                ),
                name="a_part_takes_something_back",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creditedpart",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                    hash="0bea0eadf327e0d630a486b8ccb83c4f9fa22a66",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE OR TRUNCATE",
                    pgid="pgtrigger_append_only_c8576",
                    table="invoices_creditedpart",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creditedpart",
            trigger=pgtrigger.compiler.Trigger(
                name="takes_back_what_its_invoice_has",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE broken text;",
                    func="\n                SELECT c.number INTO broken FROM (SELECT credit_note_id, sum(net + tax) AS amount, sum(tax) AS tax FROM new_parts GROUP BY 1) n\n                JOIN invoices_creditnote c ON c.id = n.credit_note_id\n                WHERE (c.amount, c.tax) <> (n.amount, n.tax) LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'the parts of credit note % do not add up to it, or come after it was issued', broken\n                        USING ERRCODE = 'check_violation';\n                END IF;\n                SELECT i.number INTO broken FROM (\n                    SELECT DISTINCT c.invoice_id, n.vat_rate FROM new_parts n JOIN invoices_creditnote c ON c.id = n.credit_note_id\n                ) n JOIN invoices_invoice i ON i.id = n.invoice_id, LATERAL (\n                    SELECT sum(l.total) AS total, sum(l.tax) AS tax FROM invoices_invoiceline l\n                    WHERE l.invoice_id = n.invoice_id AND l.vat_rate = n.vat_rate\n                ) has, LATERAL (\n                    SELECT sum(p.net + p.tax) AS total, sum(p.tax) AS tax FROM invoices_creditedpart p\n                    JOIN invoices_creditnote c ON c.id = p.credit_note_id WHERE c.invoice_id = n.invoice_id AND p.vat_rate = n.vat_rate\n                ) gone\n                WHERE has.total IS NULL OR gone.total > has.total OR gone.tax > has.tax LIMIT 1;\n                IF broken IS NOT NULL THEN\n                    RAISE EXCEPTION 'of a rate of VAT more is taken back than invoice % has of it', broken USING ERRCODE = 'check_violation';\n                END IF;\n                RETURN NULL;\n                ",
                    hash="77ef34cada029ae26519220aa80e497c8038019d",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_takes_back_what_its_invoice_has_1855a",
                    referencing="REFERENCING NEW TABLE AS new_parts ",
                    table="invoices_creditedpart",
                    when="AFTER",
                ),
            ),
        ),
    ]
