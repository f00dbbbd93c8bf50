"""The sandbox's own database: one SQLite file, any number of threads and processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = 7
"""Of the schema."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS customers (
    name TEXT PRIMARY KEY,
    opened_with INTEGER NOT NULL,
    balance INTEGER NOT NULL CHECK (balance >= 0)
) STRICT;
CREATE TABLE IF NOT EXISTS orders (
    reference TEXT PRIMARY KEY,
    dialect TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    customer TEXT NOT NULL REFERENCES customers,
    amount INTEGER NOT NULL CHECK (amount > 0),
    description TEXT NOT NULL,
    details TEXT NOT NULL,          -- what only its dialect knows, as JSON
    asked_at REAL NOT NULL,         -- by the merchant's clock, in seconds
    notify_url TEXT NOT NULL,
    return_url TEXT NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'failed', 'reversed')),
    ending TEXT NOT NULL DEFAULT '' CHECK (ending IN ('', 'cancelled', 'no funds', 'wrong otp', 'unauthenticated', 'over limit')),
    txn INTEGER UNIQUE,
    paid_at REAL,
    pays_late_at REAL,
    reverses_at REAL,
    wins_after REAL,                -- of a dispute: so many seconds after the bank took the money
    wins INTEGER,                   -- so much of it; NULL: all
    wins_at REAL,
    won_at REAL
) STRICT;
CREATE TABLE IF NOT EXISTS refunds (
    reference TEXT PRIMARY KEY,
    txn INTEGER NOT NULL UNIQUE,
    order_reference TEXT NOT NULL REFERENCES orders,
    amount INTEGER NOT NULL CHECK (amount > 0),
    description TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'processing' CHECK (state IN ('processing', 'done', 'rejected', 'bounced')),
    created_at REAL NOT NULL,
    settles_at REAL,
    settles_as TEXT NOT NULL DEFAULT 'done',
    bounces_after REAL,             -- so many seconds after it was done it comes back
    bounces_at REAL
) STRICT;
-- What really moved. A debit is named by its order, as is its reversal and what was won back of that, and a refund by its own
-- name, as is its coming back; each once.
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('debit', 'refund', 'bounce', 'reversal', 'regain')),
    reference TEXT NOT NULL,
    order_reference TEXT NOT NULL REFERENCES orders,
    customer TEXT NOT NULL REFERENCES customers,
    amount INTEGER NOT NULL CHECK (amount > 0),
    at REAL NOT NULL,
    UNIQUE (kind, reference)
) STRICT;
CREATE TRIGGER IF NOT EXISTS entries_are_never_changed BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
CREATE TRIGGER IF NOT EXISTS entries_are_never_deleted BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
-- Accounts that customers let the merchant charge.
CREATE TABLE IF NOT EXISTS links (
    reference TEXT PRIMARY KEY,
    dialect TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,     -- of its page
    customer TEXT NOT NULL REFERENCES customers,
    description TEXT NOT NULL,
    details TEXT NOT NULL,          -- what only its dialect knows, as JSON
    notify_url TEXT NOT NULL,
    return_url TEXT NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'agreed', 'refused', 'ended')),
    ended_by TEXT NOT NULL DEFAULT '' CHECK (ended_by IN ('', 'customer', 'merchant')),
    binding TEXT NOT NULL UNIQUE,
    secret TEXT NOT NULL UNIQUE     -- by which it is charged
) STRICT;
-- Whom a merchant has entered at Stripe.
CREATE TABLE IF NOT EXISTS stripe_customers (
    id TEXT PRIMARY KEY,
    metadata TEXT NOT NULL,         -- as JSON
    created_at REAL NOT NULL
) STRICT;
-- Requests that a merchant may make only once, with the answer where it may be given again.
CREATE TABLE IF NOT EXISTS requests (
    dialect TEXT NOT NULL,
    request_id TEXT NOT NULL,
    answer TEXT,
    PRIMARY KEY (dialect, request_id)
) STRICT;
CREATE TABLE IF NOT EXISTS callbacks (
    id INTEGER PRIMARY KEY,
    reference TEXT NOT NULL,
    dialect TEXT NOT NULL,
    url TEXT NOT NULL,
    body TEXT,                      -- of a POST; NULL: the address says it all, by GET
    headers TEXT NOT NULL DEFAULT '{}',
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'refused', 'given up', 'dropped')),
    tries INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL,
    result TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS callbacks_by_due_time ON callbacks (state, next_at);
-- What came in on the merchant's account at the bank.
CREATE TABLE IF NOT EXISTS bank_transfers (
    number TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    payer TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    note TEXT NOT NULL,
    at REAL NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS transfers_are_never_changed BEFORE UPDATE ON bank_transfers
BEGIN SELECT RAISE(ABORT, 'transfers are never changed'); END;
CREATE TRIGGER IF NOT EXISTS transfers_are_never_deleted BEFORE DELETE ON bank_transfers
BEGIN SELECT RAISE(ABORT, 'transfers are never deleted'); END;
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY,
    call TEXT NOT NULL,
    fault TEXT NOT NULL,
    value REAL NOT NULL,
    times INTEGER,          -- how often it still strikes; NULL: always
    reference TEXT          -- only this order or refund; NULL: any
) STRICT;
CREATE TABLE IF NOT EXISTS shop_switches (
    product TEXT PRIMARY KEY,
    behaviour TEXT NOT NULL,
    delay_s REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS shop_requests (
    id TEXT PRIMARY KEY,
    product TEXT NOT NULL,
    type TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    resource_name TEXT NOT NULL,
    answer_url TEXT NOT NULL,
    behaviour TEXT NOT NULL,
    received_at REAL NOT NULL,
    deliveries INTEGER NOT NULL DEFAULT 1,
    state TEXT NOT NULL CHECK (state IN ('due', 'silent', 'noted', 'answered', 'too late', 'given up')),
    tries INTEGER NOT NULL DEFAULT 0,
    next_at REAL,
    result TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE IF NOT EXISTS shop_visits (
    token TEXT PRIMARY KEY,
    product TEXT NOT NULL,
    visit_id TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS shop_requests_by_due_time ON shop_requests (state, next_at);
"""


class Store:
    """Opens short-lived connections; a writer holds the database's one write lock from its first statement."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._put_aside_what_is_older()
        with self._connection() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(SCHEMA)
            db.execute(f"PRAGMA user_version = {VERSION}")

    def _put_aside_what_is_older(self) -> None:
        """Pretended money is not migrated: a file of another form is renamed, and a new one begun."""
        if not self.path.exists():
            return
        with self._connection() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            is_used = db.execute("SELECT 1 FROM sqlite_master").fetchone()
        if is_used and version != VERSION:
            self.path.rename(f"{self.path}.{version}")
            for end in ("-wal", "-shm"):
                Path(f"{self.path}{end}").unlink(missing_ok=True)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.path, timeout=15, isolation_level=None)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA foreign_keys = ON")
        try:
            yield db
        finally:
            db.close()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of everything."""
        with self._connection() as db:
            db.execute("BEGIN")
            yield db

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
