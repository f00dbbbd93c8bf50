"""
Telling the merchant what became of an order, as its dialect documents: how often, how far apart, and what ends it.
"""

from __future__ import annotations

import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from . import faults, ledger, links
from .bank.book import BANK
from .config import Config
from .dialects import DIALECTS
from .dialects.base import Dialect, GatewayNotice, Struck, Teller
from .store import Store

TELLERS = {BANK.name: BANK} | {
    dialect.name: Teller(dialect.name, dialect.tries, dialect.gap_s, dialect.timeout_s, dialect.judge)
    for dialect in DIALECTS.values()
}
LEASE_S = 60.0  # a try that was cut short (we were killed) is repeated after this


def tell(db: sqlite3.Connection, order: sqlite3.Row, config: Config, *, now: float) -> None:
    """Write down what is to be told of an order that has ended, in the transaction that ended it."""
    dialect = DIALECTS[order["dialect"]]
    found = ledger.order_by_reference(db, order["dialect"], order["reference"])
    if found is None or (found["state"] == "failed" and not dialect.tells_failure):
        return
    struck = faults.strike(db, "callback", found["reference"])
    _owe(db, found["reference"], dialect, dialect.notice(found, config, struck), struck, now=now)


def tell_of_link(db: sqlite3.Connection, link: sqlite3.Row, config: Config, *, now: float) -> None:
    """The same of an account that was linked, refused, or ended by its customer."""
    dialect = DIALECTS[link["dialect"]]
    found = links.by_token(db, link["token"])
    assert found is not None
    assert dialect.linking is not None
    struck = faults.strike(db, "callback", found["reference"])
    _owe(db, found["reference"], dialect, dialect.linking.notice(found, config, struck), struck, now=now)


def tell_of_refund(db: sqlite3.Connection, refund: sqlite3.Row, config: Config, *, now: float) -> None:
    """The same of a refund that has failed, by gateways that tell of it."""
    order = db.execute("SELECT * FROM orders WHERE reference = ?", [refund["order_reference"]]).fetchone()
    dialect = DIALECTS[order["dialect"]]
    if dialect.refund_notice is None:
        return
    found = db.execute("SELECT * FROM refunds WHERE reference = ?", [refund["reference"]]).fetchone()
    struck = faults.strike(db, "callback", found["reference"])
    _owe(db, order["reference"], dialect, dialect.refund_notice(found, order, config, struck), struck, now=now)


def _owe(
    db: sqlite3.Connection,
    reference: str,
    dialect: Dialect,
    notice: GatewayNotice | None,
    struck: Struck,
    *,
    now: float,
) -> None:
    if notice is None:
        return
    for _ in range(int(struck.get("duplicate_callbacks", 1))):
        db.execute(
            "INSERT INTO callbacks (reference, dialect, url, body, headers, state, next_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                reference,
                dialect.name,
                notice.url,
                notice.body,
                json.dumps(notice.headers),
                "dropped" if "drop_callbacks" in struck else "pending",
                now + struck.get("delay_callbacks", 0),
            ],
        )


class Sender:
    """Delivers what is due. `tick` is called again and again by one thread; deliveries run beside each other."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store, self.config = store, config
        self.pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="callback")
        self.client = httpx.Client(trust_env=False)

    def tick(self) -> None:
        now = time.time()
        with self.store.write() as db:
            due = db.execute(
                """UPDATE callbacks SET next_at = :lease, tries = tries + 1
                   WHERE id IN (SELECT id FROM callbacks WHERE state = 'pending' AND next_at <= :now LIMIT 50)
                   RETURNING *""",
                {"now": now, "lease": now + LEASE_S},
            ).fetchall()
        for callback in due:
            self.pool.submit(self._deliver, callback)

    def stop(self) -> None:
        self.pool.shutdown()
        self.client.close()

    def is_due(self) -> bool:
        with self.store.read() as db:
            return bool(
                db.execute("SELECT 1 FROM callbacks WHERE state = 'pending' AND next_at <= ?", [time.time()]).fetchone()
            )

    def _deliver(self, callback: sqlite3.Row) -> None:
        teller = TELLERS[callback["dialect"]]
        try:
            state, result = teller.judge(self._sent(callback, teller))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
            state, result = "pending", type(error).__name__
        if state == "pending" and callback["tries"] >= teller.tries:
            state = "given up"
        gap_s = teller.gap_s if self.config.callback_gap_s is None else self.config.callback_gap_s
        with self.store.write() as db:
            db.execute(
                "UPDATE callbacks SET state = ?, result = ?, next_at = ? WHERE id = ?",
                [state, result, time.time() + gap_s, callback["id"]],
            )

    def _sent(self, callback: sqlite3.Row, teller: Teller) -> httpx.Response:
        if callback["body"] is None:
            return self.client.get(callback["url"], timeout=teller.timeout_s)
        shown = teller.headers(self.config) | json.loads(callback["headers"])
        headers = {"Content-Type": "application/json", **shown}
        body = callback["body"].encode()
        return self.client.post(callback["url"], content=body, headers=headers, timeout=teller.timeout_s)
