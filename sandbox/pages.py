"""What a customer sees: one page per order, with every way that it can end."""

from __future__ import annotations

import sqlite3
import time

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from . import faults, ledger, telling
from .config import Config
from .dialects import DIALECTS
from .store import Store

blueprint = Blueprint("pages", __name__)

ENDINGS = {"cancel": ledger.CANCELLED, "otp": ledger.WRONG_OTP, "funds": ledger.NO_FUNDS}
TRIED = ("otp", "funds")
"""After these one stays where one may try again."""
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
    if action == "pay-close" or not order["return_url"] or (action in TRIED and ledger.is_payable(order, now)):
        return redirect(url_for("pages.page", token=token, stay=1), 303)
    return redirect(_return_url(order), 303)


def _end(db: sqlite3.Connection, order: sqlite3.Row, action: str, now: float) -> None:
    """What the button says; the merchant is told of it, also of what failed where its dialect does that."""
    if action not in ("pay", "pay-close", *ENDINGS):
        return
    struck, dialect = faults.strike(db, "pay", order["reference"]), DIALECTS[order["dialect"]]
    if action in ENDINGS:
        late = now + struck["late_success"] if action == "cancel" and "late_success" in struck else None
        ledger.fail(db, order, ENDINGS[action], pays_late_at=late, may_try_again=dialect.may_try_again)
    else:
        reverses = "reversal" in struck and dialect.reverses
        reverses_at = now + struck["reversal"] if reverses else None
        wins_after = struck.get("dispute_won") if dialect.has_disputes else None
        wins = struck.get("won_in_part")
        if not ledger.pay(db, order, now=now, reverses_at=reverses_at, wins_after=wins_after, wins=wins):
            ledger.fail(db, order, ledger.NO_FUNDS, may_try_again=dialect.may_try_again)
    telling.tell(db, order, _config(), now=now)


def _shown(order: sqlite3.Row | None, *, closed: bool = False) -> str | tuple[str, int]:
    if order is None:
        return render_template("gone.html"), 404
    payable = ledger.is_payable(order, time.time())
    returns = bool(order["return_url"]) and not payable and "stay" not in request.args
    return render_template(
        "pay.html",
        order=order,
        payable=payable,
        returns_in=RETURNS_IN_S if returns else None,
        closed=closed,
        ending=ledger.ending(order),
        brand=DIALECTS[order["dialect"]].brand,
        merchant=_config().merchant,
        return_url=_return_url(order) if order["return_url"] else "",
    )


def _return_url(order: sqlite3.Row) -> str:
    return DIALECTS[order["dialect"]].return_url(order, _config())


def _config() -> Config:
    config: Config = current_app.config["SANDBOX"]
    return config


def _store() -> Store:
    store: Store = current_app.config["STORE"]
    return store
