"""Claims about commitments: what is counted and billed of them, and the discount that they give."""

from __future__ import annotations

from django.conf import settings

from billing_portal.auditor.claim import Claim

COMMITTED = (
    Claim(
        "what was counted of a month and what is billed of it reach what was committed",
        """
        SELECT d.commitment_id || ' ' || d.month, d.customer_id
        FROM invoices_committedmonth d JOIN catalog_commitment c ON c.id = d.commitment_id LEFT JOIN invoices_invoice i ON i.id = d.invoice_id
        WHERE :of(d.customer_id) AND (d.counted + coalesce(i.total, 0) < c.amount OR coalesce(i.total, 0) <> d.shortfall OR i.resource_id IS NOT NULL)
        """,
    ),
    Claim(
        "what is counted of a committed month is what its invoices came to when it was decided",
        """
        SELECT d.commitment_id || ' ' || d.month || ': ' || d.counted || ', ' || came_to, d.customer_id
        FROM invoices_committedmonth d
        CROSS JOIN LATERAL (SELECT coalesce(
            (SELECT max(e.decided_at) FROM invoices_committedmonth e WHERE e.customer_id = d.customer_id AND e.id < d.id),
            (SELECT (min(c.starts_on) + interval '1 month') AT TIME ZONE billing_zone() FROM catalog_commitment c
                WHERE c.customer_id = d.customer_id AND c.ends_on > c.starts_on)) AS decided_at
        ) before
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(i.total - coalesce((
                SELECT sum(c.amount) FROM invoices_creditnote c WHERE c.invoice_id = i.id AND c.issued_at <= d.decided_at), 0)), 0) AS came_to
            FROM invoices_invoice i LEFT JOIN invoices_invoice f ON f.resource_id = i.resource_id AND f.kind = i.kind
                AND f.period_key = regexp_replace(i.period_key, '(/again)+$', '')
            WHERE i.customer_id = d.customer_id AND i.kind = 'usage' AND i.resource_id IS NOT NULL AND i.issued_at <= d.decided_at
                AND i.issued_at >= least(before.decided_at, (d.month || '-01')::timestamp AT TIME ZONE billing_zone()) AND CASE
                WHEN left(i.period_key, 7) = d.month THEN TRUE
                WHEN NOT i.is_late OR f.issued_at <= before.decided_at THEN FALSE
                WHEN EXISTS (SELECT FROM catalog_commitment c WHERE c.customer_id = i.customer_id
                    AND (left(i.period_key, 7) || '-01')::date >= c.starts_on AND (left(i.period_key, 7) || '-01')::date < c.ends_on)
                THEN EXISTS (SELECT FROM invoices_committedmonth e
                    WHERE e.customer_id = i.customer_id AND e.month = left(i.period_key, 7) AND e.decided_at < f.issued_at)
                ELSE i.period_key NOT LIKE '%%/use/%%' END
        ) counted WHERE :of(d.customer_id) AND came_to <> d.counted
        """,
    ),
    Claim(
        "each month of a commitment that is billed is decided",
        """
        SELECT c.id || ' ' || r.month, c.customer_id
        FROM invoices_billingrun r JOIN catalog_commitment c ON (r.month || '-01')::date >= c.starts_on AND (r.month || '-01')::date < c.ends_on
        WHERE r.state <> 'running' AND NOT EXISTS (SELECT FROM invoices_committedmonth d WHERE d.commitment_id = c.id AND d.month = r.month)
            AND NOT EXISTS (SELECT FROM invoices_parkedbilling p WHERE p.customer_id = c.customer_id AND p.month = r.month AND p.state = 'parked')
            AND NOT EXISTS (SELECT FROM invoices_billingrun e WHERE e.state = 'running' AND e.month < r.month)
        """,
    ),
    Claim(
        "use has the discount of the commitment that is in force, and no other",
        f"""
        SELECT i.number, l.customer_id FROM invoices_invoiceline l JOIN invoices_invoice i ON i.id = l.invoice_id
        LEFT JOIN catalog_commitment c ON c.customer_id = l.customer_id
            AND c.starts_on <= (l.starts_at AT TIME ZONE '{settings.BILLING_ZONE}')::date
            AND c.ends_on > (l.starts_at AT TIME ZONE '{settings.BILLING_ZONE}')::date
        WHERE :of(l.customer_id) AND :of(i.customer_id) AND l.committed <> CASE WHEN i.kind = 'usage' AND i.resource_id IS NOT NULL
            THEN least(coalesce(c.share, 0), 1 - l.discount + l.committed) ELSE 0 END
        """,
    ),
)
