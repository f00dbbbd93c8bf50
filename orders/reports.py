"""The reports about resources: those in use, and the trash."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import BillingMode
from catalog.configuration import Chosen, configuration_text
from catalog.models import Item
from invoices.columns import Column, Form, Place, Words, on_page, rows_of
from invoices.queries import product_names
from lifecycle.models import Health, Resource, State
from orders.models import Action, Order

WHAT = [
    Column("id", _("Id"), Form.TEXT, 38),
    Column("name", _("Name"), Form.TEXT, 24),
    Column("product", _("Product"), Form.PRODUCT, 16, source="product_id"),
    Column("configuration", _("Configuration"), Form.TEXT, 40),
]
TAGS = Column("tags", _("Tags"), Form.TAGS, 32)

RESOURCES = [
    *WHAT,
    Column("state", _("State"), Form.CODE, 12, choices=State.choices),
    Column("billing_mode", _("Billing mode"), Form.CODE, 14, choices=BillingMode.choices),
    Column("paid_until", _("Paid until"), Form.INSTANT, 17, may_be_none=True),
    Column("auto_renew_months", _("Auto-renew"), Form.WHOLE, 12, may_be_none=True),
    Column("created_at", _("Created"), Form.INSTANT, 17),
    Column("price", _("Price for 30 days"), Form.MONEY, 16, may_be_none=True, in_api=False),
    TAGS,
]

TRASH = [
    *WHAT,
    Column("suspense_reason", _("Why"), Form.CODE, 20, choices=Resource.SuspenseReason.choices),
    Column("suspended_at", _("Since"), Form.INSTANT, 17),
    Column("purge_at", _("Deleted for good"), Form.INSTANT, 17),
    TAGS,
]

PERIOD = Column("period", _("Period"), Form.TEXT, 24)
HEALTH = Column("health", _("Health"), Form.CODE, 12, choices=Health.choices)
RESOURCES_PAGE = on_page(
    [*RESOURCES, PERIOD, HEALTH],
    name=Place.NAME,
    product=Place.WIDE,
    billing_mode=Place.WIDE,
    period=Place.BELOW,
    health=Place.WIDE,
    state=Place.END_BELOW,
    price=Place.END,
)
TRASH_PAGE = on_page(TRASH, name=Place.NAME, product=Place.WIDE, suspense_reason=Place.END, purge_at=Place.BELOW)
ORDERS_PAGE = [
    Column("action", _("What"), Form.CODE, 12, choices=Action.choices, place=Place.NAME),
    Column("names", _("Resources"), Form.TEXT, 24, place=Place.BELOW),
    Column("created_at", _("Created"), Form.INSTANT, 17),
    Column("means", _("Means"), Form.CODE, 16, choices=Order.Means.choices),
    Column("state", _("State"), Form.CODE, 12, choices=Order.State.choices, place=Place.END_BELOW),
    Column("total", _("Total"), Form.MONEY, 14, place=Place.END),
]
"""There is no file of orders: what came of them is in those of invoices and payments."""
ORDERS_OF_ONE = on_page(ORDERS_PAGE, action=Place.NAME, state=Place.WIDE, total=Place.WIDE)


def resource_rows(resources: QuerySet[Resource], price: Callable[[list[Chosen]], int | None]) -> Iterator[list[object]]:
    """For a download; `price` is that of a configuration."""
    return rows_of(RESOURCES, resources.annotate(price=F("configuration")), price=price, **_words())


def trash_rows(resources: QuerySet[Resource]) -> Iterator[list[object]]:
    return rows_of(TRASH, resources, **_words())


def _words() -> dict[str, Words]:
    items = {str(item.pk): item for item in Item.objects.all()}
    return {
        "id": str,
        "product": product_names().__getitem__,
        "configuration": lambda configuration: configuration_text(configuration, items),
    }
