"""A resource is lost at the product team: service and billing end at that minute, and everybody is told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.services import record_audit
from invoices.models import CreditNote
from invoices.services.credit import credit_unused, unused_time
from invoices.services.exits import bill_usage_until
from kernel.actors import Actor, ActorKind
from lifecycle.models import ProvisioningRequest, Resource, State
from lifecycle.services.running import hold_resource
from lifecycle.services.sweeps import end_paid_time
from lifecycle.services.trash import lose_resource
from notifications.models import Notice
from notifications.services import tell
from orders.audit import Did
from orders.services.fulfil import answer_provisioning
from payments.services.poc_time import give_back_poc, unused_poc
from payments.services.settle import refund_credit_note


@transaction.atomic
def report_gone(resource_id: UUID, *, reason: str, actor: Actor, at: datetime) -> Resource:
    """
    The product team, or staff for it, say that a resource does not exist any more.

    A change that is under way has failed. Unused paid time goes back to the wallet, whatever the product's terms for
    deleting are, for it is not the customer who ends it; usage ends this minute and is invoiced. Said again, or of one that
    is deleted, it changes nothing.
    """
    resource = hold_resource(resource_id)
    pending = ProvisioningRequest.objects.unanswered().filter(resource=resource).first()
    if pending:
        answer_provisioning(pending.pk, ProvisioningRequest.State.FAILED, reason=reason, actor=actor, at=at)
    if resource.rolls_over and resource.is_expired(at):  # the sweep is late: it has been postpaid since
        end_paid_time(actor=actor, at=at, customer_id=resource.customer_id)
    resource = hold_resource(resource_id)
    if resource.state == State.DELETED:
        return resource
    refund = poc = 0
    if resource.is_prepaid and resource.is_running:
        for note in credit_unused(unused_time(resource, at=at), CreditNote.Reason.GONE, at=at):
            if note.refunded:
                refund_credit_note(note, note.refunded, at=at, reference=resource.name)
                refund += note.refunded
        poc = sum(part.amount for part in unused_poc(resource, at=at) if not part.is_lost)
        give_back_poc(resource, refundable=True, at=at)
    lose_resource(resource, reason=reason, actor=actor, at=at)
    if not resource.is_prepaid:
        bill_usage_until(resource, until=at, at=at)
    tell(
        resource.customer,
        Notice.Kind.RESOURCE_GONE,
        resource.pk,
        at=at,
        resource=resource.name,
        resource_id=str(resource.pk),
        refund=refund,
        poc=poc,
    )
    if actor.kind == ActorKind.STAFF:
        record_audit(Did.REPORT_GONE, resource.pk, actor=actor, at=at, reason=reason, customer=resource.customer)
    return resource
