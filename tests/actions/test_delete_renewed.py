"""Deleting what was renewed ahead of time: the time that had not begun is not service."""

from __future__ import annotations

import pytest

from accounts.models import Customer
from billing_portal.auditor import violations
from catalog.models import Item
from lifecycle.models import ServicePeriod
from orders.services.delete import delete_resource
from payments.services.wallet import wallet_of
from tests.cast import DAY, MONTH, NOON, create, owner_of, renew


@pytest.mark.django_db
def test_all_of_the_renewed_time_comes_back_and_the_books_are_in_order(alice: Customer, small: Item) -> None:
    """The renewed period begins and ends on 9 April: it is empty, and the resource was deleted on 11 March, a day old."""
    [server] = create(alice, small)
    renew(server, at=NOON)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + DAY)
    used, renewed = ServicePeriod.objects.order_by("starts_at").values_list("starts_at", "ends_at")
    assert (used, renewed) == ((NOON, NOON + DAY), (NOON + MONTH, NOON + MONTH))
    assert wallet_of(alice.pk).available == 10_000_000 - 6_033  # one of 30 days: 181,000 / 30 = 6,033.3
    assert violations() == []
