"""What gateways tell us by themselves, and asking them: until they forget, whatever we believe by then."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from accounts.services import record_audit
from kernel.actors import Actor, ActorKind
from kernel.errors import DomainError
from payments import gateways
from payments.audit import Did
from payments.failures import NEVER_PAID, UNSETTLED
from payments.gateways.base import (
    NOT_FOUND,
    BadSignature,
    Caps,
    Failed,
    Outcome,
    Pending,
    Reply,
    TakenBack,
    Unknown,
    Verdict,
)
from payments.models import SETTLED, GatewayNotice, Payment
from payments.services.outcomes import is_beyond_the_gateway, paid_another, record_outcome
from store.senders import is_within

logger = logging.getLogger(__name__)

SHORTEST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
BEFORE_IT_FORGETS = timedelta(hours=1)
"""The last question is put so long before the end of the gateway's memory."""
UNSIGNED_BYTES = 500
UNSIGNED_OF_ONE = 20
"""An hour."""
UNSIGNED_OF_ALL = 500
"""A day."""


class GatewayGone(DomainError):
    code = "gateway-gone"
    message = _("The gateway %(gateway)s is not set up here.")


def handle_notice(code: str, body: bytes, headers: Mapping[str, str], *, sender: str = "", at: datetime) -> Reply:
    """A gateway calls us: store, verify, fold, answer in its own words."""
    payment_id, outcome, verdict = _receive_notice(code, body, headers, sender=sender, at=at)
    if payment_id and outcome and verdict in {Verdict.ACCEPTED, Verdict.WRONG_AMOUNT}:
        record_outcome(payment_id, outcome, actor=Actor.job(f"notice:{code}"), at=at)
    return gateways.gateway(code).reply(verdict)


def _receive_notice(
    code: str, body: bytes, headers: Mapping[str, str], *, sender: str, at: datetime
) -> tuple[UUID | None, Outcome | None, Verdict]:
    """Store what a gateway told us and say what it means: (payment, outcome, verdict). Nothing is moved here."""
    digest = hashlib.sha256(body).hexdigest()
    try:
        notice = gateways.gateway(code).parse_notice(body, headers)
    except BadSignature as error:
        if _is_kept_unsigned(sender):
            logger.warning("notice of %s from %s refused: %s", code, sender, error)
            _store_notice(code, digest, body[:UNSIGNED_BYTES], None, Verdict.BAD_SIGNATURE, at=at)
        return None, None, Verdict.BAD_SIGNATURE
    payment = Payment.objects.filter(gateway=code, reference=notice.reference).first()
    if payment is None:
        verdict = Verdict.UNKNOWN_REFERENCE
    elif isinstance(notice.outcome, TakenBack):
        verdict = Verdict.ACCEPTED
    elif payment.state in SETTLED or paid_another(payment, notice.outcome):
        verdict = Verdict.DUPLICATE
    elif is_beyond_the_gateway(payment, notice.outcome):
        verdict = Verdict.WRONG_AMOUNT
    else:
        verdict = Verdict.ACCEPTED
    _store_notice(code, digest, body, payment, verdict, at=at)
    return (payment.pk if payment else None), notice.outcome, verdict


def _is_kept_unsigned(sender: str) -> bool:
    """
    Anybody may call this address, so what is not signed is kept short, and only so much of it: of one sender and of all.
    What is signed is always heard, whoever else calls from the same address.
    """
    try:
        return is_within(f"unsigned:{sender}", most=UNSIGNED_OF_ONE, seconds=3600) and is_within(
            "unsigned", most=UNSIGNED_OF_ALL, seconds=86_400
        )
    except RedisError:  # nobody counts, so nothing is kept
        return False


def _store_notice(
    code: str, digest: str, body: bytes, payment: Payment | None, verdict: Verdict, *, at: datetime
) -> None:
    row = GatewayNotice(
        gateway=code,
        digest=digest,
        body=body[:20_000].decode(errors="replace").replace("\x00", ""),
        is_genuine=verdict != Verdict.BAD_SIGNATURE,
        payment=payment,
        verdict=verdict,
        received_at=at,
    )
    GatewayNotice.objects.bulk_create([row], ignore_conflicts=True)


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
