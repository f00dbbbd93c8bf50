"""
What every payment gateway must be able to do, and the only four things it may answer.

An adapter turns our words into the provider's and back. It is pure I/O: no models, no clock, no settings; it
gets instants as arguments and an HTTP client when it is built. Amounts are whole đồng (int) everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

# Unknown.reason when the gateway does not know the reference. It is not final: some gateways take seconds to find
# their own orders. Once the order can no longer be paid (see Caps.order_ttl) the caller may call it failed.
NOT_FOUND = "not_found"
# Unknown.reason when a refund is asked about and the payment itself is not known: that says nothing of the refund.
NO_SUCH_PAYMENT = "payment_not_found"


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
    """
    The money had moved and is gone again: the payer's bank or the gateway reversed `amount` of it under `reference`.

    :ivar of: the transaction that it was taken of, where that is another name
    """

    reference: str
    amount: int
    at: datetime
    of: str = ""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """
    `amount` of what had been taken back under `reference` is ours again: a dispute that was won, or a part of it. `of` as there.

    :ivar taken: how much had been taken, where it was more
    """

    reference: str
    amount: int
    at: datetime
    of: str = ""
    taken: int = 0

    @property
    def had_gone(self) -> int:
        """What had been taken, of which this is all unless it says otherwise."""
        return max(self.taken, self.amount)


Outcome = Succeeded | Failed | Pending | Unknown | TakenBack | GivenBack


def of_the_payment(answer: Unknown) -> Unknown:
    """What it says of a refund that the payment could not be read."""
    return Unknown(NO_SUCH_PAYMENT) if answer.reason == NOT_FOUND else answer


@dataclass(frozen=True, slots=True)
class Linked:
    """
    The customer agreed at the gateway that we charge without asking each time.

    `token` is what the adapter needs to charge and to unlink, in its own form; nobody else reads it, and it is a secret.
    """

    token: str = field(repr=False)
    display: str  # masked, as the gateway shows it: "*******567"
    at: datetime
    expires_at: datetime | None = None
    limit: int | None = None  # the most of one charge, where the gateway names it


@dataclass(frozen=True, slots=True)
class Unlinked:
    """There is no such agreement any more: ended by us, by the customer at the gateway, or by the gateway."""


LinkOutcome = Linked | Unlinked | Failed | Pending | Unknown


@dataclass(frozen=True, slots=True)
class Redirect:
    """The customer has to go to `url` and pay there."""

    url: str


@dataclass(frozen=True, slots=True)
class Report:
    """
    What a gateway's notice says, its signature verified. The amount is not yet compared with ours.

    :ivar reference: our name of the payment, or empty where the gateway says only its own: `transaction`
    :ivar refund: our name of the refund of that payment which it is about; empty: the payment itself
    """

    reference: str
    outcome: Outcome
    refund: str = ""
    transaction: str = ""


MAX_NOTICE = 64 * 1024
"""Bytes of a notice's body; of a longer one nothing is read."""


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


REFUND_DAYS = 7
"""Where a gateway does not say more about how long a refund takes to be seen."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What the gateway can do, and its limits."""

    min_amount: int
    max_amount: int
    order_ttl: timedelta  # how long a customer can pay after start()
    query_horizon: timedelta  # how long the gateway remembers an order
    refund_days: int = REFUND_DAYS  # in so many a customer sees what was returned
    refunds_come_back: bool = False  # what was returned may fail afterwards: then it is ours again
    link: bool = False  # the adapter is a `Linking` too
    notifies_failure: bool = False  # else only success is told, and the rest is found by asking
    notice_method: Literal["GET", "POST"] = "POST"  # of GET, the query string is the body
    notice_tries: int = 1  # how often a notice is sent when nobody answers well, and how far apart
    notice_gap: timedelta | None = None


class Movement(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"
    TAKEN_BACK = "taken_back"
    GIVEN_BACK = "given_back"
    CAME_BACK = "came_back"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Moved:
    """
    A line of a gateway's statement. `reference` is ours, of the payment or of the refund; `transaction` the gateway's own.

    CAME_BACK is a refund that was made and failed afterwards; SENT is whatever leaves an account at a bank, which does not say why.
    """

    movement: Movement
    reference: str
    transaction: str
    amount: int
    at: datetime


class UnreadableStatement(ValueError):
    """The message is for our logs and for staff who upload the file."""


Reply = tuple[int, str, bytes]  # HTTP status, content type, body


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """
    What a gateway is asked for, under a reference that was committed before.

    :ivar description: what its page says that it is for
    :ivar customer_ref: the payer's name with us
    :ivar callback_url: where it sends notices
    """

    reference: str
    description: str
    customer_ref: str
    callback_url: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ToPay(Errand):
    """
    The customer is to pay on the gateway's page, and is sent to `return_url` afterwards.

    :ivar payer_address: from where the payer came to us, for a gateway that wants to know; empty where nobody came
    """

    amount: int
    return_url: str
    payer_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToLink(Errand):
    """The customer is to agree on the gateway's page, and is sent to `return_url` afterwards."""

    return_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToCharge(Errand):
    """A linked account is to pay, of which the gateway knows by `token`."""

    amount: int
    token: str = field(repr=False)


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

    def start(self, to_pay: ToPay) -> Redirect | Outcome:
        """Open an order. Repeating a reference never opens a second one."""

    def query(self, *, reference: str, at: datetime) -> Outcome:
        """What became of an order."""

    def refund(
        self, *, reference: str, gateway_txn_id: str, paid: int, amount: int, refund_reference: str, at: datetime
    ) -> Outcome:
        """
        Send `amount` of the `paid` money back to where it came from. Repeating a refund_reference never refunds twice.

        One refund of a payment at a time: the next waits until this one is final.
        """

    def query_refund(
        self, *, reference: str, refund_reference: str, amount: int, at: datetime, gateway_txn_id: str = ""
    ) -> Outcome:
        """
        What became of a refund of `amount` of the payment `reference`, the gateway's `gateway_txn_id` where that is known.

        NOT_FOUND says that the gateway knows the payment and no such refund.
        """

    @property
    def has_statement(self) -> bool:
        """Whether a day's statement can be fetched; else it is read from files."""

    def statement(self, *, day: date, at: datetime) -> list[Moved] | Unknown | None:
        """All that moved on a day in Việt Nam; nothing where statements are not fetched, but read from files."""

    def read_statement(self, data: bytes) -> list[Moved]:
        """
        The same from a file, as staff have it from the gateway.

        :raises UnreadableStatement: it is not read in part
        """

    def parse_notice(self, body: bytes, headers: Mapping[str, str]) -> Report:
        """
        Read a notice from the raw request, of whose body there are at most MAX_NOTICE bytes.

        :raises BadSignature: on any doubt
        """

    def reply(self, verdict: Verdict) -> Reply:
        """How to answer a notice, so that the gateway stops or tries again."""


@runtime_checkable
class Naming(Protocol):
    """A gateway whose notices may name a payment by its own `Report.transaction` alone."""

    def our_name_of(self, transaction: str) -> str | Unknown:
        """Our reference of that payment; empty when it is none of ours, `Unknown` when it could not be looked up."""


@dataclass(frozen=True, slots=True)
class LinkReport:
    """
    What a gateway's notice says about a link, its signature verified.

    `proof` is what `finish_link` wants to have; an agreement that `is_over` was ended by the customer or the gateway.
    """

    reference: str
    proof: str = field(default="", repr=False)
    is_over: bool = False


@runtime_checkable
class Linking(Protocol):
    """
    A gateway that charges a linked account without the customer's being there (`Caps.link`).

    A link has a reference from `new_reference`, committed before it is used, and the `customer_ref` under which it was
    begun, which every later call repeats.
    """

    def begin_link(self, to_link: ToLink) -> Redirect | LinkOutcome:
        """Send the customer to agree. Nothing is charged."""

    def parse_link_notice(self, body: bytes, headers: Mapping[str, str]) -> LinkReport | None:
        """
        Read a notice about a link from the raw request; nothing when it is about a payment (`parse_notice`).

        :raises BadSignature: on any doubt
        """

    def finish_link(self, *, reference: str, customer_ref: str, proof: str, at: datetime) -> LinkOutcome:
        """What the customer decided; `proof` is the link notice's, or empty before one came. Repeating it changes nothing."""

    def query_link(self, *, reference: str, customer_ref: str, token: str, at: datetime) -> LinkOutcome:
        """Whether a finished link still holds."""

    def charge(self, to_charge: ToCharge) -> Outcome:
        """
        Take the amount now; `query` and notices tell about it as about any payment. Repeating a reference never charges twice.

        Failed codes of its own: `revoked` (the link is over), `over_limit`, `needs_customer` (come back in person).
        """

    def unlink(self, *, reference: str, customer_ref: str, token: str, at: datetime) -> LinkOutcome:
        """End the agreement. `Unlinked` also when it was over before."""
