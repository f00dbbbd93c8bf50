"""The reports about resources: those in use, and the trash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import BillingMode
from catalog.configuration import configuration_text
from catalog.models import Item
from invoices.columns import Column, Form, rows_of
from invoices.queries import product_names
from lifecycle.models import Resource, State

WHAT = [
    Column("id", _("Id"), Form.TEXT, 38),
    Column("name", _("Name"), Form.TEXT, 24),
    Column("product", _("Product"), Form.PRODUCT, 16, source="product_id"),
    Column("configuration", _("Configuration"), Form.TEXT, 40),
]

RESOURCES = [
    *WHAT,
    Column("state", _("State"), Form.CODE, 12, choices=State.choices),
    Column("billing_mode", _("Billing mode"), Form.CODE, 14, choices=BillingMode.choices),
    Column("paid_until", _("Paid until"), Form.INSTANT, 17, may_be_none=True),
    Column("auto_renew_months", _("Auto-renew"), Form.WHOLE, 12, may_be_none=True),
    Column("created_at", _("Created"), Form.INSTANT, 17),
    Column("price", _("Price for 30 days"), Form.MONEY, 16, may_be_none=True, in_api=False),
]

TRASH = [
    *WHAT,
    Column("suspense_reason", _("Why"), Form.CODE, 20, choices=Resource.SuspenseReason.choices),
    Column("suspended_at", _("Since"), Form.INSTANT, 17),
    Column("purge_at", _("Deleted for good"), Form.INSTANT, 17),
]


def resource_rows(resources: QuerySet[Resource], price: Callable[[Any], int | None]) -> Iterator[list[object]]:
    """For a download; `price` is that of a configuration."""
    return rows_of(RESOURCES, resources.annotate(price=F("configuration")), price=price, **_words())


def trash_rows(resources: QuerySet[Resource]) -> Iterator[list[object]]:
    return rows_of(TRASH, resources, **_words())


def _words() -> dict[str, Callable[[Any], object]]:
    items = {str(item.pk): item for item in Item.objects.all()}
    return {
        "id": str,
        "product": product_names().__getitem__,
        "configuration": lambda configuration: configuration_text(configuration, items),
    }
