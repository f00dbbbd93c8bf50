"""The end of a resource's life: trash, recovery, deletion. One resource at a time; the sweeps do many."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import BillingMode
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.periods import Period, truncate
from lifecycle.audit import Did
from lifecycle.models import Resource, ResourceEvent, State
from lifecycle.services.acts import Act, refuse
from lifecycle.services.provisioning import Verb, ask_product_team
from lifecycle.services.record import record_event
from lifecycle.services.running import cut_periods, hold_resource, open_period
from notifications.models import Notice
from notifications.services import tell

Event = ResourceEvent.Kind


def remove_resource(resource: Resource, *, actor: Actor, at: datetime) -> None:
    """Deleted by its customer: into the trash or at once, as the product keeps it. Service ends now."""
    came_from = resource.state
    cut_periods(resource, at=at)
    resource.be_paid_until(min(truncate(at), resource.paid_until) if resource.paid_until else None)
    if resource.product.keeps_deleted:
        purge_at = at + timedelta(days=resource.product.days_in_trash_after_deletion)
        resource.suspend(reason=Resource.SuspenseReason.DELETED, purge_at=purge_at, at=at)
        resource.save()
        ask_product_team(resource, Verb.SUSPEND, at=at)
        record_event(resource, Event.TRASHED, from_state=came_from, actor=actor, at=at)
    else:
        resource.delete_at_once(at=at)
        resource.save()
        ask_product_team(resource, Verb.PURGE, at=at)
        record_event(resource, Event.DELETED, from_state=came_from, actor=actor, at=at)


def lose_resource(resource: Resource, *, reason: str, actor: Actor, at: datetime) -> None:
    """It is gone at the product team, wherever it was in its life: service ends now, and there is nobody to ask for anything."""
    came_from = resource.state
    cut_periods(resource, at=at)
    if resource.paid_until and resource.is_running:
        resource.be_paid_until(min(truncate(at), resource.paid_until))
    (resource.purge if resource.is_in_trash else resource.delete_at_once)(at=at)
    resource.save()
    record_event(resource, Event.GONE, from_state=came_from, actor=actor, at=at, reason=reason)


def bring_back(
    resource: Resource,
    *,
    period: Period | None,
    suspend_at: datetime | None = None,
    event: Event,
    actor: Actor,
    at: datetime,
    order_id: UUID | None = None,
    reason: str = "",
) -> None:
    """
    From the trash to Active.

    :param period: what is paid for; it may have begun where the old one ended. None: postpaid, in use from now on
    :param suspend_at: until when a period without a minute must be paid for
    :raises NotRecoverable: not in the trash, or past its purge time even when the purge is late
    """
    refuse(Act.RECOVER, resource, at=at)
    resource.recover(at=at)
    resource.be_paid_until(period.ends_at if period else None, grace=resource.product.grace)
    if suspend_at is not None:
        resource.suspend_at = suspend_at
    resource.save()
    if period is None or period.minutes:
        open_period(resource, starting=period.starts_at if period else at)
    ask_product_team(resource, Verb.RESUME, at=at)
    record_event(resource, event, from_state=State.SUSPENSE, actor=actor, at=at, order_id=order_id, reason=reason)


@transaction.atomic
def restore_resource(resource_id: UUID, *, reason: str, actor: Actor, at: datetime) -> Resource:
    """
    Staff bring a resource back from the trash.

    It follows its customer's billing mode: postpaid usage starts now; a prepaid resource gets the renewal window to be
    paid for, from now on.

    :raises NotRecoverable: not in the trash, or its time there is over
    """
    resource = hold_resource(resource_id)
    resource.billing_mode = resource.customer.billing_mode
    prepaid = resource.billing_mode == BillingMode.PREPAID
    window = truncate(at) + timedelta(days=settings.RENEWAL_WINDOW_DAYS)
    bring_back(
        resource,
        period=Period(at, at) if prepaid else None,
        suspend_at=window if prepaid else None,
        event=Event.RESTORED,
        actor=actor,
        at=at,
        reason=reason,
    )
    record_audit(Did.RESTORE, resource.pk, actor=actor, at=at, reason=reason, customer=resource.customer)
    tell(
        resource.customer,
        Notice.Kind.RESOURCE_RECOVERED,
        resource.pk,
        at,
        at=at,
        resource=resource.name,
        product=str(resource.product_id),
        configuration=resource.configuration,
        by_staff=True,
        renew_by=resource.suspend_at,
        postpaid=not prepaid,
    )
    return resource


@transaction.atomic
def empty_from_trash(resource_id: UUID, *, actor: Actor, at: datetime) -> Resource:
    """
    The customer deletes a resource for good before its time in the trash is over. Nothing brings it back.

    :raises WrongState: not in the trash
    """
    resource = hold_resource(resource_id)
    refuse(Act.PURGE, resource, at=at)
    resource.purge(at=at)
    resource.save()
    ask_product_team(resource, Verb.PURGE, at=at)
    record_event(resource, Event.PURGED, from_state=State.SUSPENSE, actor=actor, at=at)
    tell(resource.customer, Notice.Kind.RESOURCE_PURGED, resource.pk, at=at, resource=resource.name)
    return resource
