"""
ZaloPay, protocol v2: HMAC-SHA256, key1 signs what we send, key2 what they send.

Answers to our calls are not signed (TLS vouches for them); callbacks are. A callback comes only after success,
so everything else is found by asking.
"""

from __future__ import annotations

import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeGuard
from urllib.parse import urlsplit

import httpx

from store import outgoing

from .base import (
    NOT_FOUND,
    BadSignature,
    Caps,
    Failed,
    Outcome,
    Pending,
    Redirect,
    Reply,
    Report,
    Succeeded,
    Unknown,
    Verdict,
)
from .zalopay_protocol import (
    CREATE_REFUSED,
    DUPLICATE_ORDER,
    DUPLICATE_REFUND,
    NO_SUCH_ORDER,
    ORDER_FAILED,
    PROCESSING,
    QUERY_REFUND_FAILED,
    REFUND_FAILED,
    RETURN_CODES,
    SUCCESS,
    mac,
    sign,
)

SECONDS = 30  # a payment call may take long on the provider's side
VIETNAM = timezone(timedelta(hours=7))  # ZaloPay's day, whatever zone we bill in
MAX_ANSWER = 64 * 1024
MAX_NOTICE = 16 * 1024
MAX_AMOUNT = 10**12  # above any real order: a larger number is a defect, not money
LONGEST_NAME = 60  # of orders and transactions
CHECK_AFTER = timedelta(minutes=1)

CAPS = Caps(
    min_amount=1_000,
    max_amount=100_000_000,
    order_ttl=timedelta(minutes=15),
    query_horizon=timedelta(hours=48),
    notice_tries=3,
)


@dataclass(frozen=True)
class ZaloPay:
    """
    Adapter for ZaloPay and for the sandbox gateway, which speaks the same protocol.

    `page_hosts` are the hosts (or, with a leading dot, domains) that a customer may be sent to.
    """

    code: str
    base_url: str
    app_id: int
    key1: str
    key2: str
    client: httpx.Client
    page_hosts: tuple[str, ...]
    caps: Caps = CAPS

    def __post_init__(self) -> None:
        if not (self.key1 and self.key2):
            raise ValueError(f"gateway {self.code}: key1 and key2 must not be empty")

    def new_reference(self, now: datetime) -> str:
        return f"{now.astimezone(VIETNAM):%y%m%d}_{uuid.uuid4().hex}"

    def new_refund_reference(self, now: datetime) -> str:
        return f"{now.astimezone(VIETNAM):%y%m%d}_{self.app_id}_{uuid.uuid4().hex[:24]}"

    def start(
        self,
        *,
        reference: str,
        amount: int,
        description: str,
        customer_ref: str,
        return_url: str,
        callback_url: str,
        at: datetime,
    ) -> Redirect | Outcome:
        answer = self._call(
            "create",
            app_trans_id=reference,
            app_user=customer_ref,
            amount=amount,
            app_time=_milliseconds(at),
            embed_data=json.dumps({"redirecturl": return_url}),
            item="[]",
            description=description[:256],
            bank_code="",
            callback_url=callback_url,
            expire_duration_seconds=int(self.caps.order_ttl.total_seconds()),
        )
        if isinstance(answer, Unknown):
            return answer
        status, detail = _codes(answer)
        if status == SUCCESS:
            url = str(answer.get("order_url", ""))
            return Redirect(url) if self._is_payment_page(url) else Unknown("order_url leads elsewhere")
        if detail == DUPLICATE_ORDER:
            return self.query(reference=reference, at=at)
        return _refusal(CREATE_REFUSED, detail, answer)

    def query(self, *, reference: str, at: datetime) -> Outcome:
        answer = self._call("query", app_trans_id=reference)
        if isinstance(answer, Unknown):
            return answer
        status, detail = _codes(answer)
        if status == SUCCESS:
            return _success(answer, at)
        if status == PROCESSING:
            return Pending(CHECK_AFTER)
        if detail == NO_SUCH_ORDER:
            return Unknown(NOT_FOUND)
        return _refusal(ORDER_FAILED, detail, answer)

    def refund(
        self, *, reference: str, gateway_txn_id: str, paid: int, amount: int, refund_reference: str, at: datetime
    ) -> Outcome:
        answer = self._call(
            "refund",
            m_refund_id=refund_reference,
            zp_trans_id=gateway_txn_id,
            amount=amount,
            description=f"Refund of {reference}"[:100],
            timestamp=_milliseconds(at),
        )
        if isinstance(answer, Unknown):
            return answer
        status, detail = _codes(answer)
        if status == SUCCESS:
            return Succeeded(str(answer.get("refund_id") or refund_reference), amount, at)
        if status == PROCESSING:
            return Pending(CHECK_AFTER)
        if detail == DUPLICATE_REFUND:
            return self.query_refund(reference=reference, refund_reference=refund_reference, amount=amount, at=at)
        return _refusal(REFUND_FAILED, detail, answer)

    def query_refund(self, *, reference: str, refund_reference: str, amount: int, at: datetime) -> Outcome:
        """The answer repeats neither amount nor time: success means the `amount` that was asked for, known `at`."""
        answer = self._call("query_refund", m_refund_id=refund_reference, timestamp=_milliseconds(at))
        if isinstance(answer, Unknown):
            return answer
        status, detail = _codes(answer)
        if status == SUCCESS:
            return Succeeded(str(answer.get("refund_id") or refund_reference), amount, at)
        if status == PROCESSING:
            return Pending(CHECK_AFTER)
        if detail == NO_SUCH_ORDER:
            return Unknown(NOT_FOUND)
        return _refusal(QUERY_REFUND_FAILED, detail, answer)

    def parse_notice(self, body: bytes, headers: Mapping[str, str]) -> Report:
        if len(body) > MAX_NOTICE:
            raise BadSignature("larger than any callback")
        envelope = _json_object(body)
        data, given = envelope.get("data"), envelope.get("mac")
        if not isinstance(data, str) or not isinstance(given, str):
            raise BadSignature("data or mac missing")
        # The raw string is what was signed: check it before anything in it is believed, or even parsed.
        if not _is_same(sign(self.key2, _encodable(data)), given):
            raise BadSignature("mac not equal")
        if envelope.get("type") != 1:
            raise BadSignature("not an order callback")
        order = _json_object(data)
        if order.get("app_id") != self.app_id:
            raise BadSignature("another merchant's order")
        return _report(order)

    def reply(self, verdict: Verdict) -> Reply:
        return_code, message = RETURN_CODES[verdict]
        return 200, "application/json", json.dumps({"return_code": return_code, "return_message": message}).encode()

    def _call(self, call: str, **fields: str | int) -> dict[str, Any] | Unknown:
        """POST a signed form. Whatever is not a readable answer is Unknown, for the request may have had its effect."""
        form: dict[str, str | int] = {"app_id": self.app_id, **fields}
        form["mac"] = mac(call, form, key1=self.key1)
        try:
            with (
                outgoing.within(SECONDS),
                self.client.stream("POST", f"{self.base_url}/v2/{call}", data=form, timeout=SECONDS) as response,
            ):
                if response.status_code != 200:
                    return Unknown(f"HTTP {response.status_code}")
                answer = json.loads(outgoing.read_at_most(response, MAX_ANSWER))
        except httpx.HTTPError as error:
            return Unknown(type(error).__name__)
        except (ValueError, RecursionError):
            return Unknown("unreadable answer")
        if not isinstance(answer, dict) or not _is_int(answer.get("return_code")):
            return Unknown("answer without return_code")
        return answer

    def _is_payment_page(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            return False
        known = any(host.endswith(page) if page.startswith(".") else host == page for page in self.page_hosts)
        return parts.scheme in ("https", "http") and known


def _codes(answer: Mapping[str, Any]) -> tuple[int, int]:
    """
    (return_code, detail) of an answer.

    The vendor's pages disagree: refusals such as -402 stand in sub_return_code (with return_code 2) or in
    return_code itself. Detail is whichever says more.
    """
    status, sub = answer["return_code"], answer.get("sub_return_code")
    return status, sub if status == 2 and _is_int(sub) else status


def _refusal(known: Mapping[int, str], detail: int, answer: Mapping[str, Any]) -> Failed | Unknown:
    """Failed only for codes documented as final; anything else might still turn out to be a success."""
    if detail not in known:
        return Unknown(f"code {detail}")
    message = answer.get("sub_return_message") or answer.get("return_message") or ""
    return Failed(known[detail], str(message)[:200])


def _success(answer: Mapping[str, Any], at: datetime) -> Succeeded | Unknown:
    """A success that does not say which transaction and how much is no success."""
    amount, transaction = answer.get("amount"), _transaction(answer.get("zp_trans_id"))
    if not _is_amount(amount) or not transaction:
        return Unknown("success without amount or transaction")
    return Succeeded(transaction, amount, _instant(answer.get("server_time")) or at)


def _report(order: Mapping[str, Any]) -> Report:
    reference, amount, when = order.get("app_trans_id"), order.get("amount"), _instant(order.get("server_time"))
    transaction = _transaction(order.get("zp_trans_id"))
    if not _is_name(reference) or not transaction:
        raise BadSignature("order or transaction missing")
    if not _is_amount(amount) or when is None:
        raise BadSignature("amount or time missing")
    return Report(reference, Succeeded(transaction, amount, when))


def _json_object(text: bytes | str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadSignature("not JSON") from error
    if not isinstance(value, dict):
        raise BadSignature("not a JSON object")
    return value


def _encodable(text: str) -> str:
    """JSON can carry halves of characters that no UTF-8 text has; nobody signed those."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadSignature("not UTF-8") from error
    return text


def _is_same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_amount(value: object) -> TypeGuard[int]:
    return _is_int(value) and 0 < value <= MAX_AMOUNT


def _transaction(value: object) -> str:
    """The vendor writes its transaction numbers as a number or as text; empty where there is none that can be one."""
    text = str(value) if _is_int(value) else value
    return text if _is_name(text) else ""


def _is_name(value: object) -> TypeGuard[str]:
    """Orders and transactions have short names of plain characters."""
    return isinstance(value, str) and 1 <= len(value) <= LONGEST_NAME and value.isascii() and value.isprintable()


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _instant(milliseconds: object) -> datetime | None:
    if not _is_int(milliseconds):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
