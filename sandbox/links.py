"""Accounts that customers have linked with the merchant. Every function runs in the caller's transaction."""

from __future__ import annotations

import json
import secrets
import sqlite3

from sandbox.shapes import Json

from . import ledger

REFUSALS = {
    "no_funds": ledger.NO_FUNDS,
    "needs_customer": ledger.UNAUTHENTICATED,
    "over_limit": ledger.OVER_LIMIT,
}
"""Faults of a charge, and how each ends its order."""


def begin(db: sqlite3.Connection, link: Json, *, lives_s: float, now: float) -> str | None:
    """The token of a new link's page, or None where the reference is taken."""
    ledger.open_customer(db, link["customer"])
    token = secrets.token_urlsafe(24)
    created = db.execute(
        """INSERT INTO links (reference, dialect, token, customer, description, details, notify_url, return_url, created_at,
                              expires_at, binding, secret)
           VALUES (:reference, :dialect, :token, :customer, :description, :details, :notify_url, :return_url, :now, :expires_at,
                   :binding, :secret)
           ON CONFLICT (reference) DO NOTHING""",
        {
            **link,
            "details": json.dumps(link["details"]),
            "token": token,
            "now": now,
            "expires_at": now + lives_s,
            "binding": secrets.token_hex(8),
            "secret": secrets.token_urlsafe(24),
        },
    )
    return token if created.rowcount else None


def adopt(db: sqlite3.Connection, known: Json, *, now: float) -> None:
    """An account that was linked before we were there; once."""
    ledger.open_customer(db, known["customer"])
    db.execute(
        """INSERT INTO links (reference, dialect, token, customer, description, details, notify_url, return_url, created_at,
                              expires_at, state, binding, secret)
           VALUES (:reference, 'zalopay', :token, :customer, '', '{"max_amount": 0}', '', '', :now, :now, 'agreed', :binding_id, :pay_token)
           ON CONFLICT DO NOTHING""",
        {**known, "token": secrets.token_urlsafe(24), "now": now},
    )


def by_token(db: sqlite3.Connection, token: str) -> sqlite3.Row | None:
    return _found(db, "token = ?", token)


def by_reference(db: sqlite3.Connection, dialect: str, reference: str) -> sqlite3.Row | None:
    return _found(db, "dialect = ? AND reference = ?", dialect, reference)


def by_secret(db: sqlite3.Connection, dialect: str, customer: str, secret: str) -> sqlite3.Row | None:
    return _found(db, "dialect = ? AND customer = ? AND secret = ?", dialect, customer, secret)


def by_binding(db: sqlite3.Connection, dialect: str, customer: str, binding: str) -> sqlite3.Row | None:
    return _found(db, "dialect = ? AND customer = ? AND binding = ?", dialect, customer, binding)


def _found(db: sqlite3.Connection, where: str, *values: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(f"SELECT * FROM links WHERE {where}", values).fetchone()
    return row


def details(link: sqlite3.Row) -> Json:
    found: Json = json.loads(link["details"])
    return found


def is_open(link: sqlite3.Row, now: float) -> bool:
    return bool(link["state"] == "open" and now < link["expires_at"])


def masked(link: sqlite3.Row) -> str:
    """As a wallet shows whose it is."""
    return f"*******{last_digits(link)[1:]}"


def last_digits(link: sqlite3.Row) -> str:
    """Four, as of a card."""
    return f"{int(link['binding'][:6], 16) % 10_000:04}"


def decide(db: sqlite3.Connection, link: sqlite3.Row, state: str) -> bool:
    """The customer confirms or refuses; once."""
    moved = db.execute("UPDATE links SET state = ? WHERE reference = ? AND state = 'open'", [state, link["reference"]])
    return bool(moved.rowcount)


def end(db: sqlite3.Connection, link: sqlite3.Row, by: str) -> bool:
    """By the customer or the merchant; once."""
    moved = db.execute(
        "UPDATE links SET state = 'ended', ended_by = ? WHERE reference = ? AND state = 'agreed'",
        [by, link["reference"]],
    )
    return bool(moved.rowcount)


def charge(db: sqlite3.Connection, order: sqlite3.Row, struck: dict[str, float], *, now: float) -> bool:
    """Take the money of an open order from its account; False where it holds too little, which ends the order."""
    if "slow" in struck:
        ledger.fail(db, order, ledger.CANCELLED, pays_late_at=now + struck["slow"])
        return True
    refused = next((ending for fault, ending in REFUSALS.items() if fault in struck), "")
    if not refused and ledger.pay(db, order, now=now):
        return True
    ledger.fail(db, order, refused or ledger.NO_FUNDS)
    return False
