"""ZaloPay's agreements: wallets that customers let the merchant charge."""

from __future__ import annotations

import json
import sqlite3
import time

from ... import ledger, links, telling
from ...config import Config
from ..base import Answer, GatewayNotice, Linking, Row, Struck, is_web_address, with_query
from .signing import seal

REQUIRED: dict[str, dict[str, int]] = {
    "agreement/bind": {
        "app_trans_id": 40,
        "identifier": 50,
        "binding_type": 20,
        "binding_data": 2048,
        "max_amount": 15,
        "req_date": 15,
    },
    "agreement/query": {"app_trans_id": 40, "req_date": 15},
    "agreement/pay": {"identifier": 50, "zp_trans_token": 100, "pay_token": 100, "req_date": 15},
    "agreement/unbind": {"identifier": 50, "binding_id": 40, "req_date": 15},
}
SIGNED: dict[str, tuple[str, ...]] = {
    "agreement/bind": (
        *("app_id", "app_trans_id", "binding_data", "binding_type", "identifier", "max_amount", "req_date"),
    ),
    "agreement/query": ("app_id", "app_trans_id", "req_date"),
    "agreement/pay": ("app_id", "identifier", "zp_trans_token", "pay_token", "req_date"),
    "agreement/unbind": ("app_id", "identifier", "binding_id", "req_date"),
}
CALLS = {
    "agreement/bind": "bind",
    "agreement/query": "link_query",
    "agreement/pay": "charge",
    "agreement/unbind": "unbind",
}
"""What a fault calls each."""
LIVES_S = 15 * 60
CONFIRMED, CANCELLED, DISABLED = 1, 3, 4
DUPLICATE, NO_SUCH, BAD_REQUEST, NOT_BOUND, NO_FUNDS = -68, -101, -401, -1009, -63


def answered(
    call: str, db: sqlite3.Connection, fields: dict[str, str], struck: Struck, config: Config
) -> tuple[int, int, str, Answer]:
    """return_code, sub code, words, and what else the answer holds."""
    for known in config.known_links():
        links.adopt(db, known, now=time.time())
    handler = {"bind": _bind, "link_query": _query, "charge": _pay, "unbind": _unbind}[CALLS[call]]
    return handler(db, fields, struck, config)


Told = tuple[int, int, str, Answer]


def _bind(db: sqlite3.Connection, fields: dict[str, str], struck: Struck, config: Config) -> Told:
    addresses = [fields.get("callback_url", ""), fields.get("redirect_url", "")]
    if fields["binding_type"] != "WALLET" or not all(is_web_address(one) for one in addresses if one):
        return 2, BAD_REQUEST, "binding_type or an address is wrong", {}
    link = {
        "reference": fields["app_trans_id"],
        "dialect": "zalopay",
        "customer": fields["identifier"],
        "description": fields.get("description", ""),
        "details": {"max_amount": int(fields["max_amount"])},
        "notify_url": addresses[0],
        "return_url": addresses[1],
    }
    token = links.begin(db, link, lives_s=LIVES_S, now=time.time())
    if token is None:
        return 2, DUPLICATE, "app_trans_id was used before", {}
    page = f"{config.public_url}/link/{token}"
    return (
        1,
        1,
        "",
        {"binding_token": token, "binding_qr_link": page, "deep_link": "zalopay://bind", "short_link": page},
    )


def _query(db: sqlite3.Connection, fields: dict[str, str], struck: Struck, config: Config) -> Told:
    link = links.by_reference(db, "zalopay", fields["app_trans_id"])
    if link is None:
        return 2, NO_SUCH, "app_trans_id is not known", {}
    if links.is_open(link, time.time()):
        return 3, 3, "", {}
    return 1, 1, "", {"data": _facts(link)}


def _facts(link: Row) -> Answer:
    status = {"agreed": CONFIRMED, "ended": DISABLED}.get(link["state"], CANCELLED)
    facts: Answer = {"app_trans_id": link["reference"], "status": status, "masked_user_phone": links.masked(link)}
    if status == CONFIRMED:
        facts |= {"binding_id": link["binding"], "pay_token": link["secret"]}
    return facts


def _pay(db: sqlite3.Connection, fields: dict[str, str], struck: Struck, config: Config) -> Told:
    now = time.time()
    link = links.by_secret(db, "zalopay", fields["identifier"], fields["pay_token"])
    if link is not None and "revoked" in struck and links.end(db, link, "customer"):
        telling.tell_of_link(db, link, config, now=now)
        link = links.by_token(db, link["token"])
    if link is None or link["state"] != "agreed":
        return 2, NOT_BOUND, "there is no such agreement", {}
    order = ledger.order_by_token(db, fields["zp_trans_token"])
    if order is None or order["customer"] != link["customer"] or not ledger.is_payable(order, now):
        return 2, NO_SUCH, "zp_trans_token cannot be paid", {}
    limit = links.details(link)["max_amount"]
    if limit and order["amount"] > limit:
        return 2, BAD_REQUEST, "more than max_amount", {}
    if not links.charge(db, order, struck, now=now):
        return 2, NO_FUNDS, "the wallet refuses it", {}
    if "slow" in struck:
        return 3, 3, "", {}
    telling.tell(db, order, config, now=now)
    return 1, 1, "", {"zp_trans_id": 0}


def _unbind(db: sqlite3.Connection, fields: dict[str, str], struck: Struck, config: Config) -> Told:
    link = links.by_binding(db, "zalopay", fields["identifier"], fields["binding_id"])
    if link is None or not links.end(db, link, "merchant"):
        return 2, NOT_BOUND, "there is no such agreement", {}
    return 1, 1, "", {}


def notice(link: Row, config: Config, struck: Struck) -> GatewayNotice | None:
    if not link["notify_url"]:
        return None
    told = {"app_id": config.app_id + ("other_merchant" in struck), **_facts(link), "msg_type": 1}
    data = json.dumps({**told, "server_time": int(time.time() * 1000)})
    key = "not the key" if "bad_signature" in struck else config.signs_with("key2")
    return GatewayNotice(link["notify_url"], json.dumps({"data": data, "mac": seal(key, data), "type": 2}))


def return_url(link: Row, config: Config) -> str:
    return with_query(link["return_url"], {"apptransid": link["reference"], "status": _facts(link)["status"]})


LINKING = Linking(notice, return_url)
