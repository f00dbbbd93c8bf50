"""What is there, read once: in the portal's database as its owner sees it, and with the sandbox."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any
from urllib.request import urlopen

import psycopg
from psycopg.rows import dict_row

from tests.chaos.house import House

Row = dict[str, Any]

OURS = {
    "orders": "SELECT id::text, state, means, action FROM orders_order WHERE key LIKE 'api:%'",
    "quotes": "SELECT id::text FROM orders_quote WHERE id NOT IN (SELECT quote_id FROM orders_order WHERE key NOT LIKE 'api:%')",
    "payments": """
        SELECT id::text, kind, means, gateway, reference, payable, order_id::text, amount, captured, state, failure,
               linked_id::text AS linked, payable LIKE 'invoices:%' AS for_invoices
        FROM payments_payment ORDER BY created_at, id
    """,
    "requests": """
        SELECT r.id::text, r.state, r.verb, r.expects_answer, p.code AS product
        FROM lifecycle_provisioningrequest r JOIN catalog_product p ON p.id = r.product_id
    """,
    "transfers": "SELECT reference, amount, assigned, seen_at FROM payments_banktransfer",
    "expected": "SELECT id::text FROM payments_expectedtransfer",
    "links": "SELECT id::text, state FROM payments_linkedaccount",
    "deletions": """
        SELECT resource_id::text AS id, count(*) AS times FROM lifecycle_resourceevent
        WHERE kind IN ('trashed', 'deleted') AND actor_kind = 'customer' GROUP BY 1
    """,
    "twice": """
        SELECT order_id::text AS id, resource_id::text AS resource, kind, count(*) AS times FROM lifecycle_resourceevent
        WHERE order_id IS NOT NULL GROUP BY 1, 2, 3 HAVING count(*) > 1
    """,
    "house": """
        SELECT a.kind, coalesce(sum(e.amount), 0)::bigint AS balance
        FROM ledger_account a LEFT JOIN ledger_entry e ON e.account_id = a.id
        WHERE a.customer_id IS NULL GROUP BY 1
    """,
    "notices": "SELECT state, count(*) AS count FROM notifications_notice GROUP BY 1",
}


@dataclass
class Books:
    """
    :ivar ours: the rows of each query in `OURS`
    :ivar oracle: what the sandbox moved, see /admin/oracle
    :ivar asked: what the sandbox's product team was asked
    """

    ours: dict[str, list[Row]]
    oracle: dict[str, Any]
    asked: list[Row]

    @property
    def debited(self) -> dict[str, Row]:
        """By reference, each order that a gateway knows."""
        return {one["reference"]: one for one in self.oracle["references"]}

    def balance(self, kind: str) -> int:
        """Of a house account."""
        return sum(one["balance"] for one in self.ours["house"] if one["kind"] == kind)


def read(house: House) -> Books:
    with psycopg.connect(house.owners_url, row_factory=dict_row) as database:
        database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        ours = {name: list(database.execute(query).fetchall()) for name, query in OURS.items()}
    with urlopen(f"{house.sandbox_url}/admin/oracle", timeout=30) as answer:
        oracle = json.load(answer)
    sandbox = sqlite3.connect(f"file:{house.sandbox_file}?mode=ro", uri=True)
    sandbox.row_factory = sqlite3.Row
    asked = [dict(row) for row in sandbox.execute("SELECT id, state, deliveries FROM shop_requests")]
    sandbox.close()
    return Books(ours, oracle, asked)
