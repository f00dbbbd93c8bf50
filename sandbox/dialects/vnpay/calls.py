"""VNPay's address for browsers and its two server calls: parameters, signatures and refusals as the vendor documents them."""

from __future__ import annotations

import re
import secrets
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sandbox.shapes import Json

from ... import faults, ledger, statements
from ...config import Config
from ...ledger import VIETNAM
from ...store import Store
from ..base import Answer, Row, Struck, is_too_young, is_web_address, misbehaved
from .signing import barred, holds, query_text, seal

blueprint = Blueprint("calls-vnpay", __name__, url_prefix="/vnpay")

TMN_CODE = "SANDBOX1"
INSTANT = "%Y%m%d%H%M%S"
MOST = 999_999_999_999  # hundredths of đồng: Numeric[1,12]
ASKED = {
    "querydr": "RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo",
    "refund": "RequestId Version Command TmnCode TransactionType TxnRef Amount TransactionNo TransactionDate CreateBy"
    " CreateDate IpAddr OrderInfo",
}
MAY_BE_EMPTY = {"vnp_TransactionNo"}
ANSWERED = {
    "querydr": "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo"
    " TransactionType TransactionStatus OrderInfo PromotionCode PromotionAmount",
    "refund": "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo"
    " TransactionType TransactionStatus OrderInfo",
}
BAD_MERCHANT, BAD_FORMAT, NO_SUCH, REPEATED, NOT_SUCCESSFUL, BAD_HASH, OTHER = "02", "03", "91", "94", "95", "97", "99"
MESSAGES = {
    "00": "Giao dịch thành công",
    BAD_MERCHANT: "Mã định danh kết nối không hợp lệ",
    BAD_FORMAT: "Dữ liệu gửi sang không đúng định dạng",
    NO_SUCH: "Không tìm thấy giao dịch yêu cầu",
    REPEATED: "Yêu cầu bị trùng lặp trong thời gian giới hạn của API",
    NOT_SUCCESSFUL: "Giao dịch này không thành công bên VNPAY",
    BAD_HASH: "Checksum không hợp lệ",
    OTHER: "Lỗi khác",
}
REFUND_STATUS = {"processing": "05", "done": "00", "rejected": "09"}


class Refused(Exception):
    def __init__(self, code: str, about: str = "") -> None:
        self.code, self.about = code, about


# --- The browser's way in ---


@blueprint.get("/paymentv2/vpcpay.html")
def pay() -> AnyResponse | tuple[str, int]:
    """Open the order that the address describes, or find the one that it opened, and show its page."""
    fields = {name: value for name, value in request.args.items() if name.startswith("vnp_")}
    config, now = _config(), time.time()
    try:
        order = _order(fields, config, now)
    except Refused as refusal:
        return render_template("refused.html", code=refusal.code, about=refusal.about), 400
    with _store().write() as db:
        struck = faults.strike(db, "create", order["reference"])
        token = None
        if "hang_before" not in struck:
            token = ledger.open_order(db, order, lives_s=order["lives_s"], now=now) or _same(db, order)
    if "hang_before" in struck:
        return misbehaved(None, struck)
    if token is None:
        return render_template("refused.html", code="01", about="vnp_TxnRef"), 400
    if "http_500_after_effect" in struck:
        return Response("Internal Server Error", 500)
    return redirect(url_for("pages.page", token=token), 303)


def _same(db: sqlite3.Connection, order: Json) -> str | None:
    """The token of the order that the very same address opened before."""
    found = ledger.order_by_reference(db, "vnpay", order["reference"])
    return found["token"] if found and ledger.details(found) == order["details"] else None


def _order(fields: dict[str, str], config: Config, now: float) -> Json:
    if fields.get("vnp_TmnCode") != TMN_CODE:
        raise Refused("72", "vnp_TmnCode")
    if not _is_signed(fields, query_text(fields), config):
        raise Refused("70", "vnp_SecureHash")
    _require(fields, "Version", "2\\.1\\.0")
    _require(fields, "Command", "pay")
    _require(fields, "CurrCode", "VND")
    _require(fields, "Locale", "vn|en")
    _require(fields, "OrderInfo", "[A-Za-z0-9 .,:_-]{1,255}")
    _require(fields, "OrderType", "\\w{1,100}")
    _require(fields, "IpAddr", "[0-9a-fA-F.:]{7,45}")
    _require(fields, "TxnRef", "[A-Za-z0-9._-]{1,100}")
    if not is_web_address(fields.get("vnp_ReturnUrl", "")) or len(fields["vnp_ReturnUrl"]) > 255:
        raise Refused(BAD_FORMAT, "vnp_ReturnUrl")
    created, expires = _instant(fields, "CreateDate"), _instant(fields, "ExpireDate")
    if abs(created - now) > config.clock_tolerance_s or not expires - created > 0:
        raise Refused("15", "vnp_CreateDate")
    return {
        "reference": fields["vnp_TxnRef"],
        "dialect": "vnpay",
        "customer": f"card {fields['vnp_TxnRef'][-8:]}",
        "amount": _amount(fields),
        "description": fields["vnp_OrderInfo"],
        "details": {"created": fields["vnp_CreateDate"], "asked": fields["vnp_SecureHash"].lower()},
        "asked_at": created,
        "notify_url": config.vnpay_ipn_url or f"{config.portal_url}/gateways/sandbox-vnpay/notice/",
        "return_url": fields["vnp_ReturnUrl"],
        "lives_s": expires - created,
    }


# --- The servers' calls ---


@blueprint.post("/merchant_webapi/api/transaction")
def transaction() -> Response:
    config = _config()
    given = request.get_json(silent=True)
    fields = {name: str(value) for name, value in given.items()} if isinstance(given, dict) else {}
    command = fields.get("vnp_Command", "")
    struck: Struck = {}
    try:
        _check(command, fields, config)
        with _store().write() as db:
            struck = faults.strike(db, "query" if command == "querydr" else "refund", fields["vnp_TxnRef"])
            told = None if "hang_before" in struck else _answered(command, db, fields, struck, config)
    except Refused as refusal:
        told = {"vnp_ResponseCode": refusal.code}
    return misbehaved(None if told is None else _signed(command, told, config, struck), struck)


STATEMENT = [
    "vnp_TmnCode",
    "vnp_TransactionType",
    "vnp_TxnRef",
    "vnp_RequestId",
    "vnp_TransactionNo",
    "vnp_Amount",
    "vnp_PayDate",
]
ASKED_FOR_A_DAY = "RequestId Version Command TmnCode Date CreateDate IpAddr"
TYPES = {"debit": "01", "refund": "03", "reversal": "04"}


@blueprint.post("/merchant_webapi/api/statement")
def statement() -> Response:
    """A table of the day, amounts a hundredfold; the last row says how many lines it has and their sum."""
    config = _config()
    given = request.get_json(silent=True)
    fields = {name: str(value) for name, value in given.items()} if isinstance(given, dict) else {}
    day = statements.day_named(fields.get("vnp_Date", ""))
    text = barred(ASKED_FOR_A_DAY, fields)
    if day is None or fields.get("vnp_TmnCode") != TMN_CODE:
        return misbehaved({"vnp_ResponseCode": BAD_FORMAT}, {}, 400)
    if not _is_signed(fields, text, config):
        return misbehaved({"vnp_ResponseCode": BAD_HASH}, {}, 403)
    with _store().write() as db:
        struck = faults.strike(db, "statement", fields["vnp_Date"])
        is_busy = struck.keys() & {"hang_before", "maintenance", "rate"}
        lines = [] if is_busy else statements.of_day(db, "vnpay", day, struck)
    if is_busy:
        return misbehaved(None if "hang_before" in struck else {"vnp_ResponseCode": OTHER}, struck, 503)
    return misbehaved(_table(lines), struck)


def _table(lines: list[statements.Line]) -> str:
    rows = [
        (TMN_CODE, TYPES[line.kind], line.reference, line.refund, line.txn, line.amount * 100, written(line.at))
        for line in lines
    ]
    end = (TMN_CODE, "TOTAL", "", "", len(lines), sum(line.amount for line in lines) * 100, "")
    return "".join(",".join(map(str, row)) + "\n" for row in [STATEMENT, *rows, end])


def _is_signed(fields: dict[str, str], text: str, config: Config) -> bool:
    given = fields.get("vnp_SecureHash", "")
    return any(holds(given, key, text) for key in config.accepts("key1", time.time()))


def _check(command: str, fields: dict[str, str], config: Config) -> None:
    """Present, of the right form, signed, for this merchant."""
    if command not in ASKED:
        raise Refused(BAD_FORMAT)
    for name in ASKED[command].split():
        if not fields.get(f"vnp_{name}") and f"vnp_{name}" not in MAY_BE_EMPTY:
            raise Refused(BAD_FORMAT)
    if fields["vnp_TmnCode"] != TMN_CODE:
        raise Refused(BAD_MERCHANT)
    if not _is_signed(fields, barred(ASKED[command], fields), config):
        raise Refused(BAD_HASH)
    _require(fields, "Version", "2\\.1\\.0")
    _require(fields, "RequestId", "[A-Za-z0-9]{1,32}")
    _instant(fields, "TransactionDate")
    _instant(fields, "CreateDate")


def _answered(command: str, db: sqlite3.Connection, fields: dict[str, str], struck: Struck, config: Config) -> Json:
    now = time.time()
    if "maintenance" in struck or "rate" in struck:
        return {"vnp_ResponseCode": OTHER if "maintenance" in struck else REPEATED}
    if not ledger.is_once(db, "vnpay", fields["vnp_RequestId"]):
        return {"vnp_ResponseCode": REPEATED}
    ledger.end_refunds(db, now=now)
    order = ledger.order_by_reference(db, "vnpay", fields["vnp_TxnRef"])
    if (
        order is None
        or ledger.details(order)["created"] != fields["vnp_TransactionDate"]
        or is_too_young(order, struck, now)
    ):
        return {"vnp_ResponseCode": NO_SUCH}
    handler: Callable[..., Json] = _query if command == "querydr" else _refund
    try:
        return handler(db, order, fields, struck, config, now=now)
    except Refused as refusal:
        return {"vnp_ResponseCode": refusal.code}


def _query(
    db: sqlite3.Connection, order: Row, fields: dict[str, str], struck: Struck, config: Config, *, now: float
) -> Json:
    """The latest movement: the payment, or the last refund of it."""
    told = facts_of(order)
    if "pending_forever" in struck:
        told |= {"vnp_TransactionStatus": "01"}
    if "wrong_amount" in struck:
        told |= {"vnp_Amount": str((order["amount"] + int(struck["wrong_amount"])) * 100)}
    refunds = ledger.refunds_of(db, order)
    if refunds:
        told |= _of_refund(order, refunds[-1])
    return {"vnp_ResponseCode": "00", **told}


def _refund(
    db: sqlite3.Connection, order: Row, fields: dict[str, str], struck: Struck, config: Config, *, now: float
) -> Json:
    _require(fields, "TransactionType", "02|03")
    amount = _amount(fields)
    if order["state"] != "paid" or fields.get("vnp_TransactionNo") not in ("", "0", str(order["txn"])):
        raise Refused(NOT_SUCCESSFUL)
    if any(refund["state"] == "processing" for refund in ledger.refunds_of(db, order)):
        raise Refused(REPEATED)
    is_whole = fields["vnp_TransactionType"] == "02"
    if amount > ledger.refundable(db, order, struck) or is_whole != (amount == order["amount"]):
        raise Refused(BAD_FORMAT)
    refund = {"reference": fields["vnp_RequestId"], "amount": amount, "description": fields["vnp_OrderInfo"]}
    ledger.open_refund(db, order, refund, struck, takes_s=config.refund_takes_s, now=now)
    return {"vnp_ResponseCode": "00", **facts_of(order), **_of_refund(order, ledger.refunds_of(db, order)[-1])}


def facts_of(order: Row) -> dict[str, str]:
    """What is told of a payment in answers and in notices."""
    paid = order["state"] in ("paid", "reversed")
    status = {"open": "01", "paid": "00", "reversed": "04", "failed": "02"}[order["state"]]
    return {
        "vnp_TmnCode": TMN_CODE,
        "vnp_TxnRef": order["reference"],
        "vnp_Amount": str(order["amount"] * 100),
        "vnp_OrderInfo": order["description"],
        "vnp_BankCode": "NCB" if paid else "",
        "vnp_PayDate": written(ledger.merchants_time(order, order["paid_at"])) if paid else "",
        "vnp_TransactionNo": str(order["txn"]) if paid else "0",
        "vnp_TransactionType": "01",
        "vnp_TransactionStatus": status,
    }


def _of_refund(order: Row, refund: Row) -> dict[str, str]:
    return {
        "vnp_Amount": str(refund["amount"] * 100),
        "vnp_TransactionNo": str(refund["txn"]),
        "vnp_TransactionType": "02" if refund["amount"] == order["amount"] else "03",
        "vnp_TransactionStatus": REFUND_STATUS[refund["state"]],
    }


def _signed(command: str, told: Json, config: Config, struck: Struck) -> Answer:
    answer = {
        "vnp_ResponseId": secrets.token_hex(16),
        "vnp_Command": command,
        "vnp_Message": MESSAGES[told["vnp_ResponseCode"]],
        "vnp_TmnCode": TMN_CODE,
        **told,
    }
    key = "not the key" if "bad_signature" in struck else config.signs_with("key1")
    return {**answer, "vnp_SecureHash": seal(key, barred(ANSWERED.get(command, ANSWERED["querydr"]), answer))}


def _require(fields: dict[str, str], name: str, form: str) -> None:
    if not re.fullmatch(form, fields.get(f"vnp_{name}", ""), re.ASCII):
        raise Refused(BAD_FORMAT, f"vnp_{name}")


def _amount(fields: dict[str, str]) -> int:
    """In đồng; on the wire it is a hundredfold."""
    _require(fields, "Amount", "\\d{1,12}")
    hundredths = int(fields["vnp_Amount"])
    if hundredths % 100 or not 0 < hundredths <= MOST:
        raise Refused(BAD_FORMAT, "vnp_Amount")
    return hundredths // 100


def _instant(fields: dict[str, str], name: str) -> float:
    _require(fields, name, "\\d{14}")
    try:
        return datetime.strptime(fields[f"vnp_{name}"], INSTANT).replace(tzinfo=VIETNAM).timestamp()
    except ValueError as error:
        raise Refused(BAD_FORMAT, f"vnp_{name}") from error


def written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone(VIETNAM).strftime(INSTANT)


def _config() -> Config:
    config: Config = current_app.config["SANDBOX"]
    return config


def _store() -> Store:
    store: Store = current_app.config["STORE"]
    return store
