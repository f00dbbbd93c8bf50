"""What of budgets ends with an account."""

from __future__ import annotations

from datetime import datetime

from accounts.models import Customer
from budgets.models import Budget, Hit
from kernel.actors import Actor


def end_budgets(customer: Customer, *, actor: Actor, at: datetime) -> None:
    """Nothing is spent any more."""
    del actor
    Hit.objects.standing().filter(customer=customer).update(lifted_at=at, because=Hit.Why.CHANGED)
    Budget.objects.standing().filter(customer=customer).update(removed_at=at)
