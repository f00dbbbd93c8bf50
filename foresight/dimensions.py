"""
By what costs are told apart. A new one (say, a tag of the invoice's line) is one entry here: where a line has it, and how usage
that no line has yet is grouped until it does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from catalog.models import Item, Product
from invoices.services.unbilled import By
from kernel.shapes import Wording
from lifecycle.models import Resource


@dataclass(frozen=True, slots=True)
class Named:
    """What a row is called: for people, and in the API."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Dimension:
    """
    `of_line` is where an invoice line has it, seen from the line. Usage that is on no bill is read `by` product or resource:
    `of_usage` makes it of that key and the item.
    """

    code: str
    title: Wording
    heading: Wording
    of_line: str
    by: By
    of_usage: Callable[[UUID, UUID], UUID]
    names: Callable[[Collection[UUID]], Mapping[UUID, Named]]


def _products(keys: Collection[UUID]) -> Mapping[UUID, Named]:
    return {product.pk: Named(str(product), product.code) for product in Product.objects.filter(pk__in=keys)}


def _resources(keys: Collection[UUID]) -> Mapping[UUID, Named]:
    return {pk: Named(name, str(pk)) for pk, name in Resource.objects.filter(pk__in=keys).values_list("pk", "name")}


def _items(keys: Collection[UUID]) -> Mapping[UUID, Named]:
    language = get_language() or "vi"
    items = Item.objects.filter(pk__in=keys).select_related("product")
    return {item.pk: Named(item.name_in(language), f"{item.product.code}/{item.code}") for item in items}


DIMENSIONS = {
    one.code: one
    for one in (
        Dimension(
            "product", _("Product"), _("By product"), "invoice__product", "product", lambda key, _item: key, _products
        ),
        Dimension(
            "resource",
            _("Resource"),
            _("By resource"),
            "invoice__resource",
            "resource",
            lambda key, _item: key,
            _resources,
        ),
        Dimension("item", _("Item"), _("By item"), "item", "product", lambda _key, item: item, _items),
    )
}
