"""
Orders, customers and the money between them.

Every function runs in the caller's transaction; `now` is our wall clock in seconds.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

from sandbox.shapes import Json

from .config import DOCUMENTED_TOLERANCE_S

OPENING_BALANCE = 100_000_000
VIETNAM = timezone(timedelta(hours=7))

CANCELLED, NO_FUNDS, WRONG_OTP = "cancelled", "no funds", "wrong otp"
UNAUTHENTICATED, OVER_LIMIT = "unauthenticated", "over limit"
EXPIRED = "expired"
"""How an order ended; each dialect has its own code for it. None is written down for what merely expired."""


def open_order(db: sqlite3.Connection, order: Json, *, lives_s: float, now: float) -> str | None:
    """The token of a new order's page, or None where the reference is taken."""
    open_customer(db, order["customer"])
    token = secrets.token_urlsafe(24)
    created = db.execute(
        """INSERT INTO orders (reference, dialect, token, customer, amount, description, details, asked_at, notify_url,
                               return_url, created_at, expires_at)
           VALUES (:reference, :dialect, :token, :customer, :amount, :description, :details, :asked_at, :notify_url,
                   :return_url, :now, :expires_at)
           ON CONFLICT (reference) DO NOTHING""",
        {
            **order,
            "details": json.dumps(order["details"]),
            "token": token,
            "now": now,
            "expires_at": now + lives_s,
        },
    )
    return token if created.rowcount else None


def open_customer(db: sqlite3.Connection, name: str) -> None:
    db.execute(
        "INSERT INTO customers VALUES (:customer, :opening, :opening) ON CONFLICT DO NOTHING",
        {"customer": name, "opening": OPENING_BALANCE},
    )


def order_by_token(db: sqlite3.Connection, token: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT orders.*, balance FROM orders JOIN customers ON name = customer WHERE token = ?", [token]
    ).fetchone()
    return row


def order_by_reference(db: sqlite3.Connection, dialect: str, reference: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM orders WHERE dialect = ? AND reference = ?", [dialect, reference]
    ).fetchone()
    return row


def order_by_txn(db: sqlite3.Connection, dialect: str, txn: int) -> sqlite3.Row | None:
    """Only what was paid has a transaction."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM orders WHERE dialect = ? AND txn = ? AND state = 'paid'", [dialect, txn]
    ).fetchone()
    return row


def details(order: sqlite3.Row) -> Json:
    """What only the order's dialect knows."""
    found: Json = json.loads(order["details"])
    return found


def ending(order: sqlite3.Row) -> str:
    """How an order that was not paid ended."""
    return str(order["ending"] or EXPIRED)


def refunds_of(db: sqlite3.Connection, order: sqlite3.Row) -> list[sqlite3.Row]:
    return db.execute("SELECT * FROM refunds WHERE order_reference = ? ORDER BY txn", [order["reference"]]).fetchall()


def is_payable(order: sqlite3.Row, now: float) -> bool:
    return bool(order["state"] == "open" and now < order["expires_at"])


def pay(
    db: sqlite3.Connection,
    order: sqlite3.Row,
    *,
    now: float,
    reverses_at: float | None = None,
    wins_after: float | None = None,
    wins: float | None = None,
) -> bool:
    """Move the money. False, and nothing moved, where the balance is too small. The caller holds the write lock."""
    taken = db.execute(
        "UPDATE customers SET balance = balance - :amount WHERE name = :customer AND balance >= :amount",
        {"amount": order["amount"], "customer": order["customer"]},
    )
    if not taken.rowcount:
        return False
    _enter(db, "debit", order["reference"], order, amount=order["amount"], now=now)
    db.execute(
        """UPDATE orders SET state = 'paid', ending = '', pays_late_at = NULL, paid_at = :now, txn = :txn,
               reverses_at = :reverses_at, wins_after = :wins_after, wins = :wins
           WHERE reference = :reference""",
        {
            "now": now,
            "txn": _next_number(db, now),
            "reference": order["reference"],
            "reverses_at": reverses_at,
            "wins_after": wins_after,
            "wins": None if wins is None else min(int(wins), order["amount"]),
        },
    )
    return True


def reverse(db: sqlite3.Connection, order: sqlite3.Row, *, now: float) -> None:
    """The bank gives the payer his money back, and the merchant loses it."""
    _enter(db, "reversal", order["reference"], order, amount=order["amount"], now=now)
    _give_back(db, order["customer"], order["amount"])
    db.execute(
        "UPDATE orders SET state = 'reversed', reverses_at = NULL, wins_at = ? + wins_after WHERE reference = ?",
        [now, order["reference"]],
    )


def regain(db: sqlite3.Connection, order: sqlite3.Row, *, now: float) -> None:
    """The merchant has won: the bank takes from the payer what it had given back, or the part that was won."""
    won = won_of(order)
    _enter(db, "regain", order["reference"], order, amount=won, now=now)
    _give_back(db, order["customer"], -won)
    db.execute(
        "UPDATE orders SET state = 'paid', wins_at = NULL, won_at = ? WHERE reference = ?", [now, order["reference"]]
    )


def won_of(order: sqlite3.Row) -> int:
    return int(order["amount"] if order["wins"] is None else order["wins"])


def fail(
    db: sqlite3.Connection,
    order: sqlite3.Row,
    ending: str,
    *,
    pays_late_at: float | None = None,
    may_try_again: bool = False,
) -> None:
    """It was not paid, which ends it, unless its customer `may_try_again`."""
    db.execute(
        "UPDATE orders SET state = ?, ending = ?, pays_late_at = ? WHERE reference = ? AND state = 'open'",
        ["open" if may_try_again else "failed", ending, pays_late_at, order["reference"]],
    )


def expire(db: sqlite3.Connection, dialect: str, *, now: float) -> list[sqlite3.Row]:
    """The orders whose time is over now, ended."""
    return db.execute(
        """UPDATE orders SET state = 'failed', ending = ''
           WHERE dialect = ? AND state = 'open' AND expires_at <= ? AND pays_late_at IS NULL RETURNING *""",
        [dialect, now],
    ).fetchall()


def refundable(db: sqlite3.Connection, order: sqlite3.Row, struck: dict[str, float] | None = None) -> int:
    """What is left of a payment after the refunds that were accepted."""
    if struck and "refunded_before" in struck:
        return 0
    (asked,) = db.execute(
        "SELECT coalesce(sum(amount), 0) FROM refunds WHERE order_reference = ? AND state NOT IN ('rejected', 'bounced')",
        [order["reference"]],
    ).fetchone()
    return int(order["amount"] - asked)


def open_refund(
    db: sqlite3.Connection,
    order: sqlite3.Row,
    refund: Json,
    struck: dict[str, float],
    *,
    takes_s: float,
    now: float,
    may_bounce: bool = False,
) -> int:
    """Accept a refund {"reference", "amount", "description"}; it settles later. Returns its number."""
    txn = _next_number(db, now)
    db.execute(
        """INSERT INTO refunds (reference, txn, order_reference, amount, description, created_at, settles_at, settles_as,
                                bounces_after)
           VALUES (:reference, :txn, :order, :amount, :description, :now, :settles_at, :settles_as, :bounces_after)""",
        {
            **refund,
            "order": order["reference"],
            "txn": txn,
            "now": now,
            "settles_at": None if "pending_forever" in struck else now + struck.get("slow", takes_s),
            "settles_as": "rejected" if "refund_rejected" in struck else "done",
            "bounces_after": struck.get("refund_bounced") if may_bounce else None,
        },
    )
    return txn


def end_refunds(db: sqlite3.Connection, *, now: float) -> None:
    """Bring every refund that is due to its end, and the money back."""
    due = db.execute(
        """SELECT refunds.*, customer FROM refunds JOIN orders ON orders.reference = order_reference
           WHERE refunds.state = 'processing' AND settles_at <= ?""",
        [now],
    ).fetchall()
    for refund in due:
        db.execute(
            "UPDATE refunds SET state = settles_as, bounces_at = ? + bounces_after WHERE reference = ?",
            [now, refund["reference"]],
        )
        if refund["settles_as"] != "done":
            continue
        _enter(db, "refund", refund["reference"], refund, amount=refund["amount"], now=now)
        _give_back(db, refund["customer"], refund["amount"])


def bounce(db: sqlite3.Connection, refund: sqlite3.Row, *, now: float) -> None:
    """What was returned comes back to the merchant."""
    order = db.execute("SELECT * FROM orders WHERE reference = ?", [refund["order_reference"]]).fetchone()
    about = {**refund, "customer": order["customer"]}
    _enter(db, "bounce", refund["reference"], about, amount=refund["amount"], now=now)
    _give_back(db, order["customer"], -refund["amount"])
    db.execute("UPDATE refunds SET state = 'bounced', bounces_at = NULL WHERE reference = ?", [refund["reference"]])


def _enter(
    db: sqlite3.Connection,
    kind: str,
    reference: str,
    about: Mapping[str, str] | sqlite3.Row,
    *,
    amount: int,
    now: float,
) -> None:
    order = about["order_reference"] if kind in ("refund", "bounce") else about["reference"]
    db.execute(
        "INSERT INTO entries (kind, reference, order_reference, customer, amount, at) VALUES (?, ?, ?, ?, ?, ?)",
        [kind, reference, order, about["customer"], amount, now],
    )


def _give_back(db: sqlite3.Connection, customer: str, amount: int) -> None:
    db.execute("UPDATE customers SET balance = balance + ? WHERE name = ?", [amount, customer])


def is_once(db: sqlite3.Connection, dialect: str, request_id: str) -> bool:
    """Whether this request id is new; it is used up now."""
    noted = db.execute(
        "INSERT INTO requests (dialect, request_id) VALUES (?, ?) ON CONFLICT DO NOTHING", [dialect, request_id]
    )
    return bool(noted.rowcount)


def merchants_time(order: sqlite3.Row, at: float) -> float:
    """
    Our time of an event, for the merchant.

    A merchant whose clock was moved (see Config.clock_tolerance_s) is answered in its own time, else its books would
    show payments from before the order.
    """
    ahead = float(order["asked_at"] - order["created_at"])
    return at + (ahead if abs(ahead) > DOCUMENTED_TOLERANCE_S else 0)


def _next_number(db: sqlite3.Connection, now: float) -> int:
    """yymmdd and nine digits: the form of a vendor's transaction numbers, one series for payments and refunds."""
    first = int(datetime.fromtimestamp(now, UTC).astimezone(VIETNAM).strftime("%y%m%d")) * 10**9
    (last,) = db.execute(
        "SELECT max(txn) FROM (SELECT max(txn) AS txn FROM orders UNION ALL SELECT max(txn) FROM refunds)"
    ).fetchone()
    return max(first, last or 0) + 1
