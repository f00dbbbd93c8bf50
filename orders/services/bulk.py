"""The same small change for many resources: each one is changed or refused for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import Customer
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.tags import checked
from lifecycle.models import Resource
from lifecycle.services.running import set_auto_renew
from lifecycle.services.tags import change_tags
from orders.services.delete import delete_resource


@dataclass(frozen=True, slots=True)
class Refused:
    """A resource that stayed as it was, and the sentence that says why."""

    name: str
    sentence: str


def set_auto_renew_of_many(
    customer: Customer, resource_ids: Iterable[UUID], *, months: int | None, actor: Actor, at: datetime
) -> tuple[int, list[Refused]]:
    """Auto-renew on by `months` or off with None; answers how many were changed, and the refused ones."""
    return _each(customer, resource_ids, lambda pk: set_auto_renew(pk, months=months, actor=actor, at=at))


def tag_many(
    customer: Customer, resource_ids: Iterable[UUID], change: Mapping[str, object], *, actor: Actor, at: datetime
) -> tuple[int, list[Refused]]:
    """
    Change the tags of each as `change_tags` does; answers how many took it, and the refused ones.

    :raises InvalidInput: a key or a value cannot be kept: nothing was changed
    """
    wish = checked(change)
    return _each(customer, resource_ids, lambda pk: change_tags(pk, wish, actor=actor, at=at))


def delete_many(
    customer: Customer, resource_ids: Iterable[UUID], *, actor: Actor, at: datetime
) -> tuple[int, list[Refused]]:
    """Delete each as `delete_resource` does; answers how many were deleted, and the refused ones."""
    return _each(customer, resource_ids, lambda pk: delete_resource(pk, actor=actor, at=at))


def _each(
    customer: Customer, resource_ids: Iterable[UUID], change: Callable[[UUID], object]
) -> tuple[int, list[Refused]]:
    """A transaction each, so that one refusal does not undo the others; strangers' resources are passed over."""
    done, refused = 0, []
    names = dict(Resource.objects.filter(customer=customer, pk__in=list(resource_ids)).values_list("pk", "name"))
    for pk, name in sorted(names.items()):
        try:
            change(pk)
        except DomainError as refusal:
            refused.append(Refused(name, str(refusal)))
        else:
            done += 1
    return done, refused
