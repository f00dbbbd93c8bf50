"""Credit that has come in settles what is owed: debts first, then use of prepaid resources, then what the customer wants paid."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Customer
from kernel.actors import Actor
from payments.models import Payment
from payments.services.debts import collect_debts
from payments.services.invoices import pay_automatically
from payments.services.standing import try_for_invoices
from payments.services.use_bills import pay_for_use
from payments.services.use_credit import when_money_came


@transaction.atomic
def settle_what_is_owed(customer_id: UUID, *, actor: Actor, at: datetime) -> Payment | None:
    """
    Returns the payment of invoices, if there was one.

    Debts of money taken back, and bills for use in paid time, are paid whatever the customer chose.
    """
    return settle_owed_by(Customer.objects.lock(customer_id), actor=actor, at=at)


def settle_owed_by(customer: Customer, *, actor: Actor, at: datetime) -> Payment | None:
    """As `settle_what_is_owed`, for a caller who holds the customer. What credit does not cover may be charged soon after."""
    collect_debts(customer.pk, at=at)
    use = pay_for_use(customer, actor=actor, at=at)
    others = pay_automatically(customer, actor=actor, at=at)
    try_for_invoices(customer, at=at)
    when_money_came(customer, actor=actor, at=at)
    return others or use
