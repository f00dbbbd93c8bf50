"""What the sandbox really did, for tests and the curious, and the switchboard of its faults."""

from __future__ import annotations

import sqlite3
import time

from flask import Blueprint, current_app, g, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from . import faults
from .config import Config
from .store import Store

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

REFERENCES = """
SELECT reference, dialect, customer, amount AS asked, state, txn, created_at,
       (SELECT count(*) FROM entries WHERE order_reference = orders.reference AND kind = 'debit') AS debits,
       (SELECT coalesce(sum(amount), 0) FROM entries
        WHERE order_reference = orders.reference AND kind = 'debit') AS debited,
       (SELECT coalesce(sum(amount), 0) FROM entries
        WHERE order_reference = orders.reference AND kind = 'refund') AS refunded,
       (SELECT coalesce(sum(amount), 0) FROM entries
        WHERE order_reference = orders.reference AND kind = 'bounce') AS bounced,
       (SELECT coalesce(sum(amount), 0) FROM entries
        WHERE order_reference = orders.reference AND kind = 'reversal') AS reversed,
       (SELECT coalesce(sum(amount), 0) FROM entries
        WHERE order_reference = orders.reference AND kind = 'regain') AS regained
FROM orders
"""
LINKS = """
SELECT reference, dialect, customer, state, ended_by,
       (SELECT coalesce(sum(amount), 0) FROM entries WHERE entries.customer = links.customer AND kind = 'debit') AS charged
FROM links ORDER BY created_at
"""
CUSTOMERS = """
SELECT name, opened_with, balance,
       opened_with + (SELECT coalesce(sum(CASE WHEN kind IN ('debit', 'bounce', 'regain') THEN -amount ELSE amount END), 0)
                      FROM entries WHERE customer = name) AS balance_by_entries
FROM customers
"""


@blueprint.before_request
def speak_english() -> None:
    """These pages are for developers and have one language."""
    g.language = "en"


@blueprint.get("/")
def home() -> str:
    with _store().read() as db:
        return render_template(
            "admin.html",
            references=db.execute(REFERENCES + " ORDER BY created_at DESC LIMIT 200").fetchall(),
            refunds=db.execute("SELECT * FROM refunds ORDER BY created_at DESC LIMIT 100").fetchall(),
            links=db.execute(LINKS).fetchall(),
            customers=db.execute(CUSTOMERS + " ORDER BY name LIMIT 200").fetchall(),
            callbacks=db.execute("SELECT * FROM callbacks ORDER BY id DESC LIMIT 50").fetchall(),
            faults=faults.pending(db),
            kinds=faults.KINDS,
            refused=request.args.get("refused", ""),
        )


@blueprint.get("/oracle")
def oracle() -> Response:
    """
    Every reference with what was debited and refunded, and every customer. `?reference=` narrows it to one.

    `conserved` says that each balance is what the entries make it.
    """
    wanted = request.args.get("reference")
    with _store().read() as db:
        found = db.execute(REFERENCES + " WHERE ? IS NULL OR reference = ? ORDER BY created_at", [wanted, wanted])
        references = _plain(found.fetchall())
        customers = _plain(db.execute(CUSTOMERS + " ORDER BY name").fetchall())
        refunds = _plain(db.execute("SELECT * FROM refunds ORDER BY created_at").fetchall())
        linked = _plain(db.execute(LINKS).fetchall())
        transfers = _plain(db.execute("SELECT * FROM bank_transfers ORDER BY number").fetchall())
        sent = _plain(db.execute("SELECT reference, state, tries, result FROM callbacks ORDER BY id").fetchall())
    return jsonify(
        references=references,
        refunds=[refund for refund in refunds if wanted in (None, refund["order_reference"])],
        callbacks=[callback for callback in sent if wanted in (None, callback["reference"])],
        links=[link for link in linked if wanted in (None, link["reference"])],
        transfers=[line for line in transfers if wanted in (None, line["number"])],
        customers=customers,
        conserved=all(customer["balance"] == customer["balance_by_entries"] for customer in customers),
    )


@blueprint.get("/faults")
def list_faults() -> Response:
    with _store().read() as db:
        return jsonify(faults=_plain(faults.pending(db)), kinds={name: kind[2] for name, kind in faults.KINDS.items()})


@blueprint.post("/faults")
def add_fault() -> Response | tuple[Response, int]:
    """A fault, as JSON or from the form of the page; see faults.plan for its fields."""
    if request.is_json:
        wish = request.get_json(silent=True)
        try:
            with _store().write() as db:
                return jsonify(id=faults.plan(db, wish if isinstance(wish, dict) else {})), 201
        except faults.BadFault as problem:
            return jsonify(error=str(problem)), 400
    try:
        with _store().write() as db:
            faults.plan(db, _wish_of_form())
    except faults.BadFault as problem:
        return redirect(url_for("admin.home", refused=str(problem)), 303)
    return redirect(url_for("admin.home"), 303)


@blueprint.post("/keys")
def rotate_keys() -> tuple[Response, int] | tuple[str, int]:
    """
    The merchant gets new keys: {"key1"?, "key2"?, "overlap_s"?}, until the sandbox is started again. What we say is signed with the
    new ones from now on; the old ones are accepted for `overlap_s` more seconds (0).
    """
    wish = request.get_json(silent=True)
    given = wish if isinstance(wish, dict) else {}
    keys = {name: given[name] for name in ("key1", "key2") if name in given}
    overlap_s = given.get("overlap_s", 0)
    is_time = isinstance(overlap_s, int | float) and not isinstance(overlap_s, bool) and overlap_s >= 0
    if not keys or not is_time or not all(isinstance(key, str) and len(key) >= 32 for key in keys.values()):
        return jsonify(error="name key1 or key2, of 32 characters at least, and overlap_s as a number"), 400
    config: Config = current_app.config["SANDBOX"]
    config.rotate(overlap_s=overlap_s, now=time.time(), **keys)
    return "", 204


@blueprint.delete("/faults")
def clear_faults() -> tuple[str, int]:
    with _store().write() as db:
        db.execute("DELETE FROM faults")
    return "", 204


@blueprint.post("/faults/clear")
def clear_faults_by_button() -> Response:
    clear_faults()
    return redirect(url_for("admin.home"), 303)


def _wish_of_form() -> dict[str, object]:
    """The form's texts as the values that JSON would carry. `strike` is "fault@call"."""
    fault, _, call = request.form.get("strike", "").partition("@")
    reference = request.form.get("reference", "").strip() or None
    wish: dict[str, object] = {"fault": fault, "call": call, "reference": reference}
    try:
        if request.form.get("value"):
            wish["value"] = float(request.form["value"])
        wish["times"] = int(request.form["times"]) if request.form.get("times") else None
    except ValueError as error:
        raise faults.BadFault("value and times must be numbers") from error
    return wish


def _plain(rows: list[sqlite3.Row]) -> list[dict[str, object]]:
    return [dict(row) for row in rows]


def _store() -> Store:
    store: Store = current_app.config["STORE"]
    return store
