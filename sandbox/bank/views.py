"""The customer's page: transfer what a code asks for, exactly or not. And the merchant's statements."""

from __future__ import annotations

import time
from datetime import date

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ..config import Config
from ..statements import day_named
from ..store import Store
from . import book, qr, statements

blueprint = Blueprint("bank", __name__, url_prefix="/bank")

MOST = 10**12
OFF_BY = 10_000
WAYS = ("exact", "short", "over", "twice", "unknown")


@blueprint.get("/")
def home() -> str | tuple[str, int]:
    """Empty, or with what the address proposes: a code, or account, amount and text."""
    wish = {name: request.args.get(name, "") for name in ("code", "account", "amount", "note")}
    return _page(wish)


@blueprint.post("/")
def act() -> AnyResponse | tuple[str, int] | str:
    wish = {name: request.form.get(name, "").strip() for name in ("code", "account", "amount", "note")}
    try:
        account, amount, note = _read(wish)
    except ValueError as wrong:
        return _page(wish, wrong=str(wrong) or "no code")
    config, sent = _config(), []
    with _store().write() as db:
        for each, text in _transfers(request.form.get("way", "exact"), amount, note):
            payer = request.form.get("payer", "").strip()[:60] or "Nguyễn Văn A"
            sent.append(
                book.transfer(db, config, account=account, payer=payer, amount=each, note=text, now=time.time())
            )
    return redirect(url_for("bank.home", sent=",".join(sent)), 303)


@blueprint.get("/statement.csv")
def as_csv() -> Response:
    account, day = _asked()
    with _store().read() as db:
        text = statements.as_csv(book.of_day(db, account, day))
    return Response("\ufeff" + text, content_type="text/csv; charset=utf-8")


@blueprint.get("/statement.mt940")
def as_mt940() -> Response:
    account, day = _asked()
    with _store().read() as db:
        text = statements.as_mt940(book.of_day(db, account, day), account, day)
    return Response(text, content_type="text/plain; charset=us-ascii")


def _transfers(way: str, amount: int, note: str) -> list[tuple[int, str]]:
    """What the button makes of it: (amount, text), one or two."""
    if way not in WAYS:
        abort(400)
    match way:
        case "short":
            return [(max(amount - OFF_BY, amount // 2, 1), note)]
        case "over":
            return [(amount + OFF_BY, note)]
        case "twice":
            return [(amount, note), (amount, note)]
        case "unknown":
            return [(amount, mistyped(note))]
    return [(amount, note)]


def mistyped(note: str) -> str:
    """One character of it is another one."""
    return f"{'B' if note[:1] == 'A' else 'A'}{note[1:]}" if note else "chuyen tien"


def _read(wish: dict[str, str]) -> tuple[str, int, str]:
    """Account, amount and text, from the code or as typed. :raises ValueError: the key of what is wrong"""
    account, amount, note = wish["account"], wish["amount"].replace(".", "").replace(",", ""), wish["note"]
    if wish["code"]:
        code = qr.read(wish["code"])
        account, note = code.account, note or code.note
        amount = amount or str(code.amount or "")
    if not account.isalnum() or len(account) > 30:
        raise ValueError("bad account")
    if not (amount.isascii() and amount.isdecimal() and 0 < int(amount) <= MOST):
        raise ValueError("bad amount")
    return account, int(amount), note[:200]


def _page(wish: dict[str, str], *, wrong: str = "") -> str | tuple[str, int]:
    sent = [number for number in request.args.get("sent", "").split(",") if number][:2]
    with _store().read() as db:
        latest = db.execute(
            """SELECT bank_transfers.*, (SELECT state || ' ' || result FROM callbacks
                   WHERE dialect = 'bank' AND reference = number ORDER BY id LIMIT 1) AS told
               FROM bank_transfers ORDER BY number DESC LIMIT 20"""
        ).fetchall()
    page = render_template(
        "bank/home.html", wish=wish, wrong=wrong, sent=sent, latest=latest, ways=WAYS, today=book.local(time.time())
    )
    return (page, 400) if wrong else page


def _asked() -> tuple[str, date]:
    day = day_named(request.args.get("day", ""))
    account = request.args.get("account", "")
    if day is None or not account:
        abort(400)
    return account, day


def _config() -> Config:
    config: Config = current_app.config["SANDBOX"]
    return config


def _store() -> Store:
    store: Store = current_app.config["STORE"]
    return store
