"""
Orders, customers and the money between them.

Every function runs in the caller's transaction; `now` is our wall clock in seconds.
"""

from __future__ import annotations

import secrets
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from .config import DOCUMENTED_TOLERANCE_S

OPENING_BALANCE = 100_000_000
MIN_AMOUNT, MAX_AMOUNT = 1_000, 100_000_000
VIETNAM = timezone(timedelta(hours=7))

CANCELLED, EXPIRED, NO_FUNDS, WRONG_OTP = -49, -54, -63, -217


def open_order(db: sqlite3.Connection, order: dict[str, Any], *, lives_s: int, now: float) -> str | None:
    """The token of a new order's page, or None where the app_trans_id is taken."""
    db.execute(
        "INSERT INTO customers VALUES (:app_user, :opening, :opening) ON CONFLICT DO NOTHING",
        {"app_user": order["app_user"], "opening": OPENING_BALANCE},
    )
    token = secrets.token_urlsafe(24)
    created = db.execute(
        """INSERT INTO orders (app_trans_id, token, app_user, amount, description, embed_data, item, app_time,
                               callback_url, redirect_url, created_at, expires_at)
           VALUES (:app_trans_id, :token, :app_user, :amount, :description, :embed_data, :item, :app_time,
                   :callback_url, :redirect_url, :now, :expires_at)
           ON CONFLICT (app_trans_id) DO NOTHING""",
        {**order, "token": token, "now": now, "expires_at": now + lives_s},
    )
    return token if created.rowcount else None


def order_by_token(db: sqlite3.Connection, token: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT orders.*, balance FROM orders JOIN customers USING (app_user) WHERE token = ?", [token]
    ).fetchone()
    return row


def order_by_reference(db: sqlite3.Connection, app_trans_id: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute("SELECT * FROM orders WHERE app_trans_id = ?", [app_trans_id]).fetchone()
    return row


def is_payable(order: sqlite3.Row, now: float) -> bool:
    return bool(order["state"] == "open" and now < order["expires_at"])


def pay(db: sqlite3.Connection, order: sqlite3.Row, *, now: float) -> bool:
    """Move the money. False, and nothing moved, where the balance is too small. The caller holds the write lock."""
    taken = db.execute(
        "UPDATE customers SET balance = balance - :amount WHERE app_user = :app_user AND balance >= :amount",
        {"amount": order["amount"], "app_user": order["app_user"]},
    )
    if not taken.rowcount:
        return False
    db.execute(
        "INSERT INTO entries (kind, reference, app_trans_id, app_user, amount, at) VALUES ('debit', ?, ?, ?, ?, ?)",
        [order["app_trans_id"], order["app_trans_id"], order["app_user"], order["amount"], now],
    )
    db.execute(
        """UPDATE orders SET state = 'paid', sub_code = 0, pays_late_at = NULL, paid_at = :now, zp_trans_id = :txn
           WHERE app_trans_id = :app_trans_id""",
        {"now": now, "txn": _next_number(db, "orders", "zp_trans_id", now), "app_trans_id": order["app_trans_id"]},
    )
    return True


def fail(db: sqlite3.Connection, order: sqlite3.Row, sub_code: int, *, pays_late_at: float | None = None) -> None:
    db.execute(
        "UPDATE orders SET state = 'failed', sub_code = ?, pays_late_at = ? WHERE app_trans_id = ? AND state = 'open'",
        [sub_code, pays_late_at, order["app_trans_id"]],
    )


def refundable(db: sqlite3.Connection, order: sqlite3.Row) -> int:
    """What is left of a payment after the refunds that were accepted."""
    (asked,) = db.execute(
        "SELECT coalesce(sum(amount), 0) FROM refunds WHERE app_trans_id = ? AND state <> 'rejected'",
        [order["app_trans_id"]],
    ).fetchone()
    return int(order["amount"] - asked)


def open_refund(db: sqlite3.Connection, refund: dict[str, Any], *, now: float) -> int:
    """Accept a refund; it settles later. Returns our refund_id."""
    refund_id = _next_number(db, "refunds", "refund_id", now)
    db.execute(
        """INSERT INTO refunds (m_refund_id, refund_id, app_trans_id, amount, description, created_at, settles_at,
                                settles_as)
           VALUES (:m_refund_id, :refund_id, :app_trans_id, :amount, :description, :now, :settles_at, :settles_as)""",
        {**refund, "refund_id": refund_id, "now": now},
    )
    return refund_id


def settle_refunds(db: sqlite3.Connection, *, now: float) -> None:
    """Bring every refund that is due to its end, and the money back."""
    due = db.execute(
        """SELECT refunds.*, app_user FROM refunds JOIN orders USING (app_trans_id)
           WHERE refunds.state = 'processing' AND settles_at <= ?""",
        [now],
    ).fetchall()
    for refund in due:
        db.execute("UPDATE refunds SET state = settles_as WHERE m_refund_id = ?", [refund["m_refund_id"]])
        if refund["settles_as"] != "done":
            continue
        db.execute(
            """INSERT INTO entries (kind, reference, app_trans_id, app_user, amount, at)
               VALUES ('refund', ?, ?, ?, ?, ?)""",
            [refund["m_refund_id"], refund["app_trans_id"], refund["app_user"], refund["amount"], now],
        )
        db.execute(
            "UPDATE customers SET balance = balance + ? WHERE app_user = ?", [refund["amount"], refund["app_user"]]
        )


def server_time(order: sqlite3.Row, at: float) -> int:
    """
    Our time of an event, in milliseconds, for the merchant.

    A merchant whose clock was moved (see Config.clock_tolerance_s) is answered in its own time, else its books would
    show payments from before the order.
    """
    ahead = order["app_time"] / 1000 - order["created_at"]
    return int((at + (ahead if abs(ahead) > DOCUMENTED_TOLERANCE_S else 0)) * 1000)


def _next_number(db: sqlite3.Connection, table: str, column: str, now: float) -> int:
    """yymmdd and nine digits: the form of the vendor's transaction numbers."""
    first = int(datetime.fromtimestamp(now, UTC).astimezone(VIETNAM).strftime("%y%m%d")) * 10**9
    (last,) = db.execute(f"SELECT max({column}) FROM {table}").fetchone()
    return max(first, last or 0) + 1
