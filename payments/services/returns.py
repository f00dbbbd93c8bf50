"""
Refunds on their way to the source: a job hands each to its gateway, under the one reference that was committed before, and asks
after a lost answer what became of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from django.db import transaction

from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.backoff import Backoff
from payments.audit import Did
from payments.failures import TAKEN_MEANWHILE
from payments.gateways.base import NOT_FOUND, Failed, Gateway, Outcome, Unknown
from payments.models import TO_RETURN, Payment, Refund
from payments.services.asking import GatewayGone, next_question
from payments.services.refunds import gateway_of, is_of_another, may_come_back, record_refund
from store.outbox import Outbox
from store.tally import Tally, for_each

State = Refund.State
AT_ONCE = 1000


class Returns(Outbox[Refund]):
    """None is parked: when the gateway forgets, nobody asks any more, and it is staff's to find out."""

    model = Refund
    waiting = TO_RETURN
    backoff = Backoff(first=timedelta(minutes=1), factor=1.5, cap=timedelta(hours=6))
    attempts, due, planned = "checks", "check_at", 8
    along = ("payment",)

    def next_attempt(self, row: Refund, *, at: datetime) -> datetime | None:
        try:
            caps = gateway_of(row.gateway).caps
        except GatewayGone:  # nobody is there to be asked: it is staff's at once
            return None
        return next_question(row.approved_at, caps, at=at)

    def may_be_parked(self, row: Refund) -> bool:
        return False


RETURNS = Returns()


def see_to_refunds(*, at: datetime) -> Tally:
    """Hand what was decided to the gateways, and ask about what they have not decided yet."""
    due = Refund.objects.filter(RETURNS.is_due(at)).order_by("check_at").values_list("pk", flat=True)
    return for_each(list(due[:AT_ONCE]), lambda pk: _see_to(pk, at=at), what="refund")


def _see_to(refund_id: UUID, *, at: datetime) -> None:
    with RETURNS.claim(refund_id, at=at) as claimed:
        for refund in claimed:
            record_refund(refund.pk, _sent_or_asked(refund, at=at), at=at)


def check_refund(refund_id: UUID, *, reason: str, actor: Actor, at: datetime) -> Refund:
    """
    Staff want to know now what became of a refund.

    :raises GatewayGone: its gateway is not set up here any more
    """
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if not (refund.is_undecided or may_come_back(refund)):
        return refund
    if refund.check_at:
        RETURNS.count(refund, at=at)
    outcome = _sent_or_asked(refund, at=at) if refund.is_undecided else _asked(refund, at=at)
    with transaction.atomic():
        refund = record_refund(refund.pk, outcome, at=at)
        record_audit(
            Did.ASK_GATEWAY, refund.reference, actor=actor, at=at, reason=reason, customer=refund.customer, state=refund.state
        )  # fmt: skip
    return refund


def _sent_or_asked(refund: Refund, *, at: datetime) -> Outcome:
    """
    What the gateway says. It is committed that it may have heard before it hears, so a lost answer is asked about.

    One that it does not know never reached it, and is sent again under the same reference, under which it moves nothing twice: as
    long as the gateway surely remembers. Later it may have moved and be forgotten, and is staff's to find out. What the bank took
    back meanwhile does not leave a second time.
    """
    gateway = gateway_of(refund.gateway)
    begun = _begin(refund.pk, at=at)
    if begun:
        return _sent(gateway, refund, at=at) if begun is Begun.NOW else Failed(TAKEN_MEANWHILE, "")
    outcome = _asked(refund, at=at)
    if not (_is_unknown(outcome) or is_of_another(refund, outcome)):
        return outcome
    if _is_taken(refund) or not _is_remembered(refund, gateway, at=at):
        return Unknown(NOT_FOUND)
    return _sent_again(gateway, refund, at=at)


def _asked(refund: Refund, *, at: datetime) -> Outcome:
    return gateway_of(refund.gateway).query_refund(
        reference=refund.payment.reference,
        gateway_txn_id=refund.payment.gateway_txn_id or "",
        refund_reference=refund.reference,
        amount=refund.amount,
        at=at,
    )


def _is_taken(refund: Refund) -> bool:
    """Whether a bank or gateway has taken back of its payment what it was to return."""
    payment = Payment.objects.get(pk=refund.payment_id)
    return payment.taken_back + payment.to_source > payment.received


def _is_remembered(refund: Refund, gateway: Gateway, *, at: datetime) -> bool:
    """Whether the gateway would know the refund, had it come; of what nobody is to ask about any more, staff decide."""
    return bool(refund.check_at) and at < refund.payment.created_at + gateway.caps.query_horizon


def _sent_again(gateway: Gateway, refund: Refund, *, at: datetime) -> Outcome:
    """That it is refused now says nothing of the first time: the money may have left then."""
    outcome = _sent(gateway, refund, at=at)
    return Unknown(f"{outcome.code}: {outcome.message}") if isinstance(outcome, Failed) else outcome


class Begun(Enum):
    NOW = auto()
    NEVER = auto()


@transaction.atomic(durable=True)
def _begin(refund_id: UUID, *, at: datetime) -> Begun | None:
    """
    Whether it is to leave now, or not at all, for the bank took it meanwhile; nothing, if it has left before. Whoever books a reversal
    holds the customer as well: what is decided here is so.
    """
    Customer.objects.lock(Refund.objects.values_list("customer", flat=True).get(pk=refund_id))
    refund = Refund.objects.lock(refund_id)
    if refund.state != State.APPROVED:
        return None
    if _is_taken(refund):
        return Begun.NEVER
    refund.send(at=at)
    refund.save()
    return Begun.NOW


def _sent(gateway: Gateway, refund: Refund, *, at: datetime) -> Outcome:
    payment = refund.payment
    return gateway.refund(
        reference=payment.reference,
        gateway_txn_id=payment.gateway_txn_id or "",
        paid=payment.received,
        amount=refund.amount,
        refund_reference=refund.reference,
        at=at,
    )


def _is_unknown(outcome: Outcome) -> bool:
    return isinstance(outcome, Unknown) and outcome.reason == NOT_FOUND
