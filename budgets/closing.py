"""What of budgets ends with an account."""

from __future__ import annotations

from datetime import datetime

from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Greatest

from accounts.models import Customer
from budgets.models import Budget, Hit
from kernel.actors import Actor


def end_budgets(customer: Customer, *, actor: Actor, at: datetime) -> None:
    """Nothing is spent any more."""
    del actor
    now = Value(at, DateTimeField())
    hits = Hit.objects.standing().filter(customer=customer)
    hits.update(lifted_at=Greatest(now, F("at")), because=Hit.Why.CHANGED)
    Budget.objects.standing().filter(customer=customer).update(removed_at=Greatest(now, F("created_at")))
