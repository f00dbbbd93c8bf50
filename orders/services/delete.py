"""Deleting a resource: unused paid time goes back, usage is billed to the minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Customer
from invoices.models import CreditNote
from invoices.services.credit import Unused, credit_unused, end_cover, unused_time
from invoices.services.exits import bill_usage_until
from kernel.actors import Actor
from kernel.periods import truncate
from lifecycle.models import Resource
from lifecycle.services.acts import Act, refuse, refuse_while_pending
from lifecycle.services.running import hold_resource
from lifecycle.services.sweeps import end_paid_time
from lifecycle.services.trash import empty_from_trash, remove_resource
from notifications.models import Notice
from notifications.services import tell
from orders.models import CheckoutSession
from orders.services.checkout import refuse_open_orders
from orders.services.sessions import UnknownSession, claim_session
from payments.services.foretold import MoneyBack, money_back
from payments.services.poc_time import give_back_poc, unused_poc
from payments.services.settle import refund_credit_note


@dataclass(frozen=True, slots=True)
class Deletion:
    """
    What deleting would do: what of the unused time comes back, and until when it can be undone (None: not at all).

    `poc` goes back into grants of POC credit, `poc_lost` into such as have ended.
    """

    unused: list[Unused]
    back: MoneyBack
    undoable_until: datetime | None
    poc: int = 0
    poc_lost: int = 0

    @property
    def unearned(self) -> int:
        """VND that terms had saved, and that leaving them early takes off."""
        return sum(part.unearned for part in self.unused)

    @property
    def refund(self) -> int:
        """VND back to the wallet."""
        return self.back.refund


def preview_deletion(resource: Resource, *, at: datetime) -> Deletion:
    """What `delete_resource` would do now."""
    unused = unused_time(resource, at=at, leaves=True) if resource.is_prepaid else []
    back = money_back(unused if resource.product.is_refundable else [], at=at)
    days = resource.product.days_in_trash_after_deletion
    poc = unused_poc(resource, at=at) if resource.is_prepaid and resource.product.is_refundable else []
    return Deletion(
        unused,
        back,
        at + timedelta(days=days) if days else None,
        poc=sum(part.amount for part in poc if not part.is_lost),
        poc_lost=sum(part.amount for part in poc if part.is_lost),
    )


@transaction.atomic
def delete_resource(resource_id: UUID, *, actor: Actor, at: datetime) -> Resource:
    """
    The customer deletes a running resource.

    Prepaid: the unused part of what was charged goes back to the wallet, unless the product is not refundable. Postpaid:
    usage ends this minute and is invoiced now; the month-end run never bills it again.

    :raises WrongState: not running
    :raises OrderOpen, ChangePending: something else is under way with it
    """
    resource = hold_resource(resource_id)
    if resource.rolls_over and resource.is_expired(at):  # the sweep is late: it has been postpaid since
        end_paid_time(actor=actor, at=at, customer_id=resource.customer_id)
        resource = hold_resource(resource_id)
    refuse(Act.DELETE, resource, at=at)
    refuse_open_orders([resource])
    refuse_while_pending(resource)

    deletion = preview_deletion(resource, at=at)
    if resource.product.is_refundable:
        for note in credit_unused(deletion.unused, CreditNote.Reason.DELETED, at=at):
            if note.refunded:
                refund_credit_note(note, note.refunded, at=at, reference=resource.name)
    else:
        for part in deletion.unused:
            end_cover(part.invoice, truncate(at))
    if resource.is_prepaid:
        give_back_poc(resource, refundable=resource.product.is_refundable, at=at)
    remove_resource(resource, actor=actor, at=at)
    if not resource.is_prepaid:
        bill_usage_until(resource, until=at, at=at)
    tell(
        resource.customer,
        Notice.Kind.RESOURCE_DELETED,
        resource.pk,
        at,
        at=at,
        resource=resource.name,
        refund=deletion.refund,
        poc=deletion.poc,
        lost=deletion.poc_lost,
        undoable_until=deletion.undoable_until,
    )
    return resource


@transaction.atomic
def delete_as_asked(session_id: UUID, customer: Customer, *, actor: Actor, at: datetime) -> CheckoutSession:
    """
    The customer confirms the deletion that a product page asked for.

    :raises UnknownSession, SessionExpired, SessionUsed: see `claim_session`
    :raises DomainError: see `delete_resource`
    """
    Customer.objects.lock(customer.pk)
    session = claim_session(session_id, customer, at=at)
    if session.action != CheckoutSession.Action.DELETE or session.resource_id is None:
        raise UnknownSession
    delete_resource(session.resource_id, actor=actor, at=at)
    session.deleted_at = at
    session.save(update_fields=["deleted_at"])
    return session


@transaction.atomic
def purge_resource(resource_id: UUID, *, actor: Actor, at: datetime) -> Resource:
    """
    The customer deletes a resource for good before its time in the trash is over. Nothing brings it back.

    :raises WrongState: not in the trash
    :raises OrderOpen: an order would bring it back
    """
    resource = hold_resource(resource_id)
    refuse(Act.PURGE, resource, at=at)
    refuse_open_orders([resource])
    return empty_from_trash(resource_id, actor=actor, at=at)
