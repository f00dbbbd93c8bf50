"""Giving up an attempt at a gateway, so that another means can be chosen."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from kernel.actors import Actor
from kernel.errors import DomainError
from payments.models import Payment


class AttemptEnded(DomainError):
    code = "attempt-ended"
    message = _("This payment has ended already.")


@transaction.atomic
def cancel_attempt(payment_id: UUID, *, actor: Actor, at: datetime) -> Payment:
    """
    The customer gives up an open attempt. Money that arrives still counts: a cancelled attempt may succeed.

    :raises AttemptEnded: it succeeded, failed or was cancelled before
    """
    Customer.objects.lock(Payment.objects.values_list("customer", flat=True).get(pk=payment_id))
    payment = Payment.objects.lock(payment_id)
    if not payment.is_open:
        raise AttemptEnded
    payment.cancel(at=at)
    payment.cancelled_by = actor.name
    payment.save()
    return payment
