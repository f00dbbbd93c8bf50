"""
What ZaloPay tells: the merchant by a callback, the customer's browser in the address that it goes back to.

Only success is told. The merchant's return_code 0, silence or nonsense means "call again", three tries in all; 1 and
any other code end it. A callback that is lost after that has to be found by query.
"""

from __future__ import annotations

import json

import httpx

from ... import ledger
from ...config import Config
from ..base import GatewayNotice, Row, Struck, with_query
from .calls import SUB_CODES
from .signing import seal

WALLET_CHANNEL = 38


def notice(order: Row, config: Config, struck: Struck) -> GatewayNotice | None:
    if not order["notify_url"]:
        return None
    details = ledger.details(order)
    data = json.dumps(
        {
            "app_id": config.app_id + ("other_merchant" in struck),
            "app_trans_id": order["reference"],
            "app_time": details["app_time"],
            "app_user": order["customer"],
            "amount": order["amount"] + int(struck.get("wrong_amount", 0)),
            "embed_data": details["embed_data"],
            "item": details["item"],
            "zp_trans_id": order["txn"],
            "server_time": int(ledger.merchants_time(order, order["paid_at"]) * 1000),
            "channel": WALLET_CHANNEL,
            "merchant_user_id": order["customer"],
            "user_fee_amount": 0,
            "discount_amount": 0,
        },
        ensure_ascii=False,
    )
    key = "not the key" if "bad_signature" in struck else config.signs_with("key2")
    return GatewayNotice(
        order["notify_url"], json.dumps({"data": data, "mac": seal(key, data), "type": 1}, ensure_ascii=False)
    )


def judge(response: httpx.Response) -> tuple[str, str]:
    answer = response.json() if response.status_code == 200 else None
    code = answer.get("return_code") if isinstance(answer, dict) else None
    if not isinstance(code, int):
        return "pending", f"HTTP {response.status_code}"
    return {0: "pending", 1: "delivered"}.get(code, "refused"), f"return_code {code}"


def return_url(order: Row, config: Config) -> str:
    """The merchant's address with the documented parameters. They only inform: the merchant has to ask or be told."""
    status = 1 if order["state"] == "paid" else SUB_CODES[ledger.ending(order)]
    told = {
        "appid": config.app_id,
        "apptransid": order["reference"],
        "pmcid": WALLET_CHANNEL,
        "bankcode": "",
        "amount": order["amount"],
        "discountamount": 0,
        "status": status,
    }
    return with_query(str(order["return_url"]), {**told, "checksum": seal(config.signs_with("key2"), *told.values())})
