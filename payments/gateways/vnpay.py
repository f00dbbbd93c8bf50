"""
VNPay, version 2.1.0: the customer is sent to a signed address, and the server is asked by signed calls (HMAC-SHA512).

Amounts travel a hundredfold, instants in Vietnam's time without a zone. A question about a payment has to name the very
second in which it was begun, so the reference begins with it. Notices come by GET to the address that is registered with
VNPay, for failures as well.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import parse_qsl

import httpx

from . import vnpay_protocol as protocol
from .base import (
    NOT_FOUND,
    BadSignature,
    Caps,
    Failed,
    Moved,
    Outcome,
    Pending,
    Redirect,
    Reply,
    Report,
    Succeeded,
    TakenBack,
    ToPay,
    Unknown,
    Verdict,
    of_the_payment,
)
from .statements import as_read, fetch
from .wire import CHECK_AFTER, VIETNAM, ask, is_amount, is_name, is_same, text_of

SECONDS = 30
VERSION = "2.1.0"
CREATED_BY = "billing-portal"
INSTANT = "%Y%m%d%H%M%S"
SETTLING = timedelta(minutes=15)
"""So long after the end of an order a payment that was begun in time may still come through."""

CAPS = Caps(
    min_amount=5_000,
    max_amount=9_999_999_999,
    order_ttl=timedelta(minutes=15),
    query_horizon=timedelta(hours=48),
    notifies_failure=True,
    notice_method="GET",
    notice_tries=10,
    notice_gap=timedelta(minutes=5),
    refund_days=14,
)


@dataclass(frozen=True)
class VNPay:
    """
    Adapter for VNPay.

    `pay_url` is where browsers go, `api_url` where servers call; `ip_address` is ours, which VNPay keeps with each call.
    """

    code: str
    pay_url: str
    api_url: str
    tmn_code: str
    secret: str
    ip_address: str
    client: httpx.Client
    caps: Caps = CAPS
    statement_url: str = ""

    def __post_init__(self) -> None:
        if not (self.tmn_code and self.secret):
            raise ValueError(f"gateway {self.code}: code and secret must not be empty")

    def new_reference(self, now: datetime) -> str:
        return _written(now) + uuid.uuid4().hex[:18]

    def new_refund_reference(self, now: datetime) -> str:
        return uuid.uuid4().hex

    def start(self, to_pay: ToPay) -> Redirect | Outcome:
        """No call: VNPay learns of the order when the customer gets there, and knows the notice's address already."""
        created = _begun(to_pay.reference)
        fields = {
            "vnp_Version": VERSION,
            "vnp_Command": "pay",
            "vnp_TmnCode": self.tmn_code,
            "vnp_Amount": str(to_pay.amount * 100),
            "vnp_CreateDate": to_pay.reference[:14],
            "vnp_ExpireDate": _written(created + self.caps.order_ttl),
            "vnp_CurrCode": "VND",
            "vnp_IpAddr": to_pay.payer_address or self.ip_address,
            "vnp_Locale": "vn",
            "vnp_OrderInfo": protocol.plain(to_pay.description) or to_pay.reference,
            "vnp_OrderType": "other",
            "vnp_ReturnUrl": to_pay.return_url,
            "vnp_TxnRef": to_pay.reference,
        }
        query = protocol.query_string(fields)
        return Redirect(f"{self.pay_url}?{query}&vnp_SecureHash={protocol.sign(self.secret, query)}")

    def query(self, *, reference: str, at: datetime) -> Outcome:
        answer = self._ask_about(reference, at)
        if isinstance(answer, Unknown):
            return answer
        if text_of(answer, "vnp_TransactionType") not in ("", protocol.PAYMENT):
            return Unknown("refunded at VNPay")
        status = text_of(answer, "vnp_TransactionStatus")
        if status == protocol.INCOMPLETE:
            over = at - _begun(reference) > self.caps.order_ttl + SETTLING
            return Failed("expired", "") if over else Pending(CHECK_AFTER)
        return _outcome(answer, status, "", at)

    def refund(
        self, *, reference: str, gateway_txn_id: str, paid: int, amount: int, refund_reference: str, at: datetime
    ) -> Outcome:
        answer = self._call(
            "refund",
            reference,
            at,
            request_id=refund_reference,
            vnp_TransactionType=protocol.FULL_REFUND if amount == paid else protocol.PARTIAL_REFUND,
            vnp_Amount=str(amount * 100),
            vnp_TransactionNo=gateway_txn_id,
            vnp_CreateBy=CREATED_BY,
            vnp_OrderInfo=f"Refund of {reference}",
        )
        if isinstance(answer, Unknown):
            return answer
        code = text_of(answer, "vnp_ResponseCode")
        if code == protocol.REPEATED:
            return self.query_refund(reference=reference, refund_reference=refund_reference, amount=amount, at=at)
        if code in protocol.REFUND_FAILED:
            return Failed(protocol.REFUND_FAILED[code], text_of(answer, "vnp_Message")[:200])
        return _refund_outcome(answer, amount, at) if code == protocol.DONE else Unknown(f"code {code}")

    def query_refund(
        self, *, reference: str, refund_reference: str, amount: int, at: datetime, gateway_txn_id: str = ""
    ) -> Outcome:
        """VNPay tells about a payment's latest movement only, so that has to be a refund of this amount."""
        answer = self._ask_about(reference, at)
        if isinstance(answer, Unknown):
            return of_the_payment(answer)
        if text_of(answer, "vnp_TransactionType") == protocol.PAYMENT:
            return Unknown(NOT_FOUND)
        return _refund_outcome(answer, amount, at)

    @property
    def has_statement(self) -> bool:
        return bool(self.statement_url)

    def statement(self, *, day: date, at: datetime) -> list[Moved] | Unknown | None:
        if not self.statement_url:
            return None
        asked = {
            "vnp_RequestId": uuid.uuid4().hex,
            "vnp_Version": VERSION,
            "vnp_Command": "statement",
            "vnp_TmnCode": self.tmn_code,
            "vnp_Date": f"{day:%Y%m%d}",
            "vnp_CreateDate": _written(at),
            "vnp_IpAddr": self.ip_address,
        }
        asked["vnp_SecureHash"] = protocol.sign(self.secret, protocol.joined(protocol.ASKED["statement"], asked))
        found = fetch(self.client, self.statement_url, json=asked)
        return found if isinstance(found, Unknown) else as_read(self.read_statement, found)

    def read_statement(self, data: bytes) -> list[Moved]:
        return protocol.STATEMENT.read(data, self.tmn_code)

    def parse_notice(self, body: bytes, headers: Mapping[str, str]) -> Report:
        """`body` is the query string, for the notice comes by GET."""
        told = self._signed_fields(body)
        if told.get("vnp_TmnCode") != self.tmn_code:
            raise BadSignature("another merchant's order")
        if told.get("vnp_CurrCode", "VND") != "VND":
            raise BadSignature("another currency")
        reference = told.get("vnp_TxnRef", "")
        at = _read(told.get("vnp_PayDate", "")) or _read(reference[:14])
        if not is_name(reference) or at is None:
            raise BadSignature("order or time missing")
        if _amount(told) is None:
            raise BadSignature("amount missing")
        return Report(
            reference, _outcome(told, told.get("vnp_TransactionStatus", ""), told.get("vnp_ResponseCode", ""), at)
        )

    def reply(self, verdict: Verdict) -> Reply:
        code, message = protocol.REPLIES[verdict]
        return 200, "application/json", json.dumps({"RspCode": code, "Message": message}).encode()

    def _signed_fields(self, query: bytes) -> dict[str, str]:
        """:raises BadSignature:"""
        try:
            pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=60, errors="strict")
        except ValueError as error:
            raise BadSignature("not a query string") from error
        fields = dict(pairs)
        if len(fields) != len(pairs):
            raise BadSignature("a field twice")
        told = {name: value for name, value in fields.items() if name.startswith("vnp_")}
        expected = protocol.sign(self.secret, protocol.query_string(told))
        if not is_same(expected, fields.get("vnp_SecureHash", "").lower()):
            raise BadSignature("hash not equal")
        return told

    def _ask_about(self, reference: str, at: datetime) -> dict[str, object] | Unknown:
        answer = self._call(
            "querydr", reference, at, request_id=uuid.uuid4().hex, vnp_OrderInfo=f"Query of {reference}"
        )
        if isinstance(answer, Unknown):
            return answer
        code = text_of(answer, "vnp_ResponseCode")
        if code == protocol.DONE:
            return answer
        return Unknown(NOT_FOUND if code == protocol.NO_SUCH else f"code {code}")

    def _call(
        self, command: str, reference: str, at: datetime, *, request_id: str, **fields: str
    ) -> dict[str, object] | Unknown:
        """A signed call whose answer is signed too, and about what we asked."""
        asked = {
            "vnp_RequestId": request_id,
            "vnp_Version": VERSION,
            "vnp_Command": command,
            "vnp_TmnCode": self.tmn_code,
            "vnp_TxnRef": reference,
            "vnp_TransactionDate": reference[:14],
            "vnp_CreateDate": _written(at),
            "vnp_IpAddr": self.ip_address,
            **fields,
        }
        asked["vnp_SecureHash"] = protocol.sign(self.secret, protocol.joined(protocol.ASKED[command], asked))
        answer = ask(self.client, self.api_url, seconds=SECONDS, json=asked)
        if isinstance(answer, Unknown):
            return answer
        try:
            expected = protocol.sign(self.secret, protocol.joined(protocol.ANSWERED[command], answer))
        except UnicodeEncodeError:
            return Unknown("hash not equal")
        if not is_same(expected, text_of(answer, "vnp_SecureHash").lower()):
            return Unknown("hash not equal")
        about = text_of(answer, "vnp_TmnCode"), text_of(answer, "vnp_TxnRef")
        if text_of(answer, "vnp_ResponseCode") == protocol.DONE and about != (self.tmn_code, reference):
            return Unknown("an answer about something else")
        return answer


def _outcome(told: Mapping[str, object], status: str, response_code: str, at: datetime) -> Outcome:
    """
    What became of a payment.

    :param response_code: what a notice says beside the status, empty of an answer; success needs both
    """
    amount, number = _amount(told), text_of(told, "vnp_TransactionNo")
    when = _read(text_of(told, "vnp_PayDate")) or at
    match status:
        case protocol.DONE if response_code in ("", protocol.DONE):
            if amount is None or not is_name(number) or number == "0":
                return Unknown("success without amount or transaction")
            return Succeeded(number, amount, when)
        case protocol.REVERSED if amount is not None:
            return TakenBack(number if is_name(number) else "reversed", amount, when)
        case protocol.ERROR:
            why = protocol.PAYMENT_FAILED.get(response_code, "declined") if response_code else "not_paid"
            return Failed(why, f"code {response_code or status}")
        case protocol.INCOMPLETE:
            return Pending(CHECK_AFTER)
        case _:  # suspected of fraud, being refunded, or two codes that contradict each other: for now nobody can tell
            return Unknown(f"status {status}, code {response_code}")


def _refund_outcome(answer: Mapping[str, object], amount: int, at: datetime) -> Outcome:
    status = text_of(answer, "vnp_TransactionStatus")
    if _amount(answer) != amount:
        return Unknown("an answer about another amount")
    match status:
        case protocol.DONE:
            number = text_of(answer, "vnp_TransactionNo")
            return Succeeded(number, amount, at) if is_name(number) else Unknown("success without transaction")
        case protocol.REFUNDING | protocol.AT_THE_BANK:
            return Pending(CHECK_AFTER)
        case protocol.REFUND_REJECTED | protocol.ERROR:
            return Failed("refund_failed", f"status {status}")
        case _:
            return Unknown(f"status {status}")


def _amount(told: Mapping[str, object]) -> int | None:
    text = text_of(told, "vnp_Amount")
    if not re.fullmatch(r"\d{1,16}00", text, re.ASCII):
        return None
    amount = int(text) // 100
    return amount if is_amount(amount) else None


def _written(at: datetime) -> str:
    return at.astimezone(VIETNAM).strftime(INSTANT)


def _read(text: str) -> datetime | None:
    if not re.fullmatch(r"\d{14}", text, re.ASCII):
        return None
    try:
        return datetime.strptime(text, INSTANT).replace(tzinfo=VIETNAM)
    except ValueError:
        return None


def _begun(reference: str) -> datetime:
    begun = _read(reference[:14])
    assert begun is not None, f"{reference} is none of ours"
    return begun
