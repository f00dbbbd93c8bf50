"""The one thread per process that does what falls due: refunds, late payments, callbacks, product teams' answers."""

from __future__ import annotations

import json
import logging
import os
import threading
import time

from . import ledger, telling
from .config import Config
from .dialects import DIALECTS
from .shop.team import Team
from .store import Store

log = logging.getLogger(__name__)
IDLE_S = 0.2
TELL_OF_EXPIRY = [name for name, dialect in DIALECTS.items() if dialect.may_try_again]


class Worker:
    def __init__(self, store: Store, config: Config) -> None:
        self.store, self.config = store, config
        self.sender, self.team = telling.Sender(store, config), Team(store, config)
        self._pid = 0
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._starting = threading.Lock()

    def ensure_running(self) -> None:
        """Start the thread, once per process: a server that forks leaves its threads behind."""
        with self._starting:
            if self._pid == os.getpid():
                return
            self._pid = os.getpid()
            self._thread = threading.Thread(target=self._run, name="sandbox-worker", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread after its round, and wait for what that round has sent."""
        self._stopped.set()
        if self._thread:
            self._thread.join()
        self.sender.stop()
        self.team.stop()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.tick()
            except Exception:  # whatever it was, the next round tries again
                log.exception("a round of the sandbox's worker failed")
            self._stopped.wait(IDLE_S)

    def tick(self) -> None:
        """Take the write lock only when there is something to do: an idle sandbox leaves its file alone."""
        if self._is_money_due():
            self._move_money()
        if self.sender.is_due():
            self.sender.tick()
        if self.team.is_due():
            self.team.tick()

    def _is_money_due(self) -> bool:
        now = time.time()
        with self.store.read() as db:
            return bool(
                db.execute(
                    """SELECT 1 FROM refunds WHERE state = 'processing' AND settles_at <= :now OR bounces_at <= :now
                       UNION ALL SELECT 1 FROM orders WHERE pays_late_at <= :now OR reverses_at <= :now OR wins_at <= :now
                       UNION ALL SELECT 1 FROM orders WHERE state = 'open' AND expires_at <= :now AND pays_late_at IS NULL
                                 AND dialect IN (SELECT value FROM json_each(:telling))""",
                    {"now": now, "telling": json.dumps(TELL_OF_EXPIRY)},
                ).fetchone()
            )

    def _move_money(self) -> None:
        now = time.time()
        with self.store.write() as db:
            ledger.end_refunds(db, now=now)
            for order in db.execute("SELECT * FROM orders WHERE pays_late_at <= ?", [now]).fetchall():
                if ledger.pay(db, order, now=now):
                    telling.tell(db, order, self.config, now=now)
                else:
                    db.execute("UPDATE orders SET pays_late_at = NULL WHERE reference = ?", [order["reference"]])
            for dialect in TELL_OF_EXPIRY:
                for order in ledger.expire(db, dialect, now=now):
                    telling.tell(db, order, self.config, now=now)
            for order in db.execute("SELECT * FROM orders WHERE reverses_at <= ?", [now]).fetchall():
                ledger.reverse(db, order, now=now)
                telling.tell(db, order, self.config, now=now)
            for order in db.execute("SELECT * FROM orders WHERE wins_at <= ?", [now]).fetchall():
                ledger.regain(db, order, now=now)
                telling.tell(db, order, self.config, now=now)
            for refund in db.execute("SELECT * FROM refunds WHERE bounces_at <= ?", [now]).fetchall():
                ledger.bounce(db, refund, now=now)
                telling.tell_of_refund(db, refund, self.config, now=now)
