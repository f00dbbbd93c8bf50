"""The same work by hand: one set-based statement each, into the same tables under the same constraints and triggers."""

MONTH_END = """
WITH segment AS (
    SELECT p.resource_id, p.customer_id, (c.item->>'item')::uuid AS item_id, (c.item->>'quantity')::numeric AS quantity,
           greatest(p.starts_at, %(start)s) AS starts_at, least(coalesce(p.ends_at, %(end)s), %(end)s) AS ends_at
    FROM lifecycle_serviceperiod p CROSS JOIN LATERAL jsonb_array_elements(p.configuration) c(item)
    WHERE p.billing_mode = 'postpaid' AND p.starts_at < %(end)s AND (p.ends_at IS NULL OR p.ends_at > %(start)s)
      AND NOT EXISTS (SELECT 1 FROM invoices_invoice i WHERE i.resource_id = p.resource_id AND i.kind = 'usage' AND i.period_key = %(key)s)
), priced AS (
    SELECT s.*, i.name, i.unit, pr.id AS price_id, pr.unit_price, pr.per_minutes, pr.includes_vat, vat.rate AS vat_rate, coalesce(d.share, 0) AS discount,
           (extract(epoch FROM s.ends_at - s.starts_at) / 60)::int AS minutes
    FROM segment s JOIN catalog_item i ON i.id = s.item_id
    JOIN catalog_price pr ON pr.item_id = s.item_id AND pr.customer_id IS NULL AND pr.valid_from <= s.starts_at
        AND (pr.valid_until IS NULL OR pr.valid_until > s.starts_at)
    JOIN LATERAL (
        SELECT rate FROM catalog_taxrate WHERE category_id = pr.tax_category_id
            AND since <= ((s.ends_at - interval '1 minute') AT TIME ZONE billing_zone())::date ORDER BY since DESC, id DESC LIMIT 1
    ) vat ON TRUE
    LEFT JOIN catalog_discount d ON d.customer_id = s.customer_id AND d.product_id = i.product_id AND d.valid_from <= s.starts_at
        AND (d.valid_until IS NULL OR d.valid_until > s.starts_at)
), amounts AS (
    SELECT *, round(unit_price * quantity * (1 - discount) * minutes / per_minutes)::bigint AS amount FROM priced
    -- use
), line AS MATERIALIZED (
    SELECT *, CASE WHEN includes_vat THEN round(amount * vat_rate / (1 + vat_rate)) ELSE round(amount * vat_rate) END::bigint AS tax,
           row_number() OVER (PARTITION BY resource_id ORDER BY per_minutes = 0, starts_at) AS position
    FROM amounts
), bill AS MATERIALIZED (
    SELECT gen_random_uuid() AS id, l.resource_id, l.customer_id, min(l.starts_at) AS starts_at, max(l.ends_at) AS ends_at,
           sum(amount + CASE WHEN includes_vat THEN 0 ELSE tax END) AS total, sum(tax) AS tax,
           row_number() OVER (ORDER BY l.customer_id, l.resource_id) AS n
    FROM line l GROUP BY l.resource_id, l.customer_id
), counter AS (
    INSERT INTO invoices_numberseries (series, year, last) SELECT 'U', 2026, count(*) FROM bill
    ON CONFLICT (series, year) DO UPDATE SET last = invoices_numberseries.last + EXCLUDED.last RETURNING last
), invoice AS (
    INSERT INTO invoices_invoice (id, number, customer_id, resource_id, product_id, kind, period_key, resource_name, buyer, seller, period_start,
        period_end, covered_until, issued_at, due_at, subtotal, tax, coupon, coupon_code, total, paid, credited, refunded)
    SELECT b.id, 'U2026-' || lpad((counter.last - (SELECT count(*) FROM bill) + b.n)::text, 7, '0'), b.customer_id, b.resource_id, r.product_id,
        'usage', %(key)s, r.name, jsonb_build_object('name', c.name, 'kind', 'consumer', 'tax_code', '', 'personal_id', '',
            'address', '', 'email', c.email, 'language', c.language),
        %(seller)s::jsonb, b.starts_at, b.ends_at, b.ends_at, %(at)s, %(due)s, b.total, b.tax, 0, '', b.total, 0, 0, 0
    FROM bill b JOIN lifecycle_resource r ON r.id = b.resource_id JOIN accounts_customer c ON c.id = b.customer_id, counter
), lines AS (
    INSERT INTO invoices_invoiceline (invoice_id, customer_id, position, item_id, price_id, name, unit, starts_at, ends_at, minutes, quantity,
        unit_price, per_minutes, discount, includes_vat, vat_rate, taxed_at, amount, tax, total, tags)
    SELECT b.id, l.customer_id, l.position, l.item_id, l.price_id, l.name, l.unit, l.starts_at, l.ends_at, l.minutes, l.quantity, l.unit_price,
        l.per_minutes, l.discount, l.includes_vat, l.vat_rate, l.ends_at - interval '1 minute', l.amount, l.tax, l.amount + CASE WHEN l.includes_vat THEN 0 ELSE l.tax END, '{}'
    FROM line l JOIN bill b USING (resource_id)
), notices AS (
    INSERT INTO notifications_notice (customer_id, kind, event, recipient, facts, at, state, attempts, next_attempt_at, error)
    SELECT b.customer_id, 'invoice_issued', 'invoice:' || b.id, c.email,
        jsonb_build_object('invoice', b.id, 'resource', r.name, 'total', b.total, 'from', b.starts_at, 'until', b.ends_at),
        %(at)s, 'pending', 0, %(at)s, ''
    FROM bill b JOIN lifecycle_resource r ON r.id = b.resource_id JOIN accounts_customer c ON c.id = b.customer_id
)
SELECT count(*), sum(total) FROM bill
"""

USE = """
    UNION ALL
    SELECT u.resource_id, s.customer_id, u.item_id, u.quantity, s.starts_at, s.ends_at, i.name, i.unit, pr.id, pr.unit_price, 0, pr.includes_vat,
           vat.rate, coalesce(d.share, 0), (extract(epoch FROM s.ends_at - s.starts_at) / 60)::int,
           round(pr.unit_price * u.quantity * (1 - coalesce(d.share, 0)))::bigint
    FROM (SELECT resource_id, item_id, sum(quantity) AS quantity FROM usage_record WHERE used_at >= %(start)s AND used_at < %(end)s GROUP BY 1, 2) u
    JOIN (SELECT resource_id, customer_id, min(starts_at) AS starts_at, max(ends_at) AS ends_at FROM segment GROUP BY 1, 2) s USING (resource_id)
    JOIN catalog_item i ON i.id = u.item_id
    JOIN catalog_price pr ON pr.item_id = u.item_id AND pr.customer_id IS NULL AND pr.valid_from <= s.starts_at
        AND (pr.valid_until IS NULL OR pr.valid_until > s.starts_at)
    JOIN LATERAL (
        SELECT rate FROM catalog_taxrate WHERE category_id = pr.tax_category_id
            AND since <= ((s.ends_at - interval '1 minute') AT TIME ZONE billing_zone())::date ORDER BY since DESC, id DESC LIMIT 1
    ) vat ON TRUE
    LEFT JOIN catalog_discount d ON d.customer_id = s.customer_id AND d.product_id = i.product_id AND d.valid_from <= s.starts_at
        AND (d.valid_until IS NULL OR d.valid_until > s.starts_at)
"""
MONTH_END_WITH_USE = MONTH_END.replace("    -- use\n", USE)
"""And a line for each metered item, at its one price: neither tiers nor corrections, nor a look at what was billed before."""

NOTICE = """
INSERT INTO notifications_notice (customer_id, kind, event, recipient, facts, at, state, attempts, next_attempt_at, error)
SELECT m.customer_id, %(kind)s, 'resource:' || m.id || ':' || %(at)s, c.email, jsonb_build_object('resource', m.name, 'at', m.instant), %(at)s,
       'pending', 0, %(at)s, ''
FROM moved m JOIN accounts_customer c ON c.id = m.customer_id
"""
EVENT = """
INSERT INTO lifecycle_resourceevent (resource_id, customer_id, kind, from_state, to_state, at, actor_kind, actor, reason)
SELECT id, customer_id, %(event)s, 'active', state, %(at)s, 'system', 'bench', '' FROM moved
"""
REQUEST = """
INSERT INTO lifecycle_provisioningrequest (id, resource_id, product_id, verb, configuration, expects_answer, state, requested_at, attempts, next_attempt_at, reason)
SELECT gen_random_uuid(), id, product_id, %(verb)s, configuration, FALSE, 'pending', %(at)s, 0, %(at)s, '' FROM moved
"""
EXPIRE = f"""
WITH moved AS (
    UPDATE lifecycle_resource SET state = 'suspense', changed_at = %(at)s, suspended_at = %(at)s, suspense_reason = 'expired',
           purge_at = %(at)s + interval '7 days', auto_renew_months = NULL, stopped_for_debt = FALSE, stopped_for_cap = NULL,
           stopped_for_credit = FALSE, starts_by_hand = FALSE
    WHERE billing_mode = 'prepaid' AND NOT rolls_over AND state IN ('active', 'stop') AND suspend_at <= %(at)s
    RETURNING id, customer_id, product_id, name, configuration, state, purge_at AS instant
), events AS ({EVENT}), requests AS ({REQUEST}), notices AS ({NOTICE})
SELECT count(*) FROM moved
"""
ROLL_OVER = f"""
WITH moved AS (
    UPDATE lifecycle_resource r SET billing_mode = 'postpaid', paid_until = NULL, suspend_at = NULL, rolls_over = FALSE, auto_renew_months = NULL
    FROM (SELECT id, paid_until AS instant FROM lifecycle_resource
          WHERE billing_mode = 'prepaid' AND rolls_over AND state IN ('active', 'stop') AND suspend_at <= %(at)s) old
    WHERE r.id = old.id RETURNING r.id, r.customer_id, r.name, r.configuration, r.state, old.instant
), periods AS (
    INSERT INTO lifecycle_serviceperiod (resource_id, customer_id, billing_mode, configuration, starts_at, ends_at)
    SELECT id, customer_id, 'postpaid', configuration, instant, NULL FROM moved
), events AS ({EVENT}), notices AS ({NOTICE})
SELECT count(*) FROM moved
"""
PURGE = f"""
WITH moved AS (
    UPDATE lifecycle_resource SET state = 'deleted', changed_at = %(at)s WHERE state = 'suspense' AND purge_at <= %(at)s
    RETURNING id, customer_id, product_id, name, configuration, state, purge_at AS instant
), events AS ({EVENT}), requests AS ({REQUEST}), notices AS ({NOTICE})
SELECT count(*) FROM moved
"""
REMIND = f"""
WITH moved AS (
    SELECT id, customer_id, name, paid_until AS instant FROM lifecycle_resource
    WHERE billing_mode = 'prepaid' AND NOT rolls_over AND state IN ('active', 'stop') AND paid_until > %(at)s AND paid_until < %(at)s + interval '8 days'
), notices AS ({NOTICE})
SELECT count(*) FROM moved
"""
SPEND = """
\\set customer random(1, {customers})
\\set number random(1, 9000000000000000)
{statement};
"""
"""For pgbench: the statement of a spend, with its arguments made by the server."""
