"""Puts the gateway and the shops together, with what all of their pages share."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from . import admin, link_pages, pages, texts
from .bank import views as bank
from .config import Config
from .dialects import DIALECTS
from .shop import desk
from .shop import views as shop
from .store import Store
from .worker import Worker

MAX_BODY = 256 * 1024
SERVER_TO_SERVER = ("calls-", "desk.webhook")


def create_app(config: Config) -> Flask:
    app = Flask(__name__)
    store = Store(config.db)
    worker = Worker(store, config)
    app.config.update(SANDBOX=config, STORE=store, WORKER=worker, MAX_CONTENT_LENGTH=MAX_BODY)
    for dialect in DIALECTS.values():
        app.register_blueprint(dialect.blueprint)
    for blueprint in (
        pages.blueprint,
        link_pages.blueprint,
        admin.blueprint,
        bank.blueprint,
        shop.blueprint,
        desk.blueprint,
    ):
        app.register_blueprint(blueprint)
    texts.install(app)
    app.before_request(worker.ensure_running)
    app.before_request(_refuse_other_sites)
    app.after_request(_harden)
    app.add_url_rule("/", "home", lambda: redirect(url_for("shop.home")))
    app.add_url_rule("/healthz", "healthz", lambda: {"status": "ok"})
    worker.ensure_running()  # what was left undone when we last stopped goes on before anyone calls
    return app


def _refuse_other_sites() -> None:
    """A page elsewhere must not press our buttons. Gateway calls and webhooks are signed instead."""
    if request.method != "POST" or (request.endpoint or "").startswith(SERVER_TO_SERVER):
        return
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    if foreign or request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        abort(403)


def _harden(response: Response) -> AnyResponse:
    # No form-action: browsers apply it to the redirect that leads back to the merchant as well.
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'",
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
