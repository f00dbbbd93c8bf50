"""The running life of a resource: created, provisioned, stopped and started, renewed, resized."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from accounts.models import Customer
from catalog.configuration import Chosen
from catalog.models import Product
from catalog.terms import check_months
from kernel.actors import Actor
from kernel.periods import truncate
from kernel.shapes import SqlArguments
from kernel.tags import CREATED_BY, Tags, in_order
from lifecycle.models import ProvisioningRequest, Resource, ResourceEvent, ServicePeriod, State
from lifecycle.services.acts import Act, refuse, refuse_while_pending
from lifecycle.services.provisioning import Verb, ask_product_team
from lifecycle.services.record import record_event

Event = ResourceEvent.Kind


def create_resource(
    customer: Customer,
    product: Product,
    *,
    name: str,
    configuration: list[Chosen],
    tags: Tags,
    ordered_by: str,
    actor: Actor,
    at: datetime,
    order_id: UUID,
) -> tuple[Resource, ProvisioningRequest]:
    """A New resource in the customer's billing mode, with its tags and who ordered it, and the request to provision it."""
    resource = Resource.objects.create(
        customer=customer,
        product=product,
        name=name,
        billing_mode=customer.billing_mode,
        configuration=configuration,
        tags=in_order({**tags, CREATED_BY: ordered_by}),
        created_at=at,
        changed_at=at,
    )
    record_event(resource, Event.ORDERED, actor=actor, at=at, order_id=order_id)
    return resource, ask_product_team(resource, Verb.PROVISION, at=at)


def activate_resource(
    resource: Resource, *, paid_until: datetime | None, actor: Actor, at: datetime, order_id: UUID
) -> None:
    """Provisioning succeeded: Active, in service from now until the end of paid time (None: postpaid, open)."""
    resource.activate(at=at)
    resource.be_paid_until(paid_until, grace=resource.product.grace)
    resource.save()
    open_period(resource, starting=at)
    record_event(resource, Event.PROVISIONED, from_state=State.NEW, actor=actor, at=at, order_id=order_id)


def give_up_resource(resource: Resource, *, reason: str, actor: Actor, at: datetime, order_id: UUID) -> None:
    """Provisioning failed: the resource never was."""
    resource.fail_provisioning(at=at)
    resource.save()
    record_event(
        resource, Event.PROVISIONING_FAILED, from_state=State.NEW, actor=actor, at=at, reason=reason, order_id=order_id
    )


@transaction.atomic
def stop_resource(resource_id: UUID, *, actor: Actor, at: datetime) -> Resource:
    """
    :raises WrongState: not Active
    :raises ChangePending: a resize is being carried out
    """
    resource = _hold_for(Act.STOP, resource_id, at=at)
    resource.stop(at=at)
    resource.save()
    if _stopped_time_is_free(resource):
        cut_periods(resource, at=at)
    ask_product_team(resource, Verb.STOP, at=at)
    record_event(resource, Event.STOPPED, from_state=State.ACTIVE, actor=actor, at=at)
    return resource


@transaction.atomic
def start_resource(resource_id: UUID, *, actor: Actor, at: datetime) -> Resource:
    """
    :raises WrongState: not Stop
    :raises ChangePending: a resize is being carried out
    """
    resource = _hold_for(Act.START, resource_id, at=at)
    resource.start(at=at)
    resource.save()
    if not _is_in_service(resource, at=at):
        open_period(resource, starting=at)
    ask_product_team(resource, Verb.START, at=at)
    record_event(resource, Event.STARTED, from_state=State.STOP, actor=actor, at=at)
    return resource


@transaction.atomic
def reboot_resource(resource_id: UUID, *, actor: Actor, at: datetime) -> Resource:
    """
    Through Stop to Active, in one step: both moves are on record, no usage is interrupted.

    :raises WrongState: not Active
    :raises ChangePending: a resize is being carried out
    """
    resource = _hold_for(Act.REBOOT, resource_id, at=at)
    resource.stop(at=at)
    resource.save()
    record_event(resource, Event.REBOOTED, from_state=State.ACTIVE, actor=actor, at=at)
    resource.start(at=at)
    resource.save()
    record_event(resource, Event.REBOOTED, from_state=State.STOP, actor=actor, at=at)
    ask_product_team(resource, Verb.REBOOT, at=at)
    return resource


def extend_resource(
    resource: Resource, *, until: datetime, actor: Actor, at: datetime, order_id: UUID, reason: str = ""
) -> None:
    """Renewed: a new period from the current end of paid time, also when that lies in the past (grace)."""
    assert resource.paid_until is not None
    start = resource.paid_until
    resource.be_paid_until(until, grace=resource.product.grace)
    resource.save()
    open_period(resource, starting=start)
    record_event(resource, Event.RENEWED, actor=actor, at=at, reason=reason, order_id=order_id)


def shorten_paid_time(resource: Resource, *, until: datetime, reason: str, actor: Actor, at: datetime) -> None:
    """What had been paid for is taken back from `until` on, which lies ahead; then it goes the way of its product."""
    cut_periods(resource, at=until)
    resource.be_paid_until(until, grace=resource.product.grace)
    resource.save()
    record_event(resource, Event.SHORTENED, actor=actor, at=at, reason=reason)


EXTEND = """
WITH wanted AS (
    SELECT * FROM unnest(%(resources)s::uuid[], %(ends)s::timestamptz[]) w(id, until)
), moved AS (
    UPDATE lifecycle_resource r SET paid_until = w.until, suspend_at = w.until + make_interval(days => p.grace_days)
    FROM wanted w, lifecycle_resource old, catalog_product p WHERE r.id = w.id AND old.id = r.id AND p.id = r.product_id
    RETURNING r.id, r.customer_id, r.configuration, r.state, old.paid_until AS starts_at, w.until
), periods AS (
    INSERT INTO lifecycle_serviceperiod (resource_id, customer_id, billing_mode, configuration, starts_at, ends_at)
    SELECT id, customer_id, 'prepaid', configuration, starts_at, until FROM moved
)
INSERT INTO lifecycle_resourceevent (resource_id, customer_id, kind, from_state, to_state, at, actor_kind, actor, reason)
SELECT id, customer_id, 'renewed', '', state, %(at)s, %(actor_kind)s, %(actor)s, '' FROM moved
"""


def extend_resources(ends: Mapping[UUID, datetime], *, actor: Actor, at: datetime) -> None:
    """`extend_resource` for many that the caller holds: id -> new end of paid time."""
    arguments: SqlArguments = {
        "resources": list(ends),
        "ends": list(ends.values()),
        "at": at,
        "actor_kind": actor.kind,
        "actor": actor.name,
    }
    with connection.cursor() as cursor:
        cursor.execute(EXTEND, arguments)


def apply_resize(
    resource: Resource,
    configuration: list[Chosen],
    *,
    effective: datetime,
    actor: Actor,
    at: datetime,
    order_id: UUID,
) -> None:
    """The new configuration is in service from `effective` to the unchanged end."""
    in_service = _is_in_service(resource, at=effective)
    cut_periods(resource, at=effective)
    resource.configuration = configuration
    resource.save()
    if in_service:
        open_period(resource, starting=effective)
    record_event(resource, Event.RESIZED, actor=actor, at=at, order_id=order_id)


@transaction.atomic
def set_auto_renew(resource_id: UUID, *, months: int | None, actor: Actor, at: datetime) -> Resource:
    """
    Switch auto-renew on with its period in months, or off with None.

    :raises WrongPeriod: not a period that is sold
    :raises WrongState: not a running prepaid resource, or it continues as postpaid
    :raises RenewFirst: its paid time has ended, so that no attempt would come; switching off is taken
    :raises ChangePending: a resize is being carried out
    """
    if months is not None:
        check_months(months)
    resource = hold_resource(resource_id)
    if months is not None or resource.auto_renew_months is None:
        refuse(Act.AUTO_RENEW, resource, at=at)
    refuse_while_pending(resource)
    if resource.auto_renew_months != months:
        resource.auto_renew_months = months
        resource.save()
        record_event(resource, Event.AUTO_RENEW_CHANGED, actor=actor, at=at, reason=f"{months or 0}")
    return resource


def open_period(resource: Resource, *, starting: datetime) -> ServicePeriod:
    """In service with the present configuration until the end of paid time; without an end when postpaid."""
    return ServicePeriod.objects.create(
        resource=resource,
        customer_id=resource.customer_id,
        billing_mode=resource.billing_mode,
        configuration=resource.configuration,
        starts_at=truncate(starting),
        ends_at=resource.paid_until,
    )


def cut_periods(resource: Resource, *, at: datetime) -> None:
    """Service ends at `at`: the running period is cut, later ones become empty."""
    instant = truncate(at)
    for period in ServicePeriod.objects.filter(resource=resource).reaching_past(instant):
        period.ends_at = max(instant, period.starts_at)
        period.save(update_fields=["ends_at"])


def hold_resource(resource_id: UUID) -> Resource:
    """Lock the customer, then the resource: the one order of locks."""
    customer_id = Resource.objects.values_list("customer", flat=True).get(pk=resource_id)
    customer = Customer.objects.lock(customer_id)
    resource = Resource.objects.lock(resource_id)
    resource.customer = customer
    return resource


def _hold_for(act: Act, resource_id: UUID, *, at: datetime) -> Resource:
    resource = hold_resource(resource_id)
    refuse(act, resource, at=at)
    refuse_while_pending(resource)
    return resource


def _is_in_service(resource: Resource, *, at: datetime) -> bool:
    """Prepaid time runs on. Of postpaid time the last stop has said it, whatever the product says by now."""
    return resource.is_prepaid or ServicePeriod.objects.filter(resource=resource).reaching_past(truncate(at)).exists()


def _stopped_time_is_free(resource: Resource) -> bool:
    """Free stopped time means unmetered usage; prepaid time runs on, it was bought by the calendar."""
    return not resource.is_prepaid and resource.product.stopped_time_is_free
