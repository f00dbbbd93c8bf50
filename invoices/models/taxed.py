"""What is taxed: each line at the rate of its category at its tax point, and no rate changes behind it."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger

from catalog.models import RATES_OVER_TIME, TaxRate

DAY = "(l.taxed_at AT TIME ZONE billing_zone())::date"
IS_CUT = """
(SELECT i.kind = 'usage' FROM invoices_invoice i WHERE i.id = l.invoice_id) AND NOT l.is_whole
AND (SELECT i.aggregation IS DISTINCT FROM 'last' FROM catalog_item i WHERE i.id = l.item_id)
"""
"""Of a line `l`: it is for use, and cut where a rate of VAT changes. A last level is that of its end."""
CROSSES = f"""
EXISTS (SELECT FROM {RATES_OVER_TIME.strip()} r WHERE r.category_id = p.tax_category_id AND r.rate <> l.vat_rate
    AND r.since::timestamp AT TIME ZONE billing_zone() < l.ends_at AND r.until::timestamp AT TIME ZONE billing_zone() > l.starts_at)
AND (SELECT i.aggregation IS DISTINCT FROM 'last' FROM catalog_item i WHERE i.id = p.item_id)
"""
"""Of a line `l` with its price `p`: in a part of its time another rate was in force. A last level is that of its end."""
ONE_AFTER_THE_OTHER = "hashtextextended('rates of tax', 0)"
"""Lines are written by many at once; a rate is entered while nobody is at it, and knows all of them."""


KNOWN_ONCE = f"""
EXISTS (SELECT FROM catalog_taxrate x WHERE x.category_id = p.tax_category_id AND x.since <= {DAY} AND x.rate = l.vat_rate AND NOT EXISTS (
    SELECT FROM catalog_taxrate y WHERE y.category_id = x.category_id AND y.id < x.id AND y.since > x.since AND y.since <= {DAY}))
"""
"""Of a line `l` with its price `p`: as far as was known once, its category had that rate at its tax point."""
OTHERWISE = f"""
SELECT DISTINCT l.price_id, l.vat_rate, l.taxed_at, i.kind, r.category_id, r.since, r.rate
FROM new_lines l JOIN invoices_invoice i ON i.id = l.invoice_id JOIN catalog_price p ON p.id = l.price_id
LEFT JOIN {RATES_OVER_TIME.strip()} r ON r.category_id = p.tax_category_id AND {DAY} >= r.since AND {DAY} < r.until
WHERE r.rate IS DISTINCT FROM l.vat_rate
"""
"""Of new lines those with another rate than their category has at their tax point."""


def taxed_at_their_tax_point() -> pgtrigger.Trigger:
    """
    What was paid ahead is taxed when it was paid, usage in the last minute of its line; whatever a price or its category is
    called, the rate of a line is the one that its category has then.

    A rate can come between the payment and the invoice. What was paid at what was known then is invoiced so, and the rate reaches back.
    """
    return pgtrigger.Trigger(
        name="taxed_at_their_tax_point",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_lines"),
        declare=[("broken", "text")],
        func=f"""
        PERFORM pg_advisory_xact_lock_shared({ONE_AFTER_THE_OTHER});
        SELECT n.name INTO broken FROM new_lines n JOIN invoices_invoice i ON i.id = n.invoice_id
        WHERE CASE i.kind WHEN 'usage' THEN n.taxed_at <> greatest(n.starts_at, n.ends_at - interval '1 minute')
            ELSE n.taxed_at > i.issued_at END LIMIT 1;
        IF broken IS NOT NULL THEN
            RAISE EXCEPTION 'the tax point of "%" is another one', broken USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (
            SELECT FROM (SELECT DISTINCT price_id, vat_rate, {DAY} AS day FROM new_lines l) n JOIN catalog_price p ON p.id = n.price_id
            LEFT JOIN {RATES_OVER_TIME.strip()} r ON r.category_id = p.tax_category_id AND n.day >= r.since AND n.day < r.until
            WHERE r.rate IS DISTINCT FROM n.vat_rate
        ) THEN
            SELECT l.price_id::text INTO broken FROM ({OTHERWISE.strip()}) l JOIN catalog_price p ON p.id = l.price_id
            WHERE NOT (l.kind = 'prepaid' AND {KNOWN_ONCE.strip()}) LIMIT 1;
            IF broken IS NOT NULL THEN
                RAISE EXCEPTION 'price % is taxed at another rate at that tax point', broken USING ERRCODE = 'check_violation';
            END IF;
            UPDATE catalog_taxrate t SET reaches_back = TRUE, reaches_until = greatest(t.reaches_until, n.last)
            FROM (SELECT category_id, since, rate, max(taxed_at) AS last FROM ({OTHERWISE.strip()}) l GROUP BY 1, 2, 3) n
            WHERE (t.category_id, t.since, t.rate) = (n.category_id, n.since, n.rate) AND (NOT t.reaches_back OR t.reaches_until < n.last);
        END IF;
        SELECT l.name INTO broken
        FROM (SELECT DISTINCT ON (price_id, starts_at, ends_at) n.* FROM new_lines n JOIN invoices_invoice i ON i.id = n.invoice_id
              WHERE i.kind = 'usage' AND NOT n.is_whole) l JOIN catalog_price p ON p.id = l.price_id WHERE {CROSSES.strip()} LIMIT 1;
        IF broken IS NOT NULL THEN
            RAISE EXCEPTION '"%" is not cut where its rate of VAT changes', broken USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
        """,
    )


class RateInUse(TaxRate):
    """
    A rate as invoices see it: whether something is taxed otherwise already, for the law came late.

    Rates know nothing of invoices, so what they promise stands here, as a trigger on their table.
    """

    class Meta:
        proxy = True
        default_permissions = ()
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="says_whether_it_reaches_back",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("ends", "timestamptz")],
                func=f"""
                PERFORM pg_advisory_xact_lock({ONE_AFTER_THE_OTHER});
                SELECT coalesce(min(r.since)::timestamp AT TIME ZONE billing_zone(), 'infinity') INTO ends FROM catalog_taxrate r
                WHERE r.category_id = NEW.category_id AND r.since > NEW.since;
                SELECT max(l.taxed_at) INTO NEW.reaches_until FROM invoices_invoiceline l JOIN catalog_price p ON p.id = l.price_id
                WHERE p.tax_category_id = NEW.category_id AND l.vat_rate <> NEW.rate
                    AND l.taxed_at >= NEW.since::timestamp AT TIME ZONE billing_zone()
                    AND (l.taxed_at < ends OR l.starts_at < ends AND {IS_CUT.strip()});
                NEW.reaches_back := NEW.reaches_until IS NOT NULL;
                RETURN NEW;
                """,
            ),
        ]


MISTAXED = f"""
SELECT l.invoice_id FROM catalog_taxrate back
JOIN invoices_invoiceline l ON l.taxed_at >= back.since::timestamp AT TIME ZONE billing_zone()
    AND l.taxed_at <= coalesce(back.reaches_until, 'infinity')
JOIN catalog_price p ON p.id = l.price_id AND p.tax_category_id = back.category_id
JOIN {RATES_OVER_TIME.strip()} r ON r.category_id = p.tax_category_id AND {DAY} >= r.since AND {DAY} < r.until
WHERE back.reaches_back AND (l.vat_rate <> r.rate OR {IS_CUT.strip()} AND {CROSSES.strip()})
"""
"""
Invoices with a line that a rate which came late would have taxed otherwise, in its tax point or, of use, in a part of its time. Of the lines
only those are read that such a rate can reach, by their tax points.
"""
CAME_LATE = """
EXISTS (SELECT FROM catalog_taxrate late WHERE late.reaches_back AND late.category_id = p.tax_category_id
    AND late.since::timestamp AT TIME ZONE billing_zone() < l.ends_at)
"""
"""Of a line `l` with its price `p`: a rate of its time was entered late, so nobody may have known of the change."""
