"""Jobs as the calendar runs them, in this thread or in several."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from django.db import connections

from accounts.models import Customer
from billing_portal.jobs import carry_out
from billing_portal.models import JobRun
from billing_portal.schedule import BY_NAME
from invoices.models import Invoice
from ledger.models import Entry
from lifecycle.models import ProvisioningRequest, Resource, ResourceEvent
from notifications.models import Notice
from orders.models import Order, OrderItem
from payments.models import Allocation, Payment


def run(name: str, at: datetime) -> JobRun:
    return carry_out(BY_NAME[name], at=at)


def at_once(times: int, work: Callable[[], Any]) -> list[Any]:
    """`work` in so many threads, each with a connection of its own."""

    def in_a_thread(_: int) -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(in_a_thread, range(times)))


def everything() -> dict[str, list[Any]]:
    """All rows that jobs write, to be compared."""
    models: list[Any] = [
        Customer,
        Resource,
        ResourceEvent,
        ProvisioningRequest,
        Order,
        OrderItem,
        Payment,
        Allocation,
        Invoice,
        Entry,
        Notice,
    ]
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}
