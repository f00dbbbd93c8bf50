"""
One rule, one answer: for every resource that random walks come to, pages, API, buttons and services say the same.

What may be done: `available_actions` is what the services accept, each tried for real and taken back. How it is: the filters of
the page and of the API find what the model says of each resource, and so does the SQL of the sweeps.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction
from django.http import QueryDict

from kernel.errors import DomainError
from lifecycle.api import ResourceQuery
from lifecycle.models import Health, Renewal, Resource, State
from lifecycle.models.terms import RUNS_ON_PAID_TIME_SQL
from lifecycle.services.acts import Act
from lifecycle.services.running import reboot_resource, set_auto_renew, start_resource, stop_resource
from orders.actions import actions_of_row, with_pending
from orders.models import Action, Order
from orders.services.checkout import place_order
from orders.services.delete import delete_resource, purge_resource
from orders.services.quotes import make_quote
from orders.views.listing import ResourceFilters
from tests.cast import owner_of
from tests.property.walk import World, a_world, steps_of

pytestmark = pytest.mark.django_db
WALKS, LENGTH, EVERY = (45,), 30, 10


def ordered(world: World, resource: Resource, action: Action, /, **inputs: Any) -> None:
    """Quoted and ordered; paying is another matter."""
    quote = make_quote(resource.customer, action, inputs, at=world.at)
    means = Order.Means.GATEWAY if quote.total > 0 else ""
    actor = owner_of(resource.customer)
    place_order(resource.customer_id, quote.pk, means=means, key=str(quote.pk), actor=actor, at=world.at)


def resized(world: World, resource: Resource) -> None:
    now = {entry["item"] for entry in resource.configuration}
    other = next(item for item in world.items[resource.product_id] if str(item.pk) not in now)
    ordered(world, resource, Action.RESIZE, resource=str(resource.pk), items=[{"item": other.code, "quantity": 1}])


def simply(service: Callable[..., Any], **more: Any) -> Callable[[World, Resource], Any]:
    return lambda world, resource: service(resource.pk, actor=owner_of(resource.customer), at=world.at, **more)


TRIES: dict[Act, Callable[[World, Resource], Any]] = {
    Act.START: simply(start_resource),
    Act.STOP: simply(stop_resource),
    Act.REBOOT: simply(reboot_resource),
    Act.AUTO_RENEW: simply(set_auto_renew, months=3),
    Act.DELETE: simply(delete_resource),
    Act.PURGE: simply(purge_resource),
    Act.RESIZE: resized,
    Act.RENEW: lambda world, resource: ordered(world, resource, Action.RENEW, resources=[str(resource.pk)], months=36),
    Act.RECOVER: lambda world, resource: ordered(world, resource, Action.RECOVER, resource=str(resource.pk), months=1),
}


def is_accepted(world: World, resource: Resource, act: Act) -> tuple[bool, str]:
    """Whether the service does it, and what it says otherwise; nothing stays of it."""
    point = transaction.savepoint()
    try:
        TRIES[act](world, resource)
    except DomainError as refusal:
        return False, refusal.code
    else:
        return True, ""
    finally:
        transaction.savepoint_rollback(point)


def all_resources(world: World) -> list[Any]:
    return list(with_pending(Resource.objects.select_related("product", "customer")).order_by("created_at", "pk"))


def by_page(world: World, customer: Any, **asked: str) -> set[Any]:
    filters = ResourceFilters(asked, products=world.products, types=[])
    return set(filters.apply(Resource.objects.filter(customer=customer), at=world.at).values_list("pk", flat=True))


def by_api(world: World, customer: Any, **asked: str) -> set[Any]:
    query = ResourceQuery(data=QueryDict(urlencode(asked)), context={"view": SimpleNamespace(at=world.at)})
    query.is_valid(raise_exception=True)
    return set(query.narrow(Resource.objects.filter(customer=customer)).values_list("pk", flat=True))


def renewal_of(resource: Resource) -> Renewal:
    if not resource.runs_on_paid_time:
        return Renewal.NONE
    return Renewal.AUTO if resource.auto_renew_months else Renewal.MANUAL


def buttons_are_what_services_take(world: World) -> set[tuple[str, Act]]:
    seen = set()
    for resource in all_resources(world):
        offered = set(actions_of_row(resource, resource.customer, at=world.at))
        for act in Act:
            taken, why = is_accepted(world, resource, act)
            assert (act in offered) == taken, (
                f"{act} of {resource.name} ({resource.state}, {resource.billing_mode}, paid until {resource.paid_until},"
                f" rolls over: {resource.rolls_over}) at {world.at}: offered {act in offered}, {why or 'accepted'}"
            )
            if taken:
                seen.add((str(resource.state), act))
    return seen


def filters_are_what_the_model_says(world: World) -> set[str]:
    seen = set()
    for customer in world.customers:
        own = [resource for resource in all_resources(world) if resource.customer_id == customer.pk]
        for health in Health:
            said = {one.pk for one in own if one.is_running and one.health(world.at) == health}
            assert by_page(world, customer, health=health.value) == said, health
            assert by_api(world, customer, health=health.value) == said, health
            seen |= {health.value} if said else set()
        for state in State:
            for renewal in Renewal:
                said = {one.pk for one in own if one.state == state and renewal_of(one) == renewal}
                asked = {"state": state.value, "renewal": renewal.value}
                assert by_page(world, customer, **asked) == said, asked
                assert by_api(world, customer, **asked) == said, asked
                seen |= {renewal.value} if said else set()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM lifecycle_resource WHERE {RUNS_ON_PAID_TIME_SQL}")
        swept = {pk for (pk,) in cursor.fetchall()}
    assert swept == {one.pk for one in all_resources(world) if one.runs_on_paid_time}
    assert swept == set(Resource.objects.on_paid_time().values_list("pk", flat=True))
    return seen


@pytest.mark.parametrize("seed", WALKS)
def test_pages_api_buttons_and_services_give_one_answer(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    acts, words = set(), set()
    with a_world(monkeypatch) as world:
        for number, step in enumerate(steps_of(seed, LENGTH)):
            world.take(step)
            if number % EVERY == 0:
                acts |= buttons_are_what_services_take(world)
                words |= filters_are_what_the_model_says(world)
        for _tick in range(3):  # days in which paid time ends, with nobody sweeping
            world.at += timedelta(days=11)
            acts |= buttons_are_what_services_take(world)
            words |= filters_are_what_the_model_says(world)
    assert {act for _state, act in acts} >= {Act.STOP, Act.RESIZE, Act.DELETE}
    assert words >= {"good", "none"}
