"""The tags of a resource, as its owners change them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from kernel.actors import Actor
from kernel.tags import changed, checked, folded, said_by
from lifecycle.models import Resource, ResourceEvent, State
from lifecycle.services.acts import WrongState
from lifecycle.services.record import record_event
from lifecycle.services.running import hold_resource


@transaction.atomic
def change_tags(resource_id: UUID, change: Mapping[str, object], *, actor: Actor, at: datetime) -> Resource:
    """
    Set the tags that are named, take off those that are None; the others stay. What is billed already keeps what it said.

    :raises InvalidInput: a key or a value cannot be kept
    :raises TooManyTags:
    :raises WrongState: it is deleted for good
    """
    wish = checked(change)
    resource = hold_resource(resource_id)
    if resource.state == State.DELETED:
        raise WrongState(state=resource.get_state_display())
    tags = changed(resource.tags, wish, name=resource.name)
    if tags != resource.tags:
        before = {folded(key): value for key, value in resource.tags.items()}
        differs = {key: value for key, value in wish.items() if before.get(folded(key)) != value}
        resource.tags = tags
        resource.save(update_fields=["tags"])
        record_event(resource, ResourceEvent.Kind.TAGGED, actor=actor, at=at, reason=said_by(differs))
    return resource
