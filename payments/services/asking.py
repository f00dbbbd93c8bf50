"""Asking gateways what became of an attempt: until they forget, whatever we believe by then."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import record_audit
from kernel.actors import Actor, ActorKind
from kernel.backoff import Backoff
from kernel.errors import DomainError
from payments import gateways
from payments.audit import Did
from payments.failures import NEVER_PAID, UNSETTLED
from payments.gateways.base import (
    NOT_FOUND,
    Caps,
    Failed,
    Gateway,
    Outcome,
    Pending,
    Unknown,
)
from payments.models import SETTLED, TO_ASK_ABOUT, Payment
from payments.services.outcomes import record_outcome
from payments.services.turns import AT_ONCE, take_turn
from store.outbox import Outbox
from store.tally import Tally

BEFORE_IT_FORGETS = timedelta(hours=1)
"""The last question is put so long before the end of the gateway's memory."""


class GatewayGone(DomainError):
    code = "gateway-gone"
    message = _("The gateway %(gateway)s is not set up here.")


class Questions(Outbox[Payment]):
    """
    Asked about is every attempt that has not succeeded, also one that was cancelled here or that failed: the customer may pay
    after giving up, and the notice of it may be lost. None is parked: when the gateway forgets, `ask_gateway` ends it.
    """

    model = Payment
    waiting = TO_ASK_ABOUT
    backoff = Backoff(first=timedelta(minutes=1), factor=1.5, cap=timedelta(hours=6))
    attempts, due, planned = "checks", "check_at", 8

    def next_attempt(self, row: Payment, *, at: datetime) -> datetime | None:
        return next_question(row.created_at, _gateway_of(row).caps, at=at)

    def may_be_parked(self, row: Payment) -> bool:
        return False


QUESTIONS = Questions()


def check_payment(payment_id: UUID, *, reason: str = "", actor: Actor, at: datetime) -> Payment:
    """
    Ask the gateway now about a payment that has not succeeded, and fold in what it says.

    :param reason: why staff ask; others need none
    :raises GatewayGone: it is not set up here any more
    """
    payment = Payment.objects.get(pk=payment_id)
    if payment.means != Payment.Means.GATEWAY or payment.state in SETTLED:
        return payment
    if payment.check_at:
        QUESTIONS.count(payment, at=at)
    return _ask(payment, reason=reason, actor=actor, at=at)


def gateways_to_ask(at: datetime) -> list[str]:
    """Those with payments that are due to be asked about."""
    return list(
        Payment.objects.filter(QUESTIONS.is_due(at)).order_by("gateway").values_list("gateway", flat=True).distinct()
    )


def ask_about_what_is_due(code: str, *, at: datetime) -> Tally:
    """Ask one gateway in its turn."""
    due = Payment.objects.filter(QUESTIONS.is_due(at), gateway=code).order_by("check_at").values_list("pk", flat=True)
    actor = Actor.job("check-payments")
    return take_turn(code, lambda: due[:AT_ONCE], lambda pk: check_when_due(pk, actor=actor, at=at), what="payment")


def check_when_due(payment_id: UUID, *, actor: Actor, at: datetime) -> None:
    """
    As `check_payment`, unless it is not time for it, or somebody else asks.

    :raises GatewayGone: the gateway is not set up here any more
    """
    with QUESTIONS.claim(payment_id, at=at) as claimed:
        for payment in claimed:
            _ask(payment, actor=actor, at=at)


def _ask(payment: Payment, *, reason: str = "", actor: Actor, at: datetime) -> Payment:
    """The gateway is called outside of any transaction; its answer and, when staff ask, the trace of that are one."""
    outcome = ask_gateway(payment, at=at)
    with transaction.atomic():
        payment = record_outcome(payment.pk, outcome, actor=actor, at=at)
        if actor.kind == ActorKind.STAFF:
            record_audit(
                Did.ASK_GATEWAY,
                payment.reference,
                actor=actor,
                at=at,
                reason=reason,
                customer=payment.customer,
                state=payment.state,
            )
    return payment


def ask_gateway(payment: Payment, *, at: datetime) -> Outcome:
    """
    What the gateway says of an attempt now.

    One that the gateway does not know after its order could no longer be paid has failed. One that is undecided when the
    gateway is about to forget it is staff's to find out.
    """
    gateway = _gateway_of(payment)
    caps, outcome = gateway.caps, gateway.query(reference=payment.reference, at=at)
    if not isinstance(outcome, Pending | Unknown):
        return outcome
    knows_it_not = isinstance(outcome, Unknown) and outcome.reason == NOT_FOUND
    age = at - payment.created_at
    if knows_it_not and caps.order_ttl < age < caps.query_horizon:
        return Failed(NEVER_PAID, "The payment was not made in time.")
    if next_question(payment.created_at, caps, at=at) is None:
        return Failed(UNSETTLED, "The gateway never said what became of it.")
    return outcome


def next_question(started_at: datetime, caps: Caps, *, at: datetime) -> datetime | None:
    """Whenever it is half as old again, at most every six hours; once more just before the gateway forgets; then no more."""
    last = started_at + caps.query_horizon - BEFORE_IT_FORGETS
    if at >= last:
        return None
    return min(at + Questions.backoff.at_age(at - started_at), last)


def _gateway_of(payment: Payment) -> Gateway:
    try:
        return gateways.gateway(payment.gateway)
    except gateways.UnknownGateway:
        raise GatewayGone(gateway=payment.gateway) from None
