"""
What MoMo tells: the merchant by a signed POST, the browser in the address that it goes back to; both carry the same fields.

204 within 15 seconds ends it. The vendor says nothing of repetitions; here there are three tries.
"""

from __future__ import annotations

import json
import time

import httpx

from sandbox.shapes import Json

from ... import ledger
from ...config import Config
from ..base import Notice, Row, Struck, with_query
from .calls import ACCESS_KEY, MESSAGES, PARTNER_CODE, facts_of
from .signing import seal

SIGNED = (
    "accessKey amount extraData message orderId orderInfo orderType partnerCode payType requestId responseTime resultCode"
    " transId"
)


def notice(order: Row, config: Config, struck: Struck) -> Notice | None:
    told = _told(order)
    told["amount"] += int(struck.get("wrong_amount", 0))
    if "other_merchant" in struck:
        told["partnerCode"] = "OTHER"
    key = "not the key" if "bad_signature" in struck else config.key1
    return Notice(order["notify_url"], json.dumps(_signed(told, key), ensure_ascii=False))


def judge(response: httpx.Response) -> tuple[str, str]:
    return "delivered" if response.status_code == 204 else "pending", f"HTTP {response.status_code}"


def return_url(order: Row, config: Config) -> str:
    """It only informs: the merchant has to ask or be told."""
    return with_query(order["return_url"], _signed(_told(order), config.key1))


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
