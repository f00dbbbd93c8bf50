"""Whether stopped time is free is what the product says when its resource stops: what it says later is for later stops."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest

from accounts.models import Customer
from catalog.models import Item, Product
from lifecycle.models import ServicePeriod
from lifecycle.services.halts import start_after_debt, stop_for_debt
from lifecycle.services.running import start_resource, stop_resource
from tests.cast import DAY, JOB, NOON, create, make_item, make_product, owner_of

pytestmark = pytest.mark.django_db
HALTS = pytest.mark.parametrize("for_debt", [False, True], ids=["by its customer", "for debt"])


@pytest.fixture
def cube() -> Item:
    return make_item(make_product("vbox"), "cube", 43_200)


def used(pk: UUID) -> list[tuple[datetime, datetime | None]]:
    return list(ServicePeriod.objects.filter(resource=pk).order_by("starts_at").values_list("starts_at", "ends_at"))


def stopped_and_started(customer: Customer, item: Item, *, free: bool, for_debt: bool) -> list[object]:
    """Stopped after a day and started after three. On the day between, `free` changes to the contrary."""
    Product.objects.update(stopped_time_is_free=free)
    item.refresh_from_db()
    [box] = create(customer, item)
    owner, stop, start = owner_of(customer), NOON + DAY, NOON + 3 * DAY
    if for_debt:
        assert stop_for_debt([customer.pk], actor=JOB, at=stop) == 1
    else:
        stop_resource(box.pk, actor=owner, at=stop)
    Product.objects.update(stopped_time_is_free=not free)
    if for_debt:
        assert start_after_debt([customer.pk], actor=JOB, at=start) == 1
    else:
        start_resource(box.pk, actor=owner, at=start)
    return [*used(box.pk)]


@HALTS
def test_what_stopped_for_free_is_in_use_again_when_it_starts(bob: Customer, cube: Item, for_debt: bool) -> None:
    assert stopped_and_started(bob, cube, free=True, for_debt=for_debt) == [
        (NOON, NOON + DAY),
        (NOON + 3 * DAY, None),
    ]


@HALTS
def test_what_was_in_use_while_it_was_stopped_is_not_in_use_twice(bob: Customer, cube: Item, for_debt: bool) -> None:
    assert stopped_and_started(bob, cube, free=False, for_debt=for_debt) == [(NOON, None)]
