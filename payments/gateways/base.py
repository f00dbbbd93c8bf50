"""
What every payment gateway must be able to do, and the only four things it may answer.

An adapter turns our words into the provider's and back. It is pure I/O: no models, no clock, no settings; it
gets instants as arguments and an HTTP client when it is built. Amounts are whole đồng (int) everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

# Unknown.reason when the gateway does not know the reference. It is not final: some gateways take seconds to find
# their own orders. Once the order can no longer be paid (see Caps.order_ttl) the caller may call it failed.
NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The money moved. `amount` is what the gateway says; the caller compares it with what it asked for."""

    gateway_txn_id: str
    amount: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """The money did not move, and the gateway will not move it for this reference. `code` is stable and ours."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Pending:
    """The gateway is still waiting, for the customer or for itself. Ask again after `check_after`."""

    check_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """We cannot tell: time-out, server error, an answer that makes no sense. Ask again; never repeat blindly."""

    reason: str


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The money had moved and is gone again: the payer's bank or the gateway reversed `amount` of it under `reference`."""

    reference: str
    amount: int
    at: datetime


Outcome = Succeeded | Failed | Pending | Unknown | TakenBack


@dataclass(frozen=True, slots=True)
class Redirect:
    """The customer has to go to `url` and pay there."""

    url: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a gateway's notice says, its signature verified. The amount is not yet compared with ours."""

    reference: str
    outcome: Outcome


class BadSignature(Exception):
    """
    A notice that we cannot trust: unsigned, wrongly signed, not for us, or unreadable. It must change nothing.

    The message is for our logs and never for the sender.
    """


class Verdict(StrEnum):
    """What we made of a notice; each gateway has its own words for the reply."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    UNKNOWN_REFERENCE = "unknown_reference"
    WRONG_AMOUNT = "wrong_amount"
    BAD_SIGNATURE = "bad_signature"
    RETRY_LATER = "retry_later"


@dataclass(frozen=True, slots=True)
class Caps:
    """What the gateway can do, and its limits."""

    min_amount: int
    max_amount: int
    order_ttl: timedelta  # how long a customer can pay after start()
    query_horizon: timedelta  # how long the gateway remembers an order
    partial_refund: bool = True
    notifies_failure: bool = False


Reply = tuple[int, str, bytes]  # HTTP status, content type, body


class Gateway(Protocol):
    """
    One payment provider. No method raises for what a network or a provider can do: that is `Unknown`.

    A reference must be committed before it is used, so that no charge can exist that we do not know of.
    """

    @property
    def code(self) -> str: ...

    @property
    def caps(self) -> Caps: ...

    def new_reference(self, now: datetime) -> str:
        """A fresh name for one attempt to pay, in the form that the gateway wants."""

    def new_refund_reference(self, now: datetime) -> str:
        """A fresh name for one attempt to refund."""

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
        """Open an order. Repeating a reference never opens a second one."""

    def query(self, *, reference: str, at: datetime) -> Outcome:
        """What became of an order."""

    def refund(
        self, *, reference: str, gateway_txn_id: str, amount: int, refund_reference: str, at: datetime
    ) -> Outcome:
        """Send money back to where it came from. Repeating a refund_reference never refunds twice."""

    def query_refund(self, *, refund_reference: str, amount: int, at: datetime) -> Outcome:
        """What became of a refund of `amount`."""

    def parse_notice(self, body: bytes, headers: Mapping[str, str]) -> Report:
        """
        Read a notice from the raw request.

        :raises BadSignature: on any doubt
        """

    def reply(self, verdict: Verdict) -> Reply:
        """How to answer a notice, so that the gateway stops or tries again."""
