"""
Stripe: cards, on its own page (Checkout). Linked cards are charged by `stripe_links`.

What is known of a payment is its PaymentIntent, found by our reference in its metadata: Stripe's own ids are not kept before
somebody has paid. Amounts in đồng have no decimals there. A notice says that something happened; the signed object in it is compared
with our row like any answer.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

import httpx
import stripe

from .base import (
    NOT_FOUND,
    BadSignature,
    Caps,
    Failed,
    GivenBack,
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
    UnreadableStatement,
    Verdict,
    of_the_payment,
)
from .stripe_balance import OF_A_DISPUTE, moved_of, won_of
from .stripe_calls import CURRENCY, asked, called, client_for, declined, made_at
from .wire import CHECK_AFTER, VIETNAM, Told, is_amount, leads_to, part_of, rows_of, text_of

PAY_WITHIN = timedelta(minutes=35)
"""Stripe takes nothing below 30 minutes, by its own clock."""

CAPS = Caps(
    min_amount=15_000,  # about half a dollar, below which Stripe takes nothing
    max_amount=99_999_999,  # eight digits
    order_ttl=PAY_WITHIN,
    query_horizon=timedelta(days=30),
    link=True,
    notifies_failure=True,
    notice_tries=16,
    notice_gap=timedelta(hours=1),
    refund_days=10,
    refunds_come_back=True,
)
STATUSES = {Verdict.BAD_SIGNATURE: 400, Verdict.RETRY_LATER: 503}
LISTED, MOST_PAGES = 10, 2_000
"""Lines of one answer: its size is bounded, see `Transport`."""
LOST, WON = "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"
"""Events that say that money of a dispute has moved, and which way."""


@dataclass(frozen=True)
class Stripe:
    """Adapter for Stripe's Checkout."""

    code: str
    base_url: str
    key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    client: httpx.Client
    page_hosts: tuple[str, ...]
    caps: Caps = CAPS

    def __post_init__(self) -> None:
        if not (self.key and self.webhook_secret):
            raise ValueError(f"gateway {self.code}: key and webhook secret must not be empty")

    @cached_property
    def api(self) -> Any:
        return client_for(self.key, self.base_url, self.client).v1

    @property
    def is_live(self) -> bool:
        return "_live_" in self.key

    def new_reference(self, now: datetime) -> str:
        return f"{now:%y%m%d}-{uuid.uuid4().hex}"

    def new_refund_reference(self, now: datetime) -> str:
        return f"R{self.new_reference(now)}"

    # Paying on Stripe's page

    def start(self, to_pay: ToPay) -> Redirect | Outcome:
        marks = {"reference": to_pay.reference, "customer": to_pay.customer_ref}
        wanted = {
            "mode": "payment",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": CURRENCY,
                        "unit_amount": to_pay.amount,
                        "product_data": {"name": to_pay.description[:200] or to_pay.reference},
                    },
                }
            ],
            "payment_intent_data": {"metadata": marks, "description": to_pay.description[:200] or to_pay.reference},
            "client_reference_id": to_pay.reference,
            "metadata": marks,
            "expires_at": int((to_pay.at + PAY_WITHIN).timestamp()),
            "success_url": to_pay.return_url,
            "cancel_url": to_pay.return_url,
        }
        return self.page(
            called(lambda: self.api.checkout.sessions.create(wanted, {"idempotency_key": to_pay.reference}))
        )

    def query(self, *, reference: str, at: datetime) -> Outcome:
        intent = self._intent(reference)
        return self.outcome(intent, reference, at) if isinstance(intent, dict) else intent

    def page(self, session: Told | Failed | Unknown) -> Redirect | Failed | Unknown:
        if not isinstance(session, dict):
            return session
        url = text_of(session, "url")
        return Redirect(url) if leads_to(url, self.page_hosts) else Unknown("url leads elsewhere")

    def _intent(self, reference: str) -> Told | Unknown:
        """The payment of this reference; it is there once the customer has begun to pay."""
        question = {"query": f"metadata['reference']:'{reference}'", "expand": ["data.latest_charge"]}
        answer = asked(lambda: self.api.payment_intents.search(question))
        if not isinstance(answer, dict):
            return answer
        found = rows_of(answer, "data")
        if not found:
            return Unknown(NOT_FOUND)
        return next((one for one in found if one.get("status") == "succeeded"), found[0])

    def outcome(self, intent: Told, reference: str, at: datetime) -> Outcome:
        """What a PaymentIntent says, if it is ours, in đồng and of this account's mode."""
        marks = intent.get("metadata")
        if not isinstance(marks, dict) or marks.get("reference") != reference:
            return Unknown("about another payment")
        if intent.get("currency") != CURRENCY or intent.get("livemode") is not self.is_live:
            return Unknown("another currency or mode")
        match intent.get("status"):
            case "succeeded":
                amount = intent.get("amount_received")
                if not is_amount(amount) or not text_of(intent, "id"):
                    return Unknown("unreadable answer")
                return Succeeded(text_of(intent, "id"), amount, _paid_at(intent, at))
            case "canceled":
                return Failed("cancelled", str(intent.get("cancellation_reason") or "canceled")[:200])
            case "requires_action" if is_charge(marks):
                return Failed("needs_customer", "authentication required")
            case "requires_payment_method" if is_charge(marks):
                return declined(part_of(intent, "last_payment_error"))
            case _:  # on its page, the customer may try another card
                return Pending(CHECK_AFTER)

    # Refunds

    def refund(
        self, *, reference: str, gateway_txn_id: str, paid: int, amount: int, refund_reference: str, at: datetime
    ) -> Outcome:
        wanted = {
            "payment_intent": gateway_txn_id,
            "amount": amount,
            "metadata": {"reference": reference, "refund": refund_reference},
        }
        answer = called(lambda: self.api.refunds.create(wanted, {"idempotency_key": refund_reference}))
        return _refunded(answer, amount, at) if isinstance(answer, dict) else answer

    def query_refund(
        self, *, reference: str, refund_reference: str, amount: int, at: datetime, gateway_txn_id: str = ""
    ) -> Outcome:
        """Refunds are listed by Stripe's id of the payment: its search by our reference lags behind."""
        if not gateway_txn_id:
            intent = self._intent(reference)
            if not isinstance(intent, dict):
                return of_the_payment(intent)
            gateway_txn_id = text_of(intent, "id")
        answer = asked(lambda: self.api.refunds.list({"payment_intent": gateway_txn_id, "limit": 100}))
        if not isinstance(answer, dict):
            return of_the_payment(answer)
        for refund in rows_of(answer, "data"):
            if part_of(refund, "metadata").get("refund") == refund_reference:
                return _refunded(refund, amount, at)
        return Unknown(NOT_FOUND)

    # What moved on a day

    @property
    def has_statement(self) -> bool:
        return True

    def statement(self, *, day: date, at: datetime) -> list[Moved] | Unknown | None:
        """Stripe lists what moved on our balance: payments, refunds, what came back of those, and disputes both ways."""
        begins = datetime(day.year, day.month, day.day, tzinfo=VIETNAM)
        span = {"gte": int(begins.timestamp()), "lt": int((begins + timedelta(days=1)).timestamp())}
        wanted: dict[str, object] = {"created": span, "limit": LISTED, "expand": ["data.source"]}
        moved: list[Moved] = []
        for _page in range(MOST_PAGES):
            answer = asked(lambda: self.api.balance_transactions.list(wanted))
            if not isinstance(answer, dict):
                return answer
            rows = rows_of(answer, "data")
            try:
                moved += [line for row in rows if (line := moved_of(row))]
            except (UnreadableStatement, AttributeError) as error:
                return Unknown(str(error))
            if not answer.get("has_more") or not rows:
                return self._with_our_names(moved)
            wanted["starting_after"] = text_of(rows[-1], "id")
        return Unknown("more than a day's statement can be")

    def _with_our_names(self, moved: list[Moved]) -> list[Moved] | Unknown:
        """A dispute names the payment by Stripe's id alone: the payment itself is read."""
        named: list[Moved] = []
        for line in moved:
            name = self.our_name_of(line.reference) if line.movement in OF_A_DISPUTE else ""
            if isinstance(name, Unknown):
                return name
            named.append(replace(line, reference=name or line.reference))
        return named

    def our_name_of(self, transaction: str) -> str | Unknown:
        if not transaction:
            return ""
        intent = asked(lambda: self.api.payment_intents.retrieve(transaction))
        if isinstance(intent, Unknown):
            return "" if intent.reason == NOT_FOUND else intent
        return reference_of(intent)

    def read_statement(self, data: bytes) -> list[Moved]:
        raise UnreadableStatement("Stripe tells its movements by itself")

    # Notices

    def parse_notice(self, body: bytes, headers: Mapping[str, str]) -> Report:
        event, about = self.event(body, headers)
        reference = reference_of(about)
        if about.get("object") == "dispute":
            return _disputed(event, about)
        if about.get("object") == "refund" and reference:
            at = made_at(event)
            return Report(reference, _refunded(about, about.get("amount"), at), refund=refund_of(about))
        if about.get("object") == "payment_intent" and reference:
            return Report(reference, self.outcome(about, reference, made_at(event)))
        if event.get("type") == "checkout.session.expired" and reference:
            return Report(reference, Failed("expired", "the page has expired"))
        return Report(reference, Pending(CHECK_AFTER))

    def reply(self, verdict: Verdict) -> Reply:
        return STATUSES.get(verdict, 200), "text/plain", b""

    def event(self, body: bytes, headers: Mapping[str, str]) -> tuple[Told, Told]:
        """
        A signed event and the object that it is about. A stale one is not refused: it says what is so, and is compared.

        :raises BadSignature: on any doubt
        """
        shown = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), "")
        try:
            text = body.decode()
            stripe.WebhookSignature.verify_header(text, shown, self.webhook_secret, None)
            event = json.loads(text)
            about = event["data"]["object"]
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, RecursionError) as doubt:
            raise BadSignature(type(doubt).__name__) from doubt
        if not isinstance(event, dict) or not isinstance(about, dict) or event.get("livemode") is not self.is_live:
            raise BadSignature("not for this account")
        return event, about


def _disputed(event: Told, dispute: Told) -> Report:
    """A dispute names the payment by Stripe's id alone."""
    transaction, name = text_of(dispute, "payment_intent"), text_of(dispute, "id")
    kind, taken, won = text_of(event, "type"), dispute.get("amount"), won_of(dispute)
    outcome: Outcome = Pending(CHECK_AFTER)
    if is_amount(taken) and dispute.get("currency") == CURRENCY:
        at = made_at(event)
        if kind == LOST:
            outcome = TakenBack(name, taken, at, of=transaction)
        elif kind == WON and is_amount(won) and won <= taken:
            outcome = GivenBack(name, won, at, of=transaction, taken=taken)
    return Report("", outcome, transaction=transaction)


def _refunded(refund: Told, amount: object, at: datetime) -> Outcome:
    if refund.get("currency") != CURRENCY or not is_amount(amount) or refund.get("amount") != amount:
        return Unknown("about another refund")
    match refund.get("status"):
        case "succeeded":
            return Succeeded(text_of(refund, "id"), amount, at)
        case "failed" | "canceled":
            return Failed("refund_failed", str(refund.get("failure_reason") or refund["status"])[:200])
        case _:
            return Pending(timedelta(hours=1))


def is_charge(marks: Told) -> bool:
    """Of a linked card. Nobody is there to try again: what was declined has ended."""
    return marks.get("charge") == "linked"


def reference_of(about: Told) -> str:
    return str(part_of(about, "metadata").get("reference") or "")[:60]


def refund_of(about: Told) -> str:
    return str(part_of(about, "metadata").get("refund") or "")[:60]


def _paid_at(intent: Told, at: datetime) -> datetime:
    created = part_of(intent, "latest_charge").get("created")
    return datetime.fromtimestamp(created, UTC) if isinstance(created, int) else at
