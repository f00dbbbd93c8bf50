"""A month of use for tests: a server with traffic, what its team reports, and the bills of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Customer
from catalog.models import Item, Product
from invoices.models import BillingRun, InvoiceLine
from invoices.services.month_end import bill_ended_months
from kernel.periods import CalendarMonth
from lifecycle.models import Resource
from orders.services.delete import delete_resource
from tests.actions.test_usage_intake import take, use
from tests.cast import (
    DAY,
    JOB,
    create,
    make_metered,
    owner_of,
)

MARCH, APRIL, MAY = (CalendarMonth(2026, month) for month in (3, 4, 5))
BEGIN, OVER = MARCH.period.starts_at, MARCH.period.ends_at
TIERS = {
    "tiering": "graduated", "tier_from": [Decimal(1000)], "tier_prices": [Decimal(450)], "included": Decimal(100),
}  # fmt: skip


def on(day: int, hour: int = 12) -> datetime:
    """Of March, by the clock of the billing zone."""
    return BEGIN + timedelta(days=day - 1, hours=hour)


@pytest.fixture
def traffic(vserver: Product) -> Item:
    """500 ₫ a GB, VAT included."""
    return make_metered(vserver, "traffic", 500)


@pytest.fixture
def server(bob: Customer, small: Item, traffic: Item) -> Resource:
    """181,000 per 30 days: 187,033 for March."""
    return create(bob, small, at=BEGIN)[0]


def report(
    server: Resource, key: str, quantity: Any, *, day: int = 10, at: datetime = OVER - DAY / 24, **more: Any
) -> None:
    outcomes = take(server, use(server, key, quantity, used_at=on(day), **more), at=at)
    assert outcomes[0] in {"accepted", "late"}


def bill(month: CalendarMonth = MARCH) -> list[BillingRun]:
    return bill_ended_months(actor=JOB, at=month.period.ends_at)


def leave(server: Resource, at: datetime) -> None:
    delete_resource(server.pk, actor=owner_of(server.customer), at=at)


def uses() -> list[tuple[Any, ...]]:
    """(number, before, quantity, amount before, amount, VAT) of the lines of use, as they were issued."""
    lines = InvoiceLine.objects.filter(per_minutes=0).order_by("pk")
    return list(
        lines.values_list("invoice__period_key", "quantity_before", "quantity", "amount_before", "amount", "tax")
    )
