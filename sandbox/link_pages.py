"""What a customer sees of a linked account: the page on which it is confirmed or refused, and later ended."""

from __future__ import annotations

import sqlite3
import time

from flask import Blueprint, current_app, redirect, render_template, request
from werkzeug.wrappers import Response

from . import links, telling
from .config import Config
from .dialects import DIALECTS
from .store import Store

blueprint = Blueprint("link-pages", __name__)


@blueprint.get("/link/<token>")
def page(token: str) -> str | tuple[str, int]:
    with _store().read() as db:
        link = links.by_token(db, token)
    return _shown(link)


@blueprint.post("/link/<token>")
def act(token: str) -> Response | str | tuple[str, int]:
    """Do what the button says, once: confirm or refuse; of what is linked, end it. "…-close" does not go back."""
    action, now = request.form.get("action", ""), time.time()
    what, _, closes = action.partition("-")
    with _store().write() as db:
        link = links.by_token(db, token)
        if link is not None and _done(db, link, what, now):
            telling.tell_of_link(db, link, _config(), now=now)
            link = links.by_token(db, token)
    if link is None or closes or what == "unlink" or not link["return_url"]:
        return _shown(link)
    return redirect(_return_url(link), 303)


def _done(db: sqlite3.Connection, link: sqlite3.Row, what: str, now: float) -> bool:
    if what == "unlink":
        return links.end(db, link, "customer")
    if what not in ("agree", "refuse") or not links.is_open(link, now):
        return False
    return links.decide(db, link, "agreed" if what == "agree" else "refused")


def _shown(link: sqlite3.Row | None) -> str | tuple[str, int]:
    if link is None:
        return render_template("gone.html"), 404
    return render_template(
        "link.html",
        link=link,
        open=links.is_open(link, time.time()),
        masked=links.masked(link),
        brand=DIALECTS[link["dialect"]].brand,
        merchant=_config().merchant,
        return_url=_return_url(link) if link["return_url"] else "",
    )


def _return_url(link: sqlite3.Row) -> str:
    linking = DIALECTS[link["dialect"]].linking
    assert linking is not None, "only a dialect that links begins a link"
    return linking.return_url(link, _config())


def _config() -> Config:
    config: Config = current_app.config["SANDBOX"]
    return config


def _store() -> Store:
    store: Store = current_app.config["STORE"]
    return store
