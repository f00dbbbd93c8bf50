"""
What gateways tell us by themselves: kept as it came, judged once under the lock of its payment, answered in their words.

A notice is on record before anything is done about it, and its verdict with what was done: whoever fails in between is told
again, and staff see what was told.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from redis.exceptions import RedisError

from kernel.actors import Actor
from payments import gateways
from payments.gateways.base import BadSignature, Linking, LinkReport, Naming, Reply, Report, Unknown, Verdict
from payments.models import GatewayNotice, LinkedAccount, Payment
from payments.services.links import hear_of_link
from payments.services.outcomes import judge
from payments.services.refunds import judge_refund
from store.senders import is_within

logger = logging.getLogger(__name__)

UNSIGNED_BYTES = 500
UNSIGNED_OF_ONE = 20
"""An hour."""
UNSIGNED_OF_ALL = 500
"""A day."""


def handle_notice(code: str, body: bytes, headers: Mapping[str, str], *, sender: str = "", at: datetime) -> Reply:
    """A gateway calls us: verify, keep, judge and answer."""
    adapter = gateways.gateway(code)
    try:
        about_link = adapter.parse_link_notice(body, headers) if isinstance(adapter, Linking) else None
        if about_link:
            return adapter.reply(_hear_of_link(code, about_link, body, at=at))
        report = adapter.parse_notice(body, headers)
    except BadSignature as error:
        if _is_kept_unsigned(sender):
            logger.warning("notice of %s from %s refused: %s", code, sender, error)
            _keep(code, body[:UNSIGNED_BYTES], digest=_digest(body), verdict=Verdict.BAD_SIGNATURE, at=at)
        return adapter.reply(Verdict.BAD_SIGNATURE)
    return adapter.reply(_hear(code, report, body, at=at))


def _hear(code: str, report: Report, body: bytes, *, at: datetime) -> Verdict:
    digest = _digest(body)
    payment = _payment_of(code, report)
    if isinstance(payment, Unknown):  # whose it is could not be looked up: that is to be told again, and judged then
        logger.warning("notice of %s about %s waits: %s", code, report.transaction, payment.reason)
        _keep(code, body, digest=digest, at=at)
        return Verdict.RETRY_LATER
    if payment is None:
        _keep(code, body, digest=digest, verdict=Verdict.UNKNOWN_REFERENCE, at=at)
        _judged(code, digest, Verdict.UNKNOWN_REFERENCE)
        return Verdict.UNKNOWN_REFERENCE
    _keep(code, body, digest=digest, payment=payment, at=at)
    actor = Actor.job(f"notice:{code}")
    with transaction.atomic():
        if report.refund:
            verdict = judge_refund(payment.pk, report.refund, report.outcome, at=at)
        else:
            _payment, verdict = judge(payment.pk, report.outcome, actor=actor, at=at)
        if verdict != Verdict.RETRY_LATER:  # it is still to be judged
            _judged(code, digest, verdict)
    return verdict


def _payment_of(code: str, report: Report) -> Payment | Unknown | None:
    """Whose payment it is about; the gateway is asked only for a name that nobody has told us yet."""
    payments, reference = Payment.objects.filter(gateway=code), report.reference
    if report.transaction:
        known = payments.filter(gateway_txn_id=report.transaction).first()
        adapter = gateways.gateway(code)
        if known or not isinstance(adapter, Naming):
            return known
        name = adapter.our_name_of(report.transaction)
        if isinstance(name, Unknown):
            return name
        reference = name
    return payments.filter(reference=reference).first() if reference else None


def _judged(code: str, digest: str, verdict: Verdict) -> None:
    GatewayNotice.objects.filter(gateway=code, digest=digest, verdict="").update(verdict=verdict)


def _hear_of_link(code: str, report: LinkReport, body: bytes, *, at: datetime) -> Verdict:
    """Its words are not kept, for the token of an account may be among them."""
    link = LinkedAccount.objects.filter(gateway=code, reference=report.reference).first()
    verdict = Verdict.ACCEPTED if link else Verdict.UNKNOWN_REFERENCE
    with transaction.atomic():
        _keep(code, b"", digest=_digest(body), linked=link, verdict=verdict, at=at)
        if link:
            hear_of_link(link.pk, report, at=at)
    return verdict


def _keep(
    code: str,
    body: bytes,
    *,
    digest: str,
    payment: Payment | None = None,
    linked: LinkedAccount | None = None,
    verdict: Verdict | None = None,
    at: datetime,
) -> None:
    """The same words are kept once. Without a verdict it is still to be judged."""
    row = GatewayNotice(
        gateway=code,
        digest=digest,
        body=body.decode(errors="replace").replace("\x00", ""),
        is_genuine=verdict != Verdict.BAD_SIGNATURE,
        payment=payment,
        linked=linked,
        verdict=verdict or "",
        received_at=at,
    )
    GatewayNotice.objects.bulk_create([row], ignore_conflicts=True)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


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
