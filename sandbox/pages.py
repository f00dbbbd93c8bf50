"""What a customer sees: one page per order, with every way that it can end."""

from __future__ import annotations

import sqlite3
import time
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from . import callbacks, faults, ledger
from .config import Config
from .signing import seal
from .store import Store

blueprint = Blueprint("pages", __name__)

ENDINGS = {"cancel": ledger.CANCELLED, "otp": ledger.WRONG_OTP, "funds": ledger.NO_FUNDS}
WALLET_CHANNEL = 38
RETURNS_IN_S = 5
"""How long the page of an order that has ended stays before it leads back to the merchant."""


@blueprint.get("/pay/<token>")
def page(token: str) -> Response | str | tuple[str, int]:
    with _store().read() as db:
        order = ledger.order_by_token(db, token)
    return _shown(order)


@blueprint.post("/pay/<token>")
def act(token: str) -> Response | str | tuple[str, int]:
    """Do what the button says, once; a button pressed again finds the order as it is."""
    action, now = request.form.get("action", ""), time.time()
    with _store().write() as db:
        order = ledger.order_by_token(db, token)
        if order is not None and ledger.is_payable(order, now):
            _end(db, order, action, now)
            order = ledger.order_by_token(db, token)
    if order is None or action == "close":
        return _shown(order, closed=True)
    if action == "pay-close" or not order["redirect_url"]:
        return redirect(url_for("pages.page", token=token, stay=1), 303)
    return redirect(_return_url(order), 303)


def _end(db: sqlite3.Connection, order: sqlite3.Row, action: str, now: float) -> None:
    if action in ("pay", "pay-close"):
        if ledger.pay(db, order, now=now):
            callbacks.queue(db, order["app_trans_id"], _config(), now=now)
        else:
            ledger.fail(db, order, ledger.NO_FUNDS)
    elif action in ENDINGS:
        struck = faults.strike(db, "pay", order["app_trans_id"]) if action == "cancel" else {}
        late = now + struck["late_success"] if "late_success" in struck else None
        ledger.fail(db, order, ENDINGS[action], pays_late_at=late)


def _shown(order: sqlite3.Row | None, *, closed: bool = False) -> str | tuple[str, int]:
    if order is None:
        return render_template("gone.html"), 404
    payable = ledger.is_payable(order, time.time())
    returns = bool(order["redirect_url"]) and not payable and "stay" not in request.args
    return render_template(
        "pay.html",
        order=order,
        payable=payable,
        returns_in=RETURNS_IN_S if returns else None,
        closed=closed,
        sub_code=order["sub_code"] or ledger.EXPIRED,
        merchant=_config().merchant,
        return_url=_return_url(order) if order["redirect_url"] else "",
    )


def _return_url(order: sqlite3.Row) -> str:
    """The merchant's address with the documented parameters. They only inform: the merchant has to ask or be told."""
    config = _config()
    status = 1 if order["state"] == "paid" else order["sub_code"] or ledger.EXPIRED
    told = {
        "appid": config.app_id,
        "apptransid": order["app_trans_id"],
        "pmcid": WALLET_CHANNEL,
        "bankcode": "",
        "amount": order["amount"],
        "discountamount": 0,
        "status": status,
    }
    query = urlencode({**told, "checksum": seal(config.key2, *told.values())})
    parts = urlsplit(str(order["redirect_url"]))
    return parts._replace(query=f"{parts.query}&{query}" if parts.query else query).geturl()


def _config() -> Config:
    config: Config = current_app.config["SANDBOX"]
    return config


def _store() -> Store:
    store: Store = current_app.config["STORE"]
    return store
