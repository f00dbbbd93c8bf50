"""
What Stripe tells: events to the address that the merchant has registered, signed with the secret of that address.

A 2xx ends it; all else is told again, for three days. The browser goes back to an address without any parameters.
"""

from __future__ import annotations

import json
import time

import httpx

from sandbox.shapes import Json

from ... import ledger, links
from ...config import Config
from ..base import GatewayNotice, Row, Struck
from . import shown
from .signing import header


def notice(order: Row, config: Config, struck: Struck) -> GatewayNotice | None:
    """Of an order that was left alone there is nothing to tell."""
    if order["state"] == "reversed":
        return _event("charge.dispute.funds_withdrawn", shown.dispute(order), order["notify_url"], config, struck)
    if order["won_at"] is not None:
        return _event("charge.dispute.funds_reinstated", shown.dispute(order), order["notify_url"], config, struck)
    if order["state"] == "failed" and not shown.is_begun(order):
        return _event("checkout.session.expired", _expired(order), order["notify_url"], config, struck)
    if not shown.is_begun(order) or order["pays_late_at"] is not None:
        return None
    found = shown.intent(order, struck)
    kinds = {"succeeded": "succeeded", "canceled": "canceled"}
    kind = f"payment_intent.{kinds.get(found['status'], 'payment_failed')}"
    return _event(kind, found, order["notify_url"], config, struck, at=ledger.merchants_time(order, time.time()))


def refund_notice(row: Row, order: Row, config: Config, struck: Struck) -> GatewayNotice:
    return _event("refund.failed", shown.refund(row, order), order["notify_url"], config, struck)


def link_notice(link: Row, config: Config, struck: Struck) -> GatewayNotice | None:
    if link["state"] == "agreed":
        return _event("setup_intent.succeeded", shown.setup_intent(link), link["notify_url"], config, struck)
    if link["state"] == "ended":
        return _event("payment_method.detached", shown.card(link), link["notify_url"], config, struck)
    return None


def judge(response: httpx.Response) -> tuple[str, str]:
    return "delivered" if response.is_success else "pending", f"HTTP {response.status_code}"


def return_url(order: Row, config: Config) -> str:
    return str(order["return_url"] if order["state"] == "paid" else ledger.details(order)["cancel_url"])


def link_return_url(link: Row, config: Config) -> str:
    return str(link["return_url"] if link["state"] == "agreed" else links.details(link)["cancel_url"])


def _expired(order: Row) -> Json:
    details = ledger.details(order)
    return shown.session(
        order["token"],
        page="",
        mode="payment",
        metadata=details["metadata"],
        expires_at=order["expires_at"],
        status="expired",
    )


def _event(
    kind: str, about: Json, url: str, config: Config, struck: Struck, *, at: float | None = None
) -> GatewayNotice:
    now = time.time()
    told = {
        "id": f"evt_{int(now * 1000)}",
        "object": "event",
        "type": kind,
        "created": int(at or now),
        "livemode": "other_merchant" in struck,
        "data": {"object": about},
    }
    body = json.dumps(told, ensure_ascii=False)
    return GatewayNotice(
        url, body, {"Stripe-Signature": header(config, body, at=now, spoiled="bad_signature" in struck)}
    )
