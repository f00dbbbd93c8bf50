"""The product pages: choose, go to the portal's checkout, come back, watch; and the webhook of each team."""

from __future__ import annotations

import hashlib
import json
import re
import time
import uuid
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ..config import Config
from ..signing import webhook_holds
from ..store import Store
from ..texts import say
from . import PRODUCTS, team
from .portal import NoKey, Portal, PortalRefused, PortalSilent

blueprint = Blueprint("shop", __name__, url_prefix="/shop")

MAX_QUANTITY = 100_000
SETTLED = {"active", "stop", "suspense", "deleted"}
NOT_BOUGHT = {"cancelled", "expired", "refunded", "failed"}


@blueprint.get("/")
def home() -> str:
    return render_template("shop/home.html", products=PRODUCTS, portal_url=_config().portal_public_url)


@blueprint.get("/<product>/")
def page(product: str) -> str:
    return _page(_known(product))


@blueprint.post("/<product>/")
def buy(product: str) -> Response | tuple[str, int]:
    """Open a checkout session and send the customer there."""
    portal = Portal(_config(), _known(product))
    try:
        wish: dict[str, Any] = {
            "name": request.form.get("name", "").strip(),
            "items": _chosen_items(),
            "return_url": f"{_config().public_url}{url_for('shop.come_back', product=product)}",
        }
        # A second press of the button is the same wish; a changed form is another one.
        digest = hashlib.sha256(json.dumps([request.form.get("key", ""), wish]).encode()).hexdigest()
        url = portal.open_checkout(**wish, key=digest)
    except (BadChoice, PortalRefused) as problem:
        return _page(product, problem=str(problem)), 400
    except PortalSilent:
        return _page(product, problem=say("portal silent")), 502
    except NoKey:
        return _page(product, problem=say("no key")), 503
    return redirect(url, 303)


@blueprint.get("/<product>/return")
def come_back(product: str) -> Response | str:
    """Where the portal sends the customer afterwards. What happened is asked from the portal, not from the address."""
    session_id = request.args.get("checkout_session", "")
    if not re.fullmatch(r"[\w-]{1,64}", session_id, re.ASCII):
        return redirect(url_for("shop.page", product=_known(product)), 303)
    session: dict[str, Any] = {}
    problem = ""
    try:
        session = Portal(_config(), _known(product)).checkout(session_id)
    except (PortalSilent, NoKey):
        problem = say("portal silent")
    except PortalRefused as refusal:
        problem = str(refusal)
    resources = [row for row in session.get("resources") or [] if isinstance(row, dict)]
    status = str(session.get("status", "")).lower()
    return render_template(
        "shop/return.html",
        product=product,
        products=PRODUCTS,
        name=PRODUCTS[product],
        resources=resources,
        problem=problem,
        stage=_stage(status, {_state(row) for row in resources}),
        state_of=_state,
        portal_url=_config().portal_public_url,
    )


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
    _, secret = _config().keys_of(_known(product))
    body, now = request.get_data(), time.time()
    header = request.headers.get("Portal-Signature", "")
    if not webhook_holds(header, secret, body, now=now, tolerance_s=_config().clock_tolerance_s):
        return "signature missing, wrong or too old", 401
    try:
        wanted = json.loads(body)
        with _store().write() as db:
            team.receive(db, product, wanted, now=now)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return "not a provisioning request", 400
    return "", 204


class BadChoice(ValueError):
    """The message is for the customer."""


def _chosen_items() -> list[dict[str, Any]]:
    choice = request.form.get("choice", "")
    if not choice or not request.form.get("name", "").strip():
        raise BadChoice(say("choose one"))
    items = [{"item": choice, "quantity": 1}]
    for field, text in request.form.items():
        if not field.startswith("quantity-") or not text.strip():
            continue
        if not re.fullmatch(r"\d{1,6}", text.strip(), re.ASCII) or int(text) > MAX_QUANTITY:
            raise BadChoice(say("bad quantity"))
        if int(text):
            items.append({"item": field.removeprefix("quantity-"), "quantity": int(text)})
    return items


def _page(product: str, *, problem: str = "") -> str:
    portal = Portal(_config(), product)
    offer: dict[str, Any] = {"items": []}
    resources: list[dict[str, Any]] = []
    try:
        offer, resources = portal.offer(), portal.resources()
    except PortalSilent:
        problem = problem or say("portal silent")
    except NoKey:
        problem = problem or say("no key")
    except PortalRefused as refusal:
        problem = problem or str(refusal)
    with _store().read() as db:
        behaviour, delay_s = team.switch(db, product)
        requests = db.execute(
            "SELECT * FROM shop_requests WHERE product = ? ORDER BY received_at DESC LIMIT 10", [product]
        ).fetchall()
    return render_template(
        "shop/product.html",
        product=product,
        products=PRODUCTS,
        name=offer.get("name") or PRODUCTS[product],
        **_sorted_items(offer["items"]),
        running=[row for row in resources if _state(row) not in ("suspense", "deleted")],
        trash=[row for row in resources if _state(row) == "suspense"],
        state_of=_state,
        problem=problem,
        chosen=request.form,
        key=request.form.get("key") or str(uuid.uuid4()),
        behaviour=behaviour,
        delay_s=delay_s,
        behaviours=team.BEHAVIOURS,
        requests=requests,
        saved="saved" in request.args,
        portal_url=_config().portal_public_url,
    )


def _sorted_items(items: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """What is chosen one of, what is added by quantity, and what is only measured."""
    volumes = [item for item in items if item.get("kind") == "volume"]
    metered = [item for item in items if item.get("kind") == "metered" or item.get("per") == "hour"]
    return {
        "volumes": volumes,
        "metered": metered,
        "choices": [item for item in items if item not in volumes and item not in metered],
    }


def _stage(status: str, states: set[str]) -> str:
    """How far a purchase has come: pending (not paid), waiting (being provisioned), done, failed or cancelled."""
    if states == {"deleted"}:
        return "failed"
    if status in NOT_BOUGHT:
        return "cancelled"
    if not states:
        return "pending"
    return "done" if states <= SETTLED else "waiting"


def _state(resource: dict[str, Any]) -> str:
    return str(resource.get("state", "")).lower()


def _known(product: str) -> str:
    if product not in PRODUCTS:
        abort(404)
    return product


def _config() -> Config:
    config: Config = current_app.config["SANDBOX"]
    return config


def _store() -> Store:
    store: Store = current_app.config["STORE"]
    return store
