"""
The auditor: what must be true of the books at every instant, as queries that find whatever is not.

It runs after every test and every night (job "audit"). The database refuses most violations by itself; this finds the ones
that span tables, and would find a hole in the rest. Each claim is one statement over the whole books, so it sees them at one
instant while business goes on. Those about kept totals come from `totals`.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from billing_portal.totals import TOTALS

logger = logging.getLogger(__name__)

PATIENCE_MINUTES = 5

CHECKS = {
    **{total.claim: total.differences for total in TOTALS},
    "every transaction sums to zero": """
        SELECT transaction_id::text FROM ledger_entry GROUP BY transaction_id HAVING sum(amount) <> 0
    """,
    "the balance after the latest entry is the balance": """
        SELECT a.id::text FROM ledger_account a
        JOIN LATERAL (SELECT balance_after FROM ledger_entry e WHERE e.account_id = a.id ORDER BY id DESC LIMIT 1) e ON TRUE
        WHERE a.balance IS NOT NULL AND a.balance <> e.balance_after
    """,
    "promotional credit is what is left of its grants": """
        SELECT a.id::text FROM ledger_account a LEFT JOIN ledger_grant g ON g.customer_id = a.customer_id
        WHERE a.kind = 'promotional' GROUP BY a.id HAVING a.balance <> coalesce(sum(g.rest), 0)
    """,
    "escrow holds exactly the money of open orders": """
        SELECT escrow || ' instead of ' || owed FROM
            (SELECT coalesce(sum(e.amount), 0) AS escrow FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
             WHERE a.kind = 'escrow') h,
            (SELECT coalesce(sum(due), 0) AS owed FROM orders_orderitem WHERE state = 'provisioning') o
        WHERE escrow <> owed
    """,
    "sales are what invoices were paid, less what was given back": """
        SELECT sales || ' instead of ' || paid FROM
            (SELECT coalesce(sum(e.amount), 0) AS sales FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
             WHERE a.kind = 'sales') l,
            (SELECT coalesce(sum(paid - refunded), 0) AS paid FROM invoices_invoice) i
        WHERE sales <> paid
    """,
    "money at gateways is what succeeded payments brought": """
        SELECT held || ' instead of ' || brought FROM
            (SELECT coalesce(-sum(e.amount), 0) AS held FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
             WHERE a.kind = 'gateway') l,
            (SELECT coalesce(sum(captured - taken_back), 0) AS brought FROM payments_payment
             WHERE means = 'gateway' AND state IN ('succeeded', 'refunded')) p
        WHERE held <> brought
    """,
    "money in the bank is what arrived there and was neither sent nor taken back": """
        SELECT held || ' instead of ' || arrived FROM
            (SELECT coalesce(-sum(e.amount), 0) AS held FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
             WHERE a.kind = 'bank') l,
            (SELECT coalesce(sum(amount - returned), 0) - (SELECT coalesce(sum(taken_back), 0) FROM payments_payment
             WHERE means = 'bank_transfer') AS arrived FROM payments_banktransfer) t
        WHERE held <> arrived
    """,
    "suspense holds what arrived at the bank and is nobody's yet": """
        SELECT held || ' instead of ' || nobodys FROM
            (SELECT coalesce(sum(e.amount), 0) AS held FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
             WHERE a.kind = 'suspense') l,
            (SELECT coalesce(sum(amount - assigned - returned), 0) AS nobodys FROM payments_banktransfer) t
        WHERE held <> nobodys
    """,
    "an expected transfer is met when as much has come": """
        SELECT x.reference FROM payments_expectedtransfer x LEFT JOIN payments_payment p ON p.expected_id = x.id
        GROUP BY x.id HAVING (coalesce(sum(p.amount), 0) >= x.amount) <> (x.met_at IS NOT NULL)
    """,
    "debts are what was taken back and is neither credit nor on an invoice": """
        SELECT held || ' instead of ' || owed FROM
            (SELECT coalesce(-sum(e.amount), 0) AS held FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
             WHERE a.kind = 'debts') l,
            (SELECT coalesce(sum(debt - collected), 0) AS owed FROM payments_reversal) r
        WHERE held <> owed
    """,
    "invoices have lines that add up to them": """
        SELECT i.number FROM invoices_invoice i LEFT JOIN invoices_invoiceline l ON l.invoice_id = i.id
        GROUP BY i.id HAVING count(l.id) = 0 OR sum(l.total) <> i.subtotal OR sum(l.tax) <> i.tax
    """,
    "what a credit note gave back arrived": """
        SELECT c.number FROM invoices_creditnote c
        WHERE c.refunded <> coalesce((SELECT sum(amount) FROM payments_allocation a WHERE a.credit_note_id = c.id), 0)
            + coalesce((SELECT sum(e.amount) FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id
                        WHERE t.kind = 'credit_note_refund' AND t.source = c.id::text AND e.customer_id IS NOT NULL), 0)
    """,
    "a resource's state is where its history ends": """
        SELECT r.id::text FROM lifecycle_resource r
        LEFT JOIN LATERAL (SELECT to_state FROM lifecycle_resourceevent e WHERE e.resource_id = r.id ORDER BY id DESC LIMIT 1) e ON TRUE
        WHERE r.state IS DISTINCT FROM e.to_state
    """,
    "deleted resources and those in the trash are not in service": """
        SELECT p.id::text FROM lifecycle_serviceperiod p JOIN lifecycle_resource r ON r.id = p.resource_id
        WHERE r.state IN ('suspense', 'deleted') AND (p.ends_at IS NULL OR p.ends_at > greatest(r.changed_at, p.starts_at))
    """,
    "an ended order has no open items, an open one has": """
        SELECT o.id::text FROM orders_order o
        WHERE (o.state IN ('completed', 'partly_refunded', 'refunded', 'cancelled', 'expired'))
            = EXISTS (SELECT 1 FROM orders_orderitem i WHERE i.order_id = o.id AND i.state IN ('waiting', 'provisioning'))
    """,
    "prepaid service is covered by invoices, minute for minute": """
        SELECT r.id::text FROM lifecycle_resource r
        WHERE coalesce((SELECT sum(ends_at - starts_at) FROM lifecycle_serviceperiod p WHERE p.resource_id = r.id AND p.billing_mode = 'prepaid'),
                       interval '0')
           <> coalesce((SELECT sum(covered_until - period_start) FROM invoices_invoice i WHERE i.resource_id = r.id AND i.kind = 'prepaid'),
                       interval '0')
    """,
    "each postpaid minute of a month that is closed is billed exactly once": f"""
        WITH months AS (
            SELECT month AS key, tstzrange((month || '-01')::timestamp AT TIME ZONE '{settings.BILLING_ZONE}',
                ((month || '-01')::timestamp + interval '1 month') AT TIME ZONE '{settings.BILLING_ZONE}') AS month
            FROM invoices_billingrun WHERE state <> 'running'
        ), used AS MATERIALIZED (
            SELECT resource_id, customer_id, range_agg(tstzrange(starts_at, ends_at)) AS minutes FROM lifecycle_serviceperiod
            WHERE billing_mode = 'postpaid' AND (ends_at IS NULL OR ends_at > starts_at) GROUP BY 1, 2
        ), billed AS MATERIALIZED (
            SELECT i.resource_id, range_agg(DISTINCT tstzrange(l.starts_at, l.ends_at)) AS minutes
            FROM invoices_invoice i JOIN invoices_invoiceline l ON l.invoice_id = i.id WHERE i.kind = 'usage' GROUP BY 1
        ), held AS (
            SELECT p.customer_id, p.resource_id, m.month
            FROM invoices_parkedbilling p JOIN months m ON m.key = p.month WHERE p.state = 'parked'
        )
        SELECT resource_id || ' ' || missing FROM (
            SELECT resource_id, used.minutes * ended.months - coalesce(billed.minutes, '{{}}') - coalesce(whole.minutes, '{{}}')
                - coalesce(own.minutes, '{{}}') AS missing
            FROM used CROSS JOIN (SELECT range_agg(month) AS months FROM months) ended LEFT JOIN billed USING (resource_id)
            LEFT JOIN (SELECT customer_id, range_agg(month) AS minutes FROM held WHERE resource_id IS NULL GROUP BY 1) whole USING (customer_id)
            LEFT JOIN (SELECT resource_id, range_agg(month) AS minutes FROM held GROUP BY 1) own USING (resource_id)
        ) looked_for WHERE NOT isempty(missing)
    """,
}


class BooksBroken(Exception):
    """Something that must always be true is not; the message says what."""


def audit_the_books(*, at: datetime) -> int:
    """
    Returns how many claims hold: all of them.

    :raises BooksBroken: some do not
    """
    del at  # the claims are about what is written, not about time
    if found := violations():
        raise BooksBroken("; ".join(found))
    return len(CHECKS)


def violations() -> list[str]:
    """What is wrong with the books, one sentence each; empty when all is well."""
    found = []
    for claim, query in CHECKS.items():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE_MINUTES}min'")
            cursor.execute(f"SELECT * FROM ({query}) broken LIMIT 5")
            found += [f"not true: {claim} ({row[0]})" for row in cursor.fetchall()]
    for violation in found:
        logger.critical("auditor: %s", violation)
    return found
