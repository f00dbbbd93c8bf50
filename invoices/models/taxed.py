"""What is taxed: each line at the rate of its category at its tax point, and no rate changes behind it."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger

from catalog.models import RATES_OVER_TIME, TaxRate

DAY = "(taxed_at AT TIME ZONE billing_zone())::date"
ONE_AFTER_THE_OTHER = "hashtextextended('rates of tax', 0)"
"""Lines are written by many at once; a rate is entered while nobody is at it."""


def taxed_at_their_tax_point() -> pgtrigger.Trigger:
    """
    What was paid ahead is taxed when it was paid, usage in the last minute of its line; whatever a price or its category is
    called, the rate of a line is the one that its category has then.
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
        SELECT n.price_id::text INTO broken
        FROM (SELECT DISTINCT price_id, vat_rate, {DAY} AS day FROM new_lines) n JOIN catalog_price p ON p.id = n.price_id
        LEFT JOIN {RATES_OVER_TIME.strip()} r ON r.category_id = p.tax_category_id AND n.day >= r.since AND n.day < r.until
        WHERE r.rate IS DISTINCT FROM n.vat_rate LIMIT 1;
        IF broken IS NOT NULL THEN
            RAISE EXCEPTION 'price % is taxed at another rate at that tax point', broken USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
        """,
    )


class RateInUse(TaxRate):
    """
    A rate as invoices see it: what it would change has not been taxed yet.

    Rates know nothing of invoices, so the promise stands here, as a trigger on their table.
    """

    class Meta:
        proxy = True
        default_permissions = ()
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="begins_after_all_that_is_taxed",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=f"""
                PERFORM pg_advisory_xact_lock({ONE_AFTER_THE_OTHER});
                IF EXISTS (
                    SELECT FROM invoices_invoiceline l JOIN catalog_price p ON p.id = l.price_id
                    WHERE p.tax_category_id = NEW.category_id AND l.taxed_at >= NEW.since::timestamp AT TIME ZONE billing_zone()
                ) THEN
                    RAISE EXCEPTION 'something of % is taxed after % already', NEW.category_id, NEW.since USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]
