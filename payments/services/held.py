"""What is held for staff, because the gateway's word could not be believed or never came: its ways on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError
from payments.audit import Did
from payments.models import Payment


class NothingHeld(DomainError):
    code = "nothing-held"
    message = _("This payment is not held: there is nothing to decide.")


@transaction.atomic
def close_held(payment_id: UUID, *, reason: str, actor: Actor, at: datetime) -> Payment:
    """
    Staff found that the gateway received nothing: the payment stays failed. Money that arrives later still counts.

    :raises NothingHeld: it is not held (any more)
    """
    customer = Customer.objects.lock(Payment.objects.values_list("customer", flat=True).get(pk=payment_id))
    payment = Payment.objects.lock(payment_id)
    if not payment.held:
        raise NothingHeld
    record_audit(
        Did.CLOSE_HELD,
        payment.reference,
        actor=actor,
        at=at,
        reason=reason,
        customer=customer,
        held=payment.held,
        amount=payment.held_amount,
    )
    payment.release()
    payment.save()
    return payment
