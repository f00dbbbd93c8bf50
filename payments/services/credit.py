"""Credit that staff give or take: adjustments with a second person's approval, promotional credit with an end."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.periods import local_day
from kernel.tally import Tally, for_each
from ledger import grants
from ledger import services as ledger
from ledger.models import Grant
from notifications.models import Notice
from notifications.services import tell
from payments.models import CreditAdjustment

Closed = CreditAdjustment.Closed
UNDECIDED_AT_MOST = timedelta(days=30)


class OwnApproval(DomainError):
    code = "own-approval"
    message = _("Somebody else has to approve this adjustment.")


class ApprovedAlready(DomainError):
    code = "approved-already"
    message = _("This adjustment has been approved already.")


class ClosedAlready(DomainError):
    code = "closed-already"
    message = _("This adjustment was refused, withdrawn or has expired. Ask for a new one.")


class NotYours(DomainError):
    code = "not-yours"
    message = _("Only who asked for an adjustment withdraws it. You can refuse it.")


@transaction.atomic
def approve_adjustment(adjustment_id: int, *, actor: Actor, at: datetime) -> CreditAdjustment:
    """
    Carry out a credit adjustment that somebody else asked for.

    :raises OwnApproval: the same person asked for it
    :raises ApprovedAlready, ClosedAlready: it was decided before
    :raises InsufficientCredit: it takes more than is available
    """
    customer = Customer.objects.lock(CreditAdjustment.objects.values_list("customer", flat=True).get(pk=adjustment_id))
    adjustment = _undecided(adjustment_id)
    if adjustment.requested_by == actor.name:
        raise OwnApproval
    if adjustment.amount < 0:
        ledger.spend(
            customer.pk,
            -adjustment.amount,
            into=ledger.Kind.ADJUSTMENTS,
            kind=ledger.Fact.ADJUSTMENT,
            source=adjustment.pk,
            at=at,
            reference=adjustment.reason,
            buckets=[ledger.Kind.CREDIT],
        )
    else:
        legs = {ledger.Kind.CREDIT: adjustment.amount, ledger.Kind.ADJUSTMENTS: -adjustment.amount}
        ledger.post(
            ledger.Fact.ADJUSTMENT, adjustment.pk, legs, customer_id=customer.pk, at=at, reference=adjustment.reason
        )
    adjustment.approved_by, adjustment.approved_at = actor.name, at
    adjustment.save()
    record_audit(
        "adjust credit",
        customer.pk,
        actor=actor,
        at=at,
        reason=adjustment.reason,
        customer=customer,
        amount=adjustment.amount,
    )
    tell(
        customer,
        Notice.Kind.CREDIT_ADJUSTED,
        adjustment.pk,
        at=at,
        amount=adjustment.amount,
        reason=adjustment.reason,
    )
    return adjustment


@transaction.atomic
def refuse_adjustment(adjustment_id: int, *, reason: str, actor: Actor, at: datetime) -> CreditAdjustment:
    """
    Somebody else than who asked decides that it shall not be.

    :raises OwnApproval: the same person asked for it: they withdraw it
    :raises ApprovedAlready, ClosedAlready: it was decided before
    """
    return _close(adjustment_id, Closed.REFUSED, reason=reason, actor=actor, at=at)


@transaction.atomic
def withdraw_adjustment(adjustment_id: int, *, reason: str, actor: Actor, at: datetime) -> CreditAdjustment:
    """
    Who asked for it does not want it any more.

    :raises NotYours: somebody else asked for it
    :raises ApprovedAlready, ClosedAlready: it was decided before
    """
    return _close(adjustment_id, Closed.WITHDRAWN, reason=reason, actor=actor, at=at)


def expire_adjustments(*, at: datetime) -> Tally:
    """What nobody has decided for so long is closed."""
    actor = Actor.job("expire-adjustments")
    old = CreditAdjustment.objects.undecided().filter(requested_at__lte=at - UNDECIDED_AT_MOST)
    return for_each(
        list(old.order_by("pk").values_list("pk", flat=True)),
        lambda pk: _close(pk, Closed.EXPIRED, reason="", actor=actor, at=at),
        what="credit adjustment",
    )


@transaction.atomic
def _close(adjustment_id: int, closed: Closed, *, reason: str, actor: Actor, at: datetime) -> CreditAdjustment:
    customer = Customer.objects.lock(CreditAdjustment.objects.values_list("customer", flat=True).get(pk=adjustment_id))
    adjustment = _undecided(adjustment_id)
    is_own = adjustment.requested_by == actor.name
    if closed == Closed.REFUSED and is_own:
        raise OwnApproval
    if closed == Closed.WITHDRAWN and not is_own:
        raise NotYours
    adjustment.closed, adjustment.closed_by, adjustment.closed_at = closed, actor.name, at
    adjustment.closed_because = reason[:500]
    adjustment.save()
    record_audit(
        f"credit adjustment {closed}",
        customer.pk,
        actor=actor,
        at=at,
        reason=reason,
        customer=customer,
        amount=adjustment.amount,
    )
    return adjustment


def _undecided(adjustment_id: int) -> CreditAdjustment:
    """The caller holds the customer."""
    adjustment = CreditAdjustment.objects.get(pk=adjustment_id)
    if adjustment.approved_at:
        raise ApprovedAlready
    if adjustment.closed_at:
        raise ClosedAlready
    return adjustment


@transaction.atomic
def grant_promotional_credit(
    customer: Customer, amount: int, *, expires_at: datetime, reason: str, actor: Actor, at: datetime
) -> Grant:
    """Staff give promotional credit until `expires_at`; it is used first and taken back at its end."""
    if amount <= 0 or expires_at <= at:
        raise InvalidInput(
            _("Promotional credit needs an amount above zero and an end that lies ahead."), field="amount"
        )
    held = Customer.objects.lock(customer.pk)
    grant = grants.grant_promotional(held, amount, expires_at=expires_at, reason=reason, at=at)
    record_audit("grant promotional credit", held.pk, actor=actor, at=at, reason=reason, customer=held, amount=amount)
    tell(
        held,
        Notice.Kind.CREDIT_ADJUSTED,
        grant.pk,
        "grant",
        at=at,
        amount=amount,
        reason=reason,
        expires_on=local_day(expires_at).isoformat(),
    )
    return grant


def expire_promotional_credit(*, at: datetime) -> int:
    """Take back what is left of ended grants; returns how many customers lost some."""
    ended = Grant.objects.filter(expires_at__lte=at, rest__gt=0)
    count = 0
    for customer_id in ended.values_list("customer", flat=True).distinct().iterator():
        with transaction.atomic():
            count += bool(grants.expire_promotional(Customer.objects.lock(customer_id), at=at))
    return count
