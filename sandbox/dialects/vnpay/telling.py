"""
What VNPay tells: the merchant's registered address by GET, and the browser in the address that it goes back to.

Both carry the same signed parameters. RspCode 00 and 02 end it; any other, silence or nonsense means "call again", ten calls
in all, five minutes apart.
"""

from __future__ import annotations

import httpx

from ... import ledger
from ...config import Config
from ..base import GatewayNotice, Row, Struck, with_query
from .calls import facts_of
from .signing import query_text, seal

RESPONSE_CODES = {ledger.CANCELLED: "24", ledger.EXPIRED: "11", ledger.NO_FUNDS: "51", ledger.WRONG_OTP: "13"}


def notice(order: Row, config: Config, struck: Struck) -> GatewayNotice | None:
    told = _told(order)
    if "wrong_amount" in struck:
        told["vnp_Amount"] = str((order["amount"] + int(struck["wrong_amount"])) * 100)
    if "other_merchant" in struck:
        told["vnp_TmnCode"] = "OTHERS01"
    return GatewayNotice(
        _signed(order["notify_url"], told, "not the key" if "bad_signature" in struck else config.signs_with("key1"))
    )


def judge(response: httpx.Response) -> tuple[str, str]:
    answer = response.json() if response.status_code == 200 else None
    code = answer.get("RspCode") if isinstance(answer, dict) else None
    if not isinstance(code, str):
        return "pending", f"HTTP {response.status_code}"
    return {"00": "delivered", "02": "delivered"}.get(code, "pending"), f"RspCode {code}"


def return_url(order: Row, config: Config) -> str:
    """It only informs: the merchant has to ask or be told."""
    return _signed(order["return_url"], _told(order), config.signs_with("key1"))


def _told(order: Row) -> dict[str, str]:
    paid = order["state"] in ("paid", "reversed")
    told = facts_of(order) | {"vnp_ResponseCode": "00" if paid else RESPONSE_CODES[ledger.ending(order)]}
    if paid:
        told |= {"vnp_CardType": "ATM", "vnp_BankTranNo": f"VNP{order['txn']}"}
    elif order["state"] == "open":
        told["vnp_TransactionStatus"] = "02"  # it has expired
    del told["vnp_TransactionType"]
    return {name: value for name, value in told.items() if value}


def _signed(url: str, told: dict[str, str], key: str) -> str:
    return with_query(url, {**dict(sorted(told.items())), "vnp_SecureHash": seal(key, query_text(told))})
