"""Claims about caps: what stands still for one has one that stands, and none stands longer than its month."""

from __future__ import annotations

from billing_portal.auditor.claim import Claim

CAPS = (
    Claim(
        "what a cap has stopped is let go within an hour after it is lifted",
        """
        SELECT r.id::text, r.customer_id FROM lifecycle_resource r
        WHERE :of(r.customer_id) AND r.stopped_for_cap IS NOT NULL AND NOT EXISTS (
            SELECT FROM budgets_hit h WHERE h.customer_id = r.customer_id AND (h.lifted_at IS NULL OR h.lifted_at > %(at)s - interval '1 hour'))
        """,
    ),
    Claim(
        "a cap stands within its month, and as long as it is there",
        """
        SELECT h.id::text, h.customer_id FROM budgets_hit h JOIN budgets_budget b ON b.id = h.budget_id
        WHERE :of(h.customer_id) AND h.lifted_at IS NULL AND (b.removed_at IS NOT NULL OR NOT (b.refuses_orders OR b.stops <> '')
            OR h.month < to_char((%(at)s::timestamptz - interval '1 day') AT TIME ZONE billing_zone(), 'YYYY-MM'))
        """,
    ),
)
