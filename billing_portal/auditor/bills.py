"""Claims about invoices: what they say, what they cover, and that nothing is billed twice or never."""

from __future__ import annotations

from django.conf import settings

from billing_portal.auditor.claim import Claim
from catalog.models import RATES_OVER_TIME
from invoices.models.taxed import CAME_LATE, CROSSES, KNOWN_ONCE
from usage.queries import IS_ATTACHED, put_together

LOOKED_AT_AGAIN = 3
"""Closed months, the latest: of earlier ones nothing is taken any more, and what they say cannot be changed."""

USED = put_together(
    key="m.key",
    begins_at="m.starts_at",
    over_at="m.ends_at",
    records="months m CROSS JOIN (SELECT DISTINCT resource_id FROM service) s JOIN usage_record r"
    " ON r.resource_id = s.resource_id AND r.used_at >= m.starts_at AND r.used_at < m.ends_at AND r.id <= m.through",
    corrected="c.id <= m.through",
)
BILLS = (
    Claim(
        "invoices have lines that add up to them",
        """
        SELECT i.number, i.customer_id FROM invoices_invoice i LEFT JOIN invoices_invoiceline l ON l.invoice_id = i.id
        WHERE :of(i.customer_id) GROUP BY i.id HAVING count(l.id) = 0 OR sum(l.total) <> i.subtotal OR sum(l.tax) <> i.tax
        """,
    ),
    Claim(
        "lines of an invoice are tagged alike",
        """
        SELECT i.number, i.customer_id FROM invoices_invoice i JOIN invoices_invoiceline l ON l.invoice_id = i.id
        WHERE :of(i.customer_id) GROUP BY i.id HAVING count(DISTINCT l.tags) > 1
        """,
    ),
    Claim(
        "a touched invoice's paid part is the sum of its allocations",
        """
        SELECT i.number, i.customer_id FROM invoices_invoice i
        WHERE :of(i.customer_id) AND i.paid <> coalesce((SELECT sum(amount) FROM payments_allocation a WHERE a.invoice_id = i.id), 0)
        """,
        nightly=False,
    ),
    Claim(
        "a touched payment's allocated part is the sum of its allocations",
        """
        SELECT p.reference, p.customer_id FROM payments_payment p
        WHERE :of(p.customer_id) AND p.allocated
            <> coalesce((SELECT sum(amount) FROM payments_allocation a WHERE a.payment_id = p.id AND a.reversal_id IS NULL), 0)
            + coalesce((SELECT sum(a.amount) FROM payments_reversal r JOIN payments_allocation a ON a.reversal_id = r.id
                        WHERE r.payment_id = p.id), 0)
        """,
        nightly=False,
    ),
    Claim(
        "what a credit note gave back arrived",
        """
        SELECT c.number, c.customer_id FROM invoices_creditnote c
        WHERE :of(c.customer_id)
            AND c.refunded <> coalesce((SELECT sum(amount) FROM payments_allocation a WHERE a.credit_note_id = c.id), 0)
            + coalesce((SELECT sum(e.amount) FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id
                        WHERE t.kind = 'credit_note_refund' AND t.source = c.id::text AND e.customer_id IS NOT NULL), 0)
        """,
    ),
    Claim(
        "a line is at a list price or at one of its customer",
        """
        SELECT i.number, l.customer_id FROM invoices_invoiceline l JOIN catalog_price p ON p.id = l.price_id
        JOIN invoices_invoice i ON i.id = l.invoice_id
        WHERE :of(l.customer_id) AND (p.customer_id <> l.customer_id OR p.item_id <> l.item_id)
        """,
    ),
    Claim(
        "each line is taxed at the rate that its category had at its tax point, by what was known of it",
        f"""
        SELECT i.number, l.customer_id FROM invoices_invoiceline l JOIN invoices_invoice i ON i.id = l.invoice_id
        JOIN catalog_price p ON p.id = l.price_id
        LEFT JOIN {RATES_OVER_TIME.strip()} r ON r.category_id = p.tax_category_id
            AND (l.taxed_at AT TIME ZONE billing_zone())::date >= r.since AND (l.taxed_at AT TIME ZONE billing_zone())::date < r.until
        WHERE :of(l.customer_id) AND l.vat_rate IS DISTINCT FROM r.rate AND NOT {KNOWN_ONCE.strip()}
        """,
    ),
    Claim(
        "use that crosses a change of its rate of VAT is cut there, but by the setting",
        f"""
        SELECT i.number, l.customer_id FROM invoices_invoiceline l JOIN invoices_invoice i ON i.id = l.invoice_id
        JOIN catalog_price p ON p.id = l.price_id
        WHERE :of(l.customer_id) AND i.kind = 'usage' AND NOT l.is_whole AND {CROSSES.strip()} AND NOT {CAME_LATE.strip()}
        """,
    ),
    Claim(
        "a credit note is of the rates of VAT that its invoice has, and of none takes back more than all notes may",
        """
        SELECT c.number, c.customer_id FROM invoices_creditnote c LEFT JOIN (
            SELECT credit_note_id, sum(net + tax) AS amount, sum(tax) AS tax FROM invoices_creditedpart GROUP BY 1
        ) p ON p.credit_note_id = c.id
        WHERE :of(c.customer_id) AND (c.amount, c.tax) IS DISTINCT FROM (p.amount, p.tax)
        UNION ALL
        SELECT i.number, i.customer_id FROM (
            SELECT c.invoice_id, p.vat_rate, sum(p.net + p.tax) AS amount, sum(p.tax) AS tax
            FROM invoices_creditedpart p JOIN invoices_creditnote c ON c.id = p.credit_note_id WHERE :of(c.customer_id) GROUP BY 1, 2
        ) gone JOIN invoices_invoice i ON i.id = gone.invoice_id LEFT JOIN LATERAL (
            SELECT sum(l.total) AS total, sum(l.tax) AS tax FROM invoices_invoiceline l
            WHERE l.invoice_id = gone.invoice_id AND l.vat_rate = gone.vat_rate
        ) has ON TRUE
        WHERE has.total IS NULL OR gone.amount > has.total OR gone.tax > has.tax
        """,
    ),
    Claim(
        "what is paid ahead is taxed when its money was collected, use in its last minute",
        """
        SELECT i.number, l.customer_id FROM invoices_invoiceline l JOIN invoices_invoice i ON i.id = l.invoice_id
        JOIN invoices_invoice f ON f.customer_id = i.customer_id AND f.resource_id = i.resource_id AND f.kind = i.kind
            AND f.period_key = regexp_replace(i.period_key, '(/again)+$', '')
        LEFT JOIN orders_orderitem t ON t.id = CASE WHEN starts_with(f.period_key, 'order-item:') THEN substr(f.period_key, 12)::uuid END
        LEFT JOIN orders_order o ON o.id = t.order_id
        WHERE :of(l.customer_id) AND :of(i.customer_id) AND CASE i.kind
            WHEN 'usage' THEN l.taxed_at <> greatest(l.starts_at, l.ends_at - interval '1 minute')
            ELSE l.taxed_at <> coalesce(o.taxed_at, o.paid_at, f.issued_at) END
        """,
    ),
    Claim(
        "no item of an invoice is billed twice for the same time",
        """
        SELECT DISTINCT i.number, i.customer_id FROM invoices_invoice i JOIN (
            SELECT invoice_id, starts_at < lag(ends_at) OVER (PARTITION BY invoice_id, item_id ORDER BY starts_at, ends_at) AS again
            FROM invoices_invoiceline WHERE :of(customer_id) AND minutes > 0
        ) l ON l.invoice_id = i.id WHERE l.again
        """,
    ),
    Claim(
        "what is credited as unused is not covered any more",
        """
        SELECT i.number, i.customer_id FROM invoices_invoice i JOIN invoices_creditnote c ON c.invoice_id = i.id
        WHERE :of(i.customer_id) AND c.reason <> 'correction' GROUP BY i.id
        HAVING sum(c.minutes_unused) * interval '1 minute' > i.period_end - i.covered_until
        """,
    ),
    Claim(
        "what is not covered any more is credited, where it was worth anything",
        """
        SELECT i.number, i.customer_id FROM invoices_invoice i JOIN catalog_product p ON p.id = i.product_id
        WHERE :of(i.customer_id) AND i.covered_until < i.period_end AND i.paid > 0 AND i.credited = 0 AND p.is_refundable
            AND i.total * extract(epoch FROM i.period_end - i.covered_until) - i.saved * extract(epoch FROM i.covered_until - i.period_start)
                >= (1 + i.saved_before) * extract(epoch FROM i.period_end - i.period_start)
        """,
    ),
    Claim(
        "whoever leaves a term early gets what the time that was used leaves at the price without it",
        """
        SELECT i.number, i.customer_id FROM invoices_invoice i JOIN LATERAL (
            SELECT sum(c.amount) FILTER (WHERE c.reason = 'deleted') AS deleted, sum(c.amount) AS credited,
                (sum(c.minutes_unused) FILTER (WHERE c.reason = 'deleted'))::numeric AS unused,
                extract(epoch FROM i.period_end - i.period_start)::bigint / 60 AS minutes
            FROM invoices_creditnote c WHERE c.invoice_id = i.id AND :of(c.customer_id)
        ) c ON c.deleted = c.credited
        WHERE :of(i.customer_id) AND i.saved + i.saved_before > 0 AND c.deleted <> greatest(0, div(
            2 * (i.total * c.unused - i.saved * (c.minutes - c.unused)) + c.minutes, 2 * c.minutes) - i.saved_before)
        """,
    ),
    Claim(
        "whoever resizes to what costs less gets no more for a term than by leaving it",
        """
        SELECT i.number, i.customer_id FROM invoices_creditnote c JOIN invoices_invoice i ON i.id = c.invoice_id AND i.credited = c.amount
        CROSS JOIN LATERAL (SELECT extract(epoch FROM i.period_end - i.period_start)::bigint / 60 AS minutes) whole
        WHERE :of(c.customer_id) AND :of(i.customer_id) AND c.reason = 'resized' AND i.saved + i.saved_before > 0
            AND EXISTS (SELECT FROM ledger_transaction t WHERE t.kind = 'credit_note_refund' AND t.source = c.id::text)
            AND c.amount > greatest(0, div(2 * (i.total::numeric * c.minutes_unused - i.saved::numeric * (minutes - c.minutes_unused))
                + minutes, 2 * minutes) - i.saved_before)
        """,
    ),
    Claim(
        "prepaid service is covered by invoices and POC credit, minute for minute",
        """
        SELECT resource_id::text, coalesce(p.customer_id, i.customer_id)
        FROM (SELECT resource_id, customer_id, sum(ends_at - starts_at) AS served FROM lifecycle_serviceperiod
            WHERE :of(customer_id) AND billing_mode = 'prepaid' GROUP BY 1, 2) p
        FULL JOIN (SELECT resource_id, customer_id, sum(covered) AS covered FROM (
            SELECT resource_id, customer_id, covered_until - period_start FROM invoices_invoice
            WHERE :of(customer_id) AND kind = 'prepaid'
            UNION ALL SELECT resource_id, customer_id, covered_until - starts_at FROM payments_poctime WHERE :of(customer_id)
        ) paid(resource_id, customer_id, covered) GROUP BY 1, 2) i USING (resource_id)
        WHERE coalesce(served, interval '0') <> coalesce(covered, interval '0')
        """,
    ),
    Claim(
        "what POC credit has paid is of its products, in its dates, and not billed as well",
        """
        SELECT p.resource_name, p.customer_id FROM payments_poctime p JOIN ledger_grant g ON g.id = p.grant_id
        WHERE :of(p.customer_id) AND (p.product_id <> ALL(g.products) OR p.starts_at < date_trunc('minute', g.starts_at)
            OR p.covered_until > g.expires_at OR EXISTS (
                SELECT FROM invoices_invoice i WHERE i.resource_id = p.resource_id AND NOT i.is_late
                    AND tstzrange(i.period_start, i.covered_until) && tstzrange(p.starts_at, p.covered_until)))
        """,
    ),
    Claim(
        "usage is billed where it was used: each line lies in postpaid service",
        """
        SELECT i.number, i.customer_id FROM invoices_invoice i JOIN invoices_invoiceline l ON l.invoice_id = i.id
        WHERE :of(i.customer_id) AND :of(l.customer_id) AND i.kind = 'usage' AND l.minutes > 0 AND l.per_minutes > 0
            AND NOT tstzrange(l.starts_at, l.ends_at) <@ (
            SELECT coalesce(range_agg(tstzrange(p.starts_at, p.ends_at)), '{}') FROM lifecycle_serviceperiod p
            WHERE p.resource_id = i.resource_id AND p.billing_mode = 'postpaid' AND (p.ends_at IS NULL OR p.ends_at > p.starts_at))
        """,
    ),
    Claim(
        "each postpaid minute of a month that is closed is billed exactly once",
        f"""
        WITH months AS (
            SELECT month AS key, tstzrange((month || '-01')::timestamp AT TIME ZONE '{settings.BILLING_ZONE}',
                ((month || '-01')::timestamp + interval '1 month') AT TIME ZONE '{settings.BILLING_ZONE}') AS month
            FROM invoices_billingrun WHERE state <> 'running'
        ), used AS MATERIALIZED (
            SELECT resource_id, customer_id, range_agg(tstzrange(starts_at, ends_at)) AS minutes FROM lifecycle_serviceperiod
            WHERE :of(customer_id) AND billing_mode = 'postpaid' AND (ends_at IS NULL OR ends_at > starts_at) GROUP BY 1, 2
        ), billed AS MATERIALIZED (
            SELECT i.resource_id, range_agg(DISTINCT tstzrange(l.starts_at, l.ends_at)) AS minutes
            FROM invoices_invoice i JOIN invoices_invoiceline l ON l.invoice_id = i.id
            WHERE :of(i.customer_id) AND :of(l.customer_id) AND i.kind = 'usage' AND l.per_minutes > 0 GROUP BY 1
        ), held AS (
            SELECT p.customer_id, p.resource_id, m.month
            FROM invoices_parkedbilling p JOIN months m ON m.key = p.month WHERE p.state = 'parked'
        )
        SELECT resource_id || ' ' || missing, customer_id FROM (
            SELECT resource_id, customer_id, used.minutes * ended.months - coalesce(billed.minutes, '{{}}')
                - coalesce(whole.minutes, '{{}}') - coalesce(own.minutes, '{{}}') AS missing
            FROM used CROSS JOIN (SELECT range_agg(month) AS months FROM months) ended LEFT JOIN billed USING (resource_id)
            LEFT JOIN (SELECT customer_id, range_agg(month) AS minutes FROM held WHERE resource_id IS NULL GROUP BY 1) whole USING (customer_id)
            LEFT JOIN (SELECT resource_id, range_agg(month) AS minutes FROM held GROUP BY 1) own USING (resource_id)
        ) looked_for WHERE NOT isempty(missing)
        """,
    ),
    Claim(
        "each use of a month that is closed is billed exactly once",
        f"""
        WITH months AS MATERIALIZED (
            SELECT c.month AS key, c.through, (c.month || '-01')::timestamp AT TIME ZONE '{settings.BILLING_ZONE}' AS starts_at,
                ((c.month || '-01')::timestamp + interval '1 month') AT TIME ZONE '{settings.BILLING_ZONE}' AS ends_at
            FROM usage_closedmonth c JOIN invoices_billingrun r ON r.month = c.month
            WHERE r.state <> 'running' AND {IS_ATTACHED.format(month="c.month")}
            ORDER BY c.month DESC LIMIT {LOOKED_AT_AGAIN}
        ), service AS MATERIALIZED (
            SELECT resource_id, starts_at, coalesce(ends_at, 'infinity') AS ends_at FROM lifecycle_serviceperiod
            WHERE :of(customer_id) AND (ends_at IS NULL OR ends_at > starts_at)
        ), {USED}, billed AS (
            SELECT m.key, i.resource_id, l.item_id, sum(l.quantity - coalesce(
                (SELECT sum(t.quantity) FROM invoices_usetakenback t WHERE t.line_id = l.id), 0)) AS quantity
            FROM months m JOIN invoices_invoiceline l ON l.per_minutes = 0 AND l.starts_at >= m.starts_at AND l.starts_at < m.ends_at
            JOIN invoices_invoice i ON i.id = l.invoice_id
            WHERE :of(l.customer_id) AND :of(i.customer_id) AND NOT (i.status = 'void' AND i.covered_until = i.period_start) GROUP BY 1, 2, 3
        )
        SELECT key || ' ' || resource_id || ': ' || coalesce(q.quantity, 0) || ' used, ' || coalesce(b.quantity, 0) || ' billed', r.customer_id
        FROM quantities q FULL JOIN billed b USING (key, resource_id, item_id) JOIN lifecycle_resource r ON r.id = resource_id
        WHERE coalesce(q.quantity, 0) <> coalesce(b.quantity, 0) AND NOT EXISTS (
            SELECT FROM invoices_parkedbilling p WHERE p.customer_id = r.customer_id AND p.month = key AND p.state = 'parked'
                AND (p.resource_id IS NULL OR p.resource_id = r.id))
        """,
    ),
    Claim(
        "use costs what its price says, in whatever parts it was billed",
        """
        SELECT i.number, l.customer_id FROM invoices_invoiceline l JOIN invoices_invoice i ON i.id = l.invoice_id
        WHERE :of(l.customer_id) AND l.per_minutes = 0 AND (l.amount_before, l.amount_before + l.amount) IS DISTINCT FROM
            (metered_amount(l.price_id, l.quantity_before, l.discount), metered_amount(l.price_id, l.quantity_before + l.quantity, l.discount))
        """,
    ),
    # Of a month with several rates of VAT, less use goes off the lines of its time and not off the last: there the notes say what is left.
    Claim(
        "what stands of a month's use costs what its price says of all of it",
        f"""
        WITH standing AS MATERIALIZED (
            SELECT l.id, i.resource_id, l.item_id, to_char(l.starts_at AT TIME ZONE '{settings.BILLING_ZONE}', 'YYYY-MM') AS month, l.customer_id,
                i.number, i.status, l.price_id, l.discount, l.quantity_before, l.amount_before, l.vat_rate, l.includes_vat, l.total,
                l.quantity - coalesce(t.quantity, 0) AS quantity, coalesce(t.amount, 0) AS credited,
                l.amount - coalesce(CASE WHEN l.includes_vat THEN t.amount ELSE t.net END, 0) AS left_of_it,
                min(l.vat_rate) OVER a_month <> max(l.vat_rate) OVER a_month AS is_mixed,
                (SELECT coalesce(sum(c.amount), 0) FROM invoices_creditnote c WHERE c.line_id = l.id) AS credited_in_all,
                metered_amount(l.price_id, l.quantity_before + l.quantity - coalesce(t.quantity, 0), l.discount) AS amount
            FROM invoices_invoiceline l JOIN invoices_invoice i ON i.id = l.invoice_id LEFT JOIN (
                SELECT t.line_id, sum(t.quantity) AS quantity, sum(c.amount) AS amount,
                    sum((SELECT sum(p.net) FROM invoices_creditedpart p WHERE p.credit_note_id = c.id)) AS net
                FROM invoices_usetakenback t LEFT JOIN invoices_creditnote c ON c.id = t.credit_note_id GROUP BY 1
            ) t ON t.line_id = l.id
            WHERE :of(l.customer_id) AND :of(i.customer_id) AND l.per_minutes = 0 AND NOT (i.status = 'void' AND i.covered_until = i.period_start)
            WINDOW a_month AS (PARTITION BY i.resource_id, l.item_id, to_char(l.starts_at AT TIME ZONE '{settings.BILLING_ZONE}', 'YYYY-MM'))
        )
        SELECT max(number), customer_id FROM standing GROUP BY resource_id, item_id, month, customer_id
        HAVING (NOT bool_or(is_mixed) OR bool_and(credited = credited_in_all AND status <> 'void'))
            AND CASE WHEN bool_or(is_mixed) THEN sum(left_of_it) ELSE sum(amount - amount_before) END
                <> metered_amount(min(price_id::text)::uuid, sum(quantity), min(discount))
        UNION
        SELECT number, customer_id FROM (
            SELECT *, total - amount + amount_before - CASE WHEN includes_vat THEN 0
                ELSE round(amount * vat_rate) - round(amount_before * vat_rate) END AS taken_back FROM standing
        ) less WHERE NOT is_mixed AND (credited > taken_back OR (credited_in_all < taken_back AND status <> 'void'))
        """,
    ),
)
