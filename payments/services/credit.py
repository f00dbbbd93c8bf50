"""Credit that staff give or take: adjustments with a second person's approval, promotional credit with an end."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.periods import local_day
from ledger import services as ledger
from ledger.models import Grant
from notifications.models import Notice
from notifications.services import tell
from payments.models import CreditAdjustment


class OwnApproval(DomainError):
    code = "own-approval"
    message = _("Somebody else has to approve this adjustment.")


class ApprovedAlready(DomainError):
    code = "approved-already"
    message = _("This adjustment has been approved already.")


@transaction.atomic
def approve_adjustment(adjustment_id: int, *, actor: Actor, at: datetime) -> CreditAdjustment:
    """
    Carry out a credit adjustment that somebody else asked for.

    :raises OwnApproval: the same person asked for it
    :raises ApprovedAlready: it was carried out before
    :raises InsufficientCredit: it takes more than is available
    """
    customer = Customer.objects.lock(CreditAdjustment.objects.values_list("customer", flat=True).get(pk=adjustment_id))
    adjustment = CreditAdjustment.objects.get(pk=adjustment_id)
    if adjustment.approved_at:
        raise ApprovedAlready
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
def grant_promotional_credit(
    customer: Customer, amount: int, *, expires_at: datetime, reason: str, actor: Actor, at: datetime
) -> Grant:
    """Staff give promotional credit until `expires_at`; it is used first and taken back at its end."""
    if amount <= 0 or expires_at <= at:
        raise InvalidInput(
            _("Promotional credit needs an amount above zero and an end that lies ahead."), field="amount"
        )
    held = Customer.objects.lock(customer.pk)
    grant = ledger.grant_promotional(held, amount, expires_at=expires_at, reason=reason, at=at)
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
    ended = Grant.objects.filter(
        expires_at__lte=at,
        customer__ledger_accounts__kind=ledger.Kind.PROMOTIONAL,
        customer__ledger_accounts__balance__gt=0,
    )
    count = 0
    for customer_id in ended.values_list("customer", flat=True).distinct().iterator():
        with transaction.atomic():
            count += bool(ledger.expire_promotional(Customer.objects.lock(customer_id), at=at))
    return count
