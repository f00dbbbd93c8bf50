"""
What MoMo tells: the merchant by a signed POST, the browser in the address that it goes back to; both carry the same fields.

204 within 15 seconds ends it. The vendor says nothing of repetitions; here there are three tries.
"""

from __future__ import annotations

import json
import time

import httpx

from sandbox.shapes import Json

from ... import ledger, links
from ...config import Config
from ..base import GatewayNotice, Row, Struck, with_query
from .calls import ACCESS_KEY, MESSAGES, PARTNER_CODE, facts_of
from .signing import seal
from .tokens import AUTHORISED, result_of, secret_of

SIGNED = (
    "accessKey amount extraData message orderId orderInfo orderType partnerCode payType requestId responseTime resultCode"
    " transId"
)


def notice(order: Row, config: Config, struck: Struck) -> GatewayNotice | None:
    told = _told(order)
    told["amount"] += int(struck.get("wrong_amount", 0))
    if "other_merchant" in struck:
        told["partnerCode"] = "OTHER"
    key = "not the key" if "bad_signature" in struck else secret_of(config)
    return GatewayNotice(order["notify_url"], json.dumps(_signed(told, key), ensure_ascii=False))


def judge(response: httpx.Response) -> tuple[str, str]:
    return "delivered" if response.status_code == 204 else "pending", f"HTTP {response.status_code}"


def return_url(order: Row, config: Config) -> str:
    """It only informs: the merchant has to ask or be told."""
    return with_query(order["return_url"], _signed(_told(order), secret_of(config)))


LINK_SIGNED = f"{SIGNED} callbackToken partnerClientId"


def link_notice(link: Row, config: Config, struck: Struck) -> GatewayNotice | None:
    """Only of what the customer decided; that they ended it later, MoMo does not tell."""
    if link["state"] not in ("agreed", "refused"):
        return None
    key = "not the key" if "bad_signature" in struck else secret_of(config)
    told = _told_of_link(link)
    return GatewayNotice(
        link["notify_url"], json.dumps({**told, "signature": seal(key, LINK_SIGNED, {**told, "accessKey": ACCESS_KEY})})
    )


def link_return_url(link: Row, config: Config) -> str:
    return with_query(link["return_url"], {"orderId": link["reference"], "partnerCode": PARTNER_CODE})


def _told_of_link(link: Row) -> Json:
    code = result_of(link, time.time())
    return {
        "partnerCode": PARTNER_CODE,
        "orderId": link["reference"],
        "requestId": links.details(link)["requestId"],
        "amount": 0,
        "extraData": links.details(link)["extraData"],
        "orderInfo": link["description"],
        "orderType": "momo_wallet",
        "transId": 0,
        "resultCode": code,
        "message": MESSAGES[code],
        "payType": "",
        "responseTime": int(time.time() * 1000),
        "partnerClientId": link["customer"],
        "callbackToken": link["binding"] if code == AUTHORISED else "",
    }


def _told(order: Row) -> Json:
    facts = facts_of(order, time.time())
    ended = order["paid_at"] or time.time()
    return {
        "partnerCode": PARTNER_CODE,
        "orderId": order["reference"],
        "requestId": ledger.details(order)["requestId"],
        "orderInfo": order["description"],
        "orderType": "momo_wallet",
        "message": MESSAGES[facts["resultCode"]],
        "responseTime": int(ledger.merchants_time(order, ended) * 1000),
        **facts,
    }


def _signed(told: Json, key: str) -> Json:
    return {**told, "signature": seal(key, SIGNED, {**told, "accessKey": ACCESS_KEY})}
