"""Claims about accounts that have closed: nothing personal is left that need not be kept, and nothing goes on there."""

from __future__ import annotations

from billing_portal.auditor.claim import Claim
from store.personal import left_behind

CLOSED = "SELECT id, id FROM accounts_customer WHERE closed_at IS NOT NULL AND :of(id)"
FORGOTTEN = "SELECT id, NULL::uuid FROM accounts_user WHERE forgotten_at IS NOT NULL"

GOING_ON = (
    ("lifecycle_resource", "t.state <> 'deleted'"),
    ("orders_order", "t.state IN ('awaiting_payment', 'paid', 'provisioning')"),
    ("payments_linkedaccount", "t.state IN ('pending', 'active')"),
    ("payments_automaticcharge", "t.is_on"),
    ("payments_paymentrequest", "t.state = 'open'"),
    ("accounts_customerkey", "t.revoked_at IS NULL"),
    ("team_invitation", "t.accepted_at IS NULL AND t.withdrawn_at IS NULL"),
    ("notifications_recipient", "t.removed_at IS NULL"),
)
"""Tables, and what of them goes on."""
BEGUN = (
    ("orders_order", "t.created_at"),
    ("orders_quote", "t.quoted_at"),
    ("lifecycle_resource", "t.created_at"),
    ("payments_linkedaccount", "t.created_at"),
    ("payments_paymentrequest", "t.created_at"),
    ("payments_expectedtransfer", "t.created_at"),
    ("accounts_customerkey", "t.created_at"),
)
"""Tables, and when a row of them began."""


def _of_closed(rows: tuple[tuple[str, str], ...], condition: str) -> str:
    found = " UNION ALL ".join(
        f"SELECT '{table} ' || t.id, c.id FROM {table} t JOIN closed c ON c.id = t.customer_id WHERE {condition.format(said)}"
        for table, said in rows
    )
    return (
        f"WITH closed AS (SELECT id, closed_at FROM accounts_customer WHERE closed_at IS NOT NULL AND :of(id)) {found}"
    )


LEAVERS = (
    Claim(
        "of an account that has closed nothing personal is left that need not be kept", left_behind("customer", CLOSED)
    ),
    Claim("of people who are forgotten nothing is left that need not be kept", left_behind("user", FORGOTTEN)),
    Claim("nothing goes on in an account that has closed", _of_closed(GOING_ON, "({})")),
    Claim(
        "no company sign-in of an account that has closed speaks for a domain, or knows anybody",
        """
        SELECT one.what, p.customer_id
        FROM accounts_provider p
        JOIN accounts_customer c ON c.id = p.customer_id
        JOIN (
            SELECT provider_id, 'domain ' || name AS what FROM accounts_providerdomain
            UNION ALL SELECT provider_id, 'identity ' || id FROM accounts_identity
        ) one ON one.provider_id = p.id
        WHERE c.closed_at IS NOT NULL AND :of(c.id)
        """,
    ),
    Claim("nothing begins in an account that has closed", _of_closed(BEGUN, "{} > c.closed_at")),
    Claim(
        "an account has closed by its closing",
        """
        SELECT c.id::text, c.id FROM accounts_customer c
        WHERE :of(c.id) AND (c.closed_at IS NOT NULL OR c.closes_at IS NOT NULL) AND NOT EXISTS (
            SELECT FROM team_closing k WHERE k.customer_id = c.id
                AND (k.state = 'closed' AND k.ended_at = c.closed_at OR k.state = 'waiting' AND k.closes_at = c.closes_at))
        """,
    ),
    Claim(
        "credit of an account that has closed was given up, or came later",
        """
        SELECT c.id::text, c.id FROM accounts_customer c
        JOIN team_closing k ON k.customer_id = c.id AND k.state = 'closed'
        JOIN ledger_account a ON a.customer_id = c.id AND a.kind = 'credit'
        WHERE :of(c.id) AND coalesce(k.gives_up, 0) < (
            SELECT coalesce(sum(e.amount), 0) FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id
            WHERE e.account_id = a.id AND t.at < c.closed_at)
        """,
    ),
)
