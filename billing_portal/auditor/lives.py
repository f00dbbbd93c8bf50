"""Claims about resources, orders and people: what runs is paid for, what was paid for is there, and what happened is on record."""

from __future__ import annotations

from billing_portal.auditor.claim import Claim

LIVES = (
    Claim(
        "a resource's state is where its history ends",
        """
        SELECT r.id::text, r.customer_id FROM lifecycle_resource r
        LEFT JOIN LATERAL (SELECT to_state FROM lifecycle_resourceevent e WHERE e.resource_id = r.id ORDER BY id DESC LIMIT 1) e ON TRUE
        WHERE :of(r.customer_id) AND r.state IS DISTINCT FROM e.to_state
        """,
    ),
    Claim(
        "deleted resources and those in the trash are not in service",
        """
        SELECT p.id::text, r.customer_id FROM lifecycle_serviceperiod p JOIN lifecycle_resource r ON r.id = p.resource_id
        WHERE :of(r.customer_id) AND r.state IN ('suspense', 'deleted')
            AND (p.ends_at IS NULL OR p.ends_at > greatest(r.changed_at, p.starts_at))
        """,
    ),
    Claim(
        "what runs on usage is in use",
        """
        SELECT r.id::text, r.customer_id FROM lifecycle_resource r
        WHERE :of(r.customer_id) AND r.state = 'active' AND r.billing_mode = 'postpaid' AND NOT EXISTS (
            SELECT FROM lifecycle_serviceperiod p WHERE p.resource_id = r.id AND p.billing_mode = 'postpaid' AND p.ends_at IS NULL)
        """,
    ),
    Claim(
        "paid time ends where invoices, POC credit or what happened last say so",
        """
        SELECT r.id::text, r.customer_id FROM lifecycle_resource r
        WHERE :of(r.customer_id) AND r.state IN ('active', 'stop') AND r.paid_until IS NOT NULL AND NOT EXISTS (
            SELECT FROM invoices_invoice i WHERE i.resource_id = r.id AND i.kind = 'prepaid' AND i.covered_until >= r.paid_until
        ) AND NOT EXISTS (
            SELECT FROM payments_poctime p WHERE p.resource_id = r.id AND p.covered_until >= r.paid_until
        ) AND NOT EXISTS (SELECT FROM lifecycle_resourceevent e WHERE e.resource_id = r.id AND e.at >= r.paid_until)
        """,
    ),
    Claim(
        "what is over is in the trash a day later",
        """
        SELECT r.id::text, r.customer_id FROM lifecycle_resource r
        WHERE :of(r.customer_id) AND r.state IN ('active', 'stop') AND r.suspend_at < %(at)s - interval '1 day'
        """,
    ),
    Claim(
        "what is stopped for lack of credit lacks it, or is let go within an hour",
        """
        SELECT r.id::text, r.customer_id FROM lifecycle_resource r
        WHERE :of(r.customer_id) AND r.stopped_for_credit AND NOT EXISTS (
            SELECT FROM lifecycle_creditwarning w WHERE w.resource_id = r.id AND w.came_at IS NOT NULL
                AND (w.ended_at IS NULL OR w.ended_at > %(at)s - interval '1 hour'))
            AND NOT EXISTS (SELECT FROM lifecycle_provisioningrequest q WHERE q.resource_id = r.id AND q.expects_answer
                AND q.state IN ('pending', 'delivered'))
        """,
    ),
    Claim(
        "who is warned of a stop lacks credit for that product, and who lacks it is warned",
        """
        SELECT w.resource_id::text, w.customer_id FROM lifecycle_creditwarning w JOIN lifecycle_resource r ON r.id = w.resource_id
        WHERE :of(w.customer_id) AND w.ended_at IS NULL AND NOT EXISTS (SELECT FROM payments_shortage s
            WHERE s.customer_id = w.customer_id AND s.product_id = r.product_id AND s.lifted_at IS NULL)
        UNION ALL
        SELECT s.id::text, s.customer_id FROM payments_shortage s
        WHERE :of(s.customer_id) AND s.lifted_at IS NULL AND NOT EXISTS (SELECT FROM lifecycle_creditwarning w
            JOIN lifecycle_resource r ON r.id = w.resource_id WHERE w.customer_id = s.customer_id AND w.ended_at IS NULL
                AND r.product_id = s.product_id)
        """,
    ),
    Claim(
        "the history of a resource runs forward",
        """
        SELECT DISTINCT resource_id::text, customer_id FROM (
            SELECT resource_id, customer_id, at - lag(at) OVER (PARTITION BY resource_id ORDER BY id) AS later
            FROM lifecycle_resourceevent WHERE :of(customer_id)
        ) one_after_another WHERE later < interval '-1 hour'
        """,
    ),
    Claim(
        "nothing is deleted by itself before its time in the trash is over",
        """
        SELECT r.id::text, r.customer_id FROM lifecycle_resource r JOIN lifecycle_resourceevent e ON e.resource_id = r.id
        WHERE :of(r.customer_id) AND :of(e.customer_id) AND r.state = 'deleted' AND e.kind = 'purged' AND e.actor_kind = 'system'
            AND e.at < r.purge_at
        """,
    ),
    Claim(
        "what came back from the trash was not dated back",  # for then it may have been too late
        """
        SELECT e.resource_id::text, e.customer_id FROM lifecycle_resourceevent e JOIN LATERAL (
            SELECT at FROM lifecycle_resourceevent b WHERE b.id < e.id ORDER BY id DESC LIMIT 1
        ) before ON TRUE
        WHERE :of(e.customer_id) AND e.from_state = 'suspense' AND e.to_state = 'active'
            AND e.at BETWEEN %(at)s - interval '60 days' AND before.at - interval '1 day'
        """,
    ),
    Claim(
        "an ended order has no open items, an open one has",
        """
        SELECT o.id::text, o.customer_id FROM orders_order o
        WHERE :of(o.customer_id) AND (o.state IN ('completed', 'partly_refunded', 'refunded', 'cancelled', 'expired'))
            = EXISTS (SELECT 1 FROM orders_orderitem i WHERE i.order_id = o.id AND i.state IN ('waiting', 'provisioning'))
        """,
    ),
    Claim(
        "what is carried out was paid for by a payment that succeeded",
        """
        SELECT o.id::text, o.customer_id FROM orders_order o LEFT JOIN payments_payment p ON p.id = o.payment_id
        WHERE :of(o.customer_id) AND o.total > 0 AND o.state IN ('paid', 'provisioning', 'completed', 'partly_refunded', 'refunded')
            AND (p.id IS NULL OR p.state NOT IN ('succeeded', 'refunded') OR p.order_id IS DISTINCT FROM o.id)
        """,
    ),
    Claim(
        "every order has its items, and they add up to it",
        """
        SELECT o.id::text, o.customer_id FROM orders_order o LEFT JOIN orders_orderitem i ON i.order_id = o.id
        WHERE :of(o.customer_id) GROUP BY o.id HAVING count(i.id) = 0 OR sum(i.due) <> o.total
        """,
    ),
    Claim(
        "what was paid for is provided or given back within a week",
        """
        SELECT o.id::text, o.customer_id FROM orders_order o
        WHERE :of(o.customer_id) AND o.state IN ('paid', 'provisioning') AND o.paid_at < %(at)s - interval '7 days'
        """,
    ),
    Claim(
        "a coupon is used by orders that stand, as often as each customer may",
        """
        SELECT r.id::text, r.customer_id FROM catalog_redemption r LEFT JOIN orders_order o ON o.id = r.order_id
        WHERE :of(r.customer_id) AND (o.customer_id IS DISTINCT FROM r.customer_id
            OR (r.state = 'returned') <> (o.state IN ('cancelled', 'expired', 'refunded')))
        UNION ALL
        SELECT c.code, r.customer_id FROM catalog_coupon c JOIN catalog_redemption r ON r.coupon_id = c.id AND r.state <> 'returned'
        WHERE :of(r.customer_id) GROUP BY c.id, r.customer_id HAVING count(*) > c.maximum_uses_per_customer
        """,
    ),
    Claim(
        "a customer's mode is that of the last switch",
        """
        SELECT c.id::text, c.id FROM accounts_customer c JOIN LATERAL (
            SELECT to_mode FROM accounts_billingmodeswitch s WHERE s.customer_id = c.id ORDER BY s.at DESC, s.id DESC LIMIT 1
        ) s ON TRUE WHERE :of(c.id) AND c.billing_mode <> s.to_mode
        """,
    ),
    Claim(
        "a switch of the mode is in the audit trail",
        """
        SELECT s.id::text, s.customer_id FROM accounts_billingmodeswitch s
        WHERE :of(s.customer_id) AND NOT EXISTS (
            SELECT FROM accounts_auditentry a WHERE a.customer_id = s.customer_id AND a.at = s.at AND a.actor = s.actor)
        """,
    ),
    Claim(
        "what a second person decided is in the audit trail",
        """
        SELECT s.act || ' ' || s.id, s.customer_id FROM accounts_staffact s
        WHERE :of(s.customer_id) AND s.state IN ('approved', 'refused', 'withdrawn', 'expired', 'reviewed') AND NOT EXISTS (
            SELECT FROM accounts_auditentry a
            WHERE :of(a.customer_id) AND a.subject = s.id::text AND a.at = s.decided_at AND a.actor = s.decided_by)
        """,
    ),
)
