"""The history of a resource."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kernel.actors import Actor
from lifecycle.models import Resource, ResourceEvent


def record_event(
    resource: Resource,
    kind: ResourceEvent.Kind,
    *,
    actor: Actor,
    at: datetime,
    from_state: str = "",
    reason: str = "",
    order_id: UUID | None = None,
) -> None:
    """Write down what happened; `from_state` is empty when the state stayed."""
    ResourceEvent.objects.create(
        resource=resource,
        customer_id=resource.customer_id,
        kind=kind,
        from_state=from_state,
        to_state=resource.state,
        at=at,
        actor_kind=actor.kind,
        actor=actor.name,
        reason=reason,
        order_id=order_id,
    )
