"""
ZaloPay, protocol v2: HMAC-SHA256, key1 signs what we send, key2 what they send.

Answers to our calls are not signed (TLS vouches for them); callbacks are. A callback comes only after success,
so everything else is found by asking.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import httpx

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
    ToCharge,
    ToPay,
    Unknown,
    Verdict,
)
from .statements import as_read, fetch
from .wire import (
    CHECK_AFTER,
    VIETNAM,
    Told,
    ask,
    encodable,
    is_amount,
    is_int,
    is_name,
    is_same,
    json_object,
    leads_to,
    transaction_of,
)
from .zalopay_protocol import (
    CREATE_REFUSED,
    DUPLICATE_ORDER,
    DUPLICATE_REFUND,
    NO_SUCH_ORDER,
    ORDER,
    ORDER_FAILED,
    PROCESSING,
    QUERY_REFUND_FAILED,
    REFUND_FAILED,
    RETURN_CODES,
    STATEMENT,
    SUCCESS,
    mac,
    sign,
)

SECONDS = 30  # a payment call may take long on the provider's side

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

    `page_hosts` are the hosts (or, with a leading dot, domains) that a customer may be sent to. Where statements are fetched is
    agreed with each merchant; without a `statement_url` their files come by hand.
    """

    code: str
    base_url: str
    app_id: int
    key1: str
    key2: str
    client: httpx.Client
    page_hosts: tuple[str, ...]
    caps: Caps = CAPS
    statement_url: str = ""

    def __post_init__(self) -> None:
        if not (self.key1 and self.key2):
            raise ValueError(f"gateway {self.code}: key1 and key2 must not be empty")

    def new_reference(self, now: datetime) -> str:
        return f"{now.astimezone(VIETNAM):%y%m%d}_{uuid.uuid4().hex}"

    def new_refund_reference(self, now: datetime) -> str:
        return f"{now.astimezone(VIETNAM):%y%m%d}_{self.app_id}_{uuid.uuid4().hex[:24]}"

    def start(self, to_pay: ToPay) -> Redirect | Outcome:
        answer = self._create(to_pay, {"redirecturl": to_pay.return_url})
        if isinstance(answer, Unknown):
            return answer
        status, detail = codes_of(answer)
        if status == SUCCESS:
            url = str(answer.get("order_url", ""))
            return Redirect(url) if leads_to(url, self.page_hosts) else Unknown("order_url leads elsewhere")
        if detail == DUPLICATE_ORDER:
            return self.query(reference=to_pay.reference, at=to_pay.at)
        return refusal(CREATE_REFUSED, detail, answer)

    def query(self, *, reference: str, at: datetime) -> Outcome:
        answer = self.call("query", app_trans_id=reference)
        if isinstance(answer, Unknown):
            return answer
        status, detail = codes_of(answer)
        if status == SUCCESS:
            return _success(answer, at)
        if status == PROCESSING:
            return Pending(CHECK_AFTER)
        if detail == NO_SUCH_ORDER:
            return Unknown(NOT_FOUND)
        return refusal(ORDER_FAILED, detail, answer)

    def refund(
        self, *, reference: str, gateway_txn_id: str, paid: int, amount: int, refund_reference: str, at: datetime
    ) -> Outcome:
        answer = self.call(
            "refund",
            m_refund_id=refund_reference,
            zp_trans_id=gateway_txn_id,
            amount=amount,
            description=f"Refund of {reference}"[:100],
            timestamp=milliseconds(at),
        )
        if isinstance(answer, Unknown):
            return answer
        status, detail = codes_of(answer)
        if status == SUCCESS:
            return Succeeded(str(answer.get("refund_id") or refund_reference), amount, at)
        if status == PROCESSING:
            return Pending(CHECK_AFTER)
        if detail == DUPLICATE_REFUND:
            return self.query_refund(reference=reference, refund_reference=refund_reference, amount=amount, at=at)
        return refusal(REFUND_FAILED, detail, answer)

    def query_refund(
        self, *, reference: str, refund_reference: str, amount: int, at: datetime, gateway_txn_id: str = ""
    ) -> Outcome:
        """The answer repeats neither amount nor time: success means the `amount` that was asked for, known `at`."""
        answer = self.call("query_refund", m_refund_id=refund_reference, timestamp=milliseconds(at))
        if isinstance(answer, Unknown):
            return answer
        status, detail = codes_of(answer)
        if status == SUCCESS:
            return Succeeded(str(answer.get("refund_id") or refund_reference), amount, at)
        if status == PROCESSING:
            return Pending(CHECK_AFTER)
        if detail == NO_SUCH_ORDER:
            return Unknown(NOT_FOUND)
        return refusal(QUERY_REFUND_FAILED, detail, answer)

    @property
    def has_statement(self) -> bool:
        return bool(self.statement_url)

    def statement(self, *, day: date, at: datetime) -> list[Moved] | Unknown | None:
        if not self.statement_url:
            return None
        form: dict[str, str | int] = {"app_id": self.app_id, "date": f"{day:%Y%m%d}"}
        form["mac"] = mac("statement", form, key1=self.key1)
        found = fetch(self.client, self.statement_url, data=form)
        return found if isinstance(found, Unknown) else as_read(self.read_statement, found)

    def read_statement(self, data: bytes) -> list[Moved]:
        return STATEMENT.read(data, str(self.app_id))

    def parse_notice(self, body: bytes, headers: Mapping[str, str]) -> Report:
        kind, order = self.signed_data(body)
        if kind != ORDER:
            raise BadSignature("not an order callback")
        return _report(order)

    def reply(self, verdict: Verdict) -> Reply:
        return_code, message = RETURN_CODES[verdict]
        return 200, "application/json", json.dumps({"return_code": return_code, "return_message": message}).encode()

    def signed_data(self, body: bytes) -> tuple[object, dict[str, object]]:
        """The type of a callback and what it says. :raises BadSignature:"""
        envelope = json_object(body)
        data, given = envelope.get("data"), envelope.get("mac")
        if not isinstance(data, str) or not isinstance(given, str):
            raise BadSignature("data or mac missing")
        # The raw string is what was signed: check it before anything in it is believed, or even parsed.
        if not is_same(sign(self.key2, encodable(data)), given):
            raise BadSignature("mac not equal")
        told = json_object(data)
        if told.get("app_id") != self.app_id:
            raise BadSignature("another merchant's order")
        return envelope.get("type"), told

    def _create(self, errand: ToPay | ToCharge, embed_data: dict[str, str], **more: str) -> dict[str, object] | Unknown:
        return self.call(
            "create",
            app_trans_id=errand.reference,
            app_user=errand.customer_ref,
            amount=errand.amount,
            app_time=milliseconds(errand.at),
            embed_data=json.dumps(embed_data),
            item="[]",
            description=errand.description[:256],
            bank_code="",
            callback_url=errand.callback_url,
            expire_duration_seconds=int(self.caps.order_ttl.total_seconds()),
            **more,
        )

    def call(self, call: str, **fields: str | int) -> dict[str, object] | Unknown:
        """POST a signed form."""
        form: dict[str, str | int] = {"app_id": self.app_id, **fields}
        form["mac"] = mac(call, form, key1=self.key1)
        answer = ask(self.client, f"{self.base_url}/v2/{call}", seconds=SECONDS, data=form)
        if not isinstance(answer, Unknown) and not is_int(answer.get("return_code")):
            return Unknown("answer without return_code")
        return answer


def codes_of(answer: Told) -> tuple[int, int]:
    """
    (return_code, detail) of an answer.

    The vendor's pages disagree: refusals such as -402 stand in sub_return_code (with return_code 2) or in
    return_code itself. Detail is whichever says more.
    """
    status, sub = answer["return_code"], answer.get("sub_return_code")
    assert is_int(status), "`call` has looked at it"
    return status, sub if status == 2 and is_int(sub) else status


def refusal(known: Mapping[int, str], detail: int, answer: Mapping[str, object]) -> Failed | Unknown:
    """Failed only for codes documented as final; anything else might still turn out to be a success."""
    if detail not in known:
        return Unknown(f"code {detail}")
    message = answer.get("sub_return_message") or answer.get("return_message") or ""
    return Failed(known[detail], str(message)[:200])


def _success(answer: Mapping[str, object], at: datetime) -> Succeeded | Unknown:
    """A success that does not say which transaction and how much is no success."""
    amount, transaction = answer.get("amount"), transaction_of(answer.get("zp_trans_id"))
    if not is_amount(amount) or not transaction:
        return Unknown("success without amount or transaction")
    return Succeeded(transaction, amount, instant_of(answer.get("server_time")) or at)


def _report(order: Mapping[str, object]) -> Report:
    reference, amount, when = order.get("app_trans_id"), order.get("amount"), instant_of(order.get("server_time"))
    transaction = transaction_of(order.get("zp_trans_id"))
    if not is_name(reference) or not transaction:
        raise BadSignature("order or transaction missing")
    if not is_amount(amount) or when is None:
        raise BadSignature("amount or time missing")
    return Report(reference, Succeeded(transaction, amount, when))


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def instant_of(value: object) -> datetime | None:
    if not is_int(value):
        return None
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
