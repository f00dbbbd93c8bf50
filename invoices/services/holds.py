"""What is not to happen to a customer for a while. Who charges by itself asks `payments.services.allowed`."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from invoices.audit import Did
from invoices.models import Hold
from invoices.services.ladder import lift_what_is_settled
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput

LONGEST = timedelta(days=366)


class HoldOver(DomainError):
    code = "hold-over"
    message = _("This hold has ended already.")


@transaction.atomic
def place_hold(customer_id: UUID, kind: Hold.Kind, *, until: datetime, reason: str, actor: Actor, at: datetime) -> Hold:
    """
    From now on, and until an instant. One of the same kind that is in force ends: the new decision takes its place.

    :raises InvalidInput: no reason, or an end that is not ahead or lies more than a year ahead
    """
    if not reason.strip():
        raise InvalidInput(_("Say why."), field="reason")
    if not at < until <= at + LONGEST:
        raise InvalidInput(_("A hold ends on a day ahead, within a year."), field="until")
    customer = Customer.objects.lock(customer_id)
    Hold.objects.in_force(at).filter(customer=customer, kind=kind).update(ended_at=at)
    hold = Hold.objects.create(
        customer=customer, kind=kind, reason=reason.strip(), until=until, actor=actor.name, at=at
    )
    lift_what_is_settled(customer.pk, at=at)
    record_audit(
        Did.PLACE_HOLD,
        customer.pk,
        actor=actor,
        at=at,
        reason=reason,
        customer=customer,
        kind=kind,
        until=until.isoformat(),
    )
    return hold


@transaction.atomic
def end_hold(hold_id: int, *, reason: str, actor: Actor, at: datetime) -> Hold:
    """
    Before its time.

    :raises HoldOver: it has ended
    """
    customer = Customer.objects.lock(Hold.objects.values_list("customer", flat=True).get(pk=hold_id))
    hold = Hold.objects.select_for_update(no_key=True).get(pk=hold_id)
    if not hold.is_in_force(at):
        raise HoldOver
    hold.ended_at = at
    hold.save(update_fields=["ended_at"])
    record_audit(Did.END_HOLD, customer.pk, actor=actor, at=at, reason=reason, customer=customer, kind=hold.kind)
    return hold
