"""
Orders and caps: what is new, and what becomes larger, is asked about; what keeps what is there never is.

A renewal that were refused would end in the trash and be deleted there, and a cap deletes nothing: see
docs/decisions/034-a-cap-refuses-what-is-new.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from accounts.models import Customer
from budgets.services.refusing import Wanted, refuse_beyond_caps
from catalog.queries import NoPrice
from kernel.actors import Actor
from kernel.tags import CREATED_BY
from lifecycle.models import Resource
from orders.deal import Deal, Part
from orders.models import Action
from orders.services.offers import BLOCKED
from orders.services.stories.base import charge_for


def refuse_over_cap(customer: Customer, action: Action, deal: Deal, *, actor: Actor, at: datetime) -> None:
    """:raises CapReached: names the cap, what is left of it, and what to do"""
    if action in BLOCKED:
        refuse_beyond_caps(customer, list(_wanted(customer, deal, actor, at)), actor=actor, at=at)


def _wanted(customer: Customer, deal: Deal, actor: Actor, at: datetime) -> Iterator[Wanted]:
    for part in deal.parts:
        resource = Resource.objects.get(pk=part.resource_id) if part.resource_id else None
        if part.due > 0 or resource is None or _costs_more(customer, part, resource, at):
            tags = resource.tags if resource else {**part.tags, CREATED_BY: actor.name}
            yield Wanted(part.product_id, max(part.due, 0), tags)


def _costs_more(customer: Customer, part: Part, resource: Resource, at: datetime) -> bool:
    """Whether it is larger than it was: what costs nothing now may be metered. What becomes smaller is welcome."""
    try:
        return part.charge.total > charge_for(customer, resource.configuration, part.period, at=at).total
    except NoPrice:
        return True
