"""
What customers have spent by ordering: the relations that budgets add up, see `budgets/paid.py`.

An order counts when it is paid, at what was paid; one that waits for its payment is told apart. What failed and was given back counts no
more, and what comes back for unused time is taken off, of what was paid in the same month: money of earlier months makes no room.
"""

from __future__ import annotations

ORDERED = """
SELECT o.customer_id, (i.content ->> 'product')::uuid AS product_id, o.actor,
       coalesce(r.tags, jsonb_build_object('createdBy', o.actor) || coalesce(i.content -> 'tags', '{}')) AS tags,
       coalesce(o.paid_at, o.created_at) AS at,
       i.due AS amount, o.paid_at IS NULL AS is_waiting, o.action IN ('create', 'resize') AS is_new, i.id AS source
FROM orders_order o JOIN orders_orderitem i ON i.order_id = o.id LEFT JOIN lifecycle_resource r ON r.id = i.resource_id
WHERE o.customer_id = ANY(%(customers)s) AND i.due > 0
  AND (o.state = 'awaiting_payment' OR o.paid_at >= %(start)s AND o.paid_at < %(end)s AND i.state <> 'refunded')
"""
RENEWED = """
SELECT p.customer_id, v.product_id, p.actor, r.tags, p.settled_at, a.amount, FALSE, FALSE, p.id
FROM payments_payment p JOIN payments_allocation a ON a.payment_id = p.id AND a.reversal_id IS NULL
JOIN invoices_invoice v ON v.id = a.invoice_id LEFT JOIN lifecycle_resource r ON r.id = v.resource_id
WHERE p.customer_id = ANY(%(customers)s) AND p.kind = 'renewal' AND p.settled_at >= %(start)s AND p.settled_at < %(end)s
"""
GIVEN_BACK = """
SELECT given.customer_id, given.product_id, actor, r.tags, at, least(until - back, counted) - least(until, counted), FALSE, FALSE, source
FROM (
    SELECT v.*, c.issued_at AS at, n.back, sum(n.back) OVER (PARTITION BY v.resource_id, v.actor ORDER BY c.issued_at, c.id)::bigint AS until
    FROM (
        SELECT v.id, v.customer_id, v.product_id, v.resource_id, coalesce(o.actor, '') AS actor, i.id AS source,
               sum(CASE WHEN v.period_key LIKE '%%/again' THEN 0 WHEN i.id IS NOT NULL
                   THEN CASE WHEN i.due > 0 AND i.state <> 'refunded' THEN i.due ELSE 0 END ELSE v.total END)
                   OVER (PARTITION BY v.resource_id, coalesce(o.actor, ''))::bigint AS counted
        FROM invoices_invoice v
        LEFT JOIN orders_orderitem i ON i.id = CASE WHEN v.period_key LIKE 'order-item:%%' THEN substr(v.period_key, 12, 36)::uuid END
        LEFT JOIN orders_order o ON o.id = i.order_id
        WHERE v.customer_id = ANY(%(customers)s) AND v.kind = 'prepaid' AND v.issued_at >= %(start)s AND v.issued_at < %(end)s
          AND coalesce(o.paid_at, v.issued_at) >= %(start)s
          AND (v.period_key NOT LIKE '%%/again' OR EXISTS (
              SELECT FROM invoices_invoice f WHERE f.customer_id = v.customer_id AND f.resource_id = v.resource_id AND f.kind = v.kind
                  AND f.period_key = regexp_replace(v.period_key, '(/again)+$', '') AND f.issued_at >= %(start)s))
    ) v
    JOIN invoices_creditnote c ON c.invoice_id = v.id
    CROSS JOIN LATERAL (
        SELECT c.refunded - coalesce(sum(a.amount), 0)::bigint AS back FROM payments_allocation a WHERE a.credit_note_id = c.id
    ) n
    WHERE c.issued_at >= %(start)s AND c.issued_at < %(end)s
) given LEFT JOIN lifecycle_resource r ON r.id = given.resource_id
"""
"""
Less what the note paid of another invoice: a resize takes what was unused off its own price, and its invoice may so be paid with money of
earlier months. So what comes back of a resource is taken off up to what counted of it: of what the same one ordered in the month. An
invoice that took the place of another counts nothing by itself, and what comes back of it belongs to the month of the first.
"""
