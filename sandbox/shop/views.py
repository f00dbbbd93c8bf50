"""The product pages: what the customer has, and to the portal for everything that is done with it, and back."""

from __future__ import annotations

import hashlib
import json
import re
import uuid

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sandbox.shapes import Json

from ..config import Config
from ..store import Store
from ..texts import language, say
from . import PRODUCTS, team
from .portal import NoKey, Portal, PortalRefused, PortalSilent
from .shown import ACTIONS, items_by_use, row_of, stage_of, state_of, unit_words, vat_words
from .visitors import SESSION_ID, forget, lead_to_sign_in, remember, take_up, visitor_of

blueprint = Blueprint("shop", __name__, url_prefix="/shop")

MAX_QUANTITY = 100_000
REFRESH_S = 3


class BadChoice(ValueError):
    """The message is for the customer."""


@blueprint.get("/")
def home() -> str:
    return render_template("shop/home.html", products=PRODUCTS, portal_url=_config().portal_public_url)


@blueprint.get("/<product>/")
def page(product: str) -> str:
    return _page(_known(product))


@blueprint.post("/<product>/")
def buy(product: str) -> AnyResponse | tuple[str, int]:
    """To the portal's checkout with what was chosen here."""
    try:
        wish = {
            "action": "create",
            "product": _known(product),
            "name": request.form.get("name", "").strip(),
            "items": _chosen_items(),
        }
    except BadChoice as problem:
        return _page(product, problem=str(problem)), 400
    return _send_away(product, wish)


@blueprint.post("/<product>/resources/<resource>/<action>")
def act(product: str, resource: str, action: str) -> AnyResponse | tuple[str, int]:
    """To the portal with the resource chosen. Whose it is and whether it can be done now, the portal knows."""
    if action not in ACTIONS or not SESSION_ID.fullmatch(resource):
        abort(404)
    return _send_away(_known(product), {"action": action, "resource": resource})


def _send_away(product: str, wish: Json) -> AnyResponse | tuple[str, int]:
    """Open a checkout session and send the customer to it."""
    wish = {**wish, "return_url": _address("shop.come_back", product)}
    # A second press of the button is the same wish; a changed form is another one.
    digest = hashlib.sha256(json.dumps([request.form.get("key", ""), wish]).encode()).hexdigest()
    try:
        return redirect(_portal(product).open_checkout(wish, key=digest), 303)
    except PortalRefused as refusal:
        return _page(product, problem=str(refusal)), 400
    except PortalSilent:
        return _page(product, problem=say("portal silent")), 502
    except NoKey:
        return _page(product, problem=say("no key")), 503


@blueprint.get("/<product>/return")
def come_back(product: str) -> AnyResponse | str:
    """
    Where the portal sends the customer afterwards. What happened is asked from the portal, not from the address.

    Only the customer of the session sees it; whoever is not signed in here yet is taken through the portal. While the
    product team is at work the page looks again by itself, and goes on to the list when all is done.
    """
    session_id = request.args.get("checkout_session", "")
    if not SESSION_ID.fullmatch(session_id):
        return redirect(url_for("shop.page", product=_known(product)), 303)
    portal = _portal(_known(product))
    session: Json = {}
    problem = ""
    try:
        session = portal.checkout(session_id)
        if session.get("customer"):
            visitor = visitor_of(_store(), portal)
            if visitor is None and "signed_in" not in request.args:
                return _to_sign_in(product, session_id)
            if visitor is None or visitor.customer != session["customer"]:
                session, problem = {}, say("not yours")
    except (PortalSilent, NoKey):
        problem = say("portal silent")
    except PortalRefused as refusal:
        problem = str(refusal)
    stage = "pending" if problem else stage_of(session)
    if stage == "done":
        return redirect(url_for("shop.page", product=product, did=str(session.get("action", ""))) + "#resources", 303)
    return render_template(
        "shop/return.html",
        product=product,
        products=PRODUCTS,
        name=PRODUCTS[product],
        resources=[row for row in session.get("resources") or [] if isinstance(row, dict)],
        problem=problem,
        stage=stage,
        again=not problem and stage in ("waiting", "pending"),
        refresh_s=REFRESH_S,
        state_of=state_of,
        portal_url=_config().portal_public_url,
    )


# Who is there


@blueprint.post("/<product>/sign-in")
def sign_in(product: str) -> AnyResponse:
    return _to_sign_in(_known(product), "")


@blueprint.get("/<product>/signed-in")
def signed_in(product: str) -> AnyResponse | tuple[str, int]:
    """Back from the portal with a code: who it is, the portal tells our server."""
    portal = _portal(_known(product))
    try:
        token, session = take_up(_store(), portal, return_url=_address("shop.signed_in", product))
    except PortalRefused:
        return _page(product, problem=say("sign in failed")), 400
    except (PortalSilent, NoKey):
        return _page(product, problem=say("portal silent")), 502
    if session:
        target = url_for("shop.come_back", product=product, checkout_session=session, signed_in=1)
    else:
        target = url_for("shop.page", product=product) + "#resources"
    return remember(Response(status=303, headers={"Location": target}), product, token)


@blueprint.post("/<product>/sign-out")
def sign_out(product: str) -> AnyResponse:
    portal = _portal(_known(product))
    try:
        visitor = visitor_of(_store(), portal)
        if visitor:
            portal.end_visit(visitor.visit)
    except (PortalSilent, PortalRefused, NoKey):
        pass  # without its token the browser is nobody, whatever the portal still believes
    answer = Response(status=303, headers={"Location": url_for("shop.page", product=product)})
    return forget(_store(), answer, product)


def _to_sign_in(product: str, session: str) -> AnyResponse:
    return lead_to_sign_in(
        _portal(product), Response(status=303), return_url=_address("shop.signed_in", product), session=session
    )


def _chosen_items() -> list[Json]:
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
    portal = _portal(product)
    offer: Json = {"items": []}
    visitor, rows = None, []
    try:
        offer = portal.offer()
        visitor = visitor_of(_store(), portal)
        if visitor:
            rows = [
                row_of(row, as_of=visitor.as_of, may_order=visitor.may_order)
                for row in portal.resources(visitor.customer)
            ]
    except PortalSilent:
        problem = problem or say("portal silent")
    except NoKey:
        problem = problem or say("no key")
    except PortalRefused as refusal:
        problem = problem or str(refusal)
    with _store().read() as db:
        behaviour, delay_s = team.switch(db, product)
        requests = team.latest(db, product)
    did = request.args.get("did", "")
    return render_template(
        "shop/product.html",
        product=product,
        products=PRODUCTS,
        name=offer.get("name") or PRODUCTS[product],
        offer=offer,
        **items_by_use(offer["items"]),
        unit_words=unit_words,
        vat_words=vat_words,
        visitor=visitor,
        running=[row for row in rows if row["state"] not in ("suspense", "deleted")],
        trash=[row for row in rows if row["state"] == "suspense"],
        did=did if did in ("create", *ACTIONS) and not problem else "",
        problem=problem,
        chosen=request.form,
        key=request.form.get("key") or str(uuid.uuid4()),
        behaviour=behaviour,
        delay_s=delay_s,
        behaviours=team.BEHAVIOURS,
        requests=requests,
        types=team.TYPES,
        saved="saved" in request.args,
        portal_url=_config().portal_public_url,
    )


def _address(endpoint: str, product: str) -> str:
    """One of our addresses, as it stands on the product's list of return addresses."""
    return f"{_config().public_url}{url_for(endpoint, product=product)}"


def _portal(product: str) -> Portal:
    return Portal(_config(), product, language=language())


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
