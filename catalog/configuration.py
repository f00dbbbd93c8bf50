"""Configurations: items of a product with quantities, as resources and service periods keep them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from catalog.models import Item, Product
from kernel.errors import InvalidInput


def check_configuration(product: Product, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """
    A configuration of `product` from [{"item": code or id, "quantity": n}]: one flavour or package, volumes besides.

    :raises InvalidInput: unknown item, twice the same, no choice or two, a quantity outside 1 .. the item's maximum
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


def configuration_json(quantities: list[tuple[UUID, int]]) -> list[dict[str, Any]]:
    """How resources and service periods keep a configuration: [{"item": id, "quantity": n}]."""
    return [{"item": str(item), "quantity": quantity} for item, quantity in quantities]
