"""
Who is on a product's page. We keep no passwords: the portal tells us, and is asked again at every look.

The browser keeps a token that names the visit; each product has its own, for each is a team of its own.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from flask import Response, request

from sandbox.shapes import Json

from ..store import Store
from .portal import Portal, PortalRefused

WAIT_S = 600
SESSION_ID = re.compile(r"[\w-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class Visitor:
    visit: str
    customer: str
    name: str
    user: str
    may_order: bool
    as_of: datetime
    """The portal's time."""


def visitor_of(store: Store, portal: Portal) -> Visitor | None:
    """
    Whom the portal still vouches for.

    :raises PortalSilent, PortalRefused, NoKey:
    """
    with store.read() as db:
        row = db.execute(
            "SELECT visit_id FROM shop_visits WHERE token = ? AND product = ?",
            [request.cookies.get("visit", ""), portal.product],
        ).fetchone()
    visit = portal.visit(row["visit_id"]) if row else None
    return _visitor(visit) if visit else None


def lead_to_sign_in(portal: Portal, answer: Response, *, return_url: str, session: str) -> Response:
    """To the portal, which sends them back to `return_url`; the browser remembers what it was on the way to."""
    state = secrets.token_urlsafe(16)
    answer.headers["Location"] = portal.sign_in_url(return_url=return_url, state=state)
    _set(answer, portal.product, "entry", f"{state}.{session}", max_age=WAIT_S)
    return answer


def take_up(store: Store, portal: Portal, *, return_url: str) -> tuple[str, str]:
    """
    (token for the browser, checkout session that it was on the way to) of who comes back with a code.

    :raises PortalRefused: not this browser's sign-in, or a code that is no good
    """
    state, _, session = request.cookies.get("entry", "").partition(".")
    if not state or not compare_digest(state.encode(), request.args.get("state", "").encode()):
        raise PortalRefused("", code="not-this-browser")
    visit = portal.take_up_visit(request.args.get("code", ""), return_url=return_url)
    token = secrets.token_urlsafe(32)
    with store.write() as db:
        db.execute("INSERT INTO shop_visits VALUES (?, ?, ?)", [token, portal.product, str(visit["id"])])
    return token, session if SESSION_ID.fullmatch(session) else ""


def remember(answer: Response, product: str, token: str) -> Response:
    """The cookie lives as long as the browser; how long the visit does, the portal says."""
    _set(answer, product, "visit", token)
    _set(answer, product, "entry", "", max_age=0)
    return answer


def forget(store: Store, answer: Response, product: str) -> Response:
    with store.write() as db:
        db.execute("DELETE FROM shop_visits WHERE token = ?", [request.cookies.get("visit", "")])
    _set(answer, product, "visit", "", max_age=0)
    return answer


def _set(answer: Response, product: str, name: str, value: str, *, max_age: int | None = None) -> None:
    answer.set_cookie(
        name, value, max_age=max_age, path=f"/shop/{product}/", httponly=True, samesite="Lax", secure=request.is_secure
    )


def _visitor(visit: Json) -> Visitor:
    customer = visit["customer"]
    return Visitor(
        str(visit["id"]),
        str(customer["id"]),
        str(customer["name"]),
        str(visit["user"]),
        visit["may_order"] is True,
        datetime.fromisoformat(str(visit["as_of"])),
    )
