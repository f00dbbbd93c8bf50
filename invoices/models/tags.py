"""What the database holds of the tags that lines keep."""

from __future__ import annotations

import pgtrigger


def tagged_as_their_resource() -> list[pgtrigger.Trigger]:
    """
    A line has the tags of its resource when it is issued, without one none: whoever leaves them out gets these, and no others are taken
    but those of the invoice whose place its invoice takes.
    """
    return [
        pgtrigger.Trigger(
            name="has_the_tags_of_its_resource",
            level=pgtrigger.Row,
            when=pgtrigger.Before,
            operation=pgtrigger.Insert,
            condition=pgtrigger.Q(new__tags__isnull=True),
            func="""
            SELECT coalesce(r.tags, '{}') INTO NEW.tags FROM invoices_invoice i LEFT JOIN lifecycle_resource r ON r.id = i.resource_id
            WHERE i.id = NEW.invoice_id;
            RETURN NEW;
            """,
        ),
        pgtrigger.Trigger(
            name="lines_are_tagged_as_their_resource",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            referencing=pgtrigger.Referencing(new="new_lines"),
            declare=[("broken", "text")],
            func="""
            SELECT i.number INTO broken
            FROM new_lines n JOIN invoices_invoice i ON i.id = n.invoice_id LEFT JOIN lifecycle_resource r ON r.id = i.resource_id
            WHERE n.tags <> coalesce(r.tags, '{}') AND NOT EXISTS (
                SELECT FROM invoices_invoice f JOIN invoices_invoiceline l ON l.invoice_id = f.id
                WHERE f.customer_id = i.customer_id AND f.resource_id IS NOT DISTINCT FROM i.resource_id AND f.kind = i.kind
                    AND i.period_key = f.period_key || '/again' AND l.tags = n.tags)
            LIMIT 1;
            IF broken IS NOT NULL THEN
                RAISE EXCEPTION 'a line of invoice % says other tags than its resource has', broken USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
            """,
        ),
    ]
