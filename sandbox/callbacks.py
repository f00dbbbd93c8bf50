"""
Telling the merchant that an order was paid.

Only success is told. The merchant's return_code 0, silence or nonsense means "call again", three tries in all; 1 and
any other code end it. A callback that is lost after that has to be found by query.
"""

from __future__ import annotations

import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from . import faults, ledger
from .config import Config
from .signing import seal
from .store import Store

MAX_TRIES = 3
TIMEOUT_S = 10.0
LEASE_S = 60.0  # a try that was cut short (we were killed) is repeated after this


def queue(db: sqlite3.Connection, app_trans_id: str, config: Config, *, now: float) -> None:
    """Write down the callback of a payment, in the transaction that moved the money."""
    order = ledger.order_by_reference(db, app_trans_id)
    if order is None or not order["callback_url"]:
        return
    struck = faults.strike(db, "callback", app_trans_id)
    body = _body(order, config, struck)
    for _ in range(int(struck.get("duplicate_callbacks", 1))):
        db.execute(
            "INSERT INTO callbacks (app_trans_id, url, body, state, next_at) VALUES (?, ?, ?, ?, ?)",
            [
                app_trans_id,
                order["callback_url"],
                body,
                "dropped" if "drop_callbacks" in struck else "pending",
                now + struck.get("delay_callbacks", 0),
            ],
        )


def _body(order: sqlite3.Row, config: Config, struck: dict[str, float]) -> str:
    data = json.dumps(
        {
            "app_id": config.app_id,
            "app_trans_id": order["app_trans_id"],
            "app_time": order["app_time"],
            "app_user": order["app_user"],
            "amount": order["amount"] + int(struck.get("wrong_amount", 0)),
            "embed_data": order["embed_data"],
            "item": order["item"],
            "zp_trans_id": order["zp_trans_id"],
            "server_time": ledger.server_time(order, order["paid_at"]),
            "channel": 38,
            "merchant_user_id": order["app_user"],
            "user_fee_amount": 0,
            "discount_amount": 0,
        },
        ensure_ascii=False,
    )
    key = "not the key" if "bad_signature" in struck else config.key2
    return json.dumps({"data": data, "mac": seal(key, data), "type": 1}, ensure_ascii=False)


class Sender:
    """Delivers what is due. `tick` is called again and again by one thread; deliveries run beside each other."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store, self.config = store, config
        self.pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="callback")
        self.client = httpx.Client(timeout=TIMEOUT_S, trust_env=False)

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
        state, result = self._post(callback["url"], callback["body"])
        if state == "pending" and callback["tries"] >= MAX_TRIES:
            state = "given up"
        with self.store.write() as db:
            db.execute(
                "UPDATE callbacks SET state = ?, result = ?, next_at = ? WHERE id = ?",
                [state, result, time.time() + self.config.callback_gap_s, callback["id"]],
            )

    def _post(self, url: str, body: str) -> tuple[str, str]:
        headers = {"Content-Type": "application/json"}
        try:
            response = self.client.post(url, content=body.encode(), headers=headers)
            answer = response.json() if response.status_code == 200 else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
            return "pending", type(error).__name__
        code = answer.get("return_code") if isinstance(answer, dict) else None
        if not isinstance(code, int):
            return "pending", f"HTTP {response.status_code}"
        return {0: "pending", 1: "delivered"}.get(code, "refused"), f"return_code {code}"
