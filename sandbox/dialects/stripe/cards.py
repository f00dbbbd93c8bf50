"""Cards that their holders let the merchant charge: a customer, a page, the consent, and the card itself."""

from __future__ import annotations

import json
import secrets
import sqlite3

from sandbox.shapes import Json

from ... import links
from ..base import Row, is_web_address
from . import shown
from .asked import Asked, Refused, missing
from .forms import of, text
from .payments import notify_url, searched

LIVES_S = 24 * 3600


def create_customer(db: sqlite3.Connection, asked: Asked) -> Json:
    metadata = of(asked.form, "metadata")
    row = {"id": f"cus_{secrets.token_hex(7)}", "metadata": json.dumps(metadata), "created_at": asked.now}
    db.execute("INSERT INTO stripe_customers VALUES (:id, :metadata, :created_at)", row)
    return {"id": row["id"], "object": "customer", "livemode": False, "metadata": metadata}


def search_customers(db: sqlite3.Connection, asked: Asked) -> Json:
    found = db.execute(
        "SELECT * FROM stripe_customers WHERE json_extract(metadata, '$.reference') = ?", [searched(asked.form)]
    ).fetchall()
    rows = [shown.customer(row, json.loads(row["metadata"])) for row in found]
    return shown.listed(rows, "/v1/customers/search", kind="search_result")


def open_session(db: sqlite3.Connection, asked: Asked) -> Json:
    form = asked.form
    holder = text(form, "customer")
    addresses = [text(form, name) for name in ("success_url", "cancel_url")]
    if not db.execute("SELECT 1 FROM stripe_customers WHERE id = ?", [holder]).fetchone():
        raise missing("customer", holder)
    if not all(is_web_address(one) for one in addresses):
        raise Refused("Not a valid URL", code="url_invalid")
    metadata = of(form, "setup_intent_data", "metadata")
    link = {
        "reference": shown.fresh_reference(db, "links", text(metadata, "reference") or secrets.token_hex(8)),
        "dialect": "stripe",
        "customer": text(metadata, "customer") or holder,
        "description": "",
        "details": {"holder": holder, "metadata": metadata, "cancel_url": addresses[1]},
        "notify_url": notify_url(asked.config),
        "return_url": addresses[0],
    }
    token = links.begin(db, link, lives_s=LIVES_S, now=asked.now)
    assert token is not None, "the reference is a fresh one"
    page = f"{asked.config.public_url}/link/{token}"
    return shown.session(token, page=page, mode="setup", metadata=of(form, "metadata"), expires_at=asked.now + LIVES_S)


def list_setup_intents(db: sqlite3.Connection, asked: Asked) -> Json:
    """One is there for every page that was opened for this customer, newest first."""
    found = db.execute(
        """SELECT * FROM links WHERE dialect = 'stripe' AND json_extract(details, '$.holder') = ?
           ORDER BY created_at DESC LIMIT 10""",
        [text(asked.form, "customer")],
    ).fetchall()
    return shown.listed([shown.setup_intent(link) for link in found], "/v1/setup_intents")


def read_setup_intent(db: sqlite3.Connection, name: str) -> Json:
    return shown.setup_intent(_by_id(db, "seti", name, "setup_intent"))


def read_card(db: sqlite3.Connection, name: str) -> Json:
    return shown.card(_by_id(db, "pm", name, "PaymentMethod"))


def detach(db: sqlite3.Connection, name: str) -> Json:
    link = _by_id(db, "pm", name, "PaymentMethod")
    if not links.end(db, link, "merchant"):
        raise Refused("The payment method you provided is not attached to a customer so detachment is impossible.")
    return shown.card(_by_id(db, "pm", name, "PaymentMethod"))


def _by_id(db: sqlite3.Connection, kind: str, name: str, what: str) -> Row:
    row: Row | None = db.execute(
        "SELECT * FROM links WHERE dialect = 'stripe' AND ? || '_' || binding = ?", [kind, name]
    ).fetchone()
    if row is None:
        raise missing(what, name)
    return row
