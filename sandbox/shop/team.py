"""The product teams at work: requests come in by webhook, answers go out by API, as the switch says."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from sandbox.shapes import Json

from ..config import Config
from ..store import Store
from .portal import NoKey, Portal

TYPES = ("provision", "resize", "start", "stop", "reboot", "suspend", "resume", "purge")
BEHAVIOURS = ("succeed", "fail", "never")
USUAL = ("succeed", 2.0)
MAX_DELAY_S = 86_400.0
PATIENCE_S, LEASE_S = 86_400.0, 60.0
NOTHING_DONE = {"still-running", "concurrent-change"}
"""Refusals (409) that say nothing about the answer: tell it again. One web process may have died with it half-way."""
OUTCOMES = {
    "succeed": {"outcome": "succeeded"},
    "fail": {"outcome": "failed", "reason_code": "no-capacity", "reason": "HAN-1"},
}


def switch(db: sqlite3.Connection, product: str) -> tuple[str, float]:
    """(behaviour, delay in seconds) of a product's team."""
    row = db.execute("SELECT behaviour, delay_s FROM shop_switches WHERE product = ?", [product]).fetchone()
    return (row["behaviour"], row["delay_s"]) if row else USUAL


def latest(db: sqlite3.Connection, product: str) -> list[sqlite3.Row]:
    """What the portal asked for last."""
    return db.execute(
        "SELECT * FROM shop_requests WHERE product = ? ORDER BY received_at DESC LIMIT 10", [product]
    ).fetchall()


def set_switch(db: sqlite3.Connection, product: str, behaviour: str, delay_s: float) -> None:
    db.execute(
        """INSERT INTO shop_switches VALUES (?, ?, ?)
           ON CONFLICT (product) DO UPDATE SET behaviour = excluded.behaviour, delay_s = excluded.delay_s""",
        [product, behaviour, delay_s],
    )


def receive(db: sqlite3.Connection, product: str, wanted: Json, *, now: float) -> None:
    """Take a request in, once however often it is delivered; the switch of this moment decides its fate."""
    behaviour, delay_s = switch(db, product)
    resource = wanted["resource"]
    expected = wanted.get("answer_expected") is True
    db.execute(
        """INSERT INTO shop_requests (id, product, type, resource_id, resource_name, answer_url, behaviour,
                                      received_at, state, next_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET deliveries = deliveries + 1""",
        [
            str(wanted["id"]),
            product,
            str(wanted["type"]),
            str(resource["id"]),
            str(resource.get("name", "")),
            str(wanted.get("answer_url", "")),
            behaviour,
            now,
            "noted" if not expected else "silent" if behaviour == "never" else "due",
            now + delay_s if expected and behaviour != "never" else None,
        ],
    )


def answer_now(db: sqlite3.Connection, product: str, request_id: str, behaviour: str, *, now: float) -> None:
    """Break the silence about a request after all, however late."""
    db.execute(
        """UPDATE shop_requests SET state = 'due', behaviour = ?, next_at = ?, tries = 0
           WHERE id = ? AND product = ? AND state = 'silent'""",
        [behaviour, now, request_id, product],
    )


class Team:
    def __init__(self, store: Store, config: Config) -> None:
        self.store, self.config = store, config
        self.pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="team")

    def stop(self) -> None:
        self.pool.shutdown()

    def is_due(self) -> bool:
        with self.store.read() as db:
            due = db.execute("SELECT 1 FROM shop_requests WHERE state = 'due' AND next_at <= ?", [time.time()])
            return bool(due.fetchone())

    def tick(self) -> None:
        now = time.time()
        with self.store.write() as db:
            due = db.execute(
                """UPDATE shop_requests SET next_at = :lease, tries = tries + 1
                   WHERE id IN (SELECT id FROM shop_requests WHERE state = 'due' AND next_at <= :now LIMIT 20)
                   RETURNING *""",
                {"now": now, "lease": now + LEASE_S},
            ).fetchall()
        for request in due:
            self.pool.submit(self._answer, request)

    def _answer(self, request: sqlite3.Row) -> None:
        state, result = self._post(request)
        now = time.time()
        if state == "due" and now > request["received_at"] + PATIENCE_S:
            state = "given up"
        wait_s = min(2.0 ** min(request["tries"], 6), 60.0)
        with self.store.write() as db:
            db.execute(
                "UPDATE shop_requests SET state = ?, result = ?, next_at = ? WHERE id = ?",
                [state, result, now + wait_s, request["id"]],
            )

    def _post(self, request: sqlite3.Row) -> tuple[str, str]:
        portal = Portal(self.config, request["product"])
        outcome = OUTCOMES[request["behaviour"]]
        try:
            # Another answer is another write, so it needs another key.
            response = portal.answer(request["answer_url"], outcome, key=f"{request['id']}-{request['behaviour']}")
        except (NoKey, httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return "due", type(error).__name__
        result = f"{outcome['outcome']}: HTTP {response.status_code}"
        if response.is_success:
            return "answered", result
        if response.status_code >= 500 or response.status_code == 429 or _code(response) in NOTHING_DONE:
            return "due", result
        return ("too late" if response.status_code == 409 else "given up"), result


def _code(response: httpx.Response) -> str:
    """What a refusal is called; empty when it has no name."""
    try:
        problem = response.json()
    except ValueError:
        return ""
    return str(problem.get("code", "")) if isinstance(problem, dict) else ""
