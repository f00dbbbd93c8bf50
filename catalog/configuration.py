"""Configurations: items of a product with quantities, as resources and service periods keep them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from catalog.models import Item, Product
from catalog.units import unit_words
from kernel.display import rate
from kernel.errors import InvalidInput


class Chosen(TypedDict):
    """How resources and service periods keep what was chosen of an item: its id, and how many."""

    item: str
    quantity: int


def check_configuration(product: Product, entries: Sequence[Mapping[str, object]]) -> list[Chosen]:
    """
    A configuration of `product` from [{"item": code or id, "quantity": n}]: one flavour or package, volumes besides.

    :raises InvalidInput: unknown item, one that is metered, twice the same, no choice or two, a quantity outside 1 .. the item's maximum
    """
    items = {str(key): item for item in product.items.all() for key in (item.pk, item.code)}
    chosen: dict[UUID, tuple[Item, int]] = {}
    for entry in entries:
        item = items.get(str(entry.get("item")))
        if item is None:
            raise InvalidInput(
                _('%(product)s has no item "%(item)s".'),
                field="items",
                product=str(product),
                item=str(entry.get("item"))[:60],
            )
        if item.is_metered:
            raise InvalidInput(_("%(item)s is billed by use: it is not chosen."), field="items", item=str(item))
        quantity = entry.get("quantity", 1)
        if not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= item.maximum:
            raise InvalidInput(
                _("The quantity of %(item)s must lie between 1 and %(maximum)s."),
                field="items",
                item=str(item),
                maximum=item.maximum,
            )
        if item.pk in chosen:
            raise InvalidInput(_("%(item)s is named twice."), field="items", item=str(item))
        chosen[item.pk] = (item, quantity)
    choices = sum(item.is_choice for item, _quantity in chosen.values())
    has_choices = any(item.is_choice for item in items.values())
    if choices != 1 and not (choices == 0 and chosen and not has_choices):
        raise InvalidInput(_("Choose exactly one flavour or package."), field="items")
    ordered = sorted(chosen.values(), key=lambda pair: (pair[0].position, pair[0].code))
    return configuration_json([(item.pk, quantity) for item, quantity in ordered])


def configuration_json(quantities: list[tuple[UUID, int]]) -> list[Chosen]:
    """How resources and service periods keep a configuration: [{"item": id, "quantity": n}]."""
    return [{"item": str(item), "quantity": quantity} for item, quantity in quantities]


# In words


def items_of(configurations: Iterable[Iterable[Chosen]]) -> dict[str, Item]:
    """The items that configurations name, by id as text, in one query."""
    pks = {entry["item"] for configuration in configurations for entry in configuration}
    return {str(item.pk): item for item in Item.objects.filter(pk__in=pks)} if pks else {}


def configuration_rows(configuration: Iterable[Chosen], items: Mapping[str, Item]) -> list[tuple[Item, str, str]]:
    """(item, quantity, unit) of a configuration, for people."""
    return [
        (items[entry["item"]], rate(entry["quantity"]), unit_words(items[entry["item"]].unit, entry["quantity"]))
        for entry in configuration
        if entry["item"] in items
    ]


def configuration_text(configuration: Iterable[Chosen], items: Mapping[str, Item]) -> str:
    """A configuration in a line: "2 vCPU, 4 GB + SSD × 40 GB"."""
    parts = [
        str(item) if item.is_choice and quantity == "1" else f"{item} × {quantity} {unit}".strip()
        for item, quantity, unit in configuration_rows(configuration, items)
    ]
    return " + ".join(parts)


def configuration_words(configuration: list[Chosen]) -> str:
    """A configuration alone in a line, its items looked up."""
    return configuration_text(configuration, items_of([configuration]))


def product_words(product_id: str) -> str:
    """The name of a product, looked up."""
    return ", ".join(str(product) for product in Product.objects.filter(pk=product_id))
