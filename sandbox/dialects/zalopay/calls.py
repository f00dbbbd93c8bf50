"""ZaloPay's server-to-server calls, version 2: parameters, signatures and refusals as the vendor documents them."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

from flask import Blueprint, Response, abort, current_app, request

from ... import faults, ledger, statements
from ...config import DOCUMENTED_TOLERANCE_S, Config
from ...ledger import VIETNAM
from ...store import Store
from ..base import Answer, Struck, is_too_young, is_web_address, misbehaved
from . import agreements
from .signing import holds

blueprint = Blueprint("calls-zalopay", __name__)

MIN_AMOUNT, MAX_AMOUNT = 1_000, 100_000_000
SUB_CODES = {
    ledger.CANCELLED: -49,
    ledger.EXPIRED: -54,
    ledger.NO_FUNDS: -63,
    ledger.WRONG_OTP: -217,
    ledger.UNAUTHENTICATED: -217,
    ledger.OVER_LIMIT: -1331,
}

DUPLICATE_ORDER, NO_SUCH, DUPLICATE_REFUND, BAD_REFUND_AMOUNT, BAD_TIME = -68, -101, -23, -14, -13
BAD_REQUEST, BAD_CREDENTIALS, RATE_LIMIT, MAINTENANCE = -401, -402, -429, -999
QUERY_HORIZON_S = 48 * 3600
MIN_LIFE_S, MAX_LIFE_S, USUAL_LIFE_S = 300, 2_592_000, 900

# The parameters that each call must have, with their longest length.
REQUIRED = {
    "create": {
        "app_trans_id": 40,
        "app_user": 50,
        "app_time": 15,
        "amount": 15,
        "item": 2048,
        "embed_data": 2048,
        "description": 256,
    },
    "query": {"app_trans_id": 40},
    "refund": {"m_refund_id": 45, "zp_trans_id": 15, "amount": 15, "timestamp": 15, "description": 100},
    "query_refund": {"m_refund_id": 45, "timestamp": 15},
    "statement": {"date": 8},
    **agreements.REQUIRED,
}
SIGNED = {
    "create": ("app_id", "app_trans_id", "app_user", "amount", "app_time", "embed_data", "item"),
    "query": ("app_id", "app_trans_id", "key1"),
    "refund": ("app_id", "zp_trans_id", "amount", "description", "timestamp"),
    "query_refund": ("app_id", "m_refund_id", "timestamp"),
    "statement": ("app_id", "date"),
    **agreements.SIGNED,
}
MESSAGES = {
    1: "Giao dịch thành công",
    2: "Giao dịch thất bại",
    3: "Giao dịch đang được xử lý",
}


class Refused(Exception):
    def __init__(self, sub_code: int, message: str) -> None:
        self.sub_code, self.message = sub_code, message


@blueprint.post("/v2/<path:call>")
def api(call: str) -> Response:
    if call not in REQUIRED:
        abort(404)
    config: Config = current_app.config["SANDBOX"]
    store: Store = current_app.config["STORE"]
    struck: Struck = {}
    answer: Answer | str | None
    try:
        fields = _checked(call, config)
        with store.write() as db:
            struck = faults.strike(db, agreements.CALLS.get(call, call), fields[next(iter(REQUIRED[call]))])
            answer = None if "hang_before" in struck else _answered(call, db, fields, struck, config)
    except Refused as refusal:
        answer = _answer(2, refusal.sub_code, refusal.message)
    return misbehaved(answer, struck)


def _checked(call: str, config: Config) -> dict[str, str]:
    """The parameters as text, present, short enough and signed for this merchant."""
    given = _parameters()
    for name, longest in REQUIRED[call].items():
        if name not in given or len(given[name]) > longest:
            raise Refused(BAD_REQUEST, f"{name} is missing or too long")
    app_id = str(config.app_id)
    keys = config.accepts("key1", time.time())
    if given.get("app_id") != app_id or not any(_is_signed(call, given, app_id, key) for key in keys):
        raise Refused(BAD_CREDENTIALS, "app_id or mac is wrong")
    return given


def _is_signed(call: str, given: dict[str, str], app_id: str, key: str) -> bool:
    signed = {**given, "app_id": app_id, "key1": key}
    parts = [signed[name] for name in SIGNED[call]]
    if call == "refund" and "refund_fee_amount" in given:
        parts.insert(3, given["refund_fee_amount"])
    return holds(given.get("mac", ""), key, *parts)


def _parameters() -> dict[str, str]:
    given: Mapping[str, object] = request.form
    if request.is_json:
        body = request.get_json(silent=True)
        given = body if isinstance(body, dict) else {}
    return {name: str(value) for name, value in given.items() if isinstance(value, str | int)}


def _answered(
    call: str, db: sqlite3.Connection, fields: dict[str, str], struck: Struck, config: Config
) -> Answer | str:
    for fault, sub_code in (("maintenance", MAINTENANCE), ("rate", RATE_LIMIT)):
        if fault in struck:
            return _answer(2, sub_code, fault)
    if call in agreements.CALLS:
        status, sub_code, words, more = agreements.answered(call, db, fields, struck, config)
        return _answer(status, sub_code, words, **more)
    if call == "statement":
        return _statement(db, fields, struck, config)
    handler = {"create": _create, "query": _query, "refund": _refund, "query_refund": _query_refund}[call]
    try:
        return handler(db, fields, struck, config)
    except Refused as refusal:
        return _answer(2, refusal.sub_code, refusal.message)


def _create(db: sqlite3.Connection, fields: dict[str, str], struck: Struck, config: Config) -> Answer:
    now = time.time()
    app_time, amount = _number(fields, "app_time"), _number(fields, "amount")
    lives_s = _number(fields, "expire_duration_seconds", USUAL_LIFE_S)
    embed_data = _json(fields, "embed_data", dict)
    _json(fields, "item", list)
    if abs(app_time / 1000 - now) > config.clock_tolerance_s:
        raise Refused(BAD_REQUEST, "app_time is too far from now")
    if not re.fullmatch(r"\d{6}_[\w.-]+", fields["app_trans_id"], re.ASCII):
        raise Refused(BAD_REQUEST, "app_trans_id must be yymmdd_ and your own id")
    _require_date(fields["app_trans_id"], app_time)
    if not MIN_AMOUNT <= amount <= MAX_AMOUNT:
        raise Refused(BAD_REQUEST, f"amount must be from {MIN_AMOUNT} to {MAX_AMOUNT}")
    if not MIN_LIFE_S <= lives_s <= MAX_LIFE_S:
        raise Refused(BAD_REQUEST, "expire_duration_seconds must be from 300 to 2592000")
    order = {
        "reference": fields["app_trans_id"],
        "dialect": "zalopay",
        "customer": fields["app_user"],
        "amount": amount,
        "description": fields["description"],
        "details": {"embed_data": fields["embed_data"], "item": fields["item"], "app_time": app_time},
        "asked_at": app_time / 1000,
        "notify_url": _web_address(fields.get("callback_url", "")),
        "return_url": _web_address(str(embed_data.get("redirecturl", ""))),
    }
    token = ledger.open_order(db, order, lives_s=lives_s, now=now)
    if token is None:
        raise Refused(DUPLICATE_ORDER, "app_trans_id was used before")
    return _answer(
        1, 1, zp_trans_token=token, order_token=token, order_url=f"{config.public_url}/pay/{token}", qr_code=""
    )


def _query(db: sqlite3.Connection, fields: dict[str, str], struck: Struck, config: Config) -> Answer:
    now = time.time()
    order = ledger.order_by_reference(db, "zalopay", fields["app_trans_id"])
    if order is None or now - order["created_at"] > QUERY_HORIZON_S or is_too_young(order, struck, now):
        raise Refused(NO_SUCH, "app_trans_id is not known")
    if "pending_forever" in struck or ledger.is_payable(order, now):
        return _answer(3, 3, is_processing="pending_forever" in struck, amount=order["amount"], zp_trans_id=0)
    if order["state"] == "paid":
        return _answer(
            1,
            1,
            is_processing=False,
            amount=order["amount"] + int(struck.get("wrong_amount", 0)),
            discount_amount=0,
            zp_trans_id=order["txn"],
            server_time=int(ledger.merchants_time(order, order["paid_at"]) * 1000),
        )
    raise Refused(SUB_CODES[ledger.ending(order)], "the order was not paid")


def _refund(db: sqlite3.Connection, fields: dict[str, str], struck: Struck, config: Config) -> Answer:
    now = time.time()
    timestamp, amount = _number(fields, "timestamp"), _number(fields, "amount")
    if abs(timestamp / 1000 - now) > config.clock_tolerance_s:
        raise Refused(BAD_TIME, "timestamp is too far from now")
    if not re.fullmatch(rf"\d{{6}}_{config.app_id}_[\w.-]+", fields["m_refund_id"], re.ASCII):
        raise Refused(BAD_REQUEST, "m_refund_id must be yymmdd_appid_ and your own id")
    _require_date(fields["m_refund_id"], timestamp)
    if "refund_fee_amount" in fields:
        raise Refused(BAD_REQUEST, "refund fees are not agreed with this merchant")
    if db.execute("SELECT 1 FROM refunds WHERE reference = ?", [fields["m_refund_id"]]).fetchone():
        raise Refused(DUPLICATE_REFUND, "m_refund_id was used before")
    order = ledger.order_by_txn(db, "zalopay", _number(fields, "zp_trans_id"))
    if order is None:
        raise Refused(NO_SUCH, "zp_trans_id is not known")
    if not 0 < amount <= ledger.refundable(db, order, struck):
        raise Refused(BAD_REFUND_AMOUNT, "more than is left of the payment")
    refund = {"reference": fields["m_refund_id"], "amount": amount, "description": fields["description"]}
    number = ledger.open_refund(db, order, refund, struck, takes_s=config.refund_takes_s, now=now)
    return _answer(3, 3, refund_id=number)


def _query_refund(db: sqlite3.Connection, fields: dict[str, str], struck: Struck, config: Config) -> Answer:
    now = time.time()
    if abs(_number(fields, "timestamp") / 1000 - now) > config.clock_tolerance_s:
        raise Refused(BAD_REQUEST, "timestamp is too far from now")
    ledger.end_refunds(db, now=now)
    refund = db.execute("SELECT * FROM refunds WHERE reference = ?", [fields["m_refund_id"]]).fetchone()
    if refund is None or is_too_young(refund, struck, now):
        raise Refused(NO_SUCH, "m_refund_id is not known")
    if refund["state"] == "processing":
        return _answer(3, 2)
    if refund["state"] == "done":
        return _answer(1, 1, refund_id=refund["txn"])
    raise Refused(0, "the refund failed")


STATEMENT = ("app_id", "type", "app_trans_id", "m_refund_id", "zp_trans_id", "amount", "time")
WHEN = "%Y-%m-%d %H:%M:%S"
TYPES = {"debit": "PAYMENT", "refund": "REFUND", "reversal": "REVERSAL"}


def _statement(db: sqlite3.Connection, fields: dict[str, str], struck: Struck, config: Config) -> str:
    """A table of the day; its last row says how many lines it has and their sum, so one that was cut off is noticed."""
    day = statements.day_named(fields["date"])
    if day is None:
        raise Refused(BAD_REQUEST, "date must be yyyymmdd")
    lines = statements.of_day(db, "zalopay", day, struck)
    rows = [
        (
            config.app_id,
            TYPES[line.kind],
            line.reference,
            line.refund,
            line.txn,
            line.amount,
            f"{line.written_at:{WHEN}}",
        )
        for line in lines
    ]
    end = (config.app_id, "TOTAL", "", "", len(lines), sum(line.amount for line in lines), "")
    return "".join(",".join(map(str, row)) + "\n" for row in [STATEMENT, *rows, end])


def _answer(status: int, sub_code: int, message: str = "", **more: object) -> Answer:
    return {
        "return_code": status,
        "return_message": MESSAGES[status],
        "sub_return_code": sub_code,
        "sub_return_message": message or MESSAGES[status],
        **more,
    }


def _number(fields: dict[str, str], name: str, otherwise: int = -1) -> int:
    text = fields.get(name, "")
    if not text and otherwise >= 0:
        return otherwise
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII):
        raise Refused(BAD_REQUEST, f"{name} must be a whole number")
    return int(text)


Kind = TypeVar("Kind", dict[str, object], list[object])


def _json(fields: dict[str, str], name: str, kind: type[Kind]) -> Kind:
    try:
        value: object = json.loads(fields[name])
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise Refused(BAD_REQUEST, f"{name} must be JSON text of {'an object' if kind is dict else 'a list'}")
    return value


def _require_date(reference: str, milliseconds: int) -> None:
    """The reference begins with the date in Vietnam; just around midnight, either day will do."""
    seconds = milliseconds / 1000
    days = {
        datetime.fromtimestamp(seconds + shift, UTC).astimezone(VIETNAM).strftime("%y%m%d")
        for shift in (-DOCUMENTED_TOLERANCE_S, DOCUMENTED_TOLERANCE_S)
    }
    if reference[:6] not in days:
        raise Refused(BAD_REQUEST, "the date in front is not today's in Vietnam (GMT+7)")


def _web_address(url: str) -> str:
    """Empty, or an address that a browser may be sent to."""
    if url and not is_web_address(url):
        raise Refused(BAD_REQUEST, "addresses must begin with http:// or https://")
    return url
