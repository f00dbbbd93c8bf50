"""Asking gateways what became of an attempt: until they forget, whatever we believe by then."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import record_audit
from kernel.actors import Actor, ActorKind
from kernel.errors import DomainError
from payments import gateways
from payments.audit import Did
from payments.failures import NEVER_PAID, UNSETTLED
from payments.gateways.base import (
    NOT_FOUND,
    Caps,
    Failed,
    Outcome,
    Pending,
    Unknown,
)
from payments.models import SETTLED, Payment
from payments.services.outcomes import record_outcome

SHORTEST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
BEFORE_IT_FORGETS = timedelta(hours=1)
"""The last question is put so long before the end of the gateway's memory."""


class GatewayGone(DomainError):
    code = "gateway-gone"
    message = _("The gateway %(gateway)s is not set up here.")


def check_payment(payment_id: UUID, *, reason: str = "", actor: Actor, at: datetime) -> Payment:
    """
    Ask the gateway about a payment that has not succeeded, and fold in what it says.

    The gateway is called outside of any transaction; its answer and, when staff ask, the trace of that are one.

    :param reason: why staff ask; others need none
    :raises GatewayGone: it is not set up here any more
    """
    payment = Payment.objects.get(pk=payment_id)
    if payment.means != Payment.Means.GATEWAY or payment.state in SETTLED:
        return payment
    try:
        outcome = ask_gateway(payment, at=at)
    except gateways.UnknownGateway:
        raise GatewayGone(gateway=payment.gateway) from None
    with transaction.atomic():
        payment = record_outcome(payment_id, outcome, actor=actor, at=at)
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
    What the gateway says of an attempt now. The question is counted before it is put: one that hangs is asked less often.

    Asked about is every attempt that has not succeeded, also one that was cancelled here or that failed: the customer may
    pay after giving up, and the notice of it may be lost. An attempt that the gateway does not know after its order could
    no longer be paid has failed. One that is undecided when the gateway is about to forget it is staff's to find out.
    """
    caps = gateways.gateway(payment.gateway).caps
    Payment.objects.filter(pk=payment.pk).update(
        checks=payment.checks + 1, check_at=next_question(payment.created_at, caps, at=at)
    )
    outcome = gateways.gateway(payment.gateway).query(reference=payment.reference, at=at)
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
    """After half its age again, between a minute and six hours; once more just before the gateway forgets; then no more."""
    last = started_at + caps.query_horizon - BEFORE_IT_FORGETS
    if at >= last:
        return None
    wait = min(max((at - started_at) / 2, SHORTEST_WAIT), LONGEST_WAIT)
    return min(at + wait, last)
