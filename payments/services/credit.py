"""Credit that staff give or take: adjustments, and promotional credit with an end."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import InvalidInput
from kernel.periods import local_day
from ledger import grants
from ledger import services as ledger
from ledger.models import Grant
from notifications.models import Notice
from notifications.services import tell
from payments.audit import Did
from payments.services.debts import collect_debts
from payments.services.standing import stop_filling_up
from payments.services.use_credit import when_money_came
from store.tally import Tally, for_each


@transaction.atomic
def adjust_credit(customer: Customer, amount: int, *, key: int, reason: str, actor: Actor, at: datetime) -> None:
    """
    Give credit, or take it when `amount` is below zero; once for each `key`.

    :raises InvalidInput: it takes more than there is of credit that is not held
    """
    held = Customer.objects.lock(customer.pk)
    if amount < 0:
        try:
            ledger.spend(
                held.pk,
                -amount,
                into=ledger.Kind.ADJUSTMENTS,
                kind=ledger.Fact.ADJUSTMENT,
                source=key,
                at=at,
                reference=reason,
                bought_only=True,
            )
        except ledger.InsufficientCredit as lacking:
            raise InvalidInput(
                _("At most %(available)s ₫ can be taken: what is held, and promotional credit, stay."),
                field="amount",
                available=lacking.details["available"],
            ) from lacking
        stop_filling_up(held, key, at=at)
    else:
        legs = {ledger.Kind.CREDIT: amount, ledger.Kind.ADJUSTMENTS: -amount}
        ledger.post(ledger.Fact.ADJUSTMENT, key, legs, customer_id=held.pk, at=at, reference=reason)
        collect_debts(held.pk, at=at)
    when_money_came(held, actor=actor, at=at)
    record_audit(Did.ADJUST_CREDIT, held.pk, actor=actor, at=at, reason=reason, customer=held, amount=amount)
    tell(held, Notice.Kind.CREDIT_ADJUSTED, key, at=at, amount=amount, reason=reason)


@transaction.atomic
def grant_promotional_credit(
    customer: Customer, amount: int, *, expires_at: datetime, reason: str, actor: Actor, at: datetime
) -> Grant:
    """Staff give promotional credit until `expires_at`; it is used first and taken back at its end."""
    if amount <= 0 or expires_at <= at:
        raise InvalidInput(
            _("Promotional credit needs an amount above zero and an end that lies ahead."), field="amount"
        )
    held = Customer.objects.lock_open(customer.pk)
    grant = grants.grant_promotional(held, amount, expires_at=expires_at, reason=reason, at=at)
    when_money_came(held, actor=actor, at=at)
    record_audit(Did.GRANT_CREDIT, held.pk, actor=actor, at=at, reason=reason, customer=held, amount=amount)
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


def expire_promotional_credit(*, at: datetime) -> Tally:
    """Take back what is left of ended grants; each customer in a transaction of their own."""
    ended = Grant.objects.filter(kind=Grant.Kind.PROMOTIONAL, expires_at__lte=at, rest__gt=0)
    customers = ended.order_by("customer").values_list("customer", flat=True).distinct()
    return for_each(
        list(customers), lambda pk: _expire_promotional_of(pk, at=at), what="promotional credit of customer"
    )


@transaction.atomic
def _expire_promotional_of(customer_id: UUID, *, at: datetime) -> None:
    grants.expire_promotional(Customer.objects.lock(customer_id), at=at)
