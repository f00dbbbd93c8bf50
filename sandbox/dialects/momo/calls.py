"""MoMo's server-to-server calls: parameters, signatures, idempotency and refusals as the vendor documents them."""

from __future__ import annotations

import json
import re
import sqlite3
import time

from flask import Blueprint, Response, abort, current_app, request

from sandbox.shapes import Json

from ... import faults, ledger, statements
from ...config import Config
from ...store import Store
from ..base import Answer, Row, Struck, is_too_young, is_web_address, misbehaved
from . import tokens
from .signing import holds
from .tokens import secrets_of

blueprint = Blueprint("calls-momo", __name__, url_prefix="/momo/v2/gateway/api")

PARTNER_CODE, ACCESS_KEY = "SANDBOX", "sandbox"
LIVES_S = 15 * 60
MIN_AMOUNT, MAX_AMOUNT = 1_000, 50_000_000
SIGNED = {
    "create": "accessKey amount extraData ipnUrl orderId orderInfo partnerCode redirectUrl requestId requestType",
    "query": "accessKey orderId partnerCode requestId",
    "refund": "accessKey amount description orderId partnerCode requestId transId",
    "statement": "accessKey date orderId partnerCode requestId",
    **tokens.SIGNED,
}
MAY_BE_EMPTY = {"extraData", "description"}
NAME = r"[0-9a-zA-Z]([-_.]*[0-9a-zA-Z]+)*"

MAINTENANCE, DENIED, BAD_SIGNATURE, BAD_FORMAT, BAD_AMOUNT, RATE = 10, 11, 13, 20, 22, 99
REPEATED_REQUEST, REPEATED_ORDER, NO_SUCH_ORDER = 40, 41, 42
WAITING, PROCESSING = 1000, 7002
RESULTS = {
    ledger.CANCELLED: 1006,
    ledger.EXPIRED: 1005,
    ledger.NO_FUNDS: 1001,
    ledger.WRONG_OTP: 1002,
    ledger.UNAUTHENTICATED: 4010,
    ledger.OVER_LIMIT: 1004,
}
NOT_REFUNDABLE, NOTHING_TO_REFUND = 1081, 1080
REFUND_RESULT = {"processing": PROCESSING, "done": 0, "rejected": NOT_REFUNDABLE}
FINAL = {0, *RESULTS.values(), BAD_FORMAT, BAD_AMOUNT, NOT_REFUNDABLE, NOTHING_TO_REFUND}
"""What is said again when the same request comes again; all else answers that it is repeated."""
MESSAGES = {
    0: "Thành công.",
    MAINTENANCE: "Hệ thống đang được bảo trì.",
    DENIED: "Truy cập bị từ chối.",
    BAD_SIGNATURE: "Xác thực doanh nghiệp thất bại.",
    BAD_FORMAT: "Yêu cầu sai định dạng.",
    BAD_AMOUNT: "Số tiền giao dịch không hợp lệ.",
    REPEATED_REQUEST: "RequestId bị trùng.",
    REPEATED_ORDER: "OrderId bị trùng.",
    NO_SUCH_ORDER: "OrderId không hợp lệ hoặc không được tìm thấy.",
    RATE: "Lỗi không xác định.",
    WAITING: "Giao dịch đã được khởi tạo, chờ người dùng xác nhận thanh toán.",
    tokens.AUTHORISED: "Giao dịch đã được xác nhận thành công.",
    tokens.OVER: "Giao dịch thất bại do liên kết không tồn tại.",
    1001: "Giao dịch thanh toán thất bại do tài khoản người dùng không đủ tiền.",
    1002: "Giao dịch bị từ chối bởi nhà phát hành tài khoản thanh toán.",
    1004: "Giao dịch thất bại do số tiền vượt quá hạn mức thanh toán của người dùng.",
    4010: "Quá trình xác minh OTP thất bại.",
    1005: "Giao dịch thất bại do url hoặc QR code đã hết hạn.",
    1006: "Giao dịch thất bại do người dùng đã từ chối xác nhận thanh toán.",
    NOTHING_TO_REFUND: "Giao dịch hoàn tiền thất bại, giao dịch gốc không được tìm thấy.",
    NOT_REFUNDABLE: "Giao dịch hoàn tiền bị từ chối.",
    PROCESSING: "Giao dịch đang được xử lý.",
}


class Refused(Exception):
    def __init__(self, code: int) -> None:
        self.code = code


@blueprint.post("/<path:call>")
def api(call: str) -> Response:
    if call not in SIGNED:
        abort(404)
    config, store, now = _config(), _store(), time.time()
    given = request.get_json(silent=True)
    fields = given if isinstance(given, dict) else {}
    struck: Struck = {}
    try:
        _check(call, fields, config)
        with store.write() as db:
            struck = faults.strike(db, tokens.CALLS.get(call, call), fields["orderId"])
            told = None if "hang_before" in struck else _once(call, db, fields, struck, config, now=now)
    except Refused as refusal:
        told = {"resultCode": refusal.code}
    if told is None:
        return misbehaved(None, struck)
    refused = told["resultCode"] in (DENIED, BAD_SIGNATURE, BAD_FORMAT, BAD_AMOUNT, REPEATED_ORDER, REPEATED_REQUEST)
    return misbehaved(_answer(fields, told, now), struck, 400 if refused else 200)


def _check(call: str, fields: Json, config: Config) -> None:
    """Present, of the right form, and signed by this merchant. Amounts and transactions are numbers in JSON."""
    links = call == "create" and fields.get("requestType") == "linkWallet"
    signed = tokens.LINK if links else SIGNED[call]
    for name in signed.split():
        value = ACCESS_KEY if name == "accessKey" else fields.get(name)
        is_number = name in ("amount", "transId")
        if not isinstance(value, int if is_number else str) or isinstance(value, bool):
            raise Refused(BAD_FORMAT)
        if value == "" and name not in MAY_BE_EMPTY:
            raise Refused(BAD_FORMAT)
    if fields["partnerCode"] != PARTNER_CODE:
        raise Refused(DENIED)
    shown = {**fields, "accessKey": ACCESS_KEY}
    if not any(holds(fields.get("signature"), key, signed, shown) for key in secrets_of(config, time.time())):
        raise Refused(BAD_SIGNATURE)
    if (
        not re.fullmatch(NAME, fields["orderId"], re.ASCII)
        or max(len(fields["orderId"]), len(fields["requestId"])) > 50
    ):
        raise Refused(BAD_FORMAT)


def _once(call: str, db: sqlite3.Connection, fields: Json, struck: Struck, config: Config, *, now: float) -> Answer:
    """Each request id is carried out once; a final answer is given again."""
    if "maintenance" in struck or "rate" in struck:
        return {"resultCode": MAINTENANCE if "maintenance" in struck else RATE}
    request_id = f"{call} {fields['requestId']}"
    if not ledger.is_once(db, "momo", request_id):
        (before,) = db.execute(
            "SELECT answer FROM requests WHERE dialect = 'momo' AND request_id = ?", [request_id]
        ).fetchone()
        found: Answer = json.loads(before) if before else {"resultCode": REPEATED_REQUEST}
        return found
    if call in tokens.SIGNED:
        return _kept(db, request_id, tokens.answered(call, db, fields, struck, config))
    handler = {"create": _create, "query": _query, "refund": _refund, "statement": _statement}[call]
    try:
        told = handler(db, fields, struck, config, now)
    except Refused as refusal:
        told = {"resultCode": refusal.code}
    return _kept(db, request_id, told)


def _kept(db: sqlite3.Connection, request_id: str, told: Answer) -> Answer:
    """The answer, which is given again if it is final."""
    if told["resultCode"] in FINAL:
        db.execute(
            "UPDATE requests SET answer = ? WHERE dialect = 'momo' AND request_id = ?", [json.dumps(told), request_id]
        )
    return told


def _create(db: sqlite3.Connection, fields: Json, struck: Struck, config: Config, now: float) -> Answer:
    if fields["requestType"] == "linkWallet":
        return tokens.begin(db, fields, config, now)
    if fields["requestType"] != "captureWallet" or len(fields["orderInfo"]) > 200:
        raise Refused(BAD_FORMAT)
    if not (is_web_address(fields["redirectUrl"]) and is_web_address(fields["ipnUrl"])):
        raise Refused(BAD_FORMAT)
    if not MIN_AMOUNT <= fields["amount"] <= MAX_AMOUNT:
        raise Refused(BAD_AMOUNT)
    order = {
        "reference": fields["orderId"],
        "dialect": "momo",
        "customer": f"wallet {fields['orderId'][-8:]}",
        "amount": fields["amount"],
        "description": fields["orderInfo"],
        "details": {"requestId": fields["requestId"], "extraData": fields["extraData"]},
        "asked_at": now,
        "notify_url": fields["ipnUrl"],
        "return_url": fields["redirectUrl"],
    }
    token = ledger.open_order(db, order, lives_s=LIVES_S, now=now)
    if token is None:
        raise Refused(REPEATED_ORDER)
    page = f"{config.public_url}/pay/{token}"
    return {"resultCode": 0, "amount": fields["amount"], "payUrl": page, "deeplink": "", "qrCodeUrl": page}


def _query(db: sqlite3.Connection, fields: Json, struck: Struck, config: Config, now: float) -> Answer:
    ledger.end_refunds(db, now=now)
    order = ledger.order_by_reference(db, "momo", fields["orderId"])
    if order is None or is_too_young(order, struck, now):
        raise Refused(NO_SUCH_ORDER)
    told = facts_of(order, now)
    if "pending_forever" in struck:
        told |= {"resultCode": PROCESSING, "transId": 0}
    told["amount"] += int(struck.get("wrong_amount", 0))
    told["refundTrans"] = [
        {
            "orderId": refund["reference"],
            "amount": refund["amount"],
            "resultCode": REFUND_RESULT[refund["state"]],
            "transId": refund["txn"],
            "createdTime": int(refund["created_at"] * 1000),
        }
        for refund in ledger.refunds_of(db, order)
    ]
    return told


def _refund(db: sqlite3.Connection, fields: Json, struck: Struck, config: Config, now: float) -> Answer:
    order = ledger.order_by_txn(db, "momo", fields["transId"])
    if order is None:
        raise Refused(NOTHING_TO_REFUND)
    if not MIN_AMOUNT <= fields["amount"] <= MAX_AMOUNT:
        raise Refused(BAD_AMOUNT)
    if db.execute("SELECT 1 FROM refunds WHERE reference = ?", [fields["orderId"]]).fetchone():
        raise Refused(REPEATED_ORDER)
    if fields["amount"] > ledger.refundable(db, order, struck):
        raise Refused(NOT_REFUNDABLE)
    refund = {"reference": fields["orderId"], "amount": fields["amount"], "description": fields["description"]}
    number = ledger.open_refund(db, order, refund, struck, takes_s=config.refund_takes_s, now=now)
    return {"resultCode": PROCESSING, "amount": fields["amount"], "transId": number}


TYPES = {"debit": "payment", "refund": "refund", "reversal": "reversal"}


def _statement(db: sqlite3.Connection, fields: Json, struck: Struck, config: Config, now: float) -> Answer:
    """The day's movements, with how many they are and their sum; `orderId` names the question."""
    day = statements.day_named(fields["date"])
    if day is None:
        raise Refused(BAD_FORMAT)
    lines = statements.of_day(db, "momo", day, struck)
    return {
        "resultCode": 0,
        "date": fields["date"],
        "count": len(lines),
        "total": sum(line.amount for line in lines),
        "transactions": [
            {
                "type": TYPES[line.kind],
                "orderId": line.refund or line.reference,
                "transId": line.txn,
                "amount": line.amount,
                "responseTime": int(line.at * 1000),
            }
            for line in lines
        ],
    }


def facts_of(order: Row, now: float) -> Answer:
    """What is told of a payment in answers and in notices."""
    paid = order["state"] == "paid"
    is_open = ledger.is_payable(order, now)
    return {
        "resultCode": 0 if paid else WAITING if is_open else RESULTS[ledger.ending(order)],
        "amount": order["amount"],
        "transId": order["txn"] if paid else 0,
        "payType": "qr" if paid else "",
        "extraData": ledger.details(order)["extraData"],
    }


def _answer(fields: Json, told: Answer, now: float) -> Answer:
    return {
        "partnerCode": PARTNER_CODE,
        "orderId": fields.get("orderId", ""),
        "requestId": fields.get("requestId", ""),
        "responseTime": int(now * 1000),
        "message": MESSAGES[told["resultCode"]],
        **told,
    }


def _config() -> Config:
    config: Config = current_app.config["SANDBOX"]
    return config


def _store() -> Store:
    store: Store = current_app.config["STORE"]
    return store
