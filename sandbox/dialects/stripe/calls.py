"""Stripe's API, as far as a merchant of Checkout and of linked cards uses it: keys, forms, repetition and refusals."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Callable

from flask import Blueprint, Response, current_app, request

from sandbox.shapes import Json

from ... import faults
from ...config import Config
from ...store import Store
from ..base import Struck, misbehaved
from . import cards, payments
from .asked import Asked, Refused
from .forms import nested, of, text
from .signing import is_ours

blueprint = Blueprint("calls-stripe", __name__, url_prefix="/stripe/v1")
Handler = Callable[[sqlite3.Connection, Asked], Json]
REPLAYED = (200, 402)
"""Of these, the same key gives the same answer again; what was refused before anything was done may be asked again."""


@blueprint.post("/customers")
def create_customer() -> Response:
    return _answered("bind", _named("metadata"), cards.create_customer)


@blueprint.get("/customers/search")
def search_customers() -> Response:
    return _answered("link_query", _searched(), cards.search_customers)


@blueprint.post("/checkout/sessions")
def create_session() -> Response:
    if text(_form(), "mode") == "setup":
        return _answered("bind", _named("setup_intent_data", "metadata"), cards.open_session)
    return _answered("create", _named("payment_intent_data", "metadata"), payments.open_session)


@blueprint.get("/setup_intents")
def list_setup_intents() -> Response:
    return _answered("link_query", text(_form(), "customer"), cards.list_setup_intents)


@blueprint.get("/setup_intents/<name>")
def read_setup_intent(name: str) -> Response:
    return _answered("link_query", name, lambda db, asked: cards.read_setup_intent(db, name))


@blueprint.get("/payment_methods/<name>")
def read_card(name: str) -> Response:
    return _answered("link_query", name, lambda db, asked: cards.read_card(db, name))


@blueprint.post("/payment_methods/<name>/detach")
def detach_card(name: str) -> Response:
    return _answered("unbind", name, lambda db, asked: cards.detach(db, name))


@blueprint.post("/payment_intents")
def charge() -> Response:
    return _answered("charge", _named("metadata"), payments.charge)


@blueprint.get("/payment_intents/search")
def search_intents() -> Response:
    return _answered("query", _searched(), payments.search)


@blueprint.get("/payment_intents/<name>")
def read_intent(name: str) -> Response:
    return _answered("query", name, lambda db, asked: payments.read(db, name, asked))


@blueprint.post("/refunds")
def create_refund() -> Response:
    return _answered("refund", text(of(_form(), "metadata"), "refund"), payments.refund)


@blueprint.get("/refunds")
def list_refunds() -> Response:
    return _answered("query_refund", text(_form(), "payment_intent"), payments.list_refunds)


@blueprint.get("/balance_transactions")
def list_balance() -> Response:
    return _answered("statement", payments.day_asked(_form()), payments.list_balance)


def _answered(call: str, reference: str, handler: Handler) -> Response:
    """
    :param call: what a fault calls it
    """
    config: Config = current_app.config["SANDBOX"]
    store: Store = current_app.config["STORE"]
    now, struck = time.time(), Struck()
    if not is_ours(request.headers.get("Authorization", ""), config.accepts("key1", now)):
        return misbehaved(_error("Invalid API Key provided."), struck, 401)
    with store.write() as db:
        struck = faults.strike(db, call, reference)
        status, answer = 503, None
        if "hang_before" not in struck:
            status, answer = _once(db, Asked(_form(), config, struck, now), handler)
    return misbehaved(answer, struck, status)


def _once(db: sqlite3.Connection, asked: Asked, handler: Handler) -> tuple[int, Json]:
    """What was asked under one Idempotency-Key is done once, and answered alike; another question under it is refused."""
    if "maintenance" in asked.struck:
        return 503, _error("The API is down for maintenance.", kind="api_error")
    if "rate" in asked.struck:
        return 429, _error("Too many requests.", code="rate_limit")
    key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
    question = hashlib.sha256(json.dumps([request.path, asked.form], sort_keys=True).encode()).hexdigest()
    before = db.execute("SELECT answer FROM requests WHERE dialect = 'stripe' AND request_id = ?", [key]).fetchone()
    if before:
        kept = json.loads(before["answer"])
        if kept["question"] != question:
            return 400, _error(
                "Keys for idempotent requests can only be used with the same parameters.", kind="idempotency_error"
            )
        return kept["status"], kept["answer"]
    try:
        status, answer = 200, handler(db, asked)
    except Refused as refusal:
        status, answer = refusal.status, {"error": refusal.error}
    if key and status in REPLAYED:
        kept = {"question": question, "status": status, "answer": answer}
        db.execute("INSERT INTO requests VALUES ('stripe', ?, ?)", [key, json.dumps(kept)])
    return status, answer


def _form() -> Json:
    given = request.form if request.method == "POST" else request.args
    return nested(given.items(multi=True))


def _named(*path: str) -> str:
    """The merchant's own name of what is asked for."""
    return text(of(_form(), *path), "reference")


def _searched() -> str:
    return payments.searched(_form()) or ""


def _error(message: str, *, kind: str = "invalid_request_error", code: str = "") -> Json:
    return {"error": {"type": kind, "code": code or None, "message": message}}
