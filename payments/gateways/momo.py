"""
MoMo, version 2: JSON signed with HMAC-SHA256 over named fields in order.

`requestId` makes a call safe to repeat, so it is the reference. Answers to our calls are not signed (TLS vouches for them, and
they have to be about what was asked); notices are, and come for failures as well.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import httpx

from . import momo_protocol as protocol
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
    ToPay,
    Unknown,
    Verdict,
    of_the_payment,
)
from .statements import as_read, fetch, read_json
from .wire import (
    CHECK_AFTER,
    VIETNAM,
    ask,
    is_amount,
    is_int,
    is_name,
    is_same,
    json_object,
    leads_to,
    text_of,
    transaction_of,
)

SECONDS = 30  # the vendor asks for at least as much
CAPS = Caps(
    min_amount=1_000,
    max_amount=50_000_000,
    order_ttl=timedelta(minutes=15),
    query_horizon=timedelta(hours=48),
    notifies_failure=True,
)
STATUSES = {Verdict.ACCEPTED: 204, Verdict.DUPLICATE: 204, Verdict.RETRY_LATER: 503}


@dataclass(frozen=True)
class MoMo:
    """
    Adapter for MoMo's wallet.

    `page_hosts` are the hosts (or, with a leading dot, domains) that a customer may be sent to.
    """

    code: str
    base_url: str
    partner_code: str
    access_key: str
    secret: str
    client: httpx.Client
    page_hosts: tuple[str, ...]
    caps: Caps = CAPS
    statement_url: str = ""

    def __post_init__(self) -> None:
        if not (self.partner_code and self.access_key and self.secret):
            raise ValueError(f"gateway {self.code}: partner code, access key and secret must not be empty")

    def new_reference(self, now: datetime) -> str:
        return f"{now.astimezone(VIETNAM):%y%m%d}-{uuid.uuid4().hex}"

    def new_refund_reference(self, now: datetime) -> str:
        return f"R{self.new_reference(now)}"

    def start(self, to_pay: ToPay) -> Redirect | Outcome:
        answer = self.call(
            "create",
            to_pay.reference,
            amount=to_pay.amount,
            orderInfo=to_pay.description[:200] or to_pay.reference,
            redirectUrl=to_pay.return_url,
            ipnUrl=to_pay.callback_url,
            requestType="captureWallet",
            extraData="",
            autoCapture=True,
        )
        if isinstance(answer, Unknown):
            return answer
        if (code := answer["resultCode"]) == protocol.SUCCESS:
            url = text_of(answer, "payUrl")
            return Redirect(url) if leads_to(url, self.page_hosts) else Unknown("payUrl leads elsewhere")
        if code in (protocol.REPEATED_REQUEST, protocol.REPEATED_ORDER):
            return self.query(reference=to_pay.reference, at=to_pay.at)
        return refusal(protocol.CREATE_REFUSED, answer)

    def query(self, *, reference: str, at: datetime) -> Outcome:
        answer = self._ask_about(reference)
        return answer if isinstance(answer, Unknown) else outcome_of(answer, protocol.failures_of(answer), at)

    def refund(
        self, *, reference: str, gateway_txn_id: str, paid: int, amount: int, refund_reference: str, at: datetime
    ) -> Outcome:
        if not gateway_txn_id.isdecimal():
            return Failed("no_such_payment", "")
        answer = self.call(
            "refund",
            refund_reference,
            amount=amount,
            transId=int(gateway_txn_id),
            description=f"Refund of {reference}",
        )
        if isinstance(answer, Unknown):
            return answer
        if answer["resultCode"] in (protocol.REPEATED_REQUEST, protocol.REPEATED_ORDER):
            return self.query_refund(reference=reference, refund_reference=refund_reference, amount=amount, at=at)
        return outcome_of(answer, protocol.REFUND_FAILED, at, wanted=amount)

    def query_refund(
        self, *, reference: str, refund_reference: str, amount: int, at: datetime, gateway_txn_id: str = ""
    ) -> Outcome:
        """A payment's own answer lists its refunds."""
        answer = self._ask_about(reference)
        if isinstance(answer, Unknown):
            return of_the_payment(answer)
        listed = answer.get("refundTrans")
        for refund in listed if isinstance(listed, list) else []:
            if (
                isinstance(refund, dict)
                and refund.get("orderId") == refund_reference
                and is_int(refund.get("resultCode"))
            ):
                return outcome_of(refund, protocol.REFUND_FAILED, at, wanted=amount)
        return Unknown(NOT_FOUND)

    @property
    def has_statement(self) -> bool:
        return bool(self.statement_url)

    def statement(self, *, day: date, at: datetime) -> list[Moved] | Unknown | None:
        if not self.statement_url:
            return None
        name = f"statement-{day:%Y%m%d}"
        asked = {
            "partnerCode": self.partner_code,
            "requestId": uuid.uuid4().hex,
            "orderId": name,
            "date": f"{day:%Y%m%d}",
            "lang": "vi",
        }
        asked["signature"] = protocol.sign(self.access_key, self.secret, protocol.SIGNED["statement"], asked)
        found = fetch(self.client, self.statement_url, json=asked)
        return found if isinstance(found, Unknown) else as_read(self.read_statement, found)

    def read_statement(self, data: bytes) -> list[Moved]:
        return read_json(data, protocol.MOVEMENTS, self.partner_code)

    def parse_notice(self, body: bytes, headers: Mapping[str, str]) -> Report:
        told = self.signed_notice(body, protocol.NOTICE)
        reference = told.get("orderId")
        at = instant_of(told)
        if not is_name(reference) or at is None:
            raise BadSignature("order or time missing")
        if not is_amount(told.get("amount")):
            raise BadSignature("amount missing")
        return Report(reference, outcome_of(told, protocol.failures_of(told), at))

    def reply(self, verdict: Verdict) -> Reply:
        return STATUSES.get(verdict, 400), "application/json", b""

    def signed_notice(self, body: bytes, names: tuple[str, ...]) -> dict[str, object]:
        """:raises BadSignature: not signed by MoMo for us"""
        told = json_object(body)
        try:
            expected = protocol.sign(self.access_key, self.secret, names, told)
        except UnicodeEncodeError as error:
            raise BadSignature("not UTF-8") from error
        if not is_same(expected, told.get("signature")):
            raise BadSignature("signature not equal")
        if told.get("partnerCode") != self.partner_code:
            raise BadSignature("another merchant's order")
        if not is_int(told.get("resultCode")):
            raise BadSignature("result missing")
        return told

    def call(
        self, call: str, reference: str, *, request_id: str = "", signs: str = "", **fields: object
    ) -> dict[str, object] | Unknown:
        """
        POST what is signed (as `signs`, where one address takes two forms); an answer is about what was asked.

        :param request_id: the reference, unless the same call is made again to learn more
        """
        asked = {
            "partnerCode": self.partner_code,
            "requestId": request_id or reference,
            "orderId": reference,
            "lang": "vi",
            **fields,
        }
        asked["signature"] = protocol.sign(self.access_key, self.secret, protocol.SIGNED[signs or call], asked)
        url = f"{self.base_url}/v2/gateway/api/{call}"
        answer = ask(self.client, url, seconds=SECONDS, may_refuse=True, json=asked)
        if isinstance(answer, Unknown):
            return answer
        if not is_int(answer.get("resultCode")):
            return Unknown("answer without resultCode")
        if answer["resultCode"] == protocol.SUCCESS and any(
            text_of(answer, name) not in ("", asked[name]) for name in ("partnerCode", "orderId", "requestId")
        ):
            return Unknown("an answer about something else")
        return answer

    def _ask_about(self, reference: str) -> dict[str, object] | Unknown:
        answer = self.call("query", reference, request_id=uuid.uuid4().hex)
        if not isinstance(answer, Unknown) and answer["resultCode"] == protocol.NO_SUCH_ORDER:
            return Unknown(NOT_FOUND)
        return answer


def outcome_of(told: Mapping[str, object], failed: Mapping[int, str], at: datetime, *, wanted: int = 0) -> Outcome:
    """What a result code means; a success says which transaction and how much, `wanted` where that is known."""
    code = told["resultCode"]
    if code in protocol.OPEN:
        return Pending(CHECK_AFTER)
    if code != protocol.SUCCESS:
        return refusal(failed, told)
    amount, transaction = told.get("amount"), transaction_of(told.get("transId"))
    if not is_amount(amount) or not transaction or transaction == "0":
        return Unknown("success without amount or transaction")
    if wanted and amount != wanted:
        return Unknown("an answer about another amount")
    return Succeeded(transaction, amount, instant_of(told) or at)


def refusal(known: Mapping[int, str], told: Mapping[str, object]) -> Failed | Unknown:
    """Failed only for codes documented as final; anything else might still turn out to be a success."""
    code = told["resultCode"]
    if is_int(code) and code in known:
        return Failed(known[code], text_of(told, "message")[:200])
    return Unknown(f"code {code}")


def instant_of(told: Mapping[str, object]) -> datetime | None:
    milliseconds = told.get("responseTime")
    if not is_int(milliseconds):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
