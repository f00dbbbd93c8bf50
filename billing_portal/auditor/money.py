"""Claims about where money is: the ledger, and the rows that its transactions are about."""

from __future__ import annotations

from billing_portal.auditor.claim import Claim
from payments.origins import SUMS_OF_KINDS

HOUSE = """
    SELECT {held} || ' instead of ' || {said}, NULL::uuid FROM {ledger}, {rows} WHERE {held} <> {said}
"""


def _summed(kind: str, name: str, sign: str = "") -> str:
    return (
        f"(SELECT coalesce({sign}sum(e.amount), 0) AS {name} FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id"
        f" WHERE a.kind = '{kind}') l"
    )


def _house(sentence: str, kind: str, rows: str, *, sign: str = "") -> Claim:
    """A house account holds what these rows say (a query for `said`)."""
    return Claim(
        sentence,
        HOUSE.format(held="held", said="said", ledger=_summed(kind, "held", sign), rows=f"({rows}) r"),
    )


def _has_row(sentence: str, kinds: str, row: str) -> Claim:
    """A transaction of these kinds has the row that it is about."""
    return Claim(
        sentence,
        f"""
        SELECT t.kind || ' ' || t.source, t.customer_id FROM ledger_transaction t
        WHERE t.kind IN ({kinds}) AND :new(t.id) AND :of(t.customer_id) AND NOT EXISTS ({row})
        """,
    )


def _is_posted(sentence: str, rows: str, kind: str) -> Claim:
    """Rows (a query for label, customer and source) have their transaction."""
    return Claim(
        sentence,
        f"""
        SELECT label, customer FROM ({rows}) rows(label, customer, source)
        WHERE NOT EXISTS (SELECT FROM ledger_transaction t WHERE t.kind = '{kind}' AND t.source = rows.source AND t.customer_id = customer)
        """,
    )


PAID = """
    SELECT p.reference, p.customer_id, {source} FROM payments_payment p
    WHERE :of(p.customer_id) AND p.state IN ('succeeded', 'refunded') AND {which}
"""

MONEY = (
    Claim(
        "every transaction sums to zero",
        """
        SELECT e.transaction_id::text, t.customer_id FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id
        WHERE :new(t.id) AND :of(t.customer_id) GROUP BY e.transaction_id, t.customer_id HAVING sum(e.amount) <> 0
        """,
    ),
    Claim(
        "every transaction moves something",
        """
        SELECT t.kind || ' ' || t.source, t.customer_id FROM ledger_transaction t
        WHERE :new(t.id) AND :of(t.customer_id) AND NOT EXISTS (SELECT FROM ledger_entry e WHERE e.transaction_id = t.id)
        """,
    ),
    Claim(
        "a touched wallet's balance is the sum of its entries",
        """
        SELECT a.id::text, a.customer_id FROM ledger_account a
        LEFT JOIN (SELECT account_id, sum(amount) AS amount FROM ledger_entry WHERE :of(customer_id) GROUP BY 1) e ON e.account_id = a.id
        WHERE :of(a.customer_id) AND a.balance IS NOT NULL AND a.balance <> coalesce(e.amount, 0)
        """,
        nightly=False,
    ),
    Claim(
        "what is held of a touched wallet is the sum of its open holds",
        """
        SELECT a.id::text, a.customer_id FROM ledger_account a
        LEFT JOIN (SELECT account_id, sum(amount) AS amount FROM ledger_credithold
            WHERE :of(customer_id) AND ended_at IS NULL GROUP BY 1) h ON h.account_id = a.id
        WHERE :of(a.customer_id) AND a.balance IS NOT NULL AND a.held <> coalesce(h.amount, 0)
        """,
        nightly=False,
    ),
    Claim(
        "what is held for use says of which resource and month",
        """
        SELECT h.source, h.customer_id FROM ledger_credithold h
        WHERE :of(h.customer_id) AND h.source LIKE 'use:%%' AND NOT EXISTS (SELECT FROM payments_usagehold u WHERE u.hold_id = h.id)
        """,
    ),
    Claim(
        "what was captured was held for a bill that was written",
        """
        SELECT h.source, h.customer_id FROM ledger_credithold h JOIN payments_usagehold u ON u.hold_id = h.id
        WHERE :of(h.customer_id) AND h.ended_as = 'captured' AND NOT EXISTS (
            SELECT FROM invoices_invoice i WHERE i.resource_id = u.resource_id AND i.kind = 'usage' AND i.is_late
                AND i.period_key LIKE u.month || '/%%' AND i.issued_at <= h.ended_at)
        """,
    ),
    Claim(
        "nothing stays held for use whose bill was written before",
        """
        SELECT h.source, h.customer_id FROM ledger_credithold h JOIN payments_usagehold u ON u.hold_id = h.id
        WHERE :of(h.customer_id) AND h.ended_at IS NULL AND EXISTS (
            SELECT FROM invoices_invoice i WHERE i.resource_id = u.resource_id AND i.kind = 'usage' AND i.is_late
                AND i.period_key LIKE u.month || '/%%' AND i.issued_at > h.at AND i.issued_at < %(at)s - interval '2 days')
        """,
    ),
    Claim(
        "the balance after the latest entry is the balance",
        """
        SELECT a.id::text, a.customer_id FROM ledger_account a
        JOIN LATERAL (SELECT balance_after FROM ledger_entry e WHERE e.account_id = a.id ORDER BY id DESC LIMIT 1) e ON TRUE
        WHERE :of(a.customer_id) AND a.balance IS NOT NULL AND a.balance <> e.balance_after
        """,
    ),
    Claim(
        "promotional and POC credit are what is left of their grants",
        """
        SELECT a.id::text, a.customer_id FROM ledger_account a LEFT JOIN ledger_grant g ON g.customer_id = a.customer_id
            AND g.kind = a.kind
        WHERE :of(a.customer_id) AND a.kind IN ('promotional', 'poc') GROUP BY a.id HAVING a.balance <> coalesce(sum(g.rest), 0)
        """,
    ),
    Claim("what is left of each kind of credit adds up to the credit", SUMS_OF_KINDS),
    Claim(
        "grants are used by transactions of their own customer",
        """
        SELECT u.id::text, g.customer_id FROM ledger_grantuse u JOIN ledger_grant g ON g.id = u.grant_id
        JOIN ledger_transaction t ON t.id = u.transaction_id
        WHERE :of(g.customer_id) AND t.customer_id IS DISTINCT FROM g.customer_id
        """,
    ),
    _house(
        "escrow holds exactly the money of open orders",
        "escrow",
        "SELECT coalesce(sum(due), 0) AS said FROM orders_orderitem WHERE state = 'provisioning'",
    ),
    _house(
        "used up POC credit is what it paid for, and what is being provided for it",
        "poc_used",
        "SELECT (SELECT coalesce(sum(amount - returned), 0) FROM payments_poctime)"
        " + (SELECT coalesce(sum((content ->> 'total')::bigint), 0) FROM orders_orderitem"
        "    WHERE state = 'provisioning' AND jsonb_typeof(content -> 'poc') = 'object') AS said",
    ),
    _house(
        "sales are what invoices were paid, less what was given back",
        "sales",
        "SELECT coalesce(sum(paid - refunded), 0) AS said FROM invoices_invoice",
    ),
    _house(
        "money at gateways is what payments brought and what is nobody's yet",
        "gateway",
        "SELECT coalesce(sum(captured - taken_back), 0) - (SELECT coalesce(sum(amount), 0) FROM payments_refund WHERE state = 'done')"
        " + (SELECT coalesce(sum(amount - returned), 0) FROM payments_banktransfer WHERE channel = 'gate')"
        " - (SELECT coalesce(sum(p.taken_back), 0) FROM payments_payment p JOIN payments_banktransfer t"
        "    ON t.id = p.transfer_id AND t.channel = 'gate') AS said"
        " FROM payments_payment WHERE means = 'gateway' AND state IN ('succeeded', 'refunded')",
        sign="-",
    ),
    _house(
        "money in the bank is what arrived there and was neither sent nor taken back",
        "bank",
        "SELECT coalesce(sum(amount - returned), 0) - (SELECT coalesce(sum(p.taken_back), 0) FROM payments_payment p"
        " JOIN payments_banktransfer t ON t.id = p.transfer_id AND t.channel <> 'gate') AS said"
        " FROM payments_banktransfer WHERE channel <> 'gate'",
        sign="-",
    ),
    _house(
        "suspense holds what arrived at the bank and is nobody's yet",
        "suspense",
        "SELECT coalesce(sum(amount - assigned - returned), 0) AS said FROM payments_banktransfer",
    ),
    _house(
        "debts are what was taken back and is neither credit nor on an invoice",
        "debts",
        "SELECT coalesce(sum(debt - collected), 0) AS said FROM payments_reversal",
        sign="-",
    ),
    _house(
        "what goes back to its source is between wallet and gateway",
        "refunds",
        "SELECT coalesce(sum(amount), 0) AS said FROM payments_refund WHERE state IN ('approved', 'under_way')",
    ),
    Claim(
        "an expected transfer is met when as much has come",
        """
        SELECT x.reference, x.customer_id FROM payments_expectedtransfer x LEFT JOIN payments_payment p ON p.expected_id = x.id
        WHERE :of(x.customer_id) GROUP BY x.id HAVING (coalesce(sum(p.amount), 0) >= x.amount) <> (x.met_at IS NOT NULL)
        """,
    ),
    Claim(
        "what invoices are given comes from payments that succeeded",
        """
        SELECT p.reference, p.customer_id FROM payments_payment p
        WHERE :of(p.customer_id) AND p.allocated <> 0 AND p.state NOT IN ('succeeded', 'refunded')
        """,
    ),
    Claim(
        "what a payment left in the wallet was not needed, or its order gave it back",
        """
        SELECT p.reference, p.customer_id FROM payments_payment p LEFT JOIN orders_order o ON o.payment_id = p.id
        WHERE :of(p.customer_id) AND p.state IN ('succeeded', 'refunded') AND p.kind <> 'top_up'
            AND p.refunded <> coalesce(p.captured, p.amount) - coalesce(CASE p.kind
                WHEN 'order' THEN (SELECT sum(i.due) FROM orders_orderitem i WHERE i.order_id = o.id AND i.state <> 'refunded')
                ELSE (SELECT sum(a.amount) FROM payments_allocation a WHERE a.payment_id = p.id AND a.amount > 0) END, 0)
        """,
    ),
    Claim(
        "an undecided payment is asked about",
        """
        SELECT p.reference, p.customer_id FROM payments_payment p
        WHERE :of(p.customer_id) AND p.means = 'gateway' AND p.state IN ('created', 'processing', 'unknown')
            AND p.check_at IS NULL AND p.created_at < %(at)s - interval '1 day'
        """,
    ),
    Claim(
        "every payment is decided within four days",
        """
        SELECT p.reference, p.customer_id FROM payments_payment p
        WHERE :of(p.customer_id) AND p.state IN ('created', 'processing', 'unknown') AND p.created_at < %(at)s - interval '4 days'
        """,
    ),
    # Each fact has its row, and each row its fact.
    _has_row(
        "money from gateways and banks came by payments that succeeded",
        "'top_up', 'bank_transfer'",
        "SELECT FROM payments_payment p WHERE p.id::text = t.source AND p.customer_id = t.customer_id"
        " AND p.state IN ('succeeded', 'refunded') AND p.means = CASE t.kind WHEN 'top_up' THEN 'gateway' ELSE t.kind END"
        " AND (t.kind = 'top_up' OR p.transfer_id IS NOT NULL)",
    ),
    Claim(
        "no more of a bank transfer is given to customers than arrived",
        """
        SELECT p.reference, p.customer_id FROM payments_payment p JOIN payments_banktransfer b ON b.id = p.transfer_id
        WHERE :of(p.customer_id) AND b.amount - b.returned < (SELECT sum(q.amount) FROM payments_payment q WHERE q.transfer_id = b.id)
        """,
    ),
    Claim(
        "what came into a wallet is as much as its payment, order item or credit note says",
        """
        SELECT t.kind || ' ' || t.source, t.customer_id FROM ledger_transaction t
        JOIN LATERAL (
            SELECT coalesce(sum(e.amount), 0) AS amount FROM ledger_entry e WHERE e.transaction_id = t.id AND e.customer_id IS NOT NULL
        ) came ON TRUE
        JOIN LATERAL (SELECT CASE WHEN t.source ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN t.source::uuid END AS id) about ON TRUE
        JOIN LATERAL (
            SELECT coalesce(p.captured, p.amount) AS most FROM payments_payment p WHERE t.kind IN ('top_up', 'bank_transfer') AND p.id = about.id
            UNION ALL SELECT i.due FROM orders_orderitem i WHERE t.kind = 'order_refund' AND i.id = about.id
            UNION ALL SELECT c.refunded FROM invoices_creditnote c WHERE t.kind = 'credit_note_refund' AND c.id = about.id
        ) said ON TRUE
        WHERE t.kind IN ('top_up', 'bank_transfer', 'order_refund', 'credit_note_refund') AND :new(t.id) AND :of(t.customer_id)
            AND (came.amount > said.most OR came.amount < said.most AND t.kind <> 'credit_note_refund')
        """,
    ),
    _has_row(
        "what orders and invoices were paid was paid by payments",
        "'invoice_payment'",
        "SELECT FROM payments_payment p WHERE p.id::text = t.source AND p.customer_id = t.customer_id AND p.state IN ('succeeded', 'refunded')",
    ),
    _has_row(
        "what was paid for orders was ordered",
        "'order_payment'",
        "SELECT FROM orders_order o WHERE o.id::text = t.source AND o.customer_id = t.customer_id AND o.paid_at IS NOT NULL",
    ),
    _has_row(
        "what orders gave back was ordered and not provided",
        "'order_refund'",
        "SELECT FROM orders_orderitem i WHERE i.id::text = t.source AND i.customer_id = t.customer_id AND i.state = 'refunded'",
    ),
    _has_row(
        "what became sales is on invoices",
        "'order_settlement', 'renewal'",
        "SELECT FROM invoices_invoice i WHERE i.id::text = t.source AND i.customer_id = t.customer_id",
    ),
    _has_row(
        "what was refunded is on credit notes",
        "'credit_note_refund'",
        "SELECT FROM invoices_creditnote c WHERE c.id::text = t.source AND c.customer_id = t.customer_id",
    ),
    _has_row(
        "POC credit was spent on what was ordered with it, of its own products",
        "'poc_payment'",
        "SELECT FROM orders_orderitem i JOIN ledger_grant g ON g.id::text = i.content -> 'poc' ->> 'grant' AND g.kind = 'poc'"
        " AND i.content ->> 'product' = ANY(g.products::text[])"
        " WHERE t.source = g.id || ':' || i.id AND i.customer_id = t.customer_id AND g.customer_id = t.customer_id",
    ),
    _has_row(
        "POC credit came back from what was not provided, or was cut short",
        "'poc_return'",
        "SELECT FROM orders_orderitem i LEFT JOIN payments_poctime p ON p.item_id = i.id"
        " WHERE i.id::text = split_part(t.source, ':', 2) AND i.customer_id = t.customer_id"
        " AND (i.state = 'refunded' OR p.returned > 0 OR p.amount < (i.content ->> 'total')::bigint)",
    ),
    _is_posted(
        "what POC credit pays has left it",
        "SELECT p.resource_name, p.customer_id, p.grant_id || ':' || p.item_id FROM payments_poctime p WHERE :of(p.customer_id)",
        "poc_payment",
    ),
    _has_row(
        "promotional and POC credit was granted",
        "'grant', 'grant_expiry'",
        "SELECT FROM ledger_grant g WHERE g.id::text = split_part(t.source, ':', 1) AND g.customer_id = t.customer_id",
    ),
    _has_row(
        "what was taken back is on record",
        "'reversal'",
        "SELECT FROM payments_reversal r WHERE r.id::text = t.source AND r.customer_id = t.customer_id",
    ),
    _has_row(
        "what was given back had been taken back",
        "'given_back'",
        "SELECT FROM payments_reversal r WHERE r.id::text = t.source AND r.customer_id = t.customer_id AND r.given_back_at IS NOT NULL",
    ),
    _has_row(
        "what went back to its source is on record",
        "'refund', 'refund_done', 'refund_failed'",
        "SELECT FROM payments_refund r WHERE r.id::text = t.source AND r.customer_id = t.customer_id"
        " AND (t.kind IN ('refund', 'refund_' || r.state) OR t.kind = 'refund_done' AND r.gateway_txn_id IS NOT NULL)",
    ),
    Claim(
        "adjustments were decided by people, as they were asked for",
        """
        SELECT t.kind || ' ' || t.source, t.customer_id FROM ledger_transaction t
        WHERE :new(t.id) AND :of(t.customer_id) AND t.kind = 'adjustment' AND t.source NOT LIKE 'opening:%%' AND NOT EXISTS (
            SELECT FROM accounts_staffact s WHERE s.id::text = t.source AND s.customer_id = t.customer_id
                AND s.state IN ('approved', 'alone')
                AND s.amount = (SELECT sum(e.amount) FROM ledger_entry e WHERE e.transaction_id = t.id AND e.customer_id IS NOT NULL))
        """,
    ),
    Claim(
        "nothing is opened with a balance once the books have been closed",
        """
        SELECT t.source, t.customer_id FROM ledger_transaction t JOIN LATERAL (
            SELECT (figures ->> 'entry')::bigint AS entry FROM billing_portal_close
            WHERE (figures ->> 'entry')::bigint > 0 ORDER BY id LIMIT 1
        ) closed ON TRUE
        WHERE :new(t.id) AND :of(t.customer_id) AND t.kind = 'adjustment' AND t.source LIKE 'opening:%%'
            AND EXISTS (SELECT FROM ledger_entry e WHERE e.transaction_id = t.id AND e.id > closed.entry)
        """,
    ),
    Claim(
        "promotional and POC credit of late was decided by people, as it was asked for",
        """
        SELECT g.id::text, g.customer_id FROM ledger_grant g
        WHERE :of(g.customer_id) AND g.at > %(at)s - interval '60 days' AND g.returned_by_id IS NULL AND NOT EXISTS (
            SELECT FROM accounts_staffact s
            WHERE s.act = CASE g.kind WHEN 'poc' THEN 'grant-poc' ELSE 'grant-credit' END AND s.state IN ('approved', 'alone')
                AND s.customer_id = g.customer_id AND s.amount = g.amount AND s.decided_at = g.at)
        """,
    ),
    _is_posted(
        "payments through gateways are in the ledger",
        PAID.format(source="p.id::text", which="p.means = 'gateway'"),
        "top_up",
    ),
    _is_posted(
        "what was given back is in the ledger",
        "SELECT r.reference, r.customer_id, r.id::text FROM payments_reversal r WHERE :of(r.customer_id) AND r.given_back_at IS NOT NULL",
        "given_back",
    ),
    _is_posted(
        "refunds to the source are in the ledger",
        "SELECT r.reference, r.customer_id, r.id::text FROM payments_refund r WHERE :of(r.customer_id)",
        "refund",
    ),
    _is_posted(
        "payments by bank are in the ledger",
        PAID.format(source="p.id::text", which="p.means = 'bank_transfer' AND p.transfer_id IS NOT NULL"),
        "bank_transfer",
    ),
    _is_posted(
        "invoices paid from the wallet are in the ledger",
        PAID.format(source="p.id::text", which="p.means = 'wallet' AND p.kind = 'invoice'"),
        "invoice_payment",
    ),
    _is_posted(
        "orders paid from the wallet are in the ledger",
        PAID.format(source="p.order_id::text", which="p.means = 'wallet' AND p.kind = 'order'"),
        "order_payment",
    ),
    _is_posted(
        "renewals paid from the wallet are in the ledger",
        PAID.format(source="split_part(p.payable, ':', 2)", which="p.means = 'wallet' AND p.kind = 'renewal'"),
        "renewal",
    ),
    _is_posted(
        "grants are in the ledger",
        # what a refund gives anew is in the wallet by the refund
        "SELECT g.id::text, g.customer_id, g.id::text FROM ledger_grant g WHERE :of(g.customer_id) AND g.returned_by_id IS NULL",
        "grant",
    ),
)
