"""The product team's desk: the switch that says how it answers, and the webhook at which the portal asks."""

from __future__ import annotations

import json
import time

from flask import Blueprint, abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from ..config import Config
from ..signing import webhook_holds
from ..store import Store
from . import PRODUCTS, team

blueprint = Blueprint("desk", __name__, url_prefix="/shop")


@blueprint.post("/<product>/switch")
def set_switch(product: str) -> Response:
    behaviour = request.form.get("behaviour", "")
    try:
        delay_s = float(request.form.get("delay_s", "0") or 0)
    except ValueError:
        delay_s = -1
    if behaviour not in team.BEHAVIOURS or not 0 <= delay_s <= team.MAX_DELAY_S:
        abort(400)
    with _store().write() as db:
        team.set_switch(db, _known(product), behaviour, delay_s)
    return redirect(url_for("shop.page", product=product, saved=1) + "#team", 303)


@blueprint.post("/<product>/requests/<request_id>/answer")
def answer_now(product: str, request_id: str) -> Response:
    behaviour = request.form.get("behaviour", "")
    if behaviour not in team.OUTCOMES:
        abort(400)
    with _store().write() as db:
        team.answer_now(db, _known(product), request_id, behaviour, now=time.time())
    return redirect(url_for("shop.page", product=product) + "#team", 303)


@blueprint.post("/<product>/webhook")
def webhook(product: str) -> tuple[str, int]:
    """A request from the portal: signed, stored before it is acknowledged, answered later."""
    config: Config = current_app.config["SANDBOX"]
    _, secret = config.keys_of(_known(product))
    body, now = request.get_data(), time.time()
    header = request.headers.get("Portal-Signature", "")
    if not webhook_holds(header, secret, body, now=now, tolerance_s=config.clock_tolerance_s):
        return "signature missing, wrong or too old", 401
    try:
        wanted = json.loads(body)
        with _store().write() as db:
            team.receive(db, product, wanted, now=now)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return "not a provisioning request", 400
    return "", 204


def _known(product: str) -> str:
    if product not in PRODUCTS:
        abort(404)
    return product


def _store() -> Store:
    store: Store = current_app.config["STORE"]
    return store
