"""Debts of the tests' world: the usage of April 2026, billed in the first half hour of May and due on 16 May, all day."""

from __future__ import annotations

from datetime import UTC, datetime

from accounts.models import Customer
from catalog.models import Item
from invoices.models import Invoice
from invoices.services.month_end import run_month_end
from kernel.periods import CalendarMonth
from notifications.models import Notice
from tests.cast import JOB, create
from tests.owner import forget

APRIL_BEGAN = datetime(2026, 3, 31, 17, tzinfo=UTC)
BILLED = datetime(2026, 4, 30, 17, 30, tzinfo=UTC)


def morning(day: int, month: int = 5) -> datetime:
    """Half past seven in Hà Nội, when debts are looked at."""
    return datetime(2026, month, day, 0, 30, tzinfo=UTC)


def usage_invoice(customer: Customer, *items: Item | tuple[Item, int]) -> Invoice:
    """The open invoice of a resource that ran all of April: 30 days, so that it costs what its items do."""
    [resource] = create(customer, *items, at=APRIL_BEGAN)
    run_month_end(CalendarMonth(2026, 4), actor=JOB, at=BILLED)
    forget(Notice.objects.all())
    return Invoice.objects.get(resource=resource)
